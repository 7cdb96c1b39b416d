"""Deals, the rights they grant, the two signatures, the voucher."""

from typing import Final

from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

from marketplace.deals.states import Consideration, Side, State
from registry.base.actor import Actor, PartyKind
from registry.base.visibility import EVERYBODY, NOBODY, Record

PRICED: Final = [State.FUNDED, State.DELIVERED, State.ACCEPTED, State.SETTLED, State.REFUNDED]


class Deal(Record):
    """One trade between a seller and a buyer, settled by an institution. Its terms never change; its state moves by the table."""

    seller = models.ForeignKey("registry_parties.Organisation", on_delete=models.PROTECT, related_name="+")
    buyer = models.ForeignKey("registry_parties.Organisation", on_delete=models.PROTECT, related_name="+")
    institution = models.ForeignKey("registry_parties.Organisation", on_delete=models.PROTECT, related_name="+")
    offer = models.ForeignKey("listings_products.Offer", on_delete=models.PROTECT, related_name="+")
    quote = models.OneToOneField("pricing_quotes.Quote", on_delete=models.PROTECT, null=True, related_name="+")
    fee_schedule = models.ForeignKey("pricing_fees.PublishedSchedule", on_delete=models.PROTECT, related_name="+")
    consideration = models.CharField(max_length=16, choices=Consideration.choices)
    income_share_ppm = models.PositiveIntegerField(default=0)
    amount_minor = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    purpose = models.CharField(max_length=400)
    terms = models.JSONField()
    terms_bytes = models.BinaryField()
    terms_hash = models.CharField(max_length=64)
    terms_version = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=16, choices=State.choices, default=State.REQUESTED)
    version = models.PositiveIntegerField(default=1)
    requested_at = models.DateTimeField()
    signed_at = models.DateTimeField(null=True)
    funded_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    inspection_until_at = models.DateTimeField(null=True)
    settlement_verdict = models.UUIDField(null=True)

    class Meta:
        constraints = [
            CheckConstraint(name="deal_state_known", condition=Q(state__in=State.values)),
            CheckConstraint(name="deal_two_sides", condition=~Q(seller=F("buyer"))),
            CheckConstraint(name="deal_settled_by_a_third", condition=~Q(institution=F("seller")) & ~Q(institution=F("buyer"))),
            CheckConstraint(
                name="deal_consideration_whole",
                condition=Q(consideration=Consideration.FIXED, quote__isnull=False, amount_minor__gt=0, income_share_ppm=0)
                | Q(consideration=Consideration.FREE, quote__isnull=False, amount_minor=0, income_share_ppm=0)
                | Q(consideration=Consideration.INCOME_SHARE, quote=None, amount_minor=0, income_share_ppm__range=(1, 1_000_000)),
            ),
            CheckConstraint(name="deal_priced_states_have_a_price", condition=~Q(state__in=PRICED) | Q(consideration=Consideration.FIXED)),
            CheckConstraint(name="deal_licence_in_force", condition=~Q(state=State.IN_FORCE) | ~Q(consideration=Consideration.FIXED)),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """The two sides, the settling institution, and the regulator."""
        if actor.is_kind(PartyKind.REGULATOR):
            return EVERYBODY
        mine = Q(seller=actor.organisation) | Q(buyer=actor.organisation) | Q(institution=actor.organisation)
        return mine if actor.authenticated else NOBODY


def of_visible_deal(actor: Actor) -> Q:
    """Rows that hang on a deal are seen with it."""
    return Q(deal__in=Deal.objects.visible_to(actor).values("pk")) if actor.authenticated else NOBODY


class DealRight(Record):
    """One right that the deal grants, and the registered grant once it exists."""

    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="rights")
    object = models.ForeignKey("registry_rights.RegisteredObject", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8)
    valid = DateRangeField()
    exclusive = models.BooleanField()
    scope = models.JSONField()
    grant = models.OneToOneField("registry_rights.Grant", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [UniqueConstraint(name="deal_right_once", fields=["deal", "object", "kind"])]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """With the deal."""
        return of_visible_deal(actor)


class Signature(Record):
    """One side's signature over the contract's hash, by a key that the platform never holds. Append-only."""

    deal = models.ForeignKey(Deal, on_delete=models.PROTECT, related_name="signatures")
    side = models.CharField(max_length=8, choices=Side.choices)
    signing_key = models.ForeignKey("registry_parties.SigningKey", on_delete=models.PROTECT, related_name="+")
    terms_hash = models.CharField(max_length=64)
    signature = models.BinaryField(max_length=64)
    signed_at = models.DateTimeField()

    class Meta:
        constraints = [
            UniqueConstraint(name="signature_one_per_side", fields=["deal", "side"]),
            CheckConstraint(name="signature_side_known", condition=Q(side__in=Side.values)),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """With the deal."""
        return of_visible_deal(actor)


class Voucher(Record):
    """The trade voucher of a settled deal: one canonical statement. Append-only. 交易凭证"""

    deal = models.OneToOneField(Deal, on_delete=models.PROTECT, related_name="voucher")
    number = models.CharField(max_length=24, unique=True)
    statement = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    issued_at = models.DateTimeField()

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """With the deal."""
        return of_visible_deal(actor)

"""The escrow of a deal."""

from django.db import models
from django.db.models import CheckConstraint, F, Q

from registry.base.actor import Actor, PartyKind
from registry.base.visibility import EVERYBODY, NOBODY, Record
from settlement.escrow.states import State


class Escrow(Record):
    """The money of one deal. Never deleted; its amount never changes."""

    market = models.SmallIntegerField()
    deal_id = models.UUIDField(unique=True)
    payer = models.ForeignKey("registry_parties.Organisation", on_delete=models.PROTECT, related_name="+")
    institution = models.ForeignKey("registry_parties.Organisation", on_delete=models.PROTECT, related_name="+")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=16, choices=State.choices, default=State.UNFUNDED)
    version = models.PositiveIntegerField(default=1)
    fund_entry = models.UUIDField(null=True)
    out_entry = models.UUIDField(null=True)

    class Meta:
        constraints = [
            CheckConstraint(name="escrow_amount_positive", condition=Q(amount_minor__gt=0)),
            CheckConstraint(name="escrow_state_known", condition=Q(state__in=State.values)),
            CheckConstraint(
                name="escrow_funded_has_entry",
                condition=Q(state__in=[State.UNFUNDED, State.FUNDING], fund_entry=None)
                | Q(state__in=[State.FUNDED, State.RELEASED, State.REFUNDED], fund_entry__isnull=False),
            ),
            CheckConstraint(
                name="escrow_emptied_has_entry",
                condition=Q(state__in=[State.RELEASED, State.REFUNDED], out_entry__isnull=False)
                | (~Q(state__in=[State.RELEASED, State.REFUNDED]) & Q(out_entry=None)),
            ),
            CheckConstraint(name="escrow_payer_is_not_institution", condition=~Q(payer=F("institution"))),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """The payer, the settling institution, and those who audit. A seller sees the deal's money state on the deal."""
        if actor.is_kind(PartyKind.REGULATOR, PartyKind.OPERATOR):
            return EVERYBODY
        return Q(payer=actor.organisation) | Q(institution=actor.organisation) if actor.authenticated else NOBODY

"""Quotes: append-only but for the deal that uses one."""

from django.db import models
from django.db.models import CheckConstraint, Q

from registry.base.actor import Actor, PartyKind
from registry.base.visibility import EVERYBODY, NOBODY, Record


class Quote(Record):
    """A plan applied to one use, or what a round awarded, for one buyer; binding until it expires.

    A quote for a use holds its own inputs. An award rests on the computation that cleared the round, which all its winners share.
    """

    plan = models.ForeignKey("pricing_plans.Plan", on_delete=models.PROTECT, related_name="+")
    offer_id = models.UUIDField()
    buyer = models.ForeignKey("registry_parties.Organisation", on_delete=models.PROTECT, related_name="+")
    seller = models.ForeignKey("registry_parties.Organisation", on_delete=models.PROTECT, related_name="+")
    verb = models.CharField(max_length=16)
    inputs = models.JSONField()
    inputs_digest = models.CharField(max_length=64)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    answer = models.JSONField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_by = models.UUIDField(null=True, unique=True)
    computation = models.ForeignKey("pricing_computations.Computation", on_delete=models.PROTECT, null=True, related_name="+")
    surplus_minor = models.BigIntegerField(default=0)
    """Of the amount, what the buyer pays beyond what the seller receives, in a two-sided round."""
    surplus_to = models.ForeignKey("registry_parties.Organisation", on_delete=models.PROTECT, null=True, related_name="+")
    heavy = ("inputs",)

    class Meta:
        constraints = [
            CheckConstraint(name="quote_amount_not_negative", condition=Q(amount_minor__gte=0)),
            CheckConstraint(name="quote_expires_later", condition=Q(expires_at__gt=models.F("created_at"))),
            CheckConstraint(
                name="quote_surplus_within_amount",
                condition=Q(surplus_minor=0)
                | Q(surplus_minor__gt=0, surplus_minor__lte=models.F("amount_minor"), surplus_to__isnull=False),
            ),
            CheckConstraint(name="quote_surplus_of_a_round", condition=Q(surplus_minor=0) | Q(computation__isnull=False)),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """The two sides and the regulator."""
        if actor.is_kind(PartyKind.REGULATOR):
            return EVERYBODY
        return Q(buyer=actor.organisation) | Q(seller=actor.organisation) if actor.authenticated else NOBODY

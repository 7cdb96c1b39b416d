"""Computations: append-only, with everything that a replay needs."""

from django.db import models
from django.db.models import CheckConstraint, Q

from pricing.engines.validate import SAFE_INTEGER
from registry.base.actor import Actor, PartyKind
from registry.base.visibility import EVERYBODY, NOBODY, Record


class Computation(Record):
    """One question put to the pricing model of a plan, and its answer. Who asks with a seed says which checkpoint it came from."""

    plan = models.ForeignKey("pricing_plans.Plan", on_delete=models.PROTECT, related_name="+")
    asked_by = models.ForeignKey("registry_parties.Organisation", on_delete=models.PROTECT, related_name="+")
    verb = models.CharField(max_length=16)
    inputs = models.JSONField()
    seed = models.BigIntegerField(null=True)
    seed_size = models.BigIntegerField(null=True)
    """Size of the log's checkpoint that the seed was taken from."""
    seed_root = models.BinaryField(max_length=32, null=True)
    """Root of that checkpoint."""
    inputs_digest = models.CharField(max_length=64)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    answer = models.JSONField()
    computed_at = models.DateTimeField()
    heavy = ("inputs", "answer")

    class Meta:
        verbose_name = "computation"
        constraints = [
            CheckConstraint(name="computation_amount_not_negative", condition=Q(amount_minor__gte=0)),
            CheckConstraint(
                name="computation_seed_whole",
                condition=Q(seed=None, seed_size=None, seed_root=None)
                | Q(seed__isnull=False, seed__range=(0, SAFE_INTEGER))
                & (Q(seed_size=None, seed_root=None) | Q(seed_size__isnull=False, seed_size__gte=1, seed_root__isnull=False)),
            ),
            CheckConstraint(
                name="computation_that_moves_money_drew_from_the_log",
                condition=~Q(verb__in=["clear", "split"]) | Q(seed=None) | Q(seed_size__isnull=False),
            ),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """Whoever asked, the plan's owner, and the regulator."""
        if actor.is_kind(PartyKind.REGULATOR):
            return EVERYBODY
        return Q(asked_by=actor.organisation) | Q(plan__owner=actor.organisation) if actor.authenticated else NOBODY

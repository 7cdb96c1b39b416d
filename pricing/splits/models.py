"""Agreements on the division of a joint product's income, and each holder's consent."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from pricing.engines.validate import SAFE_INTEGER
from pricing.splits.states import State
from registry.base.actor import Actor, PartyKind
from registry.base.visibility import EVERYBODY, NOBODY, Record, text_choices

WITH_SEED = [State.IN_FORCE, State.REPLACED]


class Split(Record):
    """One rule of division for one registered object. In force once every holder of it, and of the one that it replaces, consented."""

    object = models.ForeignKey("registry_rights.RegisteredObject", on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey("registry_parties.Organisation", on_delete=models.PROTECT, related_name="+")
    plan = models.ForeignKey("pricing_plans.Plan", on_delete=models.PROTECT, related_name="+")
    inputs = models.JSONField()
    """What the model takes besides the amount."""
    consenters = ArrayField(models.UUIDField())
    """Organisations whose consent it takes."""
    state = models.CharField(**text_choices(State), default=State.PROPOSED)
    version = models.PositiveIntegerField(default=1)
    proposed_at = models.DateTimeField()
    agreed_event = models.UUIDField(null=True)
    """The log's event after the last consent; a seed is taken from the first checkpoint over it."""
    seed = models.BigIntegerField(null=True)
    computation = models.OneToOneField("pricing_computations.Computation", on_delete=models.PROTECT, null=True, related_name="+")
    """The division of the reference amount, with what it claims: what a contract states before it is signed."""
    in_force_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "split"
        constraints = [
            CheckConstraint(name="split_state_known", condition=Q(state__in=State.values)),
            CheckConstraint(name="split_seed_in_range", condition=Q(seed=None) | Q(seed__range=(0, SAFE_INTEGER))),
            CheckConstraint(
                name="split_agreed_on_the_log", condition=Q(state__in=[State.PROPOSED, State.WITHDRAWN]) | Q(agreed_event__isnull=False)
            ),
            CheckConstraint(
                name="split_in_force_whole",
                condition=Q(state__in=WITH_SEED, computation__isnull=False, in_force_at__isnull=False)
                | Q(computation=None, in_force_at=None, seed=None) & ~Q(state__in=WITH_SEED),
            ),
            UniqueConstraint(name="split_one_in_force", fields=["object"], condition=Q(state=State.IN_FORCE)),
            UniqueConstraint(name="split_one_under_way", fields=["object"], condition=Q(state__in=[State.PROPOSED, State.AGREED])),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """The owner, everybody whose consent it takes, and the regulator."""
        if actor.is_kind(PartyKind.REGULATOR):
            return EVERYBODY
        return Q(owner=actor.organisation) | Q(consenters__contains=[actor.organisation]) if actor.authenticated else NOBODY


class SplitConsent(Record):
    """One organisation's consent, given by one person. Append-only."""

    split = models.ForeignKey(Split, on_delete=models.PROTECT, related_name="consents")
    holder = models.ForeignKey("registry_parties.Organisation", on_delete=models.PROTECT, related_name="+")
    person = models.UUIDField()
    given_at = models.DateTimeField()

    class Meta:
        verbose_name = "consent to a split"
        constraints = [UniqueConstraint(name="split_consent_once", fields=["split", "holder"])]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """With the split."""
        return Q(split__in=Split.objects.visible_to(actor).values("pk")) if actor.authenticated else NOBODY

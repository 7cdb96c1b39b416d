"""Tables of the screening room: the facts that were judged, the flags that some facts come from, the referrals."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import PROTECT, BaseConstraint, CheckConstraint, F, ForeignKey, OneToOneField, Q, UniqueConstraint

from marketplace.screening.states import Degree, FlagState, Matter, ReferralState
from registry.base.actor import SUPERVISORS, Actor
from registry.base.visibility import EVERYBODY, NOBODY, Record, text_choices
from registry.parties.models import Organisation
from registry.rules.facts import FACTS, FactKind
from registry.rules_store.facts import FactsRecord
from registry.rules_store.models import Verdict


def _in_vocabulary() -> list[BaseConstraint]:
    kinds = {FactKind.CODE: "in", FactKind.CODES: "contained_by"}
    return [
        CheckConstraint(name=f"facts_{name}_known", condition=Q(**{name: None}) | Q(**{f"{name}__{kinds[fact.kind]}": list(fact.codes)}))
        for name, fact in FACTS.items()
        if fact.kind in kinds
    ]


class Facts(FactsRecord):
    """What the registers said of a listing or a deal when it was judged, one column a fact; null is unknown. Append-only. 审查事实"""

    subject_type = models.CharField(max_length=64)

    class Meta:
        verbose_name = "facts"
        indexes = [models.Index(name="facts_of_subject", fields=["subject_id", "stage"])]
        constraints = _in_vocabulary()

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """Regulators. The sides read the facts that their findings rest on."""
        return EVERYBODY if actor.is_kind(*SUPERVISORS) else NOBODY


class Flag(Record):
    """What a regulator, or a buyer about a delivery, has said of an object or a deal, and rules must heed until it is lifted. 标记"""

    subject_type = models.CharField(max_length=64)
    """GraphQL type name: ``RegisteredObject``, or ``Deal`` for a delivery."""
    subject_id = models.UUIDField()
    matter = models.CharField(**text_choices(Matter))
    degree = models.CharField(**text_choices(Degree))
    reason = models.TextField()
    state = models.CharField(**text_choices(FlagState), default=FlagState.ACTIVE)
    version = models.PositiveIntegerField(default=1)
    raised_by = ForeignKey(Organisation, on_delete=PROTECT, related_name="+")
    raised_by_person = models.UUIDField()
    raised_at = models.DateTimeField()
    lifted_by = ForeignKey(Organisation, on_delete=PROTECT, null=True, related_name="+")
    lifted_by_person = models.UUIDField(null=True)
    lift_reason = models.TextField(blank=True)
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "flag"
        indexes = [models.Index(name="flag_active", fields=["subject_id", "matter"], condition=Q(state="ACTIVE"))]
        constraints = [
            CheckConstraint(name="flag_matter_known", condition=Q(matter__in=Matter.values)),
            CheckConstraint(name="flag_degree_known", condition=Q(degree__in=Degree.values)),
            CheckConstraint(
                name="flag_subject_fits",
                condition=Q(subject_type="Deal", matter=Matter.DELIVERY) | Q(subject_type="RegisteredObject") & ~Q(matter=Matter.DELIVERY),
            ),
            CheckConstraint(
                name="flag_lifted_by_another_person",
                condition=Q(state=FlagState.ACTIVE, lifted_by=None, lifted_by_person=None, lifted_at=None)
                | Q(state=FlagState.LIFTED, lifted_by__isnull=False, lifted_by_person__isnull=False, lifted_at__isnull=False)
                & ~Q(lifted_by_person=F("raised_by_person")),
            ),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """Regulators, and whoever raised it."""
        if actor.is_kind(*SUPERVISORS):
            return EVERYBODY
        return Q(raised_by=actor.organisation) if actor.authenticated else NOBODY


class Referral(Record):
    """A verdict that two regulators must decide. The subject goes on only when both say the same. 转审"""

    verdict = OneToOneField(Verdict, on_delete=PROTECT, related_name="referral")
    subject_type = models.CharField(max_length=64)
    subject_id = models.UUIDField()
    subject_version = models.PositiveIntegerField()
    stage = models.CharField(max_length=32)
    rules = ArrayField(models.CharField(max_length=8))
    """The rules that left it to people."""
    organisations = ArrayField(models.UUIDField())
    """Whom it concerns: they read it, and nobody of theirs decides it."""
    state = models.CharField(**text_choices(ReferralState), default=ReferralState.OPEN)
    version = models.PositiveIntegerField(default=1)
    opened_at = models.DateTimeField()
    allow = models.BooleanField(null=True)
    first_decider = models.UUIDField(null=True)
    first_reason = models.TextField(blank=True)
    proposed_at = models.DateTimeField(null=True)
    second_decider = models.UUIDField(null=True)
    second_reason = models.TextField(blank=True)
    decided_at = models.DateTimeField(null=True)
    outcome = OneToOneField(Verdict, on_delete=PROTECT, null=True, related_name="+")
    """The verdict that takes the first one's place when two people allowed it."""

    class Meta:
        verbose_name = "referral"
        indexes = [models.Index(name="referral_of_subject", fields=["subject_id", "state"])]
        constraints = [
            UniqueConstraint(
                name="referral_one_undecided",
                fields=["subject_id", "subject_version", "stage"],
                condition=Q(state__in=["OPEN", "PROPOSED"]),
            ),
            CheckConstraint(name="referral_state_known", condition=Q(state__in=ReferralState.values)),
            CheckConstraint(
                name="referral_proposed_by_one",
                condition=Q(state=ReferralState.OPEN, allow=None, first_decider=None, proposed_at=None)
                | Q(state=ReferralState.CLOSED)
                | Q(allow__isnull=False, first_decider__isnull=False, proposed_at__isnull=False) & ~Q(first_reason=""),
            ),
            CheckConstraint(
                name="referral_four_eyes",
                condition=Q(
                    state__in=[ReferralState.OPEN, ReferralState.PROPOSED, ReferralState.CLOSED], second_decider=None, decided_at=None
                )
                | Q(state__in=[ReferralState.ALLOWED, ReferralState.REFUSED], second_decider__isnull=False, decided_at__isnull=False)
                & ~Q(second_decider=F("first_decider"))
                & ~Q(second_reason=""),
            ),
            CheckConstraint(
                name="referral_allowed_has_verdict",
                condition=Q(state=ReferralState.ALLOWED, allow=True, outcome__isnull=False)
                | Q(state=ReferralState.REFUSED, allow=False, outcome=None)
                | ~Q(state__in=[ReferralState.ALLOWED, ReferralState.REFUSED]) & Q(outcome=None),
            ),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """Regulators, and the organisations it concerns."""
        if actor.is_kind(*SUPERVISORS):
            return EVERYBODY
        return Q(organisations__contains=[actor.organisation]) if actor.authenticated else NOBODY

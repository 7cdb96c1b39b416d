"""Filings, objections, and the facts that a filing was judged on. The database holds the law of the procedure."""

from typing import Final

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import PROTECT, CheckConstraint, F, ForeignKey, OneToOneField, Q, UniqueConstraint

from registry.base.actor import Actor, PartyKind
from registry.base.visibility import EVERYBODY, NOBODY, Record, text_choices
from registry.certificates.models import Certificate
from registry.filings.content import NAME_LENGTH_MAX, SUMMARY_LENGTH_MAX, WORDS_MAX
from registry.filings.states import DEPOSITED, EXAMINED, ON_NOTICE, ObjectionState, State
from registry.parties.models import Organisation
from registry.rights.models import RegisteredObject
from registry.rights.states import ObjectKind, Right
from registry.rules_store.facts import FactsRecord

AUTHORITIES: Final = (PartyKind.REGISTRAR, PartyKind.REGULATOR)


class Filing(Record):
    """An application to have rights in one object registered. 登记申请

    What the applicant states changes only by a supplement, which raises ``content_version``; verdicts bind to that version.
    Never deleted.
    """

    applicant = ForeignKey(Organisation, on_delete=PROTECT, related_name="+")
    object_kind = models.CharField(**text_choices(ObjectKind))
    name = models.CharField(max_length=NAME_LENGTH_MAX)
    summary = models.CharField(max_length=SUMMARY_LENGTH_MAX)
    industry = models.CharField(max_length=3)
    source_category = models.CharField(max_length=32)
    source_kind = models.CharField(max_length=32)
    situation = models.CharField(max_length=32)
    level = models.CharField(max_length=32)
    pi_kind = models.CharField(max_length=32)
    sector = models.CharField(max_length=32, blank=True)
    region = models.CharField(max_length=WORDS_MAX)
    time_from = models.DateField(null=True)
    time_until = models.DateField(null=True)
    update_frequency = models.CharField(max_length=16)
    volume_rows = models.BigIntegerField(null=True)
    data_format = models.CharField(max_length=16)
    limits = models.JSONField()
    rights_claimed = ArrayField(models.CharField(max_length=8))
    wanted_until = models.DateField(null=True)
    """The last day asked for; null asks for the longest term."""
    evidence = models.JSONField()
    made_from = models.JSONField()
    """``[{object, grant}]``: each source and the first version of the USE right relied on."""
    further_to = ForeignKey(RegisteredObject, on_delete=PROTECT, null=True, related_name="+")
    """A registered object of the applicant's in which further rights are claimed; null registers a new object."""

    regime_code = models.CharField(max_length=16)
    regime_version = models.PositiveSmallIntegerField()
    state = models.CharField(**text_choices(State), default=State.SUBMITTED)
    version = models.PositiveIntegerField(default=1)
    content_version = models.PositiveIntegerField(default=1)
    submitted_at = models.DateTimeField()
    acceptance_due_at = models.DateTimeField()
    missing = models.TextField(blank=True)
    returned_at = models.DateTimeField(null=True)
    supplement_due_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    accepted_by_silence = models.BooleanField(default=False)
    finish_due_at = models.DateTimeField(null=True)
    assessment = models.JSONField(null=True)
    """What the first examiner established, by fact name."""
    first_examiner = models.UUIDField(null=True)
    examined_at = models.DateTimeField(null=True)
    second_examiner = models.UUIDField(null=True)
    notice_from = models.DateTimeField(null=True)
    notice_until_at = models.DateTimeField(null=True)
    """The first instant after the notice."""
    reasons = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True)
    valid_from = models.DateField(null=True)
    valid_until = models.DateField(null=True)
    """The registered term, both days included."""
    deposited_at = models.DateTimeField(null=True)
    deposit_event = models.UUIDField(null=True)
    object = ForeignKey(RegisteredObject, on_delete=PROTECT, null=True, related_name="+")
    certificate = OneToOneField(Certificate, on_delete=PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = "filing"
        indexes = [models.Index(name="filing_by_state", fields=["state", "id"])]
        constraints = [
            CheckConstraint(name="filing_state_known", condition=Q(state__in=State.values)),
            CheckConstraint(name="filing_rights_known", condition=Q(rights_claimed__contained_by=Right.values, rights_claimed__len__gte=1)),
            CheckConstraint(name="filing_four_eyes", condition=Q(second_examiner=None) | ~Q(second_examiner=F("first_examiner"))),
            CheckConstraint(
                name="filing_examined",
                condition=~Q(state__in=EXAMINED)
                | Q(first_examiner__isnull=False, examined_at__isnull=False, assessment__isnull=False, accepted_at__isnull=False),
            ),
            CheckConstraint(
                name="filing_noticed",
                condition=~Q(state__in=ON_NOTICE)
                | Q(second_examiner__isnull=False, notice_from__isnull=False, notice_until_at__gt=F("notice_from")),
            ),
            CheckConstraint(
                name="filing_deposited_whole",
                condition=Q(
                    state__in=DEPOSITED,
                    object__isnull=False,
                    deposit_event__isnull=False,
                    deposited_at__gte=F("notice_until_at"),
                    valid_from__lte=F("valid_until"),
                )
                | ~Q(state__in=DEPOSITED) & Q(object=None, deposit_event=None, deposited_at=None, valid_from=None, valid_until=None),
            ),
            CheckConstraint(
                name="filing_certified",
                condition=Q(state=State.CERTIFIED, certificate__isnull=False) | ~Q(state=State.CERTIFIED) & Q(certificate=None),
            ),
            CheckConstraint(
                name="filing_returned",
                condition=~Q(state=State.RETURNED_ONCE) | Q(returned_at__isnull=False, supplement_due_at__isnull=False),
            ),
            CheckConstraint(
                name="filing_refused_with_reasons", condition=~Q(state=State.REFUSED) | ~Q(reasons="") & Q(ended_at__isnull=False)
            ),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """The applicant and those who decide; from the public notice on, whoever is signed in."""
        if not actor.authenticated:
            return NOBODY
        if actor.is_kind(*AUTHORITIES):
            return EVERYBODY
        return Q(applicant=actor.organisation) | Q(state__in=ON_NOTICE)


class Objection(Record):
    """An organisation's objection to a filing on public notice, decided by a registrar. 异议. Never deleted."""

    filing = ForeignKey(Filing, on_delete=PROTECT, related_name="objections")
    by = ForeignKey(Organisation, on_delete=PROTECT, related_name="+")
    reason = models.TextField()
    evidence_sha256 = models.CharField(max_length=64, blank=True)
    state = models.CharField(**text_choices(ObjectionState), default=ObjectionState.OPEN)
    version = models.PositiveIntegerField(default=1)
    filed_at = models.DateTimeField()
    decide_due_at = models.DateTimeField()
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)
    reasons = models.TextField(blank=True)

    class Meta:
        verbose_name = "objection"
        constraints = [
            UniqueConstraint(name="objection_once_per_organisation", fields=["filing", "by"]),
            CheckConstraint(
                name="objection_decided_whole",
                condition=Q(state=ObjectionState.OPEN, decided_by=None, decided_at=None, reasons="")
                | Q(state__in=[ObjectionState.UPHELD, ObjectionState.DISMISSED], decided_by__isnull=False, decided_at__isnull=False)
                & ~Q(reasons=""),
            ),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """The objector, the applicant, and those who decide."""
        if not actor.authenticated:
            return NOBODY
        if actor.is_kind(*AUTHORITIES):
            return EVERYBODY
        return Q(by=actor.organisation) | Q(filing__applicant=actor.organisation)


class FilingFacts(FactsRecord):
    """What was known of a filing when it was judged, one column a fact; null is unknown. Append-only. 登记审查事实"""

    class Meta:
        verbose_name = "filing facts"
        indexes = [models.Index(name="filing_facts_of", fields=["subject_id", "stage"])]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """Those who decide; the applicant reads the facts that findings rest on."""
        return EVERYBODY if actor.is_kind(*AUTHORITIES) else NOBODY

"""Rulebooks, verdicts and findings: written once, never changed."""

from typing import Final

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

from registry.base.actor import Actor, PartyKind
from registry.base.visibility import EVERYBODY, NOBODY, Record, text_choices

SUPERVISING: Final = (PartyKind.REGULATOR, PartyKind.REGISTRAR)


class Outcome(models.TextChoices):
    """What a rule, or all rules together, led to. 结论"""

    PASS = "PASS", "通过"
    ALLOW_IF = "ALLOW_IF", "有条件通过"
    REFER = "REFER", "转人工审查"
    BLOCK = "BLOCK", "禁止"


class StageCode(models.TextChoices):
    """The moments at which a subject is judged, in their order. 审查环节"""

    DRAFT = "draft", "草稿"
    REGISTRATION = "registration", "登记"
    LISTING = "listing", "挂牌"
    OFFER = "offer", "要约"
    CONTRACT = "contract", "签约"
    FUNDING = "funding", "入金"
    DELIVERY = "delivery", "交付"
    SETTLEMENT = "settlement", "结算"


PASSING: Final = frozenset({Outcome.PASS, Outcome.ALLOW_IF})


class Rulebook(Record):
    """A set of rules, proposed by one person and in force once another approved it. 规则集. Only the approval is ever added.

    Number 1 comes with the software and has neither.
    """

    number = models.PositiveIntegerField(unique=True)
    based_on = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    body = models.JSONField()
    sha256 = models.CharField(max_length=64)
    effective_from = models.DateField()
    proposed_by = models.UUIDField(null=True)
    proposed_at = models.DateTimeField(null=True)
    approved_by = models.UUIDField(null=True)
    approved_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "rulebook"
        constraints = [
            CheckConstraint(
                name="rulebook_four_eyes",
                condition=Q(number=1, based_on=None, proposed_by=None, proposed_at=None, approved_by=None, approved_at=None)
                | Q(number__gt=1, based_on__isnull=False, proposed_by__isnull=False, proposed_at__isnull=False)
                & (
                    Q(approved_by=None, approved_at=None)
                    | Q(approved_by__isnull=False, approved_at__isnull=False) & ~Q(approved_by=F("proposed_by"))
                ),
            ),
            CheckConstraint(name="rulebook_hashed", condition=Q(sha256__regex="^[0-9a-f]{64}$")),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """Whoever is judged may read the rules; a proposal is for regulators."""
        if actor.is_kind(PartyKind.REGULATOR):
            return EVERYBODY
        return Q(number=1) | Q(approved_at__isnull=False) if actor.authenticated else NOBODY


class Verdict(Record):
    """What all rules together say of one content version of a subject at one stage. 审查结论. The newest one counts."""

    subject_type = models.CharField(max_length=64)
    """The subject's GraphQL type name."""
    subject_id = models.UUIDField()
    subject_version = models.PositiveIntegerField()
    stage = models.CharField(**text_choices(StageCode))
    rulebook = models.ForeignKey(Rulebook, on_delete=models.PROTECT, related_name="+")
    facts_id = models.UUIDField()
    outcome = models.CharField(**text_choices(Outcome))
    conditions = models.JSONField()
    """What ALLOW_IF leaves owed: ``[{rule, code, due, reason: {en, zh}, remedy: {en, zh}}]``."""
    allowed_rules = ArrayField(models.CharField(max_length=8), default=list)
    """Rules whose referral people decided to allow; their findings stay as found."""
    organisations = ArrayField(models.UUIDField(), default=list)
    """Whom the subject concerns, and who may therefore read this."""
    decided_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = "verdict"
        indexes = [models.Index(name="verdict_latest", fields=["subject_id", "stage", "subject_version", "-decided_at"])]
        constraints = [
            CheckConstraint(name="verdict_outcome_known", condition=Q(outcome__in=Outcome.values)),
            CheckConstraint(name="verdict_stage_known", condition=Q(stage__in=StageCode.values)),
            CheckConstraint(name="verdict_expires_later", condition=Q(expires_at__gt=F("decided_at"))),
        ]

    @property
    def passes(self) -> bool:
        """Whether it lets the subject through; what is still owed is in ``conditions``."""
        return self.outcome in PASSING

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """Regulators and registrars, and the organisations it concerns."""
        if actor.is_kind(*SUPERVISING):
            return EVERYBODY
        return Q(organisations__contains=[actor.organisation]) if actor.authenticated else NOBODY


class Finding(Record):
    """One rule's result within a verdict, with everything needed to explain it later. 审查意见"""

    verdict = models.ForeignKey(Verdict, on_delete=models.PROTECT, related_name="findings")
    position = models.PositiveSmallIntegerField()
    rule_id = models.CharField(max_length=8)
    rule_version = models.PositiveIntegerField()
    outcome = models.CharField(**text_choices(Outcome))
    title_en = models.TextField()
    title_zh = models.TextField()
    basis = models.JSONField()
    """``[{instrument, article, relation, en, zh}]``, strongest first."""
    clause = models.TextField()
    """The first of them in English, as cited."""
    facts = models.JSONField()
    missing = ArrayField(models.CharField(max_length=64), default=list)
    """Facts that nobody has supplied, where the outcome turns on them."""
    codes = ArrayField(models.CharField(max_length=40), default=list)
    """The cases that decided the outcome."""
    overridable = models.BooleanField()
    reason_en = models.TextField(blank=True)
    reason_zh = models.TextField(blank=True)
    remedy_en = models.TextField(blank=True)
    remedy_zh = models.TextField(blank=True)

    class Meta:
        verbose_name = "finding"
        constraints = [
            UniqueConstraint(name="finding_once_per_rule", fields=["verdict", "rule_id"]),
            CheckConstraint(name="finding_outcome_known", condition=Q(outcome__in=Outcome.values)),
            CheckConstraint(
                name="finding_explained",
                condition=Q(outcome=Outcome.PASS) | ~Q(reason_en="") & ~Q(reason_zh="") & ~Q(remedy_en="") & ~Q(remedy_zh=""),
            ),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """As the verdict."""
        if actor.is_kind(*SUPERVISING):
            return EVERYBODY
        return Q(verdict__organisations__contains=[actor.organisation]) if actor.authenticated else NOBODY

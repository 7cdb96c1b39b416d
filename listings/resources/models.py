"""Tables of assets, of what was measured in them, and of the papers about a registered object.

Nobody declares a profile: it is measured. What was measured and sampled opens to the market when the owner's product is first listed;
papers about people (consents, impact assessments) are read by the object's owner, by those who supervise, and by the buyer they name.
"""

from typing import Any, Final

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import PROTECT, CheckConstraint, F, ForeignKey, Q, UniqueConstraint

from listings.resources.states import AssetState, ReportKind, SampleMethod
from registry.base.actor import Actor
from registry.base.limits import NAME_MAX, UPLOAD_BYTES_MAX
from registry.base.visibility import EVERYBODY, NOBODY, Record, text_choices
from registry.parties.models import Organisation
from registry.rights.models import SUPERVISING, RegisteredObject

SHA256: Final = "^[0-9a-f]{64}$"
SAMPLE_ROWS_MAX: Final = 20
PURPOSE_MAX: Final = 400
KIND_MAX: Final = 64
KINDS_MAX: Final = 50


def owned(actor: Actor, path: str) -> Q:
    """What the organisation at ``path`` may see, and those who supervise."""
    if not actor.authenticated:
        return NOBODY
    # stated as a condition, for callers add to it: an empty Q vanishes from a disjunction
    return Q(pk__isnull=False) if actor.is_kind(*SUPERVISING) else Q(**{path: actor.organisation})


def digest_column(*, null: bool = False) -> Any:
    """A column for a SHA-256 in lower-case hexadecimal digits."""
    return models.CharField(max_length=64, null=null)


class Asset(Record):
    """One file: staged, uploaded, then vouched for by its owner. Sealed under a key of its own, so that it can be erased. 数据文件"""

    owner = ForeignKey(Organisation, on_delete=PROTECT, related_name="+")
    object = ForeignKey(RegisteredObject, on_delete=PROTECT, null=True, related_name="assets")
    media_type = models.CharField(max_length=127)
    size = models.PositiveBigIntegerField()
    """Bytes, as stated when staged; an upload of any other length is refused."""
    sha256 = digest_column(null=True)
    """As computed while the bytes came in."""
    storage_name = models.CharField(max_length=NAME_MAX, blank=True)
    """Where the sealed bytes lie in the storage "assets"."""
    state = models.CharField(**text_choices(AssetState), default=AssetState.STAGED)
    version = models.PositiveIntegerField(default=1)
    staged_at = models.DateTimeField()
    ready_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "asset"
        constraints = [
            CheckConstraint(name="asset_state_known", condition=Q(state__in=AssetState.values)),
            CheckConstraint(name="asset_size_bounded", condition=Q(size__gte=1, size__lte=UPLOAD_BYTES_MAX)),
            CheckConstraint(
                name="asset_uploaded_wholly",
                condition=Q(state=AssetState.STAGED, sha256=None, storage_name="")
                | (~Q(state=AssetState.STAGED) & Q(sha256__regex=SHA256) & ~Q(storage_name="")),
            ),
            CheckConstraint(
                name="asset_ready_is_dated",
                condition=Q(state=AssetState.READY, ready_at__isnull=False) | ~Q(state=AssetState.READY) & Q(ready_at=None),
            ),
            CheckConstraint(name="asset_attached_when_ready", condition=Q(object=None) | Q(state=AssetState.READY)),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """Its owner's, and supervisors'; a buyer gets the file, not this row."""
        return owned(actor, "owner")


class Profile(Record):
    """What was measured in an asset. Append-only but for its opening. 质量画像

    ``columns`` is a list in the file's order, of objects with ``name``, ``type``, ``nulls``, ``distinct``, ``distinct_more``, ``min``,
    ``max``, ``mean`` (decimals as text) and ``personal`` (hits by kind).
    """

    asset = models.OneToOneField(Asset, on_delete=PROTECT, related_name="profile")
    rows = models.PositiveBigIntegerField()
    columns = models.JSONField()
    measured_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "profile"

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """The asset's owner's and supervisors'; everyone's once its product was listed."""
        return owned(actor, "asset__owner") | Q(published_at__isnull=False) if actor.authenticated else NOBODY


class Sample(Record):
    """A few rows of an asset, chosen by rule and never of personal information. Append-only but for its opening. 样本"""

    asset = ForeignKey(Asset, on_delete=PROTECT, related_name="samples")
    method = models.CharField(**text_choices(SampleMethod))
    header = models.JSONField()
    rows = models.JSONField()
    row_count = models.PositiveSmallIntegerField()
    taken_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "sample"
        constraints = [
            UniqueConstraint(name="sample_once", fields=["asset", "method", "row_count"]),
            CheckConstraint(name="sample_method_known", condition=Q(method__in=SampleMethod.values)),
            CheckConstraint(name="sample_small", condition=Q(row_count__gte=1, row_count__lte=SAMPLE_ROWS_MAX)),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """The asset's owner's and supervisors'; everyone's once its product was listed."""
        return owned(actor, "asset__owner") | Q(published_at__isnull=False) if actor.authenticated else NOBODY


class ConsentBasis(Record):
    """That the people in the data agreed to its provision to one buyer for one purpose. Only its withdrawal changes it. 同意"""

    object = ForeignKey(RegisteredObject, on_delete=PROTECT, related_name="consents")
    buyer = ForeignKey(Organisation, on_delete=PROTECT, related_name="+")
    purpose = models.CharField(max_length=PURPOSE_MAX)
    kinds = ArrayField(models.CharField(max_length=KIND_MAX))
    """Kinds of personal information that the consent names."""
    separate = models.BooleanField()
    """Whether it was given for this provision alone (separate consent, PIPL 23)."""
    notice_sha256 = digest_column()
    """The notice that people were shown."""
    evidence_sha256 = digest_column()
    given_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = "consent"
        indexes = [models.Index(name="consent_of_object", fields=["object", "buyer"])]
        constraints = [
            CheckConstraint(name="consent_evidence_hashed", condition=Q(notice_sha256__regex=SHA256, evidence_sha256__regex=SHA256)),
            CheckConstraint(name="consent_names_kinds", condition=Q(kinds__len__gte=1, kinds__len__lte=KINDS_MAX)),
            CheckConstraint(name="consent_purpose_stated", condition=~Q(purpose="")),
            CheckConstraint(name="consent_given_before_recorded", condition=Q(given_at__lte=F("recorded_at"))),
            CheckConstraint(name="consent_withdrawn_later", condition=Q(withdrawn_at=None) | Q(withdrawn_at__gte=F("recorded_at"))),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """The object's owner's, the named buyer's, and supervisors'."""
        return owned(actor, "object__owner") | Q(buyer=actor.organisation) if actor.authenticated else NOBODY


class ImpactAssessment(Record):
    """That the impact on people was assessed before their data is provided. Append-only. 个人信息保护影响评估"""

    object = ForeignKey(RegisteredObject, on_delete=PROTECT, related_name="impact_assessments")
    buyer = ForeignKey(Organisation, on_delete=PROTECT, null=True, related_name="+")
    """The buyer it was made for; null if for any."""
    purpose = models.CharField(max_length=PURPOSE_MAX)
    kinds = ArrayField(models.CharField(max_length=KIND_MAX))
    """Kinds of personal information that it assessed."""
    reported_on = models.DateField()
    report_sha256 = digest_column()
    filed_at = models.DateTimeField()

    class Meta:
        verbose_name = "impact assessment"
        constraints = [
            CheckConstraint(name="impact_report_hashed", condition=Q(report_sha256__regex=SHA256)),
            CheckConstraint(name="impact_names_kinds", condition=Q(kinds__len__gte=1, kinds__len__lte=KINDS_MAX)),
            CheckConstraint(name="impact_purpose_stated", condition=~Q(purpose="")),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """The object's owner's, the named buyer's, and supervisors'."""
        return owned(actor, "object__owner") | Q(buyer=actor.organisation) if actor.authenticated else NOBODY


class SourceStatement(Record):
    """The provider's statement of where the data comes from, with evidence. Append-only. 来源说明"""

    object = ForeignKey(RegisteredObject, on_delete=PROTECT, related_name="source_statements")
    statement = models.TextField()
    evidence_sha256 = digest_column()
    stated_at = models.DateTimeField()

    class Meta:
        verbose_name = "source statement"
        constraints = [
            CheckConstraint(name="source_evidence_hashed", condition=Q(evidence_sha256__regex=SHA256)),
            CheckConstraint(name="source_stated", condition=~Q(statement="")),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """The object's owner's, and supervisors'."""
        return owned(actor, "object__owner")


class InstitutionReport(Record):
    """What an unaffiliated institution found when it examined an object. Append-only. 机构报告"""

    object = ForeignKey(RegisteredObject, on_delete=PROTECT, related_name="institution_reports")
    institution = ForeignKey(Organisation, on_delete=PROTECT, related_name="+")
    kind = models.CharField(**text_choices(ReportKind))
    accepted = models.BooleanField()
    """Whether the institution found the object in order."""
    summary = models.TextField()
    report_sha256 = digest_column()
    reported_on = models.DateField()
    filed_at = models.DateTimeField()

    class Meta:
        verbose_name = "institution report"
        constraints = [
            CheckConstraint(name="report_kind_known", condition=Q(kind__in=ReportKind.values)),
            CheckConstraint(name="report_hashed", condition=Q(report_sha256__regex=SHA256)),
            CheckConstraint(name="report_summarised", condition=~Q(summary="")),
        ]

    @classmethod
    def visibility(cls, actor: Actor) -> Q:
        """Made for the market to rely on: every signed-in actor's."""
        return EVERYBODY if actor.authenticated else NOBODY

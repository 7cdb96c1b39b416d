"""Files, what was measured in them, and the papers about a registered object, in GraphQL."""

from collections.abc import Callable
from typing import Any

import graphene
from django.db.models import QuerySet

from listings.resources import paper_services, services
from listings.resources.measuring import PERSONAL_KINDS
from listings.resources.models import Asset, ConsentBasis, ImpactAssessment, InstitutionReport, Profile, Sample, SourceStatement
from listings.resources.selectors import (
    asset_page,
    consent_page,
    extremes_open,
    impact_assessment_page,
    institution_report_page,
    profile_page,
    sample_page,
    source_statement_page,
)
from listings.resources.states import AssetState, ReportKind, SampleMethod
from listings.resources.storing import upload_path
from listings.resources.table import COLUMNS_MAX
from registry.base.actor import Actor
from registry.base.graphql import (
    NODES,
    BigInt,
    Children,
    IdOf,
    Items,
    Mutation,
    NodeType,
    Ref,
    actor_of,
    connection,
    enum_of,
    keyed,
)
from registry.parties.schema import OrganisationNode
from registry.rights.schema import RegisteredObjectNode

AssetStateEnum = enum_of(AssetState, "AssetState", "How far an asset is. 文件状态")
SampleMethodEnum = enum_of(SampleMethod, "SampleMethod", "How the rows of a sample were chosen. 抽样方法")
ReportKindEnum = enum_of(ReportKind, "ReportKind", "What an institution examined. 报告类别")


class PersonalHits(graphene.ObjectType):
    """How many cells of a column look like personal numbers of one kind, by pattern and check digit. 疑似个人信息"""

    kind = graphene.String(required=True, description=f"One of {', '.join(PERSONAL_KINDS)}. 居民身份证号、手机号或银行卡号")
    hits = BigInt(required=True)
    ppm = graphene.Int(required=True, description="Parts per million of all rows. 占全部行的百万分比")


class ProfileColumn(graphene.ObjectType):
    """What was measured in one column. 字段画像"""

    name = graphene.String(required=True)
    type = graphene.String(required=True, description="EMPTY, BOOLEAN, INTEGER, DECIMAL, DATE, DATETIME or TEXT: the narrowest that fits.")
    nulls = BigInt(required=True, description="Cells without a value. 空值数")
    distinct = BigInt(required=True, description="Distinct values, exact unless there are more than were counted. 不同取值数")
    distinct_more = graphene.Boolean(required=True, description="There are more than that. 多于该数")
    min = graphene.String(description="Least value; null where it may be somebody's. 最小值")
    max = graphene.String(description="Greatest value; null where it may be somebody's. 最大值")
    mean = graphene.String(description="Mean to six decimal places, half to even. 均值")
    personal = Items(PersonalHits, size=len(PERSONAL_KINDS))

    @staticmethod
    def of(stored: dict[str, Any], *, rows: int, extremes: bool) -> "ProfileColumn":
        """The type's value for a stored column."""
        hits = [PersonalHits(kind=kind, hits=count, ppm=count * 1_000_000 // rows) for kind, count in stored["personal"].items()]
        shown = stored if extremes else {**stored, "min": None, "max": None}
        return ProfileColumn(**{**shown, "personal": hits})


class ProfileNode(NodeType):
    """What was measured in an asset; nobody declares it. 质量画像"""

    class Meta:
        model = Profile

    asset = Ref(lambda: AssetNode, "asset_id", description="Null unless it is yours. 数据文件")
    rows = BigInt(required=True)
    columns = Items(ProfileColumn, size=COLUMNS_MAX)
    measured_at = graphene.DateTime(required=True)
    published_at = graphene.DateTime(description="Since when every participant may read it. 公开时间")

    @staticmethod
    def resolve_columns(root: Profile, info: graphene.ResolveInfo) -> list[ProfileColumn]:
        """The columns, without extremes where those are somebody's."""
        extremes = extremes_open(actor_of(info), root)
        return [ProfileColumn.of(column, rows=root.rows, extremes=extremes) for column in root.columns]


class SampleNode(NodeType):
    """A few rows of an asset, chosen by rule. 样本"""

    class Meta:
        model = Sample

    method = graphene.Field(SampleMethodEnum, required=True)
    header = graphene.List(graphene.NonNull(graphene.String), required=True)
    rows = graphene.List(graphene.NonNull(graphene.List(graphene.NonNull(graphene.String))), required=True)
    taken_at = graphene.DateTime(required=True)
    published_at = graphene.DateTime(description="Since when every participant may read it. 公开时间")


class AtMostOne(Children):
    """A child that is alone by a constraint of the database, so that a query is charged for one."""

    size = 1


class AssetNode(NodeType):
    """One file. 数据文件"""

    class Meta:
        model = Asset

    owner = Ref(OrganisationNode, "owner_id", description="Whose it is. 所有者")
    object = Ref(RegisteredObjectNode, "object_id", description="The registered object that it is a file of. 登记客体")
    media_type = graphene.String(required=True)
    size = BigInt(required=True, description="Bytes. 字节数")
    sha256 = graphene.String(description="Of the uploaded bytes, hexadecimal. 摘要")
    state = graphene.Field(AssetStateEnum, required=True)
    version = graphene.Int(required=True)
    staged_at = graphene.DateTime(required=True)
    ready_at = graphene.DateTime()
    profiles = AtMostOne(ProfileNode, "asset_id", description="Its profile, once measured; never more than one. 质量画像")
    samples = Children(SampleNode, "asset_id", description="Its samples. 样本")


class ConsentBasisNode(NodeType):
    """That the people in the data agreed to its provision to one buyer for one purpose. 同意"""

    class Meta:
        model = ConsentBasis

    object = Ref(RegisteredObjectNode, "object_id")
    buyer = Ref(OrganisationNode, "buyer_id")
    purpose = graphene.String(required=True)
    kinds = graphene.List(graphene.NonNull(graphene.String), required=True)
    separate = graphene.Boolean(required=True, description="Given for this provision alone. 单独同意")
    notice_sha256 = graphene.String(required=True)
    evidence_sha256 = graphene.String(required=True)
    given_at = graphene.DateTime(required=True)
    withdrawn_at = graphene.DateTime()
    version = graphene.Int(required=True)


class ImpactAssessmentNode(NodeType):
    """That the impact on people was assessed before provision. 个人信息保护影响评估"""

    class Meta:
        model = ImpactAssessment

    object = Ref(RegisteredObjectNode, "object_id")
    buyer = Ref(OrganisationNode, "buyer_id", description="The buyer it was made for; null if for any. 接收方")
    purpose = graphene.String(required=True)
    kinds = graphene.List(graphene.NonNull(graphene.String), required=True)
    reported_on = graphene.Date(required=True)
    report_sha256 = graphene.String(required=True)
    filed_at = graphene.DateTime(required=True)


class SourceStatementNode(NodeType):
    """The provider's statement of where the data comes from. 来源说明"""

    class Meta:
        model = SourceStatement

    object = Ref(RegisteredObjectNode, "object_id")
    statement = graphene.String(required=True)
    evidence_sha256 = graphene.String(required=True)
    stated_at = graphene.DateTime(required=True)


class InstitutionReportNode(NodeType):
    """What an unaffiliated institution found when it examined an object. 机构报告"""

    class Meta:
        model = InstitutionReport

    object = Ref(RegisteredObjectNode, "object_id")
    institution = Ref(OrganisationNode, "institution_id")
    kind = graphene.Field(ReportKindEnum, required=True)
    accepted = graphene.Boolean(required=True, description="Found in order. 认可")
    summary = graphene.String(required=True)
    report_sha256 = graphene.String(required=True)
    reported_on = graphene.Date(required=True)
    filed_at = graphene.DateTime(required=True)


def _of_object(node: type[NodeType], selector: Callable[..., QuerySet[Any]]) -> graphene.Field:
    return connection(node, keyed(selector, object="RegisteredObject"), object=graphene.ID())


class Queries:
    """What resources answer."""

    assets = _of_object(AssetNode, asset_page)
    profiles = _of_object(ProfileNode, profile_page)
    samples = _of_object(SampleNode, sample_page)
    consents = connection(
        ConsentBasisNode,
        keyed(consent_page, object="RegisteredObject", buyer="Organisation"),
        object=graphene.ID(),
        buyer=graphene.ID(),
    )
    impact_assessments = _of_object(ImpactAssessmentNode, impact_assessment_page)
    source_statements = _of_object(SourceStatementNode, source_statement_page)
    institution_reports = _of_object(InstitutionReportNode, institution_report_page)


class AssetStage(Mutation):
    """Announce a file; upload its bytes with PUT to the address within an hour. 登记待上传文件"""

    class Input:
        media_type = graphene.String(required=True, description="Such as text/csv, application/zip or application/gzip. 媒体类型")
        size = BigInt(required=True, description="Bytes. 字节数")
        idempotency_key = graphene.String(required=True)

    asset = graphene.Field(AssetNode)
    upload_url = graphene.String(description="A path on this server. 上传地址")

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "AssetStage":
        """Stage it."""
        asset = services.asset_stage(actor=actor, **given)
        return cls(asset=asset, upload_url=upload_path(asset))


class AssetRegister(Mutation):
    """Vouch for the uploaded bytes by their SHA-256; from then on they never change. 登记文件摘要"""

    class Input:
        asset_id = IdOf("Asset", required=True)
        sha256 = graphene.String(required=True)
        idempotency_key = graphene.String(required=True)

    asset = graphene.Field(AssetNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "AssetRegister":
        """Register it."""
        return cls(asset=services.asset_register(actor=actor, **given))


class AssetAttach(Mutation):
    """Say of which registered object of yours a file of yours is. 关联登记客体"""

    class Input:
        asset_id = IdOf("Asset", required=True)
        object_id = IdOf("RegisteredObject", required=True)
        idempotency_key = graphene.String(required=True)

    asset = graphene.Field(AssetNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "AssetAttach":
        """Attach it."""
        return cls(asset=services.asset_attach(actor=actor, **given))


class ProfileStart(Mutation):
    """Have an asset measured; the job ends with its profile. 开始测量"""

    class Input:
        asset_id = IdOf("Asset", required=True)
        idempotency_key = graphene.String(required=True)

    job = graphene.Field(lambda: NODES["Job"])

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "ProfileStart":
        """Start it."""
        return cls(job=services.profile_start(actor=actor, **given))


class SampleStart(Mutation):
    """Have a few rows taken from a measured asset that is free of personal information. 抽取样本"""

    class Input:
        asset_id = IdOf("Asset", required=True)
        method = SampleMethodEnum(required=True)
        rows = graphene.Int(required=True, description="At most 20. 行数")
        idempotency_key = graphene.String(required=True)

    job = graphene.Field(lambda: NODES["Job"])

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "SampleStart":
        """Start it."""
        given["method"] = SampleMethod(given["method"])
        return cls(job=services.sample_start(actor=actor, **given))


class SourceStatementFile(Mutation):
    """State where an object's data comes from, with evidence. 提交来源说明"""

    class Input:
        object_id = IdOf("RegisteredObject", required=True)
        statement = graphene.String(required=True)
        evidence_sha256 = graphene.String(required=True)
        idempotency_key = graphene.String(required=True)

    source_statement = graphene.Field(SourceStatementNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "SourceStatementFile":
        """File it."""
        return cls(source_statement=paper_services.source_statement_file(actor=actor, **given))


class ConsentRecord(Mutation):
    """Record that the people in the data agreed to its provision to one buyer for one purpose. 登记同意"""

    class Input:
        object_id = IdOf("RegisteredObject", required=True)
        buyer_id = IdOf("Organisation", required=True)
        purpose = graphene.String(required=True)
        kinds = graphene.List(graphene.NonNull(graphene.String), required=True, description="Kinds of personal information named. 信息种类")
        separate = graphene.Boolean(required=True, description="Given for this provision alone. 单独同意")
        given_at = graphene.DateTime(required=True)
        notice_sha256 = graphene.String(required=True, description="Of the notice that people were shown. 告知书摘要")
        evidence_sha256 = graphene.String(required=True, description="Of the evidence that they agreed. 同意证据摘要")
        idempotency_key = graphene.String(required=True)

    consent_basis = graphene.Field(ConsentBasisNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "ConsentRecord":
        """Record it."""
        return cls(consent_basis=paper_services.consent_record(actor=actor, **given))


class ConsentWithdraw(Mutation):
    """Note that a consent was withdrawn; nothing is delivered under it from then on. 撤回同意"""

    class Input:
        consent_id = IdOf("ConsentBasis", required=True)
        expected_version = graphene.Int(required=True)
        idempotency_key = graphene.String(required=True)

    consent_basis = graphene.Field(ConsentBasisNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "ConsentWithdraw":
        """Withdraw it."""
        return cls(consent_basis=paper_services.consent_withdraw(actor=actor, **given))


class ImpactAssessmentFile(Mutation):
    """File the assessment of a provision's impact on people. 提交影响评估"""

    class Input:
        object_id = IdOf("RegisteredObject", required=True)
        buyer_id = IdOf("Organisation", description="Leave out if it holds for any buyer. 接收方")
        purpose = graphene.String(required=True)
        kinds = graphene.List(
            graphene.NonNull(graphene.String), required=True, description="Kinds of personal information assessed. 信息种类"
        )
        reported_on = graphene.Date(required=True)
        report_sha256 = graphene.String(required=True)
        idempotency_key = graphene.String(required=True)

    impact_assessment = graphene.Field(ImpactAssessmentNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "ImpactAssessmentFile":
        """File it."""
        given.setdefault("buyer_id", None)
        return cls(impact_assessment=paper_services.impact_assessment_file(actor=actor, **given))


class InstitutionReportFile(Mutation):
    """File what an institution found when it examined an object of somebody unaffiliated. 提交机构报告"""

    class Input:
        object_id = IdOf("RegisteredObject", required=True)
        kind = ReportKindEnum(required=True)
        accepted = graphene.Boolean(required=True)
        summary = graphene.String(required=True)
        reported_on = graphene.Date(required=True)
        report_sha256 = graphene.String(required=True)
        idempotency_key = graphene.String(required=True)

    institution_report = graphene.Field(InstitutionReportNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "InstitutionReportFile":
        """File it."""
        given["kind"] = ReportKind(given["kind"])
        return cls(institution_report=paper_services.institution_report_file(actor=actor, **given))

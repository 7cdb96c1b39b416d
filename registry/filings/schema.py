"""Filings in GraphQL: what is applied for, how far it is, and the steps of applicants, registrars and objectors."""

from typing import Any

import graphene

from registry.base import clock
from registry.base.actor import Actor
from registry.base.graphql import BigInt, Children, IdOf, Items, Mutation, NodeType, Ref, actor_of, connection, enum_of
from registry.base.limits import PAGE_NESTED_MAX
from registry.certificates.schema import CertificateNode
from registry.filings import services
from registry.filings.content import Evidence, FilingContent, Limits, Source
from registry.filings.judging import Assessment
from registry.filings.models import Filing, Objection
from registry.filings.objecting import objection_decide, objection_file
from registry.filings.selectors import file_open, filing_page, objection_page, overdue
from registry.filings.states import ObjectionState, State
from registry.log.schema import LogPlace
from registry.parties.schema import OrganisationNode
from registry.rights.schema import ObjectKindEnum, RegisteredObjectNode, RightEnum
from registry.rules_store.schema import VerdictNode
from registry.rules_store.selectors import finding_errors

FilingStateEnum = enum_of(State, "FilingState", "How far a filing is. 登记申请状态")
ObjectionStateEnum = enum_of(ObjectionState, "ObjectionState", "What became of an objection. 异议状态")
_KEY_ONCE = "A new key for each new request; repeat it to get the first result. 幂等键"
_VERSION = "The version that you read and decided on. 您所依据的版本"


class EvidenceType(graphene.ObjectType):
    """A document that supports a filing. 证明材料"""

    class Meta:
        name = "FilingEvidence"

    name = graphene.String(required=True)
    sha256 = graphene.String(required=True)


class LimitsType(graphene.ObjectType):
    """How far the applicant lets the data go. 限制"""

    class Meta:
        name = "FilingLimits"

    resale = graphene.Boolean(required=True, description="May be passed on. 可转售")
    export = graphene.Boolean(required=True, description="May leave the country. 可出境")
    territory = graphene.String(required=True, description="WORLD, a country, or a subdivision of one. 地域")
    buyers = graphene.String(required=True, description="Kinds of buyers, in words. 需求方类型")
    environment = graphene.String(required=True, description="Environment of use, in words. 使用环境")


class ObjectionNode(NodeType):
    """An objection to a filing on public notice. 异议"""

    class Meta:
        model = Objection

    filing = Ref(lambda: FilingNode, "filing_id")
    by = Ref(OrganisationNode, "by_id", description="Who objects. 异议人")
    reason = graphene.String(required=True)
    evidence_sha256 = graphene.String(required=True)
    state = graphene.Field(ObjectionStateEnum, required=True)
    version = graphene.Int(required=True)
    filed_at = graphene.DateTime(required=True)
    decide_due_at = graphene.DateTime(required=True, description="When it must be decided. 处理期限")
    decided_at = graphene.DateTime()
    reasons = graphene.String(required=True, description="Of the decision. 处理理由")


class FilingNode(NodeType):
    """An application to have rights in one object registered. 登记申请

    From the public notice on everybody signed in may read it; evidence and reasons stay with the applicant and the authorities.
    """

    class Meta:
        model = Filing

    applicant = Ref(OrganisationNode, "applicant_id")
    object_kind = graphene.Field(ObjectKindEnum, required=True)
    name = graphene.String(required=True)
    summary = graphene.String(required=True)
    industry = graphene.String(required=True, description="Section and division of GB/T 4754. 行业")
    source_category = graphene.String(required=True)
    source_kind = graphene.String(required=True)
    situation = graphene.String(required=True)
    level = graphene.String(required=True)
    pi_kind = graphene.String(required=True)
    sector = graphene.String(required=True)
    region = graphene.String(required=True)
    time_from = graphene.Date()
    time_until = graphene.Date()
    update_frequency = graphene.String(required=True)
    volume_rows = graphene.Field(BigInt)
    data_format = graphene.String(required=True)
    limits = graphene.Field(LimitsType, required=True)
    rights_claimed = graphene.List(graphene.NonNull(RightEnum), required=True)
    wanted_until = graphene.Date(description="Last day asked for; null asks for the longest term. 申请截止日")
    evidence = Items(EvidenceType, size=PAGE_NESTED_MAX, required=False, description="Null if you may not see it. 证明材料")
    regime = graphene.String(required=True, description="Rules of procedure it was filed under, and their version. 适用规则")
    state = graphene.Field(FilingStateEnum, required=True)
    version = graphene.Int(required=True, description="Rises with every step. 版本")
    content_version = graphene.Int(required=True, description="Rises with every supplement; verdicts bind to it. 内容版本")
    submitted_at = graphene.DateTime(required=True)
    acceptance_due_at = graphene.DateTime(required=True, description="Unanswered by then, it is accepted. 受理期限")
    missing = graphene.String(required=True, description="What was told to be missing. 需补正内容")
    supplement_due_at = graphene.DateTime(description="When it lapses unless supplemented. 补正期限")
    accepted_at = graphene.DateTime()
    accepted_by_silence = graphene.Boolean(required=True, description="Nobody answered in time. 逾期视为受理")
    finish_due_at = graphene.DateTime(description="When the registrar must have decided. 办结期限")
    overdue = graphene.Boolean(required=True, description="Past that time and not yet on notice. 逾期未办结")
    examined_at = graphene.DateTime()
    notice_from = graphene.DateTime(description="公示起始")
    notice_until_at = graphene.DateTime(description="The first instant after the notice. 公示期满")
    reasons = graphene.String(description="Of the refusal; null if you may not see them. 不予登记理由")
    deposited_at = graphene.DateTime(description="Registration is complete from here on. 存证时间")
    deposit_event = graphene.UUID(description="The log's event of the deposit. 存证事件")
    log = LogPlace("deposit_event", description="Whether outsiders can verify the deposit yet; null before it. 存证状态")
    valid_from = graphene.Date(description="First registered day. 登记起始日")
    valid_until = graphene.Date(description="Last registered day. 登记截止日")
    object = Ref(RegisteredObjectNode, "object_id", description="What was registered. 登记客体")
    certificate = Ref(CertificateNode, "certificate_id")
    objections = Children(ObjectionNode, "filing_id")

    @staticmethod
    def resolve_evidence(root: Filing, info: Any) -> list[EvidenceType] | None:
        """For those who may."""
        return [EvidenceType(**document) for document in root.evidence] if file_open(actor_of(info), root) else None

    @staticmethod
    def resolve_reasons(root: Filing, info: Any) -> str | None:
        """For those who may."""
        return root.reasons if file_open(actor_of(info), root) else None

    @staticmethod
    def resolve_regime(root: Filing, _info: Any) -> str:
        """Code and version."""
        return f"{root.regime_code}/{root.regime_version}"

    @staticmethod
    def resolve_overdue(root: Filing, _info: Any) -> bool:
        """On the business clock."""
        return overdue(root, clock.now())


class EvidenceInput(graphene.InputObjectType):
    """A document that supports a filing. 证明材料"""

    class Meta:
        name = "FilingEvidenceInput"

    name = graphene.String(required=True)
    sha256 = graphene.String(required=True, description="64 lower-case hexadecimal digits.")


class LimitsInput(graphene.InputObjectType):
    """How far the data may go; they bind every right that is registered. 限制"""

    class Meta:
        name = "FilingLimitsInput"

    resale = graphene.Boolean(description="Default: no. 可转售")
    export = graphene.Boolean(description="Default: no. 可出境")
    territory = graphene.String(description="Default: CN. 地域")
    buyers = graphene.String(description="Kinds of buyers, in words. 需求方类型")
    environment = graphene.String(description="Environment of use, in words. 使用环境")


class SourceInput(graphene.InputObjectType):
    """A registered object that the product was made from. 衍生来源"""

    class Meta:
        name = "FilingSourceInput"

    object_id = IdOf("RegisteredObject", required=True)
    grant_id = IdOf("Grant", required=True, description="Your USE right in it. 所依据的使用权")


class FilingContentInput(graphene.InputObjectType):
    """Everything that an applicant states. Codes as in the rules' vocabulary. 申请内容"""

    object_kind = graphene.InputField(ObjectKindEnum, required=True)
    name = graphene.String(required=True, description="Up to 40 characters. 数据名称")
    summary = graphene.String(required=True, description="Up to 400 characters. 数据简介")
    industry = graphene.String(required=True, description="Section and division of GB/T 4754, such as G56. 行业")
    source_category = graphene.String(required=True, description="GOVERNMENT, PUBLIC_SERVICE, ENTERPRISE, PERSONAL. 数据类别")
    source_kind = graphene.String(required=True, description="COLLECTED, AGREEMENT, CRAWLED_PUBLIC, DERIVED, AUTHORISED_PUBLIC. 数据来源")
    situation = graphene.String(required=True, description="How the data was come by. 数据取得情形")
    level = graphene.String(required=True, description="CORE, IMPORTANT, GENERAL. 数据分级")
    pi_kind = graphene.String(required=True, description="NONE, ANONYMISED, DE_IDENTIFIED, PI, SENSITIVE. 所含个人信息")
    sector = graphene.String(description="A sector that needs a permit, if any. 需要许可的行业")
    region = graphene.String(required=True)
    time_from = graphene.Date()
    time_until = graphene.Date()
    update_frequency = graphene.String(required=True, description="REALTIME, DAILY, WEEKLY, MONTHLY, YEARLY, ON_DEMAND, OTHER. 更新频率")
    volume_rows = graphene.InputField(BigInt)
    data_format = graphene.String(required=True, description="TABLE, TEXT, IMAGE, AUDIO, VIDEO, OTHER. 数据形态")
    rights_claimed = graphene.List(graphene.NonNull(RightEnum), required=True, description="申请登记的权利")
    limits = graphene.InputField(LimitsInput)
    evidence = graphene.List(graphene.NonNull(EvidenceInput), required=True)
    made_from = graphene.List(graphene.NonNull(SourceInput), description="Of a derived product. 衍生来源")
    wanted_until = graphene.Date(description="Last day asked for; left out, the longest term. 申请截止日")
    further_to_id = IdOf("RegisteredObject", description="Your registered object in which further rights are claimed. 就已登记客体追加权利")


class AssessmentInput(graphene.InputObjectType):
    """What the examiner established. What is left out is unknown, and no rule that asks for it lets it pass. 审查认定事实"""

    class Meta:
        name = "FilingAssessmentInput"

    harm_flag = graphene.String(description="NONE, SUSPECTED, CONFIRMED. 危害国家安全、公共利益或社会稳定")
    secrecy_mark = graphene.Boolean(description="国家秘密或工作秘密标志")
    unlawful_source = graphene.String(description="NONE, SUSPECTED, PROVEN. 来源非法")
    dispute_open = graphene.Boolean(description="An ownership dispute is open. 存在权属争议")
    crawl_clean = graphene.Boolean(description="Collected by a program without intrusion, disturbance or harm. 自动化收集合规")
    public_code_valid = graphene.Boolean(description="公共数据资源登记编码有效")
    entrusted_grant = graphene.Boolean(description="法律或合同将权利授予受托处理者")
    joint_operate_agreed = graphene.Boolean(description="共同开发各方同意经营权")
    substitutes_source = graphene.Boolean(description="实质性替代来源服务")
    derived_substantive = graphene.Boolean(description="Substantive change and clearly higher value. 实质性改变且价值显著提升")


def _step(**more: Any) -> type:
    """The input of a step of one filing."""
    first = {"filing_id": IdOf("Filing", required=True)}
    last = {
        "expected_version": graphene.Int(required=True, description=_VERSION),
        "idempotency_key": graphene.String(required=True, description=_KEY_ONCE),
    }
    return type("Input", (), {**first, **more, **last})


class FilingSubmit(Mutation):
    """File for rights in a resource or product of one's own. 提交登记申请"""

    class Input:
        content = graphene.InputField(FilingContentInput, required=True)
        idempotency_key = graphene.String(required=True, description=_KEY_ONCE)

    filing = graphene.Field(FilingNode)

    @classmethod
    def perform(cls, actor: Actor, *, content: dict[str, Any], **given: Any) -> "FilingSubmit":
        """Call the service."""
        return cls(filing=services.filing_submit(actor=actor, content=_content(content), **given))


class FilingSupplement(Mutation):
    """Supply, once, what the registrar told to be missing: the whole content again. 补正申请"""

    Input = _step(content=graphene.InputField(FilingContentInput, required=True))

    filing = graphene.Field(FilingNode)

    @classmethod
    def perform(cls, actor: Actor, *, content: dict[str, Any], **given: Any) -> "FilingSupplement":
        """Call the service."""
        return cls(filing=services.filing_supplement(actor=actor, content=_content(content), **given))


class FilingReturn(Mutation):
    """Tell the applicant, once, everything that is missing. 一次性告知补正"""

    Input = _step(
        missing=graphene.String(required=True),
        supplement_days=graphene.Int(required=True, description="Working days to supplement, 1 to 30. 补正期限（工作日）"),
    )

    filing = graphene.Field(FilingNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "FilingReturn":
        """Call the service."""
        return cls(filing=services.filing_return(actor=actor, **given))


class FilingAccept(Mutation):
    """Accept a filing for examination. 受理"""

    Input = _step()

    filing = graphene.Field(FilingNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "FilingAccept":
        """Call the service."""
        return cls(filing=services.filing_accept(actor=actor, **given))


class FilingExamine(Mutation):
    """Examine an accepted filing as the first of two people; all registration rules judge it. 初审

    Where they do not let it pass, ``userErrors`` has one row for each finding, the verdict is kept, and the filing is as it was.
    """

    Input = _step(assessment=graphene.InputField(AssessmentInput, required=True))

    filing = graphene.Field(FilingNode)
    verdict = graphene.Field(VerdictNode)

    @classmethod
    def perform(cls, actor: Actor, *, assessment: dict[str, Any], **given: Any) -> "FilingExamine":
        """Call the service."""
        examined = services.filing_examine(actor=actor, assessment=Assessment(**assessment), **given)
        refusals = [] if examined.verdict.passes else finding_errors(examined.verdict)
        return cls(filing=examined.filing, verdict=examined.verdict, user_errors=refusals)


class FilingRefuse(Mutation):
    """Refuse a filing, with reasons, before its public notice. 不予登记"""

    Input = _step(reasons=graphene.String(required=True))

    filing = graphene.Field(FilingNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "FilingRefuse":
        """Call the service."""
        return cls(filing=services.filing_refuse(actor=actor, **given))


class FilingPublish(Mutation):
    """Confirm the examination as the second person, and give public notice. 复核并公示"""

    Input = _step()

    filing = graphene.Field(FilingNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "FilingPublish":
        """Call the service."""
        return cls(filing=services.filing_publish(actor=actor, **given))


class ObjectionFile(Mutation):
    """Object to a filing on public notice. 提出异议"""

    class Input:
        filing_id = IdOf("Filing", required=True)
        reason = graphene.String(required=True)
        evidence_sha256 = graphene.String(description="SHA-256 of the evidence. 证据摘要")
        expected_version = graphene.Int(required=True, description="Of the filing. 登记申请的版本")
        idempotency_key = graphene.String(required=True, description=_KEY_ONCE)

    objection = graphene.Field(ObjectionNode)

    @classmethod
    def perform(cls, actor: Actor, *, evidence_sha256: str | None = None, **given: Any) -> "ObjectionFile":
        """Call the service."""
        return cls(objection=objection_file(actor=actor, evidence_sha256=evidence_sha256 or "", **given))


class ObjectionDecide(Mutation):
    """Decide an objection: upheld, the filing is refused; dismissed, it goes on. 异议处理"""

    class Input:
        objection_id = IdOf("Objection", required=True)
        upheld = graphene.Boolean(required=True)
        reasons = graphene.String(required=True)
        expected_version = graphene.Int(required=True, description="Of the objection. 异议的版本")
        idempotency_key = graphene.String(required=True, description=_KEY_ONCE)

    objection = graphene.Field(ObjectionNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "ObjectionDecide":
        """Call the service."""
        return cls(objection=objection_decide(actor=actor, **given))


class Queries:
    """What filings answer."""

    filings = connection(FilingNode, filing_page, state=FilingStateEnum())
    objections = connection(ObjectionNode, objection_page, state=ObjectionStateEnum())


def _content(given: dict[str, Any]) -> FilingContent:
    """The input as the service takes it; optional fields that are left out or null keep their defaults."""
    stated = {name: value for name, value in given.items() if value is not None}
    limits = {name: value for name, value in stated.pop("limits", {}).items() if value is not None}
    return FilingContent(
        **stated
        | {
            "limits": Limits(**limits),
            "rights_claimed": tuple(stated["rights_claimed"]),
            "evidence": tuple(Evidence(**document) for document in stated["evidence"]),
            "made_from": tuple(Source(**source) for source in stated.get("made_from", [])),
        }
    )

"""The register in GraphQL: objects, rights, holds, chain of title; and what registrars and regulators do to them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import graphene

from registry.base.actor import Actor
from registry.base.graphql import Children, IdOf, Mutation, NodeType, Ref, actor_of, connection, enum_of, keyed
from registry.log.schema import LogPlace
from registry.parties.schema import OrganisationNode
from registry.rights import services
from registry.rights.models import Grant, Hold, MadeFrom, RegisteredObject, Revocation
from registry.rights.selectors import grant_page, hold_page, object_page, reason_open, revocation_page, terms_open
from registry.rights.states import HoldKind, HoldState, ObjectKind, RevocationState, Right

RightEnum = enum_of(Right, "RightKind", "One of the three rights: HOLD 数据资源持有权, USE 数据加工使用权, OPERATE 数据产品经营权.")
ObjectKindEnum = enum_of(ObjectKind, "ObjectKind", "What is registered: RESOURCE 数据资源, PRODUCT 数据产品.")
HoldKindEnum = enum_of(
    HoldKind, "HoldKind", "Why no further right may be granted: DISPUTE 争议, PLEDGE 质押, COURT 司法保全, NOTICE 异议提示, ORDER 监管命令."
)
HoldStateEnum = enum_of(HoldState, "HoldState", "Whether a hold blocks: ACTIVE 生效, LIFTED 解除.")
RevocationStateEnum = enum_of(RevocationState, "RevocationState", "How far a revocation is: PROPOSED 拟撤销, DONE 已撤销.")


class ScopeType(graphene.ObjectType):
    """What a right allows. 权利范围"""

    class Meta:
        name = "RightScope"

    derive = graphene.Boolean(required=True, description="Make other products from it. 衍生加工")
    provide_derived = graphene.Boolean(required=True, description="Provide those products to others. 提供衍生产品")
    sublicense = graphene.Boolean(required=True, description="Grant parts of the right on. 再许可")
    resale = graphene.Boolean(required=True, description="Pass the delivered data on. 转售")
    export = graphene.Boolean(required=True, description="Take it out of the country. 出境")
    territory = graphene.String(required=True, description="WORLD, a country, or a subdivision of one. 地域")
    purposes = graphene.List(graphene.NonNull(graphene.String), required=True, description="Allowed purposes; empty means any. 用途")


class GrantNode(NodeType):
    """One version of one right of one holder in one object. 权利

    Anybody signed in sees object, kind, holder and term. ``scope``, ``incomeSharePpm`` and ``dealId`` are null but for the holder,
    the licensor, and institutions, registrars and regulators.
    """

    class Meta:
        model = Grant

    kind = graphene.Field(RightEnum, required=True)
    object = Ref(lambda: RegisteredObjectNode, "object_id", description="What the right is in. 客体")
    holder = Ref(OrganisationNode, "holder_id", description="Who has the right. 权利人")
    licensor = Ref(OrganisationNode, "licensor_id", description="Who granted it; null for a first holder's own. 许可人")
    parent = Ref(lambda: GrantNode, "parent_id", description="The right it rests on, in its first version. 上级权利")
    origin = Ref(lambda: GrantNode, "origin_id", required=True, description="The first version of this right. 首个版本")
    exclusive = graphene.Boolean(required=True, description="Nobody else may have this right in the object meanwhile. 独占")
    valid_from = graphene.Date(required=True, description="First day. 起始日")
    valid_until = graphene.Date(required=True, description="First day on which it is no longer in force. 终止日（不含）")
    recorded_from = graphene.DateTime(required=True, description="Since when the register says so. 登记时间")
    recorded_until = graphene.DateTime(description="Until when it said so; null while it does. 登记失效时间")
    scope = graphene.Field(ScopeType, description="What it allows; null if you may not see it. 范围")
    income_share_ppm = graphene.Int(
        description="Parts per million of the licensee's net income from derived products that the licensor gets. 收益分成（百万分比）"
    )
    deal_id = graphene.UUID(description="The deal that granted it. 交易")
    log = LogPlace("event_id", required=True, description="Whether outsiders can verify this version yet. 存证状态")

    @staticmethod
    def resolve_valid_from(root: Grant, info: graphene.ResolveInfo) -> date:
        """Lower bound of the term."""
        first: date = root.valid.lower
        return first

    @staticmethod
    def resolve_valid_until(root: Grant, info: graphene.ResolveInfo) -> date:
        """Upper bound of the term."""
        end: date = root.valid.upper
        return end

    @staticmethod
    def resolve_recorded_from(root: Grant, info: graphene.ResolveInfo) -> datetime:
        """Lower bound of what was known."""
        since: datetime = root.recorded.lower
        return since

    @staticmethod
    def resolve_recorded_until(root: Grant, info: graphene.ResolveInfo) -> datetime | None:
        """Upper bound of what was known."""
        until: datetime | None = root.recorded.upper
        return until

    @staticmethod
    def resolve_scope(root: Grant, info: graphene.ResolveInfo) -> Any:
        """The scope, for those who may read it."""
        return root.allows if terms_open(actor_of(info), root) else None

    @staticmethod
    def resolve_income_share_ppm(root: Grant, info: graphene.ResolveInfo) -> int | None:
        """The share, for those who may read it."""
        return root.income_share_ppm if terms_open(actor_of(info), root) else None

    @staticmethod
    def resolve_deal_id(root: Grant, info: graphene.ResolveInfo) -> UUID | None:
        """The deal, for those who may read it."""
        return root.deal_id if terms_open(actor_of(info), root) else None


class HoldNode(NodeType):
    """A registered reason why no right in an object may be granted. 限制

    Anybody signed in sees that it exists; its reason only the owner, its setter, and institutions, registrars and regulators.
    """

    class Meta:
        model = Hold

    kind = graphene.Field(HoldKindEnum, required=True)
    state = graphene.Field(HoldStateEnum, required=True)
    version = graphene.Int(required=True)
    object = Ref(lambda: RegisteredObjectNode, "object_id", description="What is held. 客体")
    set_by = Ref(OrganisationNode, "set_by_id", description="Who set it. 设定机关")
    lifted_by = Ref(OrganisationNode, "lifted_by_id", description="Who lifted it. 解除机关")
    placed_at = graphene.DateTime(required=True)
    lifted_at = graphene.DateTime()
    reason = graphene.String(description="Why; null if you may not see it. 理由")
    log = LogPlace("event_id", required=True, description="Whether outsiders can verify that it was placed yet. 存证状态")

    @staticmethod
    def resolve_reason(root: Hold, info: graphene.ResolveInfo) -> str | None:
        """The reason, for those who may read it."""
        return root.reason if reason_open(actor_of(info), root) else None


class TitleLinkNode(NodeType):
    """One step in a product's chain of title: a source and the USE right relied on. 权利链"""

    class Meta:
        model = MadeFrom
        name = "TitleLink"

    product = Ref(lambda: RegisteredObjectNode, "object_id", description="What was made. 产品")
    source = Ref(lambda: RegisteredObjectNode, "source_id", description="What it was made from; its own chain goes on there. 来源")
    grant = Ref(GrantNode, "grant_id", description="The right relied on, in its first version. 所依据的权利")


class RegisteredObjectNode(NodeType):
    """A resource or product in the register. 登记客体"""

    class Meta:
        model = RegisteredObject

    kind = graphene.Field(ObjectKindEnum, required=True)
    owner = Ref(OrganisationNode, "owner_id", description="Whose object it is. 登记主体")
    name = graphene.String(required=True)
    summary = graphene.String(required=True)
    source_category = graphene.String(required=True)
    source_kind = graphene.String(required=True)
    situation = graphene.String(required=True)
    level = graphene.String(required=True)
    pi_kind = graphene.String(required=True)
    sector = graphene.String(required=True)
    identifier = graphene.String(required=True, description="The identifier 88.node.enterprise/suffix; empty if none was minted. 标识")
    registered_at = graphene.DateTime(required=True)
    log = LogPlace("event_id", required=True, description="Whether outsiders can verify the registration yet. 存证状态")
    grants = Children(GrantNode, "object_id", order="-id", description="Versions of rights in it, newest first. 权利")
    holds = Children(HoldNode, "object_id", order="-id", description="Holds on it, newest first. 限制")
    title_chain = Children(TitleLinkNode, "object_id", description="What it was made from, and by what right. 权利链")


class RevocationNode(NodeType):
    """A registrar's proposal to end a right, and the second person who did it. 撤销"""

    class Meta:
        model = Revocation

    grant = Ref(GrantNode, "grant_id", description="The right, in its first version. 权利")
    registrar = Ref(OrganisationNode, "registrar_id", description="Whose proposal it is. 登记机构")
    ends_on = graphene.Date(required=True)
    reason = graphene.String(required=True)
    evidence_sha256 = graphene.String(required=True)
    state = graphene.Field(RevocationStateEnum, required=True)
    version = graphene.Int(required=True)
    proposed_at = graphene.DateTime(required=True)
    decided_at = graphene.DateTime()


class Queries:
    """What the register answers."""

    objects = connection(RegisteredObjectNode, keyed(object_page, owner="Organisation"), kind=ObjectKindEnum(), owner=graphene.ID())
    grants = connection(
        GrantNode,
        keyed(grant_page, object="RegisteredObject", holder="Organisation"),
        object=graphene.ID(),
        holder=graphene.ID(),
        kind=RightEnum(),
        on=graphene.Date(description="In force on this day. 生效日"),
        known_at=graphene.DateTime(description="As the register said at this instant; now by default. 登记时点"),
    )
    holds = connection(HoldNode, keyed(hold_page, object="RegisteredObject"), object=graphene.ID(), active=graphene.Boolean())
    revocations = connection(RevocationNode, revocation_page, state=RevocationStateEnum())


class HoldPlace(Mutation):
    """Block new rights in an object. Regulator or registrar; an ORDER is the regulator's. 设定限制"""

    class Input:
        object_id = IdOf("RegisteredObject", required=True)
        kind = HoldKindEnum(required=True)
        reason = graphene.String(required=True)
        idempotency_key = graphene.String(required=True)

    hold = graphene.Field(HoldNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "HoldPlace":
        """Place it."""
        return cls(hold=services.hold_place(actor=actor, **{**given, "kind": HoldKind(given["kind"])}))


class HoldLift(Mutation):
    """Lift a hold that your organisation set, or any as a regulator. 解除限制"""

    class Input:
        hold_id = IdOf("Hold", required=True)
        reason = graphene.String(required=True)
        expected_version = graphene.Int(required=True)
        idempotency_key = graphene.String(required=True)

    hold = graphene.Field(HoldNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "HoldLift":
        """Lift it."""
        return cls(hold=services.hold_lift(actor=actor, **given))


class RevocationPropose(Mutation):
    """Propose to end a right, with reason and evidence; a second person of a registrar does it. 提出撤销"""

    class Input:
        grant_id = IdOf("Grant", required=True)
        ends_on = graphene.Date(required=True, description="First day on which it is no longer in force. 终止日（不含）")
        reason = graphene.String(required=True)
        evidence_sha256 = graphene.String(required=True, description="SHA-256 of the evidence, hexadecimal. 证据摘要")
        idempotency_key = graphene.String(required=True)

    revocation = graphene.Field(RevocationNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "RevocationPropose":
        """Propose it."""
        return cls(revocation=services.revocation_propose(actor=actor, **given))


class GrantRevoke(Mutation):
    """End a right, and all that rests on it, as another person proposed. 撤销权利"""

    class Input:
        revocation_id = IdOf("Revocation", required=True)
        expected_version = graphene.Int(required=True)
        idempotency_key = graphene.String(required=True)

    revocation = graphene.Field(RevocationNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "GrantRevoke":
        """Do it."""
        return cls(revocation=services.grant_revoke(actor=actor, **given))

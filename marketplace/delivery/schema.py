"""Delivery in GraphQL: entitlements, what was metered under them, and the link that takes the file."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import graphene
from django.db.models import QuerySet

from marketplace.delivery import services
from marketplace.delivery.models import Entitlement, MeterEvent
from marketplace.delivery.selectors import entitlement_page, meter_event_page, usage_by_month
from marketplace.delivery.states import Cause, MeterKind, Mode, State
from pricing.plans.comparing import PLANS_MAX, plan_compare
from pricing.plans.schema import PlanComparison
from registry.base.actor import Actor
from registry.base.graphql import BigInt, Children, IdOf, Mutation, NodeType, Ref, actor_of, connection, enum_of, from_global
from registry.parties.schema import OrganisationNode
from registry.rights.schema import GrantNode, RegisteredObjectNode

EntitlementStateEnum = enum_of(State, "EntitlementState", "Whether it may be used now: OPEN 有效, SUSPENDED 暂停, ENDED 终止.")
SuspensionCauseEnum = enum_of(
    Cause, "SuspensionCause", "Why it is suspended: SCREENING 合规审查未通过, HOLD 权利受限, CONSENT 个人撤回同意."
)
DeliveryModeEnum = enum_of(Mode, "DeliveryMode", "How the data reaches the buyer: FILE 文件, API 接口, GRANT 仅授权.")
MeterKindEnum = enum_of(MeterKind, "MeterKind", "What one use is: FILE 文件下载, CALL 接口调用.")


class MeterEventNode(NodeType):
    """One use, counted once. 计量事件"""

    class Meta:
        model = MeterEvent

    entitlement = Ref(lambda: EntitlementNode, "entitlement_id", description="What was used. 使用权益")
    deal_id = graphene.UUID(required=True, description="The deal it is billed under. 交易")
    kind = graphene.Field(MeterKindEnum, required=True)
    units = BigInt(required=True, description="What a plan charges for. 计费单位数")
    bytes = BigInt(required=True)
    at = graphene.DateTime(required=True)


class EntitlementNode(NodeType):
    """What one buyer may do now with one object, by one right, from one deal. 使用权益"""

    class Meta:
        model = Entitlement

    deal_id = graphene.UUID(required=True, description="The deal that gave it. 交易")
    holder = Ref(OrganisationNode, "holder_id", description="Who may use it. 权益人")
    object = Ref(RegisteredObjectNode, "object_id", description="What may be used. 客体")
    grant = Ref(GrantNode, "grant_id", description="The registered right behind it. 所依据的权利")
    mode = graphene.Field(DeliveryModeEnum, required=True)
    state = graphene.Field(EntitlementStateEnum, required=True)
    suspended_for = graphene.Field(SuspensionCauseEnum, description="Null unless suspended. 暂停原因")
    valid_from = graphene.Date(required=True, description="First day, China time. 起始日")
    valid_until = graphene.Date(required=True, description="First day on which it is over. 终止日（不含）")
    opened_at = graphene.DateTime(required=True)
    version = graphene.Int(required=True)
    meter_events = Children(MeterEventNode, "entitlement_id", description="Its uses so far. 使用记录")

    @staticmethod
    def resolve_suspended_for(root: Entitlement, info: graphene.ResolveInfo) -> str | None:
        """The cause, if there is one."""
        return root.suspended_for or None

    @staticmethod
    def resolve_valid_from(root: Entitlement, info: graphene.ResolveInfo) -> date:
        """Lower bound of the term."""
        first: date = root.valid.lower
        return first

    @staticmethod
    def resolve_valid_until(root: Entitlement, info: graphene.ResolveInfo) -> date:
        """Upper bound of the term."""
        end: date = root.valid.upper
        return end


class DeliveryLink(Mutation):
    """Ask for the file of an entitlement: a path on this server, for GET, until it expires. 获取交付链接

    The same idempotency key gives a fresh link to the same action, and however often its links are followed, it is one use.
    """

    class Input:
        entitlement_id = IdOf("Entitlement", required=True)
        idempotency_key = graphene.String(required=True)

    path = graphene.String(description="Where to GET the file on this server. 下载路径")
    expires_at = graphene.DateTime(description="From when on the link is refused. 失效时间")

    @classmethod
    def perform(cls, actor: Actor, *, entitlement_id: UUID, idempotency_key: str) -> "DeliveryLink":
        """Call the service."""
        link = services.delivery_link(actor=actor, entitlement_id=entitlement_id, idempotency_key=idempotency_key)
        return cls(path=link.path(), expires_at=link.expires_at)


def _of_deal(selector: Callable[..., QuerySet[Any]]) -> Callable[..., QuerySet[Any]]:
    """Take a deal's global id where the selector takes its key."""

    def select(*, actor: Actor, deal: str | None = None, **given: Any) -> QuerySet[Any]:
        deal_id = None if deal is None else from_global(deal, expected="Deal", field=("deal",))
        return selector(actor=actor, deal_id=deal_id, **given)

    return select


class Queries:
    """What delivery answers."""

    entitlements = connection(EntitlementNode, _of_deal(entitlement_page), state=EntitlementStateEnum(), deal=graphene.ID())
    meter_events = connection(MeterEventNode, _of_deal(meter_event_page), deal=graphene.ID())
    usage_comparison = graphene.Field(
        graphene.NonNull(PlanComparison),
        entitlement_id=graphene.ID(required=True),
        plan_ids=graphene.List(graphene.NonNull(graphene.ID), required=True),
        description="What metered plans would have charged for the months that were really used. 按历史用量试算",
    )

    @staticmethod
    def resolve_usage_comparison(_root: Any, info: Any, entitlement_id: str, plan_ids: list[str]) -> PlanComparison:
        """Each month's units as one use of each plan."""
        actor = actor_of(info)
        key = from_global(entitlement_id, expected="Entitlement", field=("entitlementId",))
        plans = [from_global(each, expected="Plan", field=("planIds",)) for each in plan_ids[: PLANS_MAX + 1]]
        usages = [{"quantity": str(units)} for units in usage_by_month(actor=actor, entitlement_id=key)]
        return PlanComparison.of(plan_compare(actor=actor, plan_ids=plans, usages=usages, institution_id=None, object_id=None))

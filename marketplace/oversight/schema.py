"""Oversight in GraphQL: complaints, orders, statistics, refused access."""

from typing import Any

import graphene

from marketplace.oversight import services
from marketplace.oversight.models import Complaint, Order
from marketplace.oversight.selectors import Statistics, complaint_page, order_page, refused_access_page, statistics
from marketplace.oversight.states import ComplaintState, OrderKind, OrderState
from registry.base.actor import Actor
from registry.base.errors import BadInput
from registry.base.graphql import BigInt, IdOf, Items, Mutation, NodeType, Ref, actor_of, connection, enum_of, to_global
from registry.base.graphql.globalid import split_global
from registry.base.limits import PAGE_NESTED_MAX
from registry.base.models import RefusedAccess
from registry.parties.schema import OrganisationNode
from registry.rights.schema import HoldNode, RegisteredObjectNode

ComplaintStateEnum = enum_of(ComplaintState, "ComplaintState", "Whether a complaint was answered. 投诉状态")
OrderKindEnum = enum_of(OrderKind, "OrderKind", "What an order demands. 命令类型")
OrderStateEnum = enum_of(OrderState, "OrderState", "Whether an order binds. 命令状态")


class ComplaintNode(NodeType):
    """A complaint and its answer. 投诉"""

    class Meta:
        model = Complaint

    subject_type = graphene.String(required=True)
    subject_id = graphene.ID(required=True, description="Global id of what it is about. 投诉对象")
    complainant = Ref(OrganisationNode, "complainant_id")
    text = graphene.String(required=True)
    received_at = graphene.DateTime(required=True)
    answer_due_at = graphene.DateTime(required=True, description="When the answer is due: platform policy. 答复期限")
    state = graphene.Field(ComplaintStateEnum, required=True)
    version = graphene.Int(required=True)
    holds_settlement = graphene.Boolean(required=True, description="Nothing is settled until it is answered. 暂停结算")
    answer = graphene.String(required=True)
    answered_by = Ref(OrganisationNode, "answered_by_id")
    answered_at = graphene.DateTime()

    @staticmethod
    def resolve_subject_id(root: Complaint, info: graphene.ResolveInfo) -> str:
        """The opaque id."""
        return to_global(root.subject_type, root.subject_id)

    @staticmethod
    def resolve_holds_settlement(root: Complaint, info: graphene.ResolveInfo) -> bool:
        """An unanswered objection to a delivery."""
        return root.objection_id is not None and root.state == ComplaintState.RECEIVED


class OrderNode(NodeType):
    """A regulator's order on a registered object. 监管命令"""

    class Meta:
        model = Order

    object = Ref(RegisteredObjectNode, "object_id")
    kind = graphene.Field(OrderKindEnum, required=True)
    reason = graphene.String(required=True)
    hold = Ref(HoldNode, "hold_id", description="How it takes effect in the register. 对应限制")
    regulator = Ref(OrganisationNode, "regulator_id")
    state = graphene.Field(OrderStateEnum, required=True)
    version = graphene.Int(required=True)
    effective_at = graphene.DateTime(required=True)
    lifted_at = graphene.DateTime()
    lift_reason = graphene.String(required=True)


class RefusedAccessNode(NodeType):
    """An attempt that was refused for lack of authority. 被拒访问"""

    class Meta:
        model = RefusedAccess

    at = graphene.DateTime(required=True)
    organisation = Ref(OrganisationNode, "organisation", description="Whose key tried; null if nobody's. 主体")
    code = graphene.String(required=True)
    operation = graphene.String(required=True)
    request_id = graphene.UUID(required=True)


class CountedType(graphene.ObjectType):
    """How many there are of one code. 计数"""

    class Meta:
        name = "Counted"

    code = graphene.String(required=True)
    count = graphene.Int(required=True)


class SettledType(graphene.ObjectType):
    """What was settled in one currency. 结算额"""

    class Meta:
        name = "SettledTotal"

    currency = graphene.String(required=True)
    amount_minor = BigInt(required=True, description="In minor units. 金额（最小货币单位）")
    deals = graphene.Int(required=True)


class StatisticsType(graphene.ObjectType):
    """The market in figures, for regulators. 统计"""

    class Meta:
        name = "Statistics"

    listings = Items(CountedType, size=PAGE_NESTED_MAX, description="By state. 挂牌")
    deals = Items(CountedType, size=PAGE_NESTED_MAX, description="By state. 交易")
    blocked = Items(CountedType, size=PAGE_NESTED_MAX, description="Refusals by rule. 按规则统计的拒绝")
    complaints = Items(CountedType, size=PAGE_NESTED_MAX, description="By state. 投诉")
    settled = Items(SettledType, size=PAGE_NESTED_MAX, description="By currency. 结算额")


class ComplaintFile(Mutation):
    """Complain of a deal, a listing or a registered object. A buyer's complaint of a delivery holds back settlement. 投诉"""

    class Input:
        subject_id = graphene.ID(required=True, description="Global id of a deal, a listing or a registered object. 投诉对象")
        text = graphene.String(required=True)
        idempotency_key = graphene.String(required=True)

    complaint = graphene.Field(ComplaintNode)

    @classmethod
    def perform(cls, actor: Actor, *, subject_id: str, **given: Any) -> "ComplaintFile":
        """File it."""
        subject_type, key = split_global(subject_id)
        if key is None:
            raise BadInput("subjectId", "an id that this API returned")
        return cls(complaint=services.complaint_file(actor=actor, subject_type=subject_type, subject_id=key, **given))


class ComplaintAnswer(Mutation):
    """Answer a complaint, as a regulator or as the deal's institution. 答复投诉"""

    class Input:
        complaint_id = IdOf("Complaint", required=True)
        answer = graphene.String(required=True)
        expected_version = graphene.Int(required=True)
        idempotency_key = graphene.String(required=True)

    complaint = graphene.Field(ComplaintNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "ComplaintAnswer":
        """Answer it."""
        return cls(complaint=services.complaint_answer(actor=actor, **given))


class OrderIssue(Mutation):
    """Halt all trade in a registered object from now on. 发布停止交易命令"""

    class Input:
        object_id = IdOf("RegisteredObject", required=True)
        reason = graphene.String(required=True)
        idempotency_key = graphene.String(required=True)

    order = graphene.Field(OrderNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "OrderIssue":
        """Issue it."""
        return cls(order=services.order_issue(actor=actor, **given))


class OrderLift(Mutation):
    """Lift an order as another regulator than the one who issued it. 解除命令"""

    class Input:
        order_id = IdOf("Order", required=True)
        reason = graphene.String(required=True)
        expected_version = graphene.Int(required=True)
        idempotency_key = graphene.String(required=True)

    order = graphene.Field(OrderNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "OrderLift":
        """Lift it."""
        return cls(order=services.order_lift(actor=actor, **given))


def _statistics(_root: Any, info: graphene.ResolveInfo) -> Statistics:
    return statistics(actor=actor_of(info))


class Queries:
    """What oversight answers."""

    complaints = connection(ComplaintNode, complaint_page, state=ComplaintStateEnum())
    orders = connection(OrderNode, order_page, state=OrderStateEnum())
    refused_accesses = connection(RefusedAccessNode, refused_access_page, code=graphene.String())
    statistics = graphene.Field(
        StatisticsType, required=True, resolver=_statistics, description="The market in figures, for regulators. 统计"
    )
    statistics.cost = 5

"""Screening in GraphQL: publishing a listing, referrals, flags, and the facts behind a verdict."""

from typing import Any
from uuid import UUID

import graphene

from listings.products.schema import ListingNode
from marketplace.screening import flags, services
from marketplace.screening.models import Flag, Referral
from marketplace.screening.selectors import FactShown, blocked_page, facts_shown, flag_page, referral_page
from marketplace.screening.states import Degree, FlagState, Matter, ReferralState
from registry.base.actor import Actor
from registry.base.graphql import IdOf, Items, Mutation, NodeType, Ref, actor_of, connection, enum_of, from_global, to_global
from registry.base.limits import PAGE_MAX
from registry.parties.schema import OrganisationNode
from registry.rules_store.schema import VerdictNode
from registry.rules_store.selectors import finding_errors

MatterEnum = enum_of(Matter, "FlagMatter", "What a flag is about. 标记事项")
DegreeEnum = enum_of(Degree, "FlagDegree", "How certain it is. 确定程度")
FlagStateEnum = enum_of(FlagState, "FlagState", "Whether a flag still counts. 标记状态")
ReferralStateEnum = enum_of(ReferralState, "ReferralState", "How far a referral is. 转审状态")


class ReferralNode(NodeType):
    """A verdict that two regulators must decide. 转审"""

    class Meta:
        model = Referral

    subject_type = graphene.String(required=True)
    subject_id = graphene.ID(required=True, description="Global id of the listing or deal. 对象标识")
    stage = graphene.String(required=True)
    rules = graphene.List(graphene.NonNull(graphene.String), required=True, description="The rules that left it to people. 待决规则")
    state = graphene.Field(ReferralStateEnum, required=True)
    version = graphene.Int(required=True)
    allow = graphene.Boolean(description="What was proposed, then decided. 决定")
    first_reason = graphene.String(required=True)
    second_reason = graphene.String(required=True)
    opened_at = graphene.DateTime(required=True)
    proposed_at = graphene.DateTime()
    decided_at = graphene.DateTime()
    verdict = Ref(VerdictNode, "verdict_id", description="The verdict to decide. 待决结论")
    outcome = Ref(VerdictNode, "outcome_id", description="The verdict that took its place. 取代的结论")

    @staticmethod
    def resolve_subject_id(root: Referral, info: graphene.ResolveInfo) -> str:
        """The opaque id."""
        return to_global(root.subject_type, root.subject_id)


class FlagNode(NodeType):
    """What a regulator, or a buyer about a delivery, has said and the rules heed. 标记"""

    class Meta:
        model = Flag

    subject_type = graphene.String(required=True)
    subject_id = graphene.ID(required=True, description="Global id of the object or deal. 对象标识")
    matter = graphene.Field(MatterEnum, required=True)
    degree = graphene.Field(DegreeEnum, required=True)
    state = graphene.Field(FlagStateEnum, required=True)
    version = graphene.Int(required=True)
    reason = graphene.String(required=True)
    raised_by = Ref(OrganisationNode, "raised_by_id")
    raised_at = graphene.DateTime(required=True)
    lifted_at = graphene.DateTime()

    @staticmethod
    def resolve_subject_id(root: Flag, info: graphene.ResolveInfo) -> str:
        """The opaque id."""
        return to_global(root.subject_type, root.subject_id)


class FactType(graphene.ObjectType):
    """One fact that a verdict rests on; no value means unknown. 审查事实"""

    class Meta:
        name = "Fact"

    name = graphene.String(required=True)
    group = graphene.String(required=True, description="What it is about: product, seller, buyer, deal or filing. 类别")
    label_en = graphene.String(required=True)
    label_zh = graphene.String(required=True)
    value = graphene.String(description="A code, a number, a date, true or false, or codes with commas. 值")


class ListingPublish(Mutation):
    """Put your listing before all rules; what passes is listed. A refusal comes as user errors with rule, clause and remedy. 申请挂牌"""

    class Input:
        listing_id = IdOf("Listing", required=True)
        expected_version = graphene.Int(required=True)
        idempotency_key = graphene.String(required=True)

    listing = graphene.Field(ListingNode)
    verdict = graphene.Field(VerdictNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "ListingPublish":
        """Publish it."""
        published = services.listing_publish(actor=actor, **given)
        return cls(listing=published.listing, verdict=published.verdict, user_errors=finding_errors(published.verdict))


class ReferralDecide(Mutation):
    """Decide a referral as a regulator; it takes two people who say the same. 决定转审"""

    class Input:
        referral_id = IdOf("Referral", required=True)
        allow = graphene.Boolean(required=True)
        reason = graphene.String(required=True)
        expected_version = graphene.Int(required=True)
        idempotency_key = graphene.String(required=True)

    referral = graphene.Field(ReferralNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "ReferralDecide":
        """Propose or decide it."""
        return cls(referral=services.referral_decide(actor=actor, **given))


class FlagRaise(Mutation):
    """Flag a registered object as a regulator; every screening heeds it at once. 设置标记"""

    class Input:
        object_id = IdOf("RegisteredObject", required=True)
        matter = MatterEnum(required=True)
        degree = DegreeEnum(required=True)
        reason = graphene.String(required=True)
        idempotency_key = graphene.String(required=True)

    flag = graphene.Field(FlagNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "FlagRaise":
        """Raise it."""
        return cls(flag=flags.flag_raise(actor=actor, **given))


class FlagLift(Mutation):
    """Lift a flag as another regulator than the one who raised it. 解除标记"""

    class Input:
        flag_id = IdOf("Flag", required=True)
        reason = graphene.String(required=True)
        expected_version = graphene.Int(required=True)
        idempotency_key = graphene.String(required=True)

    flag = graphene.Field(FlagNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "FlagLift":
        """Lift it."""
        return cls(flag=flags.flag_lift(actor=actor, **given))


def _facts_of(_root: Any, info: graphene.ResolveInfo, verdict_id: str) -> list[FactShown]:
    key: UUID = from_global(verdict_id, expected="Verdict", field=("verdictId",))
    return facts_shown(actor=actor_of(info), verdict_id=key)


class Queries:
    """What screening answers."""

    referrals = connection(ReferralNode, referral_page, state=ReferralStateEnum())
    flags = connection(FlagNode, flag_page, state=FlagStateEnum())
    blocked_trades = connection(VerdictNode, blocked_page, rule=graphene.String(description="Only what this rule forbade. 规则编号"))
    verdict_facts = Items(
        FactType,
        size=PAGE_MAX,
        verdict_id=graphene.ID(required=True),
        resolver=_facts_of,
        description="Everything that was known when a verdict was given, for regulators. 审查事实",
    )
    verdict_facts.cost = 1

"""Rounds and bids in GraphQL; opening a round and asking to sell belong to deals, which know the offer."""

import json
from typing import Any

import graphene

from pricing.computations.schema import ComputationNode
from pricing.inputs.services import given_json
from pricing.plans.schema import PlanNode
from pricing.rounds.models import Bid, Round
from pricing.rounds.selectors import bid_page, round_page
from pricing.rounds.services import bid_place, content_of
from pricing.rounds.states import Side, State
from registry.base.actor import Actor
from registry.base.graphql import Children, IdOf, Mutation, NodeType, Ref, actor_of, connection, enum_of, keyed
from registry.base.sealed import Erased
from registry.parties.schema import OrganisationNode

RoundState = enum_of(State, "RoundState", "Where a round stands. 竞价场次状态")
BidSide = enum_of(Side, "BidSide", "A bid to buy or an ask to sell. 报价方向")


class BidNode(NodeType):
    """One sealed bid. 密封报价"""

    class Meta:
        model = Bid

    side = graphene.Field(BidSide, required=True)
    commitment = graphene.String(required=True, description="SHA-256 over salt and content, in the log since the bid. 承诺值")
    content = graphene.String(description="As JSON; to the bidder alone. 内容")
    placed_at = graphene.DateTime(required=True)
    replaced_at = graphene.DateTime(description="When a later bid of the same bidder took its place. 被替换时间")
    bidder = Ref(OrganisationNode, "bidder_id")

    @staticmethod
    def resolve_content(root: Bid, info: Any) -> str | None:
        """What the bid says, to whoever placed it."""
        if actor_of(info).organisation != root.bidder_id:
            return None
        try:
            return json.dumps(content_of(bid=root), ensure_ascii=False, sort_keys=True)
        except Erased:
            return None


class RoundNode(NodeType):
    """One call for sealed bids on an offer. 竞价场次"""

    class Meta:
        model = Round

    state = graphene.Field(RoundState, required=True)
    version = graphene.Int(required=True)
    offer = graphene.UUID(required=True, description="Key of the offer. 要约")
    inputs = graphene.String(required=True, description="What the mechanism takes besides bids, as JSON. 公布的参数")
    opened_at = graphene.DateTime(required=True)
    closes_at = graphene.DateTime(required=True)
    decided_at = graphene.DateTime()
    void_reason = graphene.String(required=True, description="If void: NO_BIDS, FAILED inside, or why the mechanism refused. 流标原因")
    plan = Ref(PlanNode, "plan_id", description="The mechanism and its parameters. 竞价机制")
    owner = Ref(OrganisationNode, "owner_id")
    surplus_to = Ref(OrganisationNode, "surplus_to_id", description="Who gets what buyers pay beyond what sellers receive. 差额归属")
    computation = Ref(ComputationNode, "computation_id", description="The clearing, to the owner and the regulator. 出清计算")
    bids = Children(BidNode, "round_id", order="-placed_at", description="Your own, the newest first. 本方报价")

    @staticmethod
    def resolve_offer(root: Round, _info: Any) -> Any:
        """The offer's key."""
        return root.offer_id

    @staticmethod
    def resolve_inputs(root: Round, _info: Any) -> str:
        """The published inputs as JSON text."""
        return json.dumps(root.inputs, ensure_ascii=False, sort_keys=True)


class BidPlace(Mutation):
    """Place a sealed bid to buy, or replace your earlier one; it stands at the close. 提交密封报价"""

    class Input:
        round_id = IdOf("Round", required=True)
        bid = graphene.String(description="A JSON object, or a list in an object's member `rows`, as the model takes. 报价（JSON）")
        bid_file_id = IdOf("InputFile", description="Instead of bid, where it is long. 报价文件")
        idempotency_key = graphene.String(required=True)

    bid = graphene.Field(BidNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "BidPlace":
        """Call the service."""
        text, file = given.pop("bid", None), given.pop("bid_file_id", None)
        return cls(bid=bid_place(actor=actor, content=given_json(actor=actor, text=text, file_id=file, field="bid"), **given))


class Queries:
    """What rounds answer."""

    rounds = connection(RoundNode, round_page, state=graphene.Argument(RoundState), offer_id=graphene.UUID())
    bids = connection(BidNode, keyed(bid_page, round="Round"), round=graphene.ID())

"""Quotes in GraphQL; ``quoteCreate`` belongs to deals, which know the offer."""

import json
from typing import Any

import graphene

from pricing.computations.schema import ComputationNode
from pricing.engines.result import Quote as Answer
from pricing.fees.schema import MoneyType
from pricing.money import Money
from pricing.plans.schema import Claim, PlanNode, QuoteLine, claims_of, lines_of
from pricing.quotes.models import Quote
from pricing.quotes.selectors import quote_page
from registry.base.graphql import Items, NodeType, Ref, connection
from registry.base.limits import PAGE_NESTED_MAX
from registry.parties.schema import OrganisationNode


class QuoteNode(NodeType):
    """A plan applied to one use, binding until it expires. 报价"""

    class Meta:
        model = Quote

    offer = graphene.UUID(required=True, description="Key of the offer. 要约")
    inputs = graphene.Field(graphene.NonNull(graphene.String), description="The use that is priced, as JSON; empty for an award. 用量")
    inputs.cost = PAGE_NESTED_MAX  # schemas hold a use to some hundred kilobytes
    amount = graphene.Field(graphene.NonNull(MoneyType))
    lines = Items(QuoteLine, size=PAGE_NESTED_MAX)
    claims = Items(Claim, size=PAGE_NESTED_MAX)
    inputs_digest = graphene.String(
        required=True, description="SHA-256 of model, version, parameters and inputs; for an award, of the round's computation. 输入摘要"
    )
    created_at = graphene.DateTime(required=True)
    expires_at = graphene.DateTime(required=True)
    used_by = graphene.UUID(description="Key of the deal that it was used for; null while it was used for none. 所用于的交易")
    plan = Ref(PlanNode, "plan_id")
    computation = Ref(ComputationNode, "computation_id", description="For an award: how the round was cleared. 竞价出清计算")
    buyer = Ref(OrganisationNode, "buyer_id")
    seller = Ref(OrganisationNode, "seller_id")

    @staticmethod
    def resolve_offer(root: Quote, _info: Any) -> Any:
        """The offer's key."""
        return root.offer_id

    @staticmethod
    def resolve_inputs(root: Quote, _info: Any) -> str:
        """The inputs as JSON text."""
        return json.dumps(root.inputs, ensure_ascii=False, sort_keys=True)

    @staticmethod
    def resolve_amount(root: Quote, _info: Any) -> Money:
        """The amount."""
        return Money.of(root.amount_minor, root.currency)

    @staticmethod
    def resolve_lines(root: Quote, _info: Any) -> list[QuoteLine]:
        """The lines as the engine explained them."""
        return lines_of(Answer.from_json(root.answer))

    @staticmethod
    def resolve_claims(root: Quote, _info: Any) -> list[Claim]:
        """The claims as the engine made them."""
        return claims_of(Answer.from_json(root.answer))


class Queries:
    """What quotes answer."""

    quotes = connection(QuoteNode, quote_page)

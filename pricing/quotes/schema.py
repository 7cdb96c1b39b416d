"""Quotes in GraphQL; ``quoteCreate`` belongs to deals, which know the offer."""

import json
from typing import Any

import graphene
from django.utils.translation import get_language

from pricing.engines.catalogue import model_at
from pricing.engines.result import Quote as Answer
from pricing.engines.texts import line_text
from pricing.fees.schema import MoneyType
from pricing.money import Language, Money
from pricing.plans.schema import PlanNode
from pricing.quotes.models import Quote
from pricing.quotes.selectors import quote_page
from registry.base.graphql import Items, NodeType, Ref, connection
from registry.base.limits import PAGE_NESTED_MAX
from registry.parties.schema import OrganisationNode


class QuoteLine(graphene.ObjectType):
    """One row of a quote's arithmetic. 报价明细"""

    code = graphene.String(required=True)
    text = graphene.String(required=True, description="In the request's language. 说明")
    quantity = graphene.String(required=True)
    unit_price = graphene.String(required=True, description="In major units, exact. 单价")
    amount = graphene.Field(graphene.NonNull(MoneyType))


class Claim(graphene.ObjectType):
    """A property of the price that somebody else can check. 性质声明"""

    property = graphene.String(required=True)
    standing = graphene.String(required=True, description="proven, checked or not_held.")
    witness = graphene.String(required=True, description="As JSON. 例证")


class QuoteNode(NodeType):
    """A plan applied to one use, binding until it expires. 报价"""

    class Meta:
        model = Quote

    amount = graphene.Field(graphene.NonNull(MoneyType))
    lines = Items(QuoteLine, size=PAGE_NESTED_MAX)
    claims = Items(Claim, size=PAGE_NESTED_MAX)
    inputs_digest = graphene.String(required=True, description="SHA-256 of model, version, parameters and inputs. 输入摘要")
    created_at = graphene.DateTime(required=True)
    expires_at = graphene.DateTime(required=True)
    plan = Ref(PlanNode, "plan_id")
    buyer = Ref(OrganisationNode, "buyer_id")
    seller = Ref(OrganisationNode, "seller_id")

    @staticmethod
    def resolve_amount(root: Quote, _info: Any) -> Money:
        """The amount."""
        return Money.of(root.amount_minor, root.currency)

    @staticmethod
    def resolve_lines(root: Quote, _info: Any) -> list[QuoteLine]:
        """The lines as the engine explained them."""
        language: Language = "zh" if (get_language() or "").startswith("zh") else "en"
        answer = Answer.from_json(root.answer)
        model = model_at(answer.model, answer.version)
        return [
            QuoteLine(
                code=line.code,
                text=line_text(model, line, language),
                quantity=str(line.quantity),
                unit_price=str(line.unit_price),
                amount=Money.of(line.amount_minor, root.currency),
            )
            for line in answer.lines
        ]

    @staticmethod
    def resolve_claims(root: Quote, _info: Any) -> list[Claim]:
        """The claims as the engine made them."""
        claims = Answer.from_json(root.answer).claims
        return [
            Claim(property=claim.property, standing=claim.standing.value, witness=json.dumps(dict(claim.witness), ensure_ascii=False))
            for claim in claims
        ]


class Queries:
    """What quotes answer."""

    quotes = connection(QuoteNode, quote_page)

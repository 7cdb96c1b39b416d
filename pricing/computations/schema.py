"""Computations in GraphQL: a question, its answer, and all that a replay needs."""

import json
from typing import Any

import graphene

from pricing.computations.models import Computation
from pricing.computations.selectors import computation_page
from pricing.engines.result import Quote as Answer
from pricing.fees.schema import MoneyType
from pricing.money import Money
from pricing.plans.schema import Claim, PlanNode, QuoteLine, claims_of, lines_of
from registry.base.graphql import BigInt, Items, NodeType, Ref, connection
from registry.base.limits import LONG_TEXT_COST, PAGE_NESTED_MAX
from registry.parties.schema import OrganisationNode


class ComputationNode(NodeType):
    """One question put to a plan's model, and its answer; whoever has both can put it again. 计算记录"""

    class Meta:
        model = Computation

    verb = graphene.String(required=True)
    amount = graphene.Field(graphene.NonNull(MoneyType))
    lines = Items(QuoteLine, size=PAGE_NESTED_MAX)
    claims = Items(Claim, size=PAGE_NESTED_MAX)
    inputs = graphene.Field(graphene.NonNull(graphene.String), description="As JSON. 输入")
    inputs.cost = LONG_TEXT_COST
    extras = graphene.Field(graphene.NonNull(graphene.String), description="What the model says beyond the amount, as JSON. 其他结果")
    extras.cost = LONG_TEXT_COST
    inputs_digest = graphene.String(required=True, description="SHA-256 of model, version, parameters, inputs and seed. 输入摘要")
    seed = graphene.Field(BigInt)
    seed_size = graphene.Field(BigInt, description="Size of the log's checkpoint that the seed comes from. 种子所取检查点的规模")
    seed_root = graphene.String(description="Root of that checkpoint, in hex. 检查点根哈希")
    computed_at = graphene.DateTime(required=True)
    plan = Ref(PlanNode, "plan_id")
    asked_by = Ref(OrganisationNode, "asked_by_id")

    @staticmethod
    def resolve_amount(root: Computation, _info: Any) -> Money:
        """The amount."""
        return Money.of(root.amount_minor, root.currency)

    @staticmethod
    def resolve_lines(root: Computation, _info: Any) -> list[QuoteLine]:
        """The lines as the engine explained them, at most a nested page."""
        return lines_of(Answer.from_json(root.answer))[:PAGE_NESTED_MAX]

    @staticmethod
    def resolve_claims(root: Computation, _info: Any) -> list[Claim]:
        """The claims as the engine made them."""
        return claims_of(Answer.from_json(root.answer))

    @staticmethod
    def resolve_inputs(root: Computation, _info: Any) -> str:
        """The inputs as JSON text."""
        return json.dumps(root.inputs, ensure_ascii=False, sort_keys=True)

    @staticmethod
    def resolve_extras(root: Computation, _info: Any) -> str:
        """The extras as JSON text."""
        return json.dumps(root.answer["extras"], ensure_ascii=False, sort_keys=True)

    @staticmethod
    def resolve_seed_root(root: Computation, _info: Any) -> str | None:
        """The root in hex."""
        return None if root.seed_root is None else bytes(root.seed_root).hex()


class Queries:
    """What computations answer."""

    computations = connection(ComputationNode, computation_page)

"""Advice in GraphQL."""

import json
from typing import Any

import graphene

from pricing.advice.models import Advice
from pricing.advice.selectors import advice_page
from pricing.advice.services import advice_request
from pricing.advice.states import State
from pricing.computations.schema import ComputationNode
from pricing.inputs.services import given_json
from pricing.plans.schema import PlanNode
from registry.base.actor import Actor
from registry.base.graphql import NODES, BigInt, IdOf, Mutation, NodeType, Ref, connection, enum_of, keyed

AdviceState = enum_of(State, "AdviceState", "Where advice stands. 建议状态")


class AdviceNode(NodeType):
    """What a pricing model said about a plan. It changes no price by itself. 定价建议或评估"""

    class Meta:
        model = Advice

    verb = graphene.String(required=True)
    state = AdviceState(required=True)
    appraiser = graphene.String(required=True, description="Who stands behind an appraisal; empty for other advice. 评估人")
    valued_on = graphene.Date(description="The day an appraisal is about. 评估基准日")
    refusal = graphene.String(description="What the model refused, as JSON. 拒绝原因")
    asked_at = graphene.DateTime(required=True)
    answered_at = graphene.DateTime()
    about = Ref(PlanNode, "about_id")
    plan = Ref(PlanNode, "plan_id")
    job = Ref(lambda: NODES["Job"], "job_id", description="Computes it: how far it is, and why there is no answer if it failed. 计算作业")
    computation = Ref(ComputationNode, "computation_id", description="Amount, lines, claims and everything to replay them. 计算记录")

    @staticmethod
    def resolve_refusal(root: Advice, _info: Any) -> str | None:
        """The refusal as JSON text."""
        return None if root.refusal is None else json.dumps(root.refusal, ensure_ascii=False)


class AdviceRequest(Mutation):
    """Ask a plan's model to appraise, optimise, propose or observe; a job answers, and no price changes. 请求定价建议"""

    class Input:
        about_id = IdOf("Plan", required=True, description="The plan that the advice is attached to. 所附方案")
        plan_id = IdOf("Plan", required=True, description="The plan whose model advises. 给出建议的方案")
        verb = graphene.String(required=True, description="appraise, optimise, propose or observe.")
        inputs = graphene.String(description="A JSON object as the model takes. 输入（JSON）")
        inputs_file_id = IdOf("InputFile", description="Instead of inputs, where they are long. 输入文件")
        seed = graphene.Field(BigInt)
        appraiser = graphene.String(description="For an appraisal. 评估人")
        valued_on = graphene.Date(description="For an appraisal. 评估基准日")
        idempotency_key = graphene.String(required=True)

    advice = graphene.Field(AdviceNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "AdviceRequest":
        """Call the service."""
        text, file = given.pop("inputs", None), given.pop("inputs_file_id", None)
        inputs = given_json(actor=actor, text=text, file_id=file, field="inputs")
        appraiser, optional = given.pop("appraiser", None) or "", {"seed": None, "valued_on": None}
        return cls(advice=advice_request(actor=actor, inputs=inputs, appraiser=appraiser, **{**optional, **given}))


class Queries:
    """What advice answers."""

    advice = connection(AdviceNode, keyed(advice_page, about="Plan"), about=graphene.ID())

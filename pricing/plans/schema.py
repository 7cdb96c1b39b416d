"""Plans and the catalogue of pricing models in GraphQL."""

import json
from typing import Any

import graphene

from pricing.engines.model import Model
from pricing.plans.models import Plan
from pricing.plans.selectors import model_list, plan_page
from pricing.plans.services import plan_create
from registry.base.actor import Actor
from registry.base.graphql import Items, Mutation, NodeType, Ref, connection
from registry.base.limits import PAGE_NESTED_MAX
from registry.parties.schema import OrganisationNode


class PricingModel(graphene.ObjectType):
    """One pricing model: what it takes, what can be asked of it, and a worked example. 定价模型"""

    key = graphene.String(required=True)
    version = graphene.Int(required=True)
    name_zh = graphene.String(required=True)
    name_en = graphene.String(required=True)
    help_zh = graphene.String(required=True)
    help_en = graphene.String(required=True)
    verbs = graphene.List(graphene.NonNull(graphene.String), required=True)
    description_json = graphene.String(required=True, description="Schemas of parameters and inputs and worked examples, as JSON.")

    @staticmethod
    def of(model: Model) -> "PricingModel":
        """The type's value for an engine's model."""
        return PricingModel(
            key=model.key,
            version=model.version,
            name_zh=model.name.zh,
            name_en=model.name.en,
            help_zh=model.help.zh,
            help_en=model.help.en,
            verbs=sorted(verb.value for verb in model.verbs),
            description_json=json.dumps(model.describe(), ensure_ascii=False),
        )


class PlanNode(NodeType):
    """A pricing model with the parameters that its owner set. 定价方案"""

    class Meta:
        model = Plan

    name_zh = graphene.String(required=True)
    name_en = graphene.String(required=True)
    model_key = graphene.String(required=True)
    model_version = graphene.Int(required=True)
    params = graphene.String(required=True, description="As JSON. 参数")
    currency = graphene.String(required=True)
    created_at = graphene.DateTime(required=True)
    owner = Ref(OrganisationNode, "owner_id")

    @staticmethod
    def resolve_params(root: Plan, _info: Any) -> str:
        """The parameters as JSON text."""
        return json.dumps(root.params, ensure_ascii=False, sort_keys=True)


class PlanCreate(Mutation):
    """Pick a pricing model and set its parameters. 选定定价方案"""

    class Input:
        name_zh = graphene.String(required=True)
        name_en = graphene.String(required=True)
        model_key = graphene.String(required=True)
        params = graphene.String(required=True, description="A JSON object as the model's schema asks; decimals as text. 参数（JSON）")
        idempotency_key = graphene.String(required=True)

    plan = graphene.Field(PlanNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "PlanCreate":
        """Call the service."""
        return cls(plan=plan_create(actor=actor, **given))


class Queries:
    """What plans answer."""

    plans = connection(PlanNode, plan_page)
    pricing_models = Items(PricingModel, size=PAGE_NESTED_MAX, description="Every pricing model a participant may pick. 可选定价模型")

    @staticmethod
    def resolve_pricing_models(_root: Any, _info: Any) -> list[PricingModel]:
        """The catalogue."""
        return [PricingModel.of(model) for model in model_list()]

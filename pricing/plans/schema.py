"""Plans and the catalogue of pricing models in GraphQL."""

import json
from typing import Any
from uuid import UUID

import graphene
from django.utils.translation import get_language

from pricing.engines.catalogue import model_at
from pricing.engines.model import Model
from pricing.engines.result import Quote as Answer
from pricing.engines.result import exact_text
from pricing.engines.texts import claim_text, line_text
from pricing.fees.schema import MoneyType
from pricing.inputs.services import given_json
from pricing.money import Language, Money
from pricing.plans.comparing import PLANS_MAX, USAGES_MAX, Outlook, Point, comparison_chart, plan_compare
from pricing.plans.models import Plan
from pricing.plans.selectors import model_list, params_shown, plan_page
from pricing.plans.services import plan_create
from registry.base.actor import Actor
from registry.base.graphql import IdOf, Items, Mutation, NodeType, Ref, actor_of, connection, from_global
from registry.base.limits import LONG_TEXT_COST, PAGE_NESTED_MAX
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


class QuoteLine(graphene.ObjectType):
    """One row of an answer's arithmetic. 明细"""

    code = graphene.String(required=True)
    text = graphene.String(required=True, description="In the request's language. 说明")
    quantity = graphene.String(required=True)
    unit_price = graphene.String(required=True, description="In major units, exact. 单价")
    amount = graphene.Field(graphene.NonNull(MoneyType))


class Claim(graphene.ObjectType):
    """A property of the price that somebody else can check. 性质声明"""

    property = graphene.String(required=True)
    text = graphene.String(required=True, description="In the request's language. 说明")
    standing = graphene.String(required=True, description="proven, checked or not_held.")
    witness = graphene.String(required=True, description="As JSON. 例证")


def spoken() -> Language:
    """The language of the request, as the engines call it."""
    return "zh" if (get_language() or "").startswith("zh") else "en"


def lines_of(answer: Answer) -> list[QuoteLine]:
    """The rows of an answer, in the language of the request."""
    model, language = model_at(answer.model, answer.version), spoken()
    return [
        QuoteLine(
            code=line.code,
            text=line_text(model, line, language),
            quantity=exact_text(line.quantity),
            unit_price=exact_text(line.unit_price),
            amount=Money(line.amount_minor, answer.currency),
        )
        for line in answer.lines
    ]


def claims_of(answer: Answer) -> list[Claim]:
    """The claims of an answer, in the language of the request."""
    language = spoken()
    return [
        Claim(
            property=claim.property,
            text=claim_text(claim, language),
            standing=claim.standing.value,
            witness=json.dumps(dict(claim.witness), ensure_ascii=False),
        )
        for claim in answer.claims
    ]


class PlanNode(NodeType):
    """A pricing model with the parameters that its owner set. 定价方案"""

    class Meta:
        model = Plan

    name_zh = graphene.String(required=True)
    name_en = graphene.String(required=True)
    model_key = graphene.String(required=True)
    model_version = graphene.Int(required=True)
    series = graphene.UUID(required=True, description="Shared by all versions of the plan. 方案系列")
    number = graphene.Int(required=True, description="Which version it is. 版次")
    params = graphene.Field(graphene.NonNull(graphene.String), description="As JSON, without what the owner keeps to itself. 参数")
    params.cost = LONG_TEXT_COST
    adjustments = graphene.String(required=True, description="What is put on top of every price, as JSON. 价格调整")
    currency = graphene.String(required=True)
    created_at = graphene.DateTime(required=True)
    owner = Ref(OrganisationNode, "owner_id")

    @staticmethod
    def resolve_params(root: Plan, info: Any) -> str:
        """The parameters as JSON text; what is private, such as a floor, to the owner and the regulator alone."""
        return json.dumps(params_shown(actor=actor_of(info), plan=root), ensure_ascii=False, sort_keys=True)

    @staticmethod
    def resolve_adjustments(root: Plan, _info: Any) -> str:
        """The adjustments as JSON text."""
        return json.dumps(root.adjustments, ensure_ascii=False, sort_keys=True)


class PlanCreate(Mutation):
    """Pick a pricing model and set its parameters. 选定定价方案"""

    class Input:
        name_zh = graphene.String(required=True)
        name_en = graphene.String(required=True)
        model_key = graphene.String(required=True)
        params = graphene.String(description="A JSON object as the model's schema asks; amounts as text. 参数（JSON）")
        params_file_id = IdOf("InputFile", description="Instead of params, where they are long. 参数文件")
        revises_id = IdOf("Plan", description="The newest version of the plan that this is the next version of. 所修订方案")
        adjustments = graphene.String(
            description="A JSON object: free_amount, discount_ppm, minimum, maximum; for models that quote or rate. 价格调整（JSON）"
        )
        idempotency_key = graphene.String(required=True)

    plan = graphene.Field(PlanNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "PlanCreate":
        """Call the service."""
        text, file = given.pop("params", None), given.pop("params_file_id", None)
        params = given_json(actor=actor, text=text, file_id=file, field="params")
        adjustments = given_json(actor=actor, text=given.pop("adjustments", None) or "{}", file_id=None, field="adjustments")
        return cls(plan=plan_create(actor=actor, params=params, adjustments=adjustments, **given))


class PlanPoint(graphene.ObjectType):
    """One use under one plan. 单次用量"""

    usage = graphene.String(required=True, description="As JSON. 用量")
    amount = graphene.Field(MoneyType, description="Null where the model refuses the use. 价格")
    net = graphene.Field(
        MoneyType,
        description="What the owner would receive after fees and shares, before joint makers divide it. 净收入（共同产品分配前）",
    )
    refused = graphene.String(description="Why the model refuses the use. 拒绝原因")

    @staticmethod
    def of(point: Point) -> "PlanPoint":
        """The type's value."""
        refused = None if point.refused is None else point.refused.text(spoken())
        usage = json.dumps(point.usage, ensure_ascii=False, sort_keys=True)
        return PlanPoint(usage=usage, amount=point.amount, net=point.net, refused=refused)


class PlanOutlook(graphene.ObjectType):
    """One plan over all the uses asked about. 方案试算"""

    plan = graphene.Field(graphene.NonNull(PlanNode))
    worst = graphene.Field(MoneyType, description="The most that any of the uses costs. 最高费用")
    points = Items(PlanPoint, size=USAGES_MAX)


class PlanComparison(graphene.ObjectType):
    """Plans side by side. Nothing here binds. 方案比较"""

    outlooks = Items(PlanOutlook, size=PLANS_MAX)
    chart = graphene.String(description="An SVG picture of all plans. 图")

    @staticmethod
    def of(outlooks: tuple[Outlook, ...]) -> "PlanComparison":
        """The type's value, in the language of the request."""
        shown = [
            PlanOutlook(plan=outlook.plan, worst=outlook.worst, points=[PlanPoint.of(point) for point in outlook.points])
            for outlook in outlooks
        ]
        return PlanComparison(outlooks=shown, chart=comparison_chart(outlooks, chinese=spoken() == "zh"))


class Queries:
    """What plans answer."""

    plan_comparison = graphene.Field(
        graphene.NonNull(PlanComparison),
        plan_ids=graphene.List(graphene.NonNull(graphene.ID), required=True),
        usages=graphene.List(graphene.NonNull(graphene.String), required=True, description="Each a JSON object as the models take. 用量"),
        institution_id=graphene.ID(description="To see the net income of your own plans. 交易服务机构"),
        object_id=graphene.ID(description="Your object, whose licences take their shares. 客体"),
        description="What plans would charge for stated uses, on one chart; 1 to 5 plans, 1 to 50 uses. 方案试算与比较",
    )
    plan_comparison.cost = PLANS_MAX * USAGES_MAX  # every use is priced under every plan, whatever is asked of the answer
    plans = connection(PlanNode, plan_page)
    pricing_models = Items(PricingModel, size=PAGE_NESTED_MAX, description="Every pricing model a participant may pick. 可选定价模型")

    @staticmethod
    def resolve_plan_comparison(
        _root: Any, info: Any, plan_ids: list[str], usages: list[str], institution_id: str | None = None, object_id: str | None = None
    ) -> PlanComparison:
        """Prices, nets and the picture."""
        actor = actor_of(info)
        outlooks = plan_compare(
            actor=actor,
            plan_ids=[from_global(each, expected="Plan", field=("planIds",)) for each in plan_ids[: PLANS_MAX + 1]],
            usages=[given_json(actor=actor, text=each, file_id=None, field="usages") for each in usages[: USAGES_MAX + 1]],
            institution_id=_key(institution_id, "Organisation", "institutionId"),
            object_id=_key(object_id, "RegisteredObject", "objectId"),
        )
        return PlanComparison.of(outlooks)

    @staticmethod
    def resolve_pricing_models(_root: Any, _info: Any) -> list[PricingModel]:
        """The catalogue."""
        return [PricingModel.of(model) for model in model_list()]


def _key(value: str | None, node: str, field: str) -> UUID | None:
    return None if value is None else from_global(value, expected=node, field=(field,))

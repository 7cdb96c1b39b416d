"""Splits in GraphQL."""

import json
from typing import Any

import graphene

from pricing.computations.schema import ComputationNode
from pricing.inputs.services import given_json
from pricing.plans.schema import PlanNode
from pricing.splits.models import Split, SplitConsent
from pricing.splits.selectors import split_page
from pricing.splits.services import split_consent, split_propose, split_withdraw
from pricing.splits.states import State
from registry.base.actor import Actor
from registry.base.graphql import BigInt, Children, IdOf, Mutation, NodeType, Ref, connection, enum_of, keyed
from registry.parties.schema import OrganisationNode

SplitState = enum_of(State, "SplitState", "Where an agreement to divide stands. 分成方案状态")


class SplitConsentNode(NodeType):
    """One organisation's consent. 同意"""

    class Meta:
        model = SplitConsent

    given_at = graphene.DateTime(required=True)
    holder = Ref(OrganisationNode, "holder_id")


class SplitNode(NodeType):
    """How the makers of a joint product divide its income. 分成方案"""

    class Meta:
        model = Split

    state = graphene.Field(SplitState, required=True)
    version = graphene.Int(required=True)
    object = graphene.UUID(required=True, description="Key of the registered object. 登记客体")
    inputs = graphene.String(required=True, description="As JSON. 输入")
    consenters = graphene.List(graphene.NonNull(graphene.UUID), required=True, description="Whose consent it takes. 须同意的主体")
    seed = graphene.Field(BigInt, description="Drawn from the log after the last consent, for a sampled rule. 抽样种子")
    proposed_at = graphene.DateTime(required=True)
    in_force_at = graphene.DateTime()
    owner = Ref(OrganisationNode, "owner_id")
    plan = Ref(PlanNode, "plan_id")
    computation = Ref(ComputationNode, "computation_id", description="The example's computation, to the owner and the regulator. 示例计算")
    example = graphene.String(
        description="What the rule makes of 10,000 units, as JSON: shares, intervals, claims; null until in force. 示例"
    )
    consents = Children(SplitConsentNode, "split_id")

    @staticmethod
    def resolve_object(root: Split, _info: Any) -> Any:
        """The object's key."""
        return root.object_id

    @staticmethod
    def resolve_inputs(root: Split, _info: Any) -> str:
        """The inputs as JSON text."""
        return json.dumps(root.inputs, ensure_ascii=False, sort_keys=True)

    @staticmethod
    def resolve_example(root: Split, _info: Any) -> str | None:
        """What everybody whose consent it took is told: the extras and claims of the example."""
        if root.computation is None:
            return None
        answer = root.computation.answer
        told = {"amount_minor": answer["amount_minor"], "claims": answer["claims"], **answer["extras"]}
        return json.dumps(told, ensure_ascii=False, sort_keys=True)


class SplitPropose(Mutation):
    """Propose how the income of your object is divided; every holder must consent. 提出分成方案"""

    class Input:
        object_id = IdOf("RegisteredObject", required=True)
        plan_id = IdOf("Plan", required=True, description="A plan whose model can split. 分成模型方案")
        inputs = graphene.String(description="A JSON object as the model takes, without the amount. 输入（JSON）")
        inputs_file_id = IdOf("InputFile", description="Instead of inputs, where they are long. 输入文件")
        idempotency_key = graphene.String(required=True)

    split = graphene.Field(SplitNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "SplitPropose":
        """Call the service."""
        text, file = given.pop("inputs", None), given.pop("inputs_file_id", None)
        return cls(split=split_propose(actor=actor, inputs=given_json(actor=actor, text=text, file_id=file, field="inputs"), **given))


class SplitConsentGive(Mutation):
    """Consent to a split for your organisation. 同意分成方案"""

    class Input:
        split_id = IdOf("Split", required=True)
        expected_version = graphene.Int(required=True)
        idempotency_key = graphene.String(required=True)

    split = graphene.Field(SplitNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "SplitConsentGive":
        """Call the service."""
        return cls(split=split_consent(actor=actor, **given))


class SplitWithdraw(Mutation):
    """Take back a proposal that not everybody consented to. 撤回分成方案"""

    class Input:
        split_id = IdOf("Split", required=True)
        expected_version = graphene.Int(required=True)
        idempotency_key = graphene.String(required=True)

    split = graphene.Field(SplitNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "SplitWithdraw":
        """Call the service."""
        return cls(split=split_withdraw(actor=actor, **given))


class Queries:
    """What splits answer."""

    splits = connection(SplitNode, keyed(split_page, object="RegisteredObject"), object=graphene.ID())

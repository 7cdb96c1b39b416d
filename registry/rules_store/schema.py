"""Rules, verdicts and findings in GraphQL; and the change of a rule by two regulators."""

import json
from datetime import date
from typing import Any
from uuid import UUID

import graphene

from registry.base import clock
from registry.base.actor import Actor
from registry.base.errors import BadInput
from registry.base.graphql import Children, IdOf, Items, Mutation, NodeType, Ref, connection, enum_of, to_global
from registry.rules import book
from registry.rules.reading import ITEMS_MAX as RULES_MAX
from registry.rules_store.basis import basis_json
from registry.rules_store.models import Finding, Outcome, Rulebook, Verdict
from registry.rules_store.selectors import clause_text, rulebook_current, rulebook_page, rules_of, verdict_page
from registry.rules_store.services import RuleChange, rulebook_approve, rulebook_propose

PROVISIONS_USUAL = 5
"""What a query is charged for the provisions or the cases of one rule; no rule in the book has more."""

OutcomeEnum = enum_of(Outcome, "RuleOutcome", "What a rule leads to: PASS 通过, ALLOW_IF 有条件通过, REFER 转人工审查, BLOCK 禁止.")


class BasisType(graphene.ObjectType):
    """One provision that a rule rests on. 依据"""

    class Meta:
        name = "RuleBasis"

    instrument = graphene.String(required=True, description="Code of the text. 法规文件代码")
    article = graphene.String(required=True, description="The provision; empty where the whole text is meant. 条款")
    relation = graphene.String(required=True, description="binding, comparable or policy. 依据、参照或平台规则")
    text_en = graphene.String(required=True)
    text_zh = graphene.String(required=True)


class FindingNode(NodeType):
    """One rule's result on one subject. 审查意见"""

    class Meta:
        model = Finding

    rule_id = graphene.String(required=True)
    rule_version = graphene.Int(required=True)
    outcome = graphene.Field(OutcomeEnum, required=True)
    title_en = graphene.String(required=True)
    title_zh = graphene.String(required=True)
    reason_en = graphene.String(required=True, description="Empty where the rule is met.")
    reason_zh = graphene.String(required=True)
    remedy_en = graphene.String(required=True)
    remedy_zh = graphene.String(required=True)
    clause = graphene.String(required=True, description="The strongest provision, in the request's language. 主要依据")
    basis = Items(BasisType, size=PROVISIONS_USUAL)
    facts = graphene.String(required=True, description="The facts it looked at, as JSON; null is unknown. 事实（JSON）")
    missing = graphene.List(graphene.NonNull(graphene.String), required=True, description="Facts that are unknown. 尚缺的事实")
    codes = graphene.List(graphene.NonNull(graphene.String), required=True, description="The cases that decided. 触发情形")
    overridable = graphene.Boolean(required=True, description="Whether people may decide a referral of this rule. 可否人工决定")

    @staticmethod
    def resolve_basis(root: Finding, _info: Any) -> list[BasisType]:
        """The stored provisions."""
        return [_basis_type(**stored) for stored in root.basis]

    @staticmethod
    def resolve_clause(root: Finding, _info: Any) -> str:
        """In the request's language."""
        return clause_text(root)

    @staticmethod
    def resolve_facts(root: Finding, _info: Any) -> str:
        """As JSON text."""
        return json.dumps(root.facts, ensure_ascii=False, sort_keys=True)


class RuleCaseType(graphene.ObjectType):
    """One way in which a rule fires. 触发情形"""

    class Meta:
        name = "RuleCase"

    code = graphene.String(required=True)
    outcome = graphene.Field(OutcomeEnum, required=True)
    due = graphene.String(description="Stage from which what is owed blocks. 最迟环节")
    reason_en = graphene.String(required=True)
    reason_zh = graphene.String(required=True)
    remedy_en = graphene.String(required=True)
    remedy_zh = graphene.String(required=True)


class RuleType(graphene.ObjectType):
    """One rule of law or policy. 规则"""

    class Meta:
        name = "Rule"

    rule_id = graphene.String(required=True)
    version = graphene.Int(required=True)
    title_en = graphene.String(required=True)
    title_zh = graphene.String(required=True)
    stages = graphene.List(graphene.NonNull(graphene.String), required=True)
    overridable = graphene.Boolean(required=True)
    reads = graphene.List(graphene.NonNull(graphene.String), required=True, description="Facts it looks at. 所用事实")
    basis = Items(BasisType, size=PROVISIONS_USUAL)
    cases = Items(RuleCaseType, size=PROVISIONS_USUAL)

    @staticmethod
    def of(rule: book.Rule) -> "RuleType":
        """The type's value for a rule."""
        return RuleType(
            rule_id=rule.id,
            version=rule.version,
            title_en=rule.title.en,
            title_zh=rule.title.zh,
            stages=[stage.value for stage in book.Stage if stage in rule.stages],
            overridable=rule.overridable,
            reads=sorted(rule.reads),
            basis=[_basis_type(**basis_json(basis)) for basis in rule.basis],
            cases=[_case_type(case) for case in rule.cases],
        )


class RulebookNode(NodeType):
    """A set of rules; proposed by one person, approved by another. 规则集"""

    class Meta:
        model = Rulebook

    number = graphene.Int(required=True)
    sha256 = graphene.String(required=True)
    effective_from = graphene.Date(required=True)
    proposed_at = graphene.DateTime()
    approved_at = graphene.DateTime(description="Null for number 1, which comes with the software, and for a proposal. 批准时间")
    rules = Items(RuleType, size=RULES_MAX)

    @staticmethod
    def resolve_rules(root: Rulebook, _info: Any) -> list[RuleType]:
        """In the order in which findings are shown."""
        return [RuleType.of(rule) for rule in rules_of(root).rules]


class AllFindings(Children):
    """A verdict is shown whole: one finding for each rule at most."""

    size = RULES_MAX


class VerdictNode(NodeType):
    """What all rules together say of one version of a subject at one stage. 审查结论"""

    class Meta:
        model = Verdict

    subject_type = graphene.String(required=True)
    subject_id = graphene.ID(required=True, description="Global id of the subject. 对象标识")
    subject_version = graphene.Int(required=True, description="The content version that was judged. 内容版本")
    stage = graphene.String(required=True)
    outcome = graphene.Field(OutcomeEnum, required=True)
    passes = graphene.Boolean(required=True)
    conditions = graphene.String(required=True, description="What is still owed, as JSON. 待履行条件（JSON）")
    allowed_rules = graphene.List(graphene.NonNull(graphene.String), required=True, description="Referrals that people allowed. 人工准许")
    decided_at = graphene.DateTime(required=True)
    expires_at = graphene.DateTime(required=True)
    rulebook = Ref(RulebookNode, "rulebook_id")
    findings = AllFindings(FindingNode, "verdict_id", order="position")

    @staticmethod
    def resolve_subject_id(root: Verdict, _info: Any) -> str:
        """The opaque id."""
        return to_global(root.subject_type, root.subject_id)

    @staticmethod
    def resolve_conditions(root: Verdict, _info: Any) -> str:
        """As JSON text."""
        return json.dumps(root.conditions, ensure_ascii=False)


class RulebookPropose(Mutation):
    """Propose a change of the rules; another regulator approves it. 提议修改规则"""

    class Input:
        effective_from = graphene.Date(required=True)
        put = graphene.List(
            graphene.NonNull(graphene.String), required=True, description="Rules in the rulebook's JSON form. 新增或替换的规则"
        )
        withdraw = graphene.List(graphene.NonNull(graphene.String), required=True, description="Ids of rules to take out. 撤下的规则")
        idempotency_key = graphene.String(required=True)

    rulebook = graphene.Field(RulebookNode)

    @classmethod
    def perform(cls, actor: Actor, *, effective_from: date, put: list[str], withdraw: list[str], idempotency_key: str) -> "RulebookPropose":
        """Read the rules and call the service."""
        change = RuleChange(put=tuple(_json_object(text) for text in put), withdraw=frozenset(withdraw))
        return cls(rulebook=rulebook_propose(actor=actor, effective_from=effective_from, change=change, idempotency_key=idempotency_key))


class RulebookApprove(Mutation):
    """Approve, as a second person, a proposed rulebook. 批准规则修改"""

    class Input:
        rulebook_id = IdOf("Rulebook", required=True)
        idempotency_key = graphene.String(required=True)

    rulebook = graphene.Field(RulebookNode)

    @classmethod
    def perform(cls, actor: Actor, *, rulebook_id: UUID, idempotency_key: str) -> "RulebookApprove":
        """Call the service."""
        return cls(rulebook=rulebook_approve(actor=actor, rulebook_id=rulebook_id, idempotency_key=idempotency_key))


class Queries:
    """What the rules store answers."""

    verdicts = connection(VerdictNode, verdict_page, subject_id=graphene.ID(), stage=graphene.String())
    rulebooks = connection(RulebookNode, rulebook_page)
    rules = Items(RuleType, size=RULES_MAX, description="The rules in force now. 现行规则")

    @staticmethod
    def resolve_rules(_root: Any, _info: Any) -> list[RuleType]:
        """The current rulebook's."""
        return [RuleType.of(rule) for rule in rules_of(rulebook_current(clock.now())).rules]


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput("put", "each a JSON object") from error
    if not isinstance(value, dict):
        raise BadInput("put", "each a JSON object")
    return value


def _case_type(case: book.Case) -> RuleCaseType:
    return RuleCaseType(
        code=case.code,
        outcome=case.verdict.name,
        due=case.due and case.due.value,
        reason_en=case.reason.en,
        reason_zh=case.reason.zh,
        remedy_en=case.remedy.en,
        remedy_zh=case.remedy.zh,
    )


def _basis_type(*, instrument: str, article: str, relation: str, en: str, zh: str) -> BasisType:
    return BasisType(instrument=instrument, article=article, relation=relation, text_en=en, text_zh=zh)

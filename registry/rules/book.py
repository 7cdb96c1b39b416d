"""What a rule is: when it applies, which cases fire it, what each case leads to, and what it rests on."""

from dataclasses import dataclass
from datetime import date
from enum import IntEnum, StrEnum

from registry.rules.clauses import Clause, reads
from registry.rules.facts import Facts
from registry.rules.instruments import INSTRUMENTS, RELATION_TEXTS, UNIT_TEXTS, Relation, Unit
from registry.rules.texts import Text


class Outcome(IntEnum):
    """What a rule leads to, mildest first; the worst wins."""

    PASS = 0
    ALLOW_IF = 1
    REFER = 2
    BLOCK = 3


class Stage(StrEnum):
    """The moments at which a subject is judged, in their order. REGISTRATION is the decision to deposit a filing."""

    DRAFT = "draft"
    REGISTRATION = "registration"
    LISTING = "listing"
    OFFER = "offer"
    CONTRACT = "contract"
    FUNDING = "funding"
    DELIVERY = "delivery"
    SETTLEMENT = "settlement"

    def reached(self, due: "Stage") -> bool:
        """Whether this stage is ``due`` or later."""
        order = list(Stage)
        return order.index(self) >= order.index(due)


@dataclass(frozen=True, slots=True)
class Basis:
    """One provision that a rule rests on, and in what sense."""

    instrument: str
    unit: Unit
    number: int | None
    item: int | None
    relation: Relation

    @property
    def text(self) -> Text:
        """The citation, saying so where the text itself was not read."""
        instrument = INSTRUMENTS[self.instrument]
        en, zh = instrument.title.en, f"《{instrument.title.zh}》"
        if self.unit is not Unit.WHOLE:
            words = UNIT_TEXTS[self.unit]
            en = f"{en}, {words.en.format(self.number)}" + (f"({self.item})" if self.item else "")
            zh = zh + words.zh.format(self.number) + (f"第{self.item}项" if self.item else "")
        return Text(f"{en} (reported)", f"{zh}（据报道）") if instrument.reported else Text(en, zh)

    @property
    def relation_text(self) -> Text:
        """What the provision means here, in words."""
        return RELATION_TEXTS[self.relation]


@dataclass(frozen=True, slots=True)
class Case:
    """One way in which a rule fires.

    An ALLOW_IF case describes something still owed: it lets the subject through until ``due`` and blocks from then on.
    """

    code: str
    when: Clause
    verdict: Outcome
    if_unknown: Outcome
    due: Stage | None
    reason: Text
    remedy: Text

    def fired_at(self, stage: Stage) -> Outcome:
        """What the case leads to at a stage."""
        return Outcome.BLOCK if self.due is not None and stage.reached(self.due) else self.verdict

    def unknown_at(self, stage: Stage) -> Outcome:
        """What not knowing leads to at a stage: never a pass, and never a block before the thing is due."""
        return Outcome.REFER if self.due is not None and not stage.reached(self.due) else self.if_unknown


@dataclass(frozen=True, slots=True)
class Example:
    """A boundary case of a rule. ``outcome`` None means that the rule does not apply at all."""

    note: Text
    stage: Stage
    facts: Facts
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of law or policy as data.

    ``xiamen_article`` stays empty until somebody has read that article of the Xiamen regulation.
    """

    id: str
    version: int
    title: Text
    basis: tuple[Basis, ...]
    xiamen_article: str
    stages: frozenset[Stage]
    applies_when: Clause
    cases: tuple[Case, ...]
    overridable: bool
    fires: Example
    quiet: Example

    @property
    def reads(self) -> frozenset[str]:
        """Names of every fact that the rule can look at."""
        return reads(self.applies_when).union(*(reads(case.when) for case in self.cases))


@dataclass(frozen=True, slots=True)
class Rulebook:
    """A published set of rules, in the order in which findings are shown."""

    version: int
    effective_from: date
    title: Text
    rules: tuple[Rule, ...]

    def rule(self, rule_id: str) -> Rule:
        """One rule by id.

        Raises:
            KeyError: no such rule.
        """
        for rule in self.rules:
            if rule.id == rule_id:
                return rule
        raise KeyError(rule_id)

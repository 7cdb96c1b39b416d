"""Reads a rulebook from its JSON form and refuses one that cites what nobody has read; holds the rulebook Egret comes with."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Final

from registry.rules.book import Basis, Case, Example, Outcome, Rule, Rulebook, Stage
from registry.rules.clauses import ALWAYS, Clause, parse_clause
from registry.rules.facts import read_facts
from registry.rules.instruments import INSTRUMENTS, Relation, Unit
from registry.rules.reading import Node
from registry.rules.texts import Text

NEVER_OVERRIDDEN: Final = frozenset({"PT-02", "PT-03", "XB-06"})
"""Secrets, core data and foreign courts: no person may decide these otherwise."""

_RULE_ID: Final = re.compile(r"[A-Z]{2}-\d{2}")
_CASE_CODE: Final = re.compile(r"[A-Z][A-Z0-9_]{2,39}")
_FILE: Final = Path(__file__).with_name("rulebook.json")


@cache
def builtin_rulebook() -> Rulebook:
    """The rulebook that Egret comes with."""
    return parse_rulebook(builtin_rulebook_json())


def builtin_rulebook_json() -> object:
    """Its JSON form, to be stored as published."""
    return json.loads(_FILE.read_text(encoding="utf-8"))


def parse_rulebook(raw: object) -> Rulebook:
    """A rulebook from its JSON form.

    Raises:
        Malformed: anything the form does not allow; names the path.
    """
    members = Node(raw).members({"version", "effective_from", "title", "rules"})
    rules = tuple(_rule(node) for node in members["rules"].items(least=1))
    if len({rule.id for rule in rules}) != len(rules):
        members["rules"].fail("REPEATED_RULE")
    return Rulebook(
        version=members["version"].integer(),
        effective_from=members["effective_from"].day(),
        title=_text(members["title"]),
        rules=rules,
    )


def _rule(node: Node) -> Rule:
    members = node.members(
        {"id", "version", "title", "basis", "stages", "cases", "fires", "quiet"},
        {"applies_when", "overridable", "xiamen_article"},
    )
    rule_id = _pattern(members["id"], _RULE_ID)
    overridable = members["overridable"].boolean() if "overridable" in members else True
    if overridable == (rule_id in NEVER_OVERRIDDEN):
        node.fail("WRONG_OVERRIDE", rule=rule_id)
    if "xiamen_article" in members:
        members["xiamen_article"].fail("UNREAD_PROVISION", instrument="XIAMEN")
    cases = tuple(_case(case) for case in members["cases"].items(least=1))
    if len({case.code for case in cases}) != len(cases):
        members["cases"].fail("REPEATED_CASE")
    return Rule(
        id=rule_id,
        version=members["version"].integer(),
        title=_text(members["title"]),
        basis=tuple(_basis(basis) for basis in members["basis"].items(least=1)),
        xiamen_article="",
        stages=frozenset(Stage(stage) for stage in members["stages"].choices(set(Stage), least=1)),
        applies_when=_clause(members["applies_when"]) if "applies_when" in members else ALWAYS,
        cases=cases,
        overridable=overridable,
        fires=_example(members["fires"]),
        quiet=_example(members["quiet"]),
    )


def _case(node: Node) -> Case:
    members = node.members({"code", "when", "verdict", "reason", "remedy"}, {"if_unknown", "due"})
    verdict = Outcome[members["verdict"].choice({"ALLOW_IF", "REFER", "BLOCK"})]
    if ("due" in members) != (verdict is Outcome.ALLOW_IF):
        node.fail("DUE_BELONGS_TO_ALLOW_IF")
    return Case(
        code=_pattern(members["code"], _CASE_CODE),
        when=_clause(members["when"]),
        verdict=verdict,
        if_unknown=Outcome[members["if_unknown"].choice({"REFER", "BLOCK"})] if "if_unknown" in members else Outcome.REFER,
        due=Stage(members["due"].choice(set(Stage))) if "due" in members else None,
        reason=_text(members["reason"]),
        remedy=_text(members["remedy"]),
    )


def _basis(node: Node) -> Basis:
    members = node.members({"instrument", "relation"}, {"article", "section", "item", "chapter", "of_item"})
    code = members["instrument"].choice(INSTRUMENTS)
    units = [unit for unit in Unit if unit.value in members]
    if len(units) > 1:
        node.fail("ONE_PROVISION")
    unit = units[0] if units else Unit.WHOLE
    number = members[unit.value].integer() if units else None
    relation = Relation(members["relation"].choice(set(Relation)))
    if not INSTRUMENTS[code].printable(unit, number):
        node.fail("UNREAD_PROVISION", instrument=code, unit=unit.value, number=number)
    strength = list(Relation)
    if strength.index(relation) < strength.index(INSTRUMENTS[code].relation):
        members["relation"].fail("RELATION_TOO_STRONG", instrument=code)
    return Basis(code, unit, number, members["of_item"].integer() if "of_item" in members else None, relation)


def _example(node: Node) -> Example:
    members = node.members({"note", "stage", "facts", "outcome"})
    outcome = members["outcome"]
    return Example(
        note=_text(members["note"]),
        stage=Stage(members["stage"].choice(set(Stage))),
        facts=read_facts(members["facts"].value, path=members["facts"].path),
        outcome=None if outcome.value is None else Outcome[outcome.choice(Outcome.__members__)],
    )


def _clause(node: Node) -> Clause:
    return parse_clause(node.value, path=node.path)


def _text(node: Node) -> Text:
    members = node.members({"en", "zh"})
    return Text(members["en"].string(), members["zh"].string())


def _pattern(node: Node, pattern: re.Pattern[str]) -> str:
    value = node.string()
    if not pattern.fullmatch(value):
        node.fail("BAD_FORM", pattern=pattern.pattern)
    return value

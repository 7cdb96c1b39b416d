"""The one interpreter, its three-valued logic, and what the parser refuses."""

from datetime import date
from itertools import product

import pytest
from hypothesis import given

from registry.rules.clauses import DEPTH_MAX, All, AnyOf, Clause, Named, Not, Order, Subset, evaluate, missing, parse_clause, reads
from registry.rules.facts import Facts
from registry.rules.logic import Truth, conjunction, disjunction, negation
from registry.rules.reading import ITEMS_MAX, Malformed
from tests.registry.rules.strategies import clauses, facts_and_completion

HELD = {"op": "is_true", "fact": "hold_active"}
OPEN = {"op": "is_true", "fact": "dispute_open"}

KLEENE_AND = {
    (True, True): True,
    (True, None): None,
    (True, False): False,
    (None, None): None,
    (None, False): False,
    (False, False): False,
}


def test_conjunction_and_disjunction_follow_kleenes_tables() -> None:
    for left, right in product((True, None, False), repeat=2):
        expected = KLEENE_AND[(left, right)] if (left, right) in KLEENE_AND else KLEENE_AND[(right, left)]
        assert conjunction([left, right]) is expected
        assert disjunction([negation(left), negation(right)]) is negation(expected)
    assert conjunction([]) is True
    assert disjunction([]) is False


@pytest.mark.parametrize(
    ("raw", "facts", "truth"),
    [
        (HELD, {"hold_active": True}, True),
        (HELD, {"hold_active": None}, None),
        (HELD, {}, None),
        ({"op": "in", "fact": "level", "codes": ["CORE"]}, {"level": "GENERAL"}, False),
        ({"op": "in", "fact": "level", "codes": ["CORE"]}, {}, None),
        ({"op": "gt", "fact": "name_length", "value": 40}, {"name_length": 40}, False),
        ({"op": "gt", "fact": "name_length", "value": 40}, {"name_length": 41}, True),
        ({"op": "lt", "fact": "certificate_until", "value": "2026-11-24"}, {"certificate_until": date(2026, 11, 23)}, True),
        ({"op": "ge", "fact": "certificate_until", "value": "2026-11-24"}, {"certificate_until": date(2026, 11, 24)}, True),
        ({"op": "le", "fact": "price_minor", "than": "ceiling_minor"}, {"price_minor": 5, "ceiling_minor": 5}, True),
        ({"op": "le", "fact": "price_minor", "than": "ceiling_minor"}, {"price_minor": 5}, None),
        ({"op": "contains", "fact": "seller_rights", "codes": ["OPERATE"]}, {"seller_rights": frozenset({"HOLD", "USE"})}, False),
        ({"op": "contains", "fact": "seller_rights", "codes": ["USE", "HOLD"]}, {"seller_rights": frozenset({"HOLD", "USE"})}, True),
        ({"op": "subset", "fact": "sector_tags", "codes": []}, {"sector_tags": frozenset()}, True),
        ({"op": "subset", "fact": "rights_granted", "than": "seller_rights"}, {"rights_granted": frozenset({"USE"})}, None),
        ({"op": "any", "of": [HELD, OPEN]}, {"hold_active": True}, True),
        ({"op": "any", "of": [HELD, OPEN]}, {"hold_active": False}, None),
        ({"op": "all", "of": [HELD, {"op": "not", "of": OPEN}]}, {"hold_active": True, "dispute_open": False}, True),
    ],
)
def test_a_clause_means_what_it_says(raw: object, facts: Facts, truth: Truth) -> None:
    assert evaluate(parse_clause(raw), facts) is truth


@given(clauses(), facts_and_completion())
def test_supplying_a_fact_never_changes_what_was_certain(clause: Clause, known: tuple[Facts, Facts]) -> None:
    partial, complete = known
    before, after = evaluate(clause, partial), evaluate(clause, complete)
    assert after is not None
    assert before is None or before is after


@given(clauses(), clauses(), facts_and_completion())
def test_de_morgan(left: Clause, right: Clause, known: tuple[Facts, Facts]) -> None:
    facts, _ = known
    assert evaluate(Not(All((left, right))), facts) is evaluate(AnyOf((Not(left), Not(right))), facts)


@given(clauses(), facts_and_completion())
def test_missing_names_unknown_facts_exactly_when_the_clause_is_undecided(clause: Clause, known: tuple[Facts, Facts]) -> None:
    partial, complete = known
    named = missing(clause, partial)
    assert bool(named) is (evaluate(clause, partial) is None)
    assert named <= reads(clause) - set(partial)
    assert evaluate(clause, {**partial, **{name: complete[name] for name in named}}) is not None


def test_missing_leaves_out_unknown_facts_that_no_longer_matter() -> None:
    settled = {"op": "all", "of": [OPEN, {"op": "is_true", "fact": "secrecy_mark"}]}
    clause = parse_clause({"op": "any", "of": [settled, HELD]})
    assert missing(clause, {"dispute_open": False}) == {"hold_active"}


def test_reads_names_both_operands() -> None:
    assert reads(Order("le", "term_ends_on", Named("held_until"))) == {"term_ends_on", "held_until"}
    assert reads(Subset("rights_granted", Named("seller_rights"))) == {"rights_granted", "seller_rights"}


def nested(levels: int) -> object:
    """A clause of that many levels."""
    return HELD if levels == 1 else {"op": "not", "of": nested(levels - 1)}


def test_the_deepest_clause_that_is_allowed_parses() -> None:
    assert evaluate(parse_clause(nested(DEPTH_MAX)), {"hold_active": True}) is (DEPTH_MAX % 2 == 1)


@pytest.mark.parametrize(
    ("raw", "code", "path"),
    [
        (None, "NOT_AN_OBJECT", "$"),
        ([], "NOT_AN_OBJECT", "$"),
        ({}, "MISSING_KEY", "$"),
        ({"op": "xor", "of": []}, "UNKNOWN_CODE", "$.op"),
        ({"op": ["all"], "of": []}, "UNKNOWN_CODE", "$.op"),
        ({"op": "all", "of": []}, "TOO_SHORT", "$.of"),
        ({"op": "all", "of": HELD}, "NOT_A_LIST", "$.of"),
        ({"op": "all", "of": [HELD] * (ITEMS_MAX + 1)}, "TOO_LONG", "$.of"),
        ({"op": "all", "of": [HELD], "note": ""}, "UNKNOWN_KEY", "$"),
        ({"op": "any", "of": [HELD, {"op": "not"}]}, "MISSING_KEY", "$.of[1]"),
        ({"op": "not", "of": {"op": "is_true", "fact": "hodl"}}, "UNKNOWN_FACT", "$.of.fact"),
        ({"op": "is_true", "fact": "level"}, "WRONG_FACT_TYPE", "$.fact"),
        ({"op": "is_true", "fact": ""}, "BAD_LENGTH", "$.fact"),
        ({"op": "is_true", "fact": 1}, "NOT_A_STRING", "$.fact"),
        ({"op": "in", "fact": "level", "codes": ["SECRET"]}, "UNKNOWN_CODE", "$.codes[0]"),
        ({"op": "in", "fact": "level", "codes": []}, "TOO_SHORT", "$.codes"),
        ({"op": "in", "fact": "level", "codes": ["CORE", "CORE"]}, "REPEATED_CODE", "$.codes"),
        ({"op": "in", "fact": "seller_rights", "codes": ["USE"]}, "WRONG_FACT_TYPE", "$.fact"),
        ({"op": "contains", "fact": "level", "codes": ["CORE"]}, "WRONG_FACT_TYPE", "$.fact"),
        ({"op": "gt", "fact": "name_length"}, "ONE_OPERAND", "$"),
        ({"op": "gt", "fact": "name_length", "value": 1, "than": "price_minor"}, "ONE_OPERAND", "$"),
        ({"op": "gt", "fact": "name_length", "value": 1.5}, "NOT_AN_INTEGER", "$.value"),
        ({"op": "gt", "fact": "name_length", "value": True}, "NOT_AN_INTEGER", "$.value"),
        ({"op": "gt", "fact": "name_length", "value": -1}, "OUT_OF_RANGE", "$.value"),
        ({"op": "gt", "fact": "name_length", "value": 2**63}, "OUT_OF_RANGE", "$.value"),
        ({"op": "gt", "fact": "price_minor", "than": "judged_on"}, "WRONG_FACT_TYPE", "$.than"),
        ({"op": "gt", "fact": "judged_on", "value": "2026-2-30"}, "NOT_A_DATE", "$.value"),
        ({"op": "gt", "fact": "judged_on", "value": "20261124"}, "NOT_A_DATE", "$.value"),
        ({"op": "gt", "fact": "judged_on", "value": 20261124}, "NOT_A_DATE", "$.value"),
        (nested(DEPTH_MAX + 1), "TOO_DEEP", "$" + ".of" * DEPTH_MAX),
    ],
)
def test_a_malformed_clause_is_refused_with_its_path(raw: object, code: str, path: str) -> None:
    with pytest.raises(Malformed) as refusal:
        parse_clause(raw)
    assert (refusal.value.code, refusal.value.path) == (code, path)

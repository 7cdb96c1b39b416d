"""The vocabulary: typed, labelled, complete, and the same after a trip through JSON."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given

from registry.rules.book import Rulebook
from registry.rules.facts import FACTS, FactKind, Facts, Group, fact_json, read_facts
from registry.rules.reading import Malformed
from tests.registry.rules.strategies import complete_facts


def test_every_fact_is_labelled_and_only_coded_facts_have_codes() -> None:
    for name, fact in FACTS.items():
        assert fact.name == name
        assert fact.label.en
        assert fact.label.zh
        assert bool(fact.codes) is (fact.kind in {FactKind.CODE, FactKind.CODES})
    assert {fact.group for fact in FACTS.values()} == set(Group)


def test_columns_are_postgresql_types() -> None:
    kinds = {"hold_active": "boolean", "price_minor": "bigint", "judged_on": "date", "level": "text", "seller_rights": "text[]"}
    assert {name: FACTS[name].column for name in kinds} == kinds


def test_the_vocabulary_has_no_fact_that_no_rule_reads(rulebook: Rulebook) -> None:
    assert set(FACTS) == frozenset().union(*(rule.reads for rule in rulebook.rules))


@given(complete_facts())
def test_facts_survive_json(facts: Facts) -> None:
    assert read_facts({name: fact_json(value) for name, value in facts.items()}) == facts
    assert read_facts(facts) == facts


@pytest.mark.parametrize(
    ("raw", "code", "path"),
    [
        ({"hold": True}, "UNKNOWN_FACT", "$.hold"),
        ({"hold_active": 1}, "NOT_A_BOOLEAN", "$.hold_active"),
        ({"hold_active": "true"}, "NOT_A_BOOLEAN", "$.hold_active"),
        ({"price_minor": 1.0}, "NOT_AN_INTEGER", "$.price_minor"),
        ({"judged_on": datetime(2026, 11, 24, tzinfo=UTC)}, "NOT_A_DATE", "$.judged_on"),
        ({"level": "core"}, "UNKNOWN_CODE", "$.level"),
        ({"seller_rights": ["USE", "SELL"]}, "UNKNOWN_CODE", "$.seller_rights[1]"),
        ({"seller_rights": "USE"}, "NOT_A_LIST", "$.seller_rights"),
    ],
)
def test_wrong_facts_are_refused_with_their_path(raw: object, code: str, path: str) -> None:
    with pytest.raises(Malformed) as refusal:
        read_facts(raw)
    assert (refusal.value.code, refusal.value.path) == (code, path)


def test_null_and_absent_both_mean_unknown() -> None:
    assert read_facts({"judged_on": None}) == {"judged_on": None}
    assert read_facts({"judged_on": date(2026, 11, 24)}) == {"judged_on": date(2026, 11, 24)}

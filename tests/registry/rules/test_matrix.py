"""Article 21 of the guideline, cell by cell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.rules.clauses import evaluate
from registry.rules.facts import Facts
from registry.rules.matrix import MATRIX, Excess, excess_clause, excess_rights
from registry.rules.vocabulary import RIGHTS, SITUATIONS
from tests.registry.rules.strategies import facts_and_completion

ALL_RIGHTS = frozenset(RIGHTS)
NONE: frozenset[str] = frozenset()


def test_the_matrix_covers_every_situation_and_right() -> None:
    assert list(MATRIX) == list(SITUATIONS)
    assert all(list(row) == list(RIGHTS) for row in MATRIX.values())


@pytest.mark.parametrize(
    ("situation", "facts", "refused", "undecided"),
    [
        ("OWN_ACTIVITY", {}, NONE, NONE),
        ("CIVIL_CONTRACT", {}, NONE, NONE),
        ("OWN_PERSON", {}, NONE, NONE),
        ("CRAWLED_RAW", {"crawl_clean": True}, {"OPERATE"}, NONE),
        ("CRAWLED_RAW", {}, {"OPERATE"}, {"HOLD", "USE"}),
        ("CRAWLED_RAW", {"crawl_clean": False}, ALL_RIGHTS, NONE),
        ("CRAWLED_PRODUCT", {"crawl_clean": True, "substitutes_source": False}, NONE, NONE),
        ("CRAWLED_PRODUCT", {"crawl_clean": True, "substitutes_source": True}, ALL_RIGHTS, NONE),
        ("CRAWLED_PRODUCT", {"crawl_clean": True}, NONE, ALL_RIGHTS),
        ("JOINT", {"joint_operate_agreed": True}, NONE, NONE),
        ("JOINT", {"joint_operate_agreed": False}, {"OPERATE"}, NONE),
        ("JOINT", {}, NONE, {"OPERATE"}),
        ("DERIVED", {"derived_substantive": True, "source_use_held": True}, NONE, NONE),
        ("DERIVED", {"derived_substantive": True, "source_use_held": False}, ALL_RIGHTS, NONE),
        ("DERIVED", {"derived_substantive": True}, NONE, ALL_RIGHTS),
        ("ENTRUSTED", {"entrusted_grant": False}, ALL_RIGHTS, NONE),
        ("ENTRUSTED", {"entrusted_grant": True}, NONE, NONE),
    ],
)
def test_each_cell(situation: str, facts: Facts, refused: set[str], undecided: set[str]) -> None:
    assert excess_rights(situation, ALL_RIGHTS, facts) == Excess(frozenset(refused), frozenset(undecided))


def test_only_what_is_claimed_can_be_in_excess() -> None:
    assert excess_rights("ENTRUSTED", frozenset(), {}) == Excess(NONE, NONE)
    assert excess_rights("CRAWLED_RAW", frozenset({"HOLD"}), {"crawl_clean": True}) == Excess(NONE, NONE)


def test_an_unknown_situation_is_an_error() -> None:
    with pytest.raises(KeyError):
        excess_rights("FOUND", ALL_RIGHTS, {})


@given(st.sampled_from(sorted(MATRIX)), st.frozensets(st.sampled_from(sorted(RIGHTS))), facts_and_completion())
def test_the_function_and_the_clause_agree(situation: str, claimed: frozenset[str], known: tuple[Facts, Facts]) -> None:
    facts: Facts = {**known[0], "situation": situation, "rights_claimed": claimed}
    excess = excess_rights(situation, claimed, facts)
    truth = evaluate(excess_clause(), facts)
    assert truth is (True if excess.refused else None if excess.undecided else False)

"""Which rights may be registered, by how the data was come by: article 21 of the national guideline as a table.

Source: Data Property-Rights Registration Guideline (trial, 2026), art. 21.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from registry.rules.clauses import All, AnyOf, Clause, Contains, IsTrue, Not, OneOf, evaluate
from registry.rules.facts import Facts
from registry.rules.vocabulary import RIGHTS

YES: Final = All(())
NO: Final = AnyOf(())

_CLEAN: Final = IsTrue("crawl_clean")
_OWN_PRODUCT: Final = All((_CLEAN, Not(IsTrue("substitutes_source"))))
_DERIVATION: Final = All((IsTrue("derived_substantive"), IsTrue("source_use_held")))
_BY_GRANT: Final = IsTrue("entrusted_grant")


def _row(hold: Clause, use: Clause, operate: Clause) -> Mapping[str, Clause]:
    return MappingProxyType({"HOLD": hold, "USE": use, "OPERATE": operate})


MATRIX: Final[Mapping[str, Mapping[str, Clause]]] = MappingProxyType(
    {
        "OWN_ACTIVITY": _row(YES, YES, YES),
        "CIVIL_CONTRACT": _row(YES, YES, YES),
        "OWN_PERSON": _row(YES, YES, YES),
        "CRAWLED_RAW": _row(_CLEAN, _CLEAN, NO),
        "CRAWLED_PRODUCT": _row(_OWN_PRODUCT, _OWN_PRODUCT, _OWN_PRODUCT),
        "JOINT": _row(YES, YES, IsTrue("joint_operate_agreed")),
        "DERIVED": _row(_DERIVATION, _DERIVATION, _DERIVATION),
        "ENTRUSTED": _row(_BY_GRANT, _BY_GRANT, _BY_GRANT),
    }
)
"""The condition under which each right may be registered in each situation."""


@dataclass(frozen=True, slots=True)
class Excess:
    """The claimed rights that the situation does not support, and those that unknown facts leave open."""

    refused: frozenset[str]
    undecided: frozenset[str]


def excess_rights(situation: str, claimed: frozenset[str], facts: Facts) -> Excess:
    """What is claimed beyond the matrix.

    Raises:
        KeyError: a situation or right that the vocabulary does not have.
    """
    supported = {right: evaluate(MATRIX[situation][right], facts) for right in claimed}
    return Excess(
        refused=frozenset(right for right, truth in supported.items() if truth is False),
        undecided=frozenset(right for right, truth in supported.items() if truth is None),
    )


def excess_clause() -> Clause:
    """The whole matrix as one clause that holds when something is claimed in excess; rule RG-02 must equal it."""
    return AnyOf(tuple(_cell(situation, right) for situation, row in MATRIX.items() for right in RIGHTS if row[right] != YES))


def _cell(situation: str, right: str) -> Clause:
    claimed = (OneOf("situation", frozenset({situation})), Contains("rights_claimed", frozenset({right})))
    condition = MATRIX[situation][right]
    return All(claimed if condition == NO else (*claimed, Not(condition)))

"""Random facts and clauses over the real vocabulary, for the properties of the rules."""

from datetime import date
from functools import cache

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from registry.rules.clauses import All, AnyOf, Clause, Contains, IsTrue, Not, OneOf, Order, Subset
from registry.rules.facts import FACTS, FactKind, Facts, FactType, FactValue

FIRST, LAST = date(2026, 1, 1), date(2027, 12, 31)


def values(fact: FactType) -> SearchStrategy[FactValue]:
    """Known values of a fact."""
    match fact.kind:
        case FactKind.BOOL:
            return st.booleans()
        case FactKind.INT:
            return st.integers(0, 500)
        case FactKind.DATE:
            return st.dates(FIRST, LAST)
        case FactKind.CODE:
            return st.sampled_from(sorted(fact.codes))
        case FactKind.CODES:
            return st.frozensets(st.sampled_from(sorted(fact.codes)))


@cache
def complete_facts() -> SearchStrategy[dict[str, FactValue]]:
    """Every fact known."""
    return st.fixed_dictionaries({name: values(fact) for name, fact in FACTS.items()})


@st.composite
def facts_and_completion(draw: st.DrawFn) -> tuple[Facts, Facts]:
    """Facts of which some are unknown, and one way in which everything may turn out."""
    complete = draw(complete_facts())
    known = draw(st.frozensets(st.sampled_from(sorted(FACTS))))
    return {name: complete[name] for name in known}, complete


def _named(*kinds: FactKind) -> SearchStrategy[FactType]:
    return st.sampled_from([fact for fact in FACTS.values() if fact.kind in kinds])


def _codes(fact: FactType, *, least: int) -> SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(sorted(fact.codes)), min_size=least)


def _leaves() -> SearchStrategy[Clause]:
    orders = st.sampled_from(["lt", "le", "gt", "ge"])
    return st.one_of(
        _named(FactKind.BOOL).map(lambda fact: IsTrue(fact.name)),
        _named(FactKind.CODE).flatmap(lambda fact: st.builds(OneOf, st.just(fact.name), _codes(fact, least=1))),
        _named(FactKind.CODES).flatmap(lambda fact: st.builds(Contains, st.just(fact.name), _codes(fact, least=1))),
        _named(FactKind.CODES).flatmap(lambda fact: st.builds(Subset, st.just(fact.name), _codes(fact, least=0))),
        _named(FactKind.INT).flatmap(lambda fact: st.builds(Order, orders, st.just(fact.name), st.integers(0, 500))),
        _named(FactKind.DATE).flatmap(lambda fact: st.builds(Order, orders, st.just(fact.name), st.dates(FIRST, LAST))),
    )


@cache
def clauses() -> SearchStrategy[Clause]:
    """Clauses of up to a dozen leaves."""
    return st.recursive(
        _leaves(),
        lambda inner: st.one_of(
            st.lists(inner, max_size=4).map(lambda of: All(tuple(of))),
            st.lists(inner, max_size=4).map(lambda of: AnyOf(tuple(of))),
            inner.map(Not),
        ),
        max_leaves=12,
    )

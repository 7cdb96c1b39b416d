"""A rule's condition is data: eight kinds of clause, strictly parsed, and the one interpreter that gives them meaning."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final, TypeAlias

from registry.rules.facts import FACTS, FactKind, Facts, FactType
from registry.rules.logic import Truth, conjunction, disjunction, lifted, negation
from registry.rules.reading import Node

DEPTH_MAX: Final = 8


@dataclass(frozen=True, slots=True)
class Named:
    """The value of another fact, as an operand."""

    fact: str


@dataclass(frozen=True, slots=True)
class All:
    """Every one holds; with none, true."""

    of: tuple["Clause", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one holds."""

    of: tuple["Clause", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """It does not hold."""

    of: "Clause"


@dataclass(frozen=True, slots=True)
class IsTrue:
    """A boolean fact is true."""

    fact: str


@dataclass(frozen=True, slots=True)
class OneOf:
    """A coded fact is one of the codes."""

    fact: str
    codes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Order:
    """A number or date stands in an order (``lt``, ``le``, ``gt``, ``ge``) to a value or to another fact."""

    op: str
    fact: str
    other: int | date | Named


@dataclass(frozen=True, slots=True)
class Contains:
    """A set of codes has every one of the codes."""

    fact: str
    codes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Subset:
    """A set of codes has no code beyond the given ones, or beyond those of another fact."""

    fact: str
    other: frozenset[str] | Named


Clause: TypeAlias = All | AnyOf | Not | IsTrue | OneOf | Order | Contains | Subset

ALWAYS: Final = All(())

_ORDERS: Final[Mapping[str, Callable[..., bool]]] = MappingProxyType(
    {"lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge},
)


OPERATIONS: Final = frozenset({"all", "any", "not", "is_true", "in", "contains", "subset", *_ORDERS})


def evaluate(clause: Clause, facts: Facts) -> Truth:
    """Whether a clause holds, given facts that may be unknown.

    Monotone in information: supplying an unknown fact never turns true or false into anything else.
    """
    match clause:
        case All(of):
            return conjunction(evaluate(part, facts) for part in of)
        case AnyOf(of):
            return disjunction(evaluate(part, facts) for part in of)
        case Not(of):
            return negation(evaluate(of, facts))
        case _:
            return _compared(clause, facts)


def reads(clause: Clause) -> frozenset[str]:
    """Names of every fact that the clause can look at."""
    match clause:
        case All(of) | AnyOf(of):
            return frozenset().union(*map(reads, of))
        case Not(of):
            return reads(of)
        case Order(_, fact, Named(other)) | Subset(fact, Named(other)):
            return frozenset({fact, other})
        case IsTrue(fact) | OneOf(fact) | Order(_, fact) | Contains(fact) | Subset(fact):
            return frozenset({fact})


def missing(clause: Clause, facts: Facts) -> frozenset[str]:
    """Names of the unknown facts that keep the clause undecided; none if it is decided."""
    if evaluate(clause, facts) is not None:
        return frozenset()
    match clause:
        case All(of) | AnyOf(of):
            return frozenset().union(*(missing(part, facts) for part in of))
        case Not(of):
            return missing(of, facts)
        case _:
            return frozenset(name for name in reads(clause) if facts.get(name) is None)


def parse_clause(raw: object, *, path: str = "$", vocabulary: Mapping[str, FactType] = FACTS) -> Clause:
    """A clause from its JSON form ``{"op": …, …}``; at most DEPTH_MAX levels.

    Raises:
        Malformed: an unknown operation, key, fact or code, a fact of the wrong type, an empty or overlong list; names the path.
    """
    return _Parser(vocabulary).clause(Node(raw, path), depth=1)


def _compared(clause: IsTrue | OneOf | Order | Contains | Subset, facts: Facts) -> Truth:
    """A clause on one fact, or on two; unknown if either is."""
    known = facts.get(clause.fact)
    match clause:
        case IsTrue():
            return lifted(bool, known)
        case OneOf(_, codes):
            return lifted(codes.__contains__, known)
        case Order(op, _, other):
            return lifted(_ORDERS[op], known, _operand(other, facts))
        case Contains(_, codes):
            return lifted(codes.issubset, known)
        case Subset(_, other):
            return lifted(operator.le, known, _operand(other, facts))


def _operand(other: int | date | frozenset[str] | Named, facts: Facts) -> object:
    return facts.get(other.fact) if isinstance(other, Named) else other


@dataclass(frozen=True, slots=True)
class _Parser:
    """Parses clauses against one vocabulary."""

    vocabulary: Mapping[str, FactType]

    def clause(self, node: Node, *, depth: int) -> Clause:
        """Any clause; the operation decides which keys must follow."""
        if depth > DEPTH_MAX:
            node.fail("TOO_DEEP", limit=DEPTH_MAX)
        if "op" not in node.mapping():
            node.fail("MISSING_KEY", key="op")
        match op := node.mapping()["op"].choice(OPERATIONS):
            case "all" | "any":
                parts = tuple(self.clause(part, depth=depth + 1) for part in node.members({"op", "of"})["of"].items(least=1))
                return All(parts) if op == "all" else AnyOf(parts)
            case "not":
                return Not(self.clause(node.members({"op", "of"})["of"], depth=depth + 1))
            case "is_true":
                return IsTrue(self.fact(node.members({"op", "fact"})["fact"], FactKind.BOOL).name)
            case "in" | "contains":
                return self.coded(op, node.members({"op", "fact", "codes"}))
            case "subset":
                return self.subset(node)
            case _:
                return self.order(op, node)

    def coded(self, op: str, members: Mapping[str, Node]) -> Clause:
        """``in`` on one code, or ``contains`` on a set of codes."""
        fact = self.fact(members["fact"], FactKind.CODE if op == "in" else FactKind.CODES)
        codes = members["codes"].choices(fact.codes, least=1)
        return OneOf(fact.name, codes) if op == "in" else Contains(fact.name, codes)

    def order(self, op: str, node: Node) -> Clause:
        """A number or date against a ``value`` or, with ``than``, another fact of its kind."""
        members = self.one_operand(node, "value")
        fact = self.fact(members["fact"], FactKind.INT, FactKind.DATE)
        if "than" in members:
            return Order(op, fact.name, Named(self.fact(members["than"], fact.kind).name))
        value = members["value"]
        return Order(op, fact.name, value.integer() if fact.kind is FactKind.INT else value.day())

    def subset(self, node: Node) -> Clause:
        """A set of codes against ``codes`` (which may be empty) or, with ``than``, another set."""
        members = self.one_operand(node, "codes")
        fact = self.fact(members["fact"], FactKind.CODES)
        if "than" in members:
            return Subset(fact.name, Named(self.fact(members["than"], FactKind.CODES).name))
        return Subset(fact.name, members["codes"].choices(fact.codes))

    def one_operand(self, node: Node, literal: str) -> Mapping[str, Node]:
        """The members of a clause with exactly one of the literal and ``than``."""
        members = node.members({"op", "fact"}, {literal, "than"})
        if (literal in members) == ("than" in members):
            node.fail("ONE_OPERAND", keys=[literal, "than"])
        return members

    def fact(self, node: Node, *kinds: FactKind) -> FactType:
        """A declared fact of one of the kinds."""
        name = node.string()
        if name not in self.vocabulary:
            node.fail("UNKNOWN_FACT", fact=name)
        fact = self.vocabulary[name]
        if fact.kind not in kinds:
            node.fail("WRONG_FACT_TYPE", fact=name, kind=fact.kind.name, expected=[kind.name for kind in kinds])
        return fact

"""The query language of the query model: tables joined on equal columns, filtered, grouped, cut off; read from JSON, resolved to codes."""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from pricing.engines import shapes
from pricing.engines.errors import InputError
from pricing.engines.information.relations import NULL, Database, Ints, Ref, code_of
from pricing.engines.shapes import Json, JsonObject

_NAME: Final = r"\w{1,64}"
_NUMBER: Final = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
_FAR: Final = 2**62
_LAST: Final = "\U0010ffff"

FUNCTIONS: Final = ("count", "count_distinct", "sum", "avg", "min", "max")
_COMPARISONS: Final = ("eq", "ne", "lt", "le", "gt", "ge", "starts_with")
_OPERATORS: Final = (*_COMPARISONS, "in", "is_null", "not_null")


@dataclass(frozen=True, slots=True)
class Condition:
    """A test of one column: within a range of codes (both ends included), or outside all of them; null passes only if it is in a range."""

    ref: Ref
    ranges: tuple[tuple[int, int], ...]
    outside: bool

    def holds(self, values: Ints) -> NDArray[np.bool_]:
        """Return which values pass."""
        inside = np.zeros(len(values), dtype=np.bool_)
        for low, high in self.ranges:
            inside |= (values >= low) & (values <= high)
        return ~inside & (values != NULL) if self.outside else inside


@dataclass(frozen=True, slots=True)
class Edge:
    """An equi-join: the column of a table that is already there, and the column of the table that comes in."""

    left: Ref
    right: Ref


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One aggregate; a count without a column counts rows."""

    function: str
    ref: Ref | None


@dataclass(frozen=True, slots=True)
class Query:
    """A query with every name resolved.

    Its answer is a bag of rows. An order only matters with a limit: rows are then taken by the order's columns, nulls first, and ties by
    the whole row, so that the answer is fully determined.

    Attributes:
        outputs: selected columns, or the group's keys if ``grouped``.
        order: positions among the output columns (keys, then aggregates), and whether descending.
    """

    tables: tuple[str, ...]
    edges: tuple[Edge, ...]
    conditions: tuple[Condition, ...]
    outputs: tuple[Ref, ...]
    aggregates: tuple[Aggregate, ...]
    grouped: bool
    distinct: bool
    order: tuple[tuple[int, bool], ...]
    limit: int | None

    def reads(self) -> frozenset[Ref]:
        """Return every column on which the answer can depend."""
        joined = (ref for edge in self.edges for ref in (edge.left, edge.right))
        measured = (each.ref for each in self.aggregates if each.ref is not None)
        return frozenset({*joined, *measured, *self.outputs, *(condition.ref for condition in self.conditions)})


def read_query(database: Database, given: JsonObject, field: str) -> Query:
    """Return a query resolved against a database.

    Args:
        database: where its names must exist.
        given: validated by ``QUERY``.
        field: where it stands, for errors.

    Raises:
        InputError: NOT_ALLOWED (no such table or column, or an operation on the wrong type), DUPLICATE (a table joined to itself),
            JOIN_TYPES_DIFFER, NUMBERS_ONLY, TOO_MANY or TOO_FEW (values of a condition, columns beside groups), TOO_LARGE (a position).
    """
    tables = [_table(database, given["from"], f"{field}.from")]
    edges = _edges(database, tables, cast("Sequence[JsonObject]", given["join"]), f"{field}.join")
    reader = _Reader(database, tuple(tables))
    aggregates = tuple(
        _aggregate(reader, each, f"{field}.aggregates.{index}")
        for index, each in enumerate(cast("Sequence[JsonObject]", given["aggregates"]))
    )
    grouped = bool(aggregates or given["group_by"])
    if grouped and given["select"]:
        raise InputError("TOO_MANY", f"{field}.select", limit=0)
    outputs = reader.refs(given["group_by"], f"{field}.group_by") if grouped else reader.refs(given["select"], f"{field}.select")
    every = tuple(Ref(table, column) for table in tables for column in database.tables[table].columns)
    outputs = outputs if grouped or outputs else every
    return Query(
        tables=tuple(tables),
        edges=edges,
        conditions=tuple(
            _condition(reader, each, f"{field}.where.{index}") for index, each in enumerate(cast("Sequence[JsonObject]", given["where"]))
        ),
        outputs=outputs,
        aggregates=aggregates,
        grouped=grouped,
        distinct=bool(given["distinct"]),
        order=_order(cast("Sequence[JsonObject]", given["order"]), len(outputs) + len(aggregates), f"{field}.order"),
        limit=cast("int | None", given.get("limit")),
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """Resolves column names against the tables of one query."""

    database: Database
    tables: tuple[str, ...]

    def ref(self, value: Json, field: str) -> Ref:
        table, _, column = cast("str", value).partition(".")
        if table not in self.tables:
            raise InputError("NOT_ALLOWED", field, allowed=", ".join(self.tables))
        known = self.database.tables[table].columns
        if column not in known:
            raise InputError("NOT_ALLOWED", field, allowed=", ".join(f"{table}.{name}" for name in known))
        return Ref(table, column)

    def refs(self, values: Json, field: str) -> tuple[Ref, ...]:
        return tuple(self.ref(value, f"{field}.{index}") for index, value in enumerate(cast("Sequence[Json]", values)))


def _table(database: Database, value: Json, field: str) -> str:
    if value not in database.tables:
        raise InputError("NOT_ALLOWED", field, allowed=", ".join(database.tables))
    return cast("str", value)


def _edges(database: Database, tables: list[str], joins: Sequence[JsonObject], field: str) -> tuple[Edge, ...]:
    """Return the joins, adding each table to ``tables``."""
    edges: list[Edge] = []
    for index, join in enumerate(joins):
        at = f"{field}.{index}"
        name = _table(database, join["table"], f"{at}.table")
        if name in tables:
            raise InputError("DUPLICATE", f"{at}.table")
        left = _Reader(database, tuple(tables)).ref(join["left"], f"{at}.left")
        right = _Reader(database, (name,)).ref(join["right"], f"{at}.right")
        one, other = database.column(left), database.column(right)
        if (one.text, one.decimals) != (other.text, other.decimals):
            raise InputError("JOIN_TYPES_DIFFER", f"{at}.right")
        tables.append(name)
        edges.append(Edge(left, right))
    return tuple(edges)


def _aggregate(reader: _Reader, given: JsonObject, field: str) -> Aggregate:
    function = cast("str", given["function"])
    if "column" not in given:
        if function != "count":
            raise InputError("REQUIRED", f"{field}.column")
        return Aggregate(function, None)
    ref = reader.ref(given["column"], f"{field}.column")
    if function in {"sum", "avg"} and reader.database.column(ref).text:
        raise InputError("NUMBERS_ONLY", f"{field}.column")
    return Aggregate(function, ref)


def _order(rows: Sequence[JsonObject], columns: int, field: str) -> tuple[tuple[int, bool], ...]:
    for index, row in enumerate(rows):
        if cast("int", row["position"]) > columns:
            raise InputError("TOO_LARGE", f"{field}.{index}.position", limit=str(columns))
    return tuple((cast("int", row["position"]) - 1, bool(row["descending"])) for row in rows)


def _condition(reader: _Reader, given: JsonObject, field: str) -> Condition:
    ref, operator = reader.ref(given["column"], f"{field}.column"), cast("str", given["op"])
    values = cast("Sequence[str]", given["values"])
    most = {"in": len(values), "is_null": 0, "not_null": 0}.get(operator, 1)
    if len(values) > most:
        raise InputError("TOO_MANY", f"{field}.values", limit=most)
    if len(values) < most or (operator == "in" and not values):
        raise InputError("TOO_FEW", f"{field}.values", limit=1)
    if operator in {"is_null", "not_null"}:
        return Condition(ref, ((NULL, NULL),), outside=operator == "not_null")
    column, same = reader.database.column(ref), "eq" if operator in {"in", "ne"} else operator
    if column.text:
        ranges = [_text_range(reader.database.texts, same, value) for value in values]
    elif operator == "starts_with":
        raise InputError("NOT_ALLOWED", f"{field}.op", allowed=", ".join(word for word in _OPERATORS if word != operator))
    else:
        ranges = [_number_range(column.decimals, same, value, f"{field}.values.{place}") for place, value in enumerate(values)]
    return Condition(ref, tuple(ranges), outside=operator == "ne")


def _text_range(texts: Sequence[str], operator: str, value: str) -> tuple[int, int]:
    """Return the codes of the texts that compare so with a text; texts are sorted by code point, so they lie together.

    The text that occurs nowhere stands for a long run of the last code point, so it starts with every shorter one.
    """
    if operator == "eq":
        code = code_of(texts, value)
        return (1, 0) if code is None else (code, code)
    if operator == "starts_with":
        size = len(value)
        high = bisect_right(texts, value, key=lambda text: text[:size]) - 1 if value.strip(_LAST) else _FAR
        return bisect_left(texts, value), high
    return {
        "lt": (0, bisect_left(texts, value) - 1),
        "le": (0, bisect_right(texts, value) - 1),
        "gt": (bisect_right(texts, value), _FAR),
        "ge": (bisect_left(texts, value), _FAR),
    }[operator]


def _number_range(decimals: int, operator: str, value: str, field: str) -> tuple[int, int]:
    """Return the scaled numbers that compare so with a number, which may be finer than its column."""
    if _NUMBER.fullmatch(value) is None:
        raise InputError("NOT_A_NUMBER", field)
    number = Fraction(value) * 10**decimals
    low, high = math.floor(number), math.ceil(number)
    low, high = (min(max(each, -_FAR), _FAR) for each in (low, high))
    return {
        "eq": (low, low) if low == high else (1, 0),
        "lt": (-_FAR, high - 1),
        "le": (-_FAR, low),
        "gt": (low + 1, _FAR),
        "ge": (high, _FAR),
    }[operator]


_IDENTIFIER: Final = shapes.text(("Table", "表"), pattern=rf"^{_NAME}$", longest=64)


def _reference(title: tuple[str, str]) -> shapes.Schema:
    return shapes.text(title, pattern=rf"^{_NAME}\.{_NAME}$", longest=129)


def _list(title: tuple[str, str], items: shapes.Schema, most: int) -> shapes.Schema:
    return {**shapes.array(title, items, least=0, most=most), "default": []}


_VALUE: Final = shapes.text(("Value", "值"), pattern=r"^[\s\S]*$", longest=200)
_POSITION: Final = shapes.integer(("Position of the output column, from 1", "输出列序号（从 1 起）"), least=1, most=80)
_DESCENDING: Final = shapes.boolean(("Descending", "降序"), default=False)

QUERY: Final[shapes.Schema] = shapes.record(
    ("Query", "查询"),
    {
        "from": _IDENTIFIER,
        "join": _list(
            ("Joined tables", "连接的表"),
            shapes.record(
                ("Join on equal values", "等值连接"),
                {
                    "table": _IDENTIFIER,
                    "left": _reference(("Column of an earlier table", "已有表的列")),
                    "right": _reference(("Column of this table", "该表的列")),
                },
                required=["table", "left", "right"],
            ),
            3,
        ),
        "where": _list(
            ("Conditions, all of which must hold", "筛选条件（须全部满足）"),
            shapes.record(
                ("Condition", "条件"),
                {
                    "column": _reference(("Column", "列")),
                    "op": shapes.choice(("Comparison", "比较"), _OPERATORS),
                    "values": _list(("Values", "值"), _VALUE, 50),
                },
                required=["column", "op"],
            ),
            20,
        ),
        "select": _list(("Columns; none means all", "列（不填为全部）"), _reference(("Column", "列")), 64),
        "group_by": _list(("Group by", "分组"), _reference(("Column", "列")), 8),
        "aggregates": _list(
            ("Aggregates", "聚合"),
            shapes.record(
                ("Aggregate", "聚合"),
                {"function": shapes.choice(("Function", "函数"), FUNCTIONS), "column": _reference(("Column", "列"))},
                required=["function"],
            ),
            16,
        ),
        "distinct": shapes.boolean(("Without repeated rows", "去除重复行"), default=False),
        "order": _list(
            ("Order, for a limit", "排序（用于限制行数）"),
            shapes.record(("Key", "排序键"), {"position": _POSITION, "descending": _DESCENDING}, required=["position"]),
            8,
        ),
        "limit": shapes.integer(("At most so many rows", "最多行数"), least=1, most=1_000_000),
    },
    required=["from"],
)

"""The query price: a question to data costs what its answer rules out, so no set of cheaper questions gives the answer of a dearer one.

The plan holds the tables themselves, as CSV, because a quote must be replayed from the plan and the inputs alone; so the model is for data
sets of up to 200,000 cells. From the plan's seed a support of neighbouring databases is drawn before any query is seen. A query's conflict
set C is those whose answer differs; its price is the sum of their weights, a monotone and subadditive function of C. If one answer
determines another, the second's conflict set lies within the first's, so its price is not above it.

* Uniform coverage: each element weighs price / size, so the whole data set costs the stated price.
* Weighted coverage, with price points: weights under which each named view, and the whole, cost exactly what the seller states.
* Queries bought before are given as history and are not charged again.

Prices are rounded up to the minor unit on the running total: rounding up keeps them monotone and subadditive, and charges over any order of
queries sum to the price of all of them. The entropy prices of the literature are left out: log|C| / log|S| is not subadditive, as two
conflict sets of one element cost nothing and their union something.

A price depends on the data, so it tells a little about them; the quote names no element but one, by table and column only.

Source: Deep, Koutris, The Design of Arbitrage-Free Data Pricing Schemes, ICDT 2017; QIRANA, SIGMOD 2017.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from pricing.engines import shapes
from pricing.engines.checkers import information
from pricing.engines.errors import InputError
from pricing.engines.information.algebra import QUERY, read_query
from pricing.engines.information.conflicts import Bits, conflicts
from pricing.engines.information.relations import Database, read_database
from pricing.engines.information.support import Support, draw_support
from pricing.engines.information.weights import weights_for
from pricing.engines.model import Answer, Call, Example, Model, Operation, Text, Verb
from pricing.engines.result import Claim, Line, Standing
from pricing.engines.shapes import Json, JsonObject
from pricing.engines.validate import SAFE_INTEGER, read_amount
from pricing.money import Currency, currency

MAX_TABLES: Final = 8
MAX_COLUMNS: Final = 64
MAX_CSV: Final = 2_000_000
MAX_SUPPORT: Final = 2_000
MAX_POINTS: Final = 8
MAX_QUERIES: Final = 40
MAX_HISTORY: Final = 60


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan made ready: its data, its support, and the weight of an element of each class in exact minor units."""

    unit: Currency
    database: Database
    support: Support
    classes: NDArray[np.int64]
    weights: tuple[Fraction, ...]
    points: int

    def conflicts(self, query: JsonObject, field: str) -> Bits:
        """Return which elements of the support the answer to a query rules out."""
        return conflicts(self.database, read_query(self.database, query, field), self.support, field)

    def price(self, bits: Bits) -> Fraction:
        """Return the exact price of ruling out these elements, in minor units."""
        counts = np.bincount(self.classes[bits], minlength=len(self.weights))
        return sum((weight * int(count) for weight, count in zip(self.weights, counts, strict=True) if count), Fraction(0))


def plan_of(params: JsonObject) -> Plan:
    """Return a validated plan made ready; the last few are kept, since reading tables takes longer than pricing a query.

    Raises:
        InputError: as ``read_database`` and ``read_query``; PRICE_POINTS_CONFLICT.
    """
    return _prepared(json.dumps(params, sort_keys=True))


@lru_cache(maxsize=2)
def _prepared(text: str) -> Plan:
    params = cast("JsonObject", json.loads(text))
    unit = currency(cast("str", params["currency"]))
    database = read_database(cast("Sequence[JsonObject]", params["tables"]), "params.tables")
    support = draw_support(database, cast("int", params["support_seed"]), cast("int", params["support_size"]))
    whole = read_amount(params["price"], unit, "params.price") * unit.scale
    points = [(np.ones(support.size, dtype=np.bool_), whole), *_points(params, unit, database, support)]
    found = weights_for(points)
    if found is None:
        raise InputError("PRICE_POINTS_CONFLICT", "params.price_points")
    plan = Plan(unit, database, support, *found, points=len(points) - 1)
    broken = information.price_points(
        lambda elements: plan.price(np.isin(np.arange(support.size), list(elements))),
        [(frozenset(np.flatnonzero(bits).tolist()), price) for bits, price in points],
    )
    if broken is not None or min(plan.weights) < 0:
        message = f"query: weights miss their price points: {broken}"
        raise ValueError(message)
    return plan


def _points(params: JsonObject, unit: Currency, database: Database, support: Support) -> Iterator[tuple[Bits, Fraction]]:
    for index, point in enumerate(cast("Sequence[JsonObject]", params["price_points"])):
        field = f"params.price_points.{index}"
        price = read_amount(point["price"], unit, f"{field}.price") * unit.scale
        query = read_query(database, cast("JsonObject", point["query"]), f"{field}.query")
        yield conflicts(database, query, support, f"{field}.query"), price


def _quote(call: Call) -> Answer:
    plan = plan_of(call.params)
    known = np.zeros(plan.support.size, dtype=np.bool_)
    for index, query in enumerate(cast("Sequence[JsonObject]", call.inputs["history"])):
        known |= plan.conflicts(query, f"inputs.history.{index}")
    lines: list[Line] = []
    told: list[Json] = []
    for index, query in enumerate(cast("Sequence[JsonObject]", call.inputs["queries"])):
        bits = plan.conflicts(query, f"inputs.queries.{index}")
        lines.append(_line(plan, index, known, bits))
        told.append(_told(plan, bits))
        known = known | bits
    return Answer(plan.unit, tuple(lines), _claims(plan), {"support_size": plan.support.size, "queries": told})


def _line(plan: Plan, index: int, known: Bits, bits: Bits) -> Line:
    """Return what a query adds to what is known: the running totals are rounded up, so that their differences sum to the last of them."""
    before, after = plan.price(known), plan.price(known | bits)
    words = {"query": str(index + 1), "elements": str(int(bits.sum())), "new": str(int((bits & ~known).sum()))}
    return Line("QUERY", words, Fraction(1), (after - before) / plan.unit.scale, math.ceil(after) - math.ceil(before))


def _told(plan: Plan, bits: Bits) -> JsonObject:
    """Return a query's price alone, the size of its conflict set, and where one element of that set differs."""
    alone: dict[str, Json] = {"alone_minor": str(math.ceil(plan.price(bits))), "conflicts": int(bits.sum())}
    if not bits.any():
        return {**alone, "witness": None}
    ref = plan.support.columns[plan.support.column[int(np.argmax(bits))]]
    return {**alone, "witness": {"table": ref.table, "column": ref.column}}


def _claims(plan: Plan) -> tuple[Claim, ...]:
    proven = (
        information.BUNDLE_MONOTONE,
        information.BUNDLE_SUBADDITIVE,
        information.INFORMATION_MONOTONE,
        information.NEVER_CHARGED_TWICE,
    )
    points = (Claim(information.PRICE_POINTS, Standing.CHECKED, {"points": str(plan.points)}),) if plan.points else ()
    return (*(Claim(name, Standing.PROVEN) for name in proven), *points)


_NAME: Final = shapes.text(("Name", "名称"), pattern=r"^\w{1,64}$", longest=64)
_COLUMN: Final = shapes.record(
    ("Column", "列"),
    {
        "name": _NAME,
        "type": shapes.choice(("Type", "类型"), ["text", "number"]),
        "decimals": shapes.integer(("Decimal places", "小数位数"), least=0, most=6, default=0),
        "key": shapes.boolean(("Its values are known to be distinct", "取值已知互不相同"), default=False),
    },
    required=["name", "type"],
)
_TABLE: Final = shapes.record(
    ("Table", "表"),
    {
        "name": _NAME,
        "columns": shapes.array(("Columns", "列"), _COLUMN, least=1, most=MAX_COLUMNS),
        "csv": shapes.private(  # the very data that queries are sold from
            shapes.text(
                ("Rows as CSV, with a header; empty is null", "CSV 数据（含表头，空为缺失）"), pattern=r"^[\s\S]*$", longest=MAX_CSV
            )
        ),
        "weight": shapes.integer(("Share of the price", "价格占比"), least=1, most=1_000, default=1),
    },
    required=["name", "columns", "csv"],
)

_CSV: Final = "city,people\nXiamen,5\nFuzhou,8\nQuanzhou,9\nZhangzhou,5\n"
_EXAMPLE: Final[JsonObject] = {
    "currency": "CNY",
    "price": "100.00",
    "support_seed": 7,
    "support_size": 200,
    "tables": [
        {"name": "cities", "columns": [{"name": "city", "type": "text", "key": True}, {"name": "people", "type": "number"}], "csv": _CSV}
    ],
}

QUERY_PRICE: Final = Model(
    key="query",
    version=1,
    name=Text("Price by query", "按查询定价"),
    help=Text(
        "Prices any selection, join, grouping or aggregate over a data set of up to 200,000 cells, so that no set of cheaper queries gives "
        "the answer of a dearer one and nothing is charged twice; the seller states the price of the whole and of chosen views. Row "
        "counts and column names are free. A first quote on a large plan takes about a second, the most and largest queries twenty.",
        "对不超过 20 万单元格的数据集按查询定价，支持筛选、连接、分组与聚合："
        "任何便宜查询的组合都不能得到更贵查询的答案，已购信息不重复收费；"
        "卖方设定整体及指定视图的价格。行数与列名免费。数据量大时首次报价约需一秒，查询最多且最大时约需二十秒。",
    ),
    params_schema=shapes.record(
        ("Price by query", "按查询定价"),
        {
            "currency": shapes.CURRENCY,
            "price": shapes.amount(("Price of the whole data set", "整个数据集的价格")),
            "tables": shapes.array(("Tables", "表"), _TABLE, least=1, most=MAX_TABLES),
            "price_points": {
                **shapes.array(
                    ("Views with a stated price", "指定价格的视图"),
                    shapes.record(
                        ("Price point", "价格点"),
                        {"query": QUERY, "price": shapes.amount(("Price", "价格"))},
                        required=["query", "price"],
                    ),
                    least=0,
                    most=MAX_POINTS,
                ),
                "default": [],
            },
            "support_seed": shapes.integer(("Seed of the support", "支持集种子"), least=0, most=SAFE_INTEGER),
            "support_size": shapes.integer(("Elements of the support", "支持集大小"), least=10, most=MAX_SUPPORT, default=1_000),
        },
        required=["currency", "price", "tables", "support_seed"],
    ),
    operations={
        Verb.QUOTE: Operation(
            shapes.record(
                ("Queries", "查询"),
                {
                    "queries": shapes.array(("Queries to buy", "购买的查询"), QUERY, least=1, most=MAX_QUERIES),
                    "history": {**shapes.array(("Bought before", "已购查询"), QUERY, least=0, most=MAX_HISTORY), "default": []},
                },
                required=["queries"],
            ),
            _quote,
        )
    },
    sentences={
        "QUERY": (
            "Query {query}: rules out {elements} of the neighbouring databases, {new} of them anew",
            "查询 {query}：排除 {elements} 个邻近数据库，其中 {new} 个为新增",
        ),
    },
    examples=(
        Example(
            title=Text("The whole table costs the stated price", "整张表按设定价格"),
            verb=Verb.QUOTE,
            params=_EXAMPLE,
            inputs={"queries": [{"from": "cities"}]},
            amount_minor=10_000,
        ),
        Example(
            title=Text("The largest number after all names were bought", "已购全部城市名后查询最大值"),
            verb=Verb.QUOTE,
            params={**_EXAMPLE, "price_points": [{"query": {"from": "cities", "select": ["cities.city"]}, "price": "20.00"}]},
            inputs={
                "queries": [{"from": "cities", "aggregates": [{"function": "max", "column": "cities.people"}]}],
                "history": [{"from": "cities", "select": ["cities.city"]}],
            },
            amount_minor=1_227,
        ),
    ),
    check_params=plan_of,
)

"""The query price: a question to data costs what its answer rules out, so no set of cheaper questions gives the answer of a dearer one.

The plan holds the tables themselves, as CSV, because a quote must be replayed from the plan and the inputs alone; so the model is for data
sets of up to 200,000 cells. From the plan's seed a support of neighbouring databases is drawn before any query is seen. A query's conflict
set C is those whose answer differs; its price is the sum of their weights, a monotone and subadditive function of C. If one answer
determines another, the second's conflict set lies within the first's, so its price is not above it.

* Uniform coverage: each element weighs price / size, so the whole data set costs the stated price.
* Weighted coverage, with price points: weights under which each named view, and the whole, cost exactly what the seller states.
* What earlier answers ruled out is not charged again. A quote states it; the market puts it into the same buyer's next one.

Prices are rounded up to the minor unit on the running total: rounding up keeps them monotone and subadditive, and charges over any order of
queries, each after all before it, sum to the price of all of them. Quotes that are open at the same time build on one record, so
of several each can be up to a minor unit below what it would be after the others. The entropy prices of the literature are left out:
log|C| / log|S| is not subadditive, as two conflict sets of one element cost nothing and their union something.

Two things that the method does not do. An answer that no element changes costs nothing, and an element changes one or two cells: of a
table with many more cells than elements most single cells are free. And a price depends on the data, so that many prices tell about them:
the price of counting the rows of one person with one illness differs with whether there is such a row. Parameters without the CSV and the
seed of the support are what a buyer reads; a quote names no element but one, by table and column only.

Source: Deep, Koutris, The Design of Arbitrage-Free Data Pricing Schemes, ICDT 2017; QIRANA, SIGMOD 2017.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from operator import or_
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from pricing.engines import shapes
from pricing.engines.checkers import information
from pricing.engines.errors import InputError
from pricing.engines.information.algebra import QUERY, read_query
from pricing.engines.information.conflicts import Bits, conflicts
from pricing.engines.information.relations import Database, Ref, Work, read_database
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


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan made ready: its data, its support, and the weight of an element of each class in exact minor units."""

    unit: Currency
    database: Database
    support: Support
    classes: NDArray[np.int64]
    weights: tuple[Fraction, ...]
    points: int

    def conflicts(self, query: JsonObject, field: str, work: Work | None = None) -> Bits:
        """Return which elements of the support the answer to a query rules out."""
        return conflicts(self.database, read_query(self.database, query, field), self.support, field, work)

    def price(self, bits: Bits) -> Fraction:
        """Return the exact price of ruling out these elements, in minor units."""
        counts = np.bincount(self.classes[bits], minlength=len(self.weights))
        return sum((weight * int(count) for weight, count in zip(self.weights, counts, strict=True) if count), Fraction(0))


def plan_of(params: JsonObject) -> Plan:
    """Return a validated plan made ready.

    Raises:
        InputError: as ``read_database`` and ``read_query``; COLUMN_FREE, PRICE_POINTS_CONFLICT.
    """
    unit = currency(cast("str", params["currency"]))
    database = read_database(cast("Sequence[JsonObject]", params["tables"]), "params.tables")
    support = draw_support(database, cast("int", params["support_seed"]), cast("int", params["support_size"]))
    _require_priced(database, support)
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


def _require_priced(database: Database, support: Support) -> None:
    """Refuse a support that leaves a column unchanged throughout, since that whole column would then be free."""
    changed = {support.columns[place] for place in np.unique(support.column).tolist()}
    for table in database.tables.values():
        for column in table.columns:
            if Ref(table.name, column) not in changed:
                raise InputError("COLUMN_FREE", "params.support_size", column=f"{table.name}.{column}")


def _points(params: JsonObject, unit: Currency, database: Database, support: Support) -> Iterator[tuple[Bits, Fraction]]:
    work = Work()
    for index, point in enumerate(cast("Sequence[JsonObject]", params["price_points"])):
        field = f"params.price_points.{index}"
        price = read_amount(point["price"], unit, f"{field}.price") * unit.scale
        query = read_query(database, cast("JsonObject", point["query"]), f"{field}.query")
        yield conflicts(database, query, support, f"{field}.query", work), price


def _quote(call: Call) -> Answer:
    plan, work = cast("Plan", call.plan), Work()
    known = _recorded(plan, cast("str", call.inputs["known"]))
    claims = _claims(plan, known)
    lines: list[Line] = []
    told: list[Json] = []
    for index, query in enumerate(cast("Sequence[JsonObject]", call.inputs["queries"])):
        bits = plan.conflicts(query, f"inputs.queries.{index}", work)
        lines.append(_line(plan, index, known, bits))
        told.append(_told(plan, bits))
        known = known | bits
    extras: JsonObject = {"support_size": plan.support.size, "queries": told, "ruled_out": np.packbits(known).tobytes().hex()}
    return Answer(plan.unit, tuple(lines), claims, extras)


def _recorded(plan: Plan, ruled_out: str) -> Bits:
    """Return the elements that earlier answers ruled out, from the words of their quotes.

    Raises:
        InputError: BAD_FORMAT, for words about another support.
    """
    if not ruled_out:
        return np.zeros(plan.support.size, dtype=np.bool_)
    packed = np.frombuffer(bytes.fromhex(ruled_out), dtype=np.uint8)
    bits = np.unpackbits(packed, count=plan.support.size).astype(np.bool_)
    if np.packbits(bits).tobytes() != packed.tobytes():
        raise InputError("BAD_FORMAT", "inputs.known")
    return bits


def _bought(earlier: Sequence[JsonObject]) -> JsonObject:
    """Return what earlier quotes by the plan ruled out together."""
    told = [bytes.fromhex(cast("str", extras["ruled_out"])) for extras in earlier]
    together = reduce(or_, (int.from_bytes(each) for each in told), 0)
    return {"known": together.to_bytes(len(told[0])).hex() if told else ""}


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


def _claims(plan: Plan, known: Bits) -> tuple[Claim, ...]:
    """Return what holds of every quote after what is known.

    Where that costs a part of a minor unit, the whole one was paid, and each of several quotes could use up the same rest of it.
    """
    proven = [information.BUNDLE_MONOTONE, information.INFORMATION_MONOTONE, information.NEVER_CHARGED_TWICE]
    if plan.price(known).denominator == 1:
        proven.append(information.BUNDLE_SUBADDITIVE)
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
        "Prices any selection, join, grouping or aggregate over a data set of up to 200,000 cells, so that no set of queries from which an "
        "answer follows costs less than that answer, and nothing is charged twice; the seller states the price of the whole and of chosen "
        "views. Row counts and column names are free, and so is what none of up to 2,000 slightly changed copies of the data would answer "
        "otherwise, as most single cells of a large table: a least amount charges for it. Prices depend on the data: many of them tell "
        "something about it. To read a large plan takes about a second, to answer the largest question another.",
        "对不超过 20 万单元格的数据集按查询定价，支持筛选、连接、分组与聚合："
        "凡能推出某答案的查询组合，其价格不低于该答案；已购信息不重复收费；"
        "卖方设定整体及指定视图的价格。行数与列名免费；在至多 2000 个略作改动的数据副本上答案均不变的查询"
        "（如大表中的多数单个单元格）也免费，可设最低收费。价格取决于数据，大量询价会透露部分信息。"
        "读取大型方案约需一秒，最大的询价再需约一秒。",
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
            "support_seed": shapes.private(shapes.integer(("Seed of the support", "支持集种子"), least=0, most=SAFE_INTEGER)),
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
                    "known": {
                        **shapes.text(
                            ("What was bought before, from the market's record", "已购信息（取自市场记录）"),
                            pattern=r"^([0-9a-f]{2})*$",
                            longest=MAX_SUPPORT // 4,
                        ),
                        "default": "",
                    },
                },
                required=["queries"],
            ),
            _quote,
            remember=_bought,
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
                "known": "df0de3750314fab9bb5858f6b0000000000000000000000000",
            },
            amount_minor=1_278,
        ),
    ),
    check_params=plan_of,
)

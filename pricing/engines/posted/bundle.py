"""The bundle: whether several goods earn more sold apart, only together, or both ways, and at which prices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, cast

import numpy as np

from pricing.engines import shapes
from pricing.engines.checkers import posted
from pricing.engines.errors import InputError
from pricing.engines.model import Answer, Call, Example, Model, Operation, Progress, Text, Verb
from pricing.engines.posted import bundling
from pricing.engines.posted.bundling import Ints, Sale
from pricing.engines.result import Claim, Entry, Standing, rounded, shown
from pricing.engines.shapes import Json, JsonObject, Schema
from pricing.engines.validate import read_amount
from pricing.money import Currency, Money, currency

MAX_GOODS: Final = 12
MAX_UNIFORM: Final = 100
MAX_ROWS: Final = 1_000
MAX_COUNT: Final = 1_000
MAX_BUYERS: Final = 10**9
PAIR: Final = 2
BOTH: Final = "bundle"


@dataclass(frozen=True, slots=True)
class Plan:
    """One way to sell: by offer its name, its sale and the cost of one copy, in minor units; and what all earn."""

    way: str
    offers: tuple[tuple[str, Sale, int], ...]

    @property
    def gain(self) -> int:
        """What the offers earn beyond cost, in minor units."""
        return sum(sale.gain for _, sale, _ in self.offers)


def _optimise(call: Call) -> Answer:
    """Return what the best way to sell earns beyond costs; of equal ones the simplest."""
    unit = currency(cast("str", call.params["currency"]))
    market = cast("JsonObject", call.inputs["market"])
    return _uniform(market, unit) if market["kind"] == "uniform" else _observed(market, unit, call.progress)


def _observed(market: JsonObject, unit: Currency, progress: Progress) -> Answer:
    goods = cast("Sequence[JsonObject]", market["goods"])
    names = _names(goods)
    costs = np.array([_minor(row["cost"], unit, f"inputs.market.goods.{index}.cost") for index, row in enumerate(goods)])
    values, buyers = _values(market, unit, len(names))
    together = bundling.pure(values, buyers, costs)
    plans = [
        Plan("separate", tuple(zip(names, bundling.separate(values, buyers, costs), costs.tolist(), strict=True))),
        Plan("pure", ((BOTH, together, int(costs.sum())),)),
    ]
    claims = [_alone(plan, columns, buyers) for plan, columns in zip(plans, (values, values.sum(axis=1)[:, None]), strict=True)]
    if len(names) == PAIR:
        plan, claim = _mixed(values, buyers, costs, names, progress)
        plans.append(plan)
        claims.append(claim)
    best = max(range(len(plans)), key=lambda index: (plans[index].gain, -index))
    if plans[best].gain <= 0:
        raise InputError("NO_GAIN", "inputs.market")
    told: JsonObject = {"best": plans[best].way, "ways": {plan.way: _way(plan, unit) for plan in plans}}
    return Answer(unit, rounded(_entries(plans[best], unit), unit), (claims[best],), told)


def _names(goods: Sequence[JsonObject]) -> list[str]:
    names = [cast("str", row["name"]) for row in goods]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise InputError("DUPLICATE", f"inputs.market.goods.{index}.name")
    return names


def _minor(value: Json, unit: Currency, field: str) -> int:
    return int(read_amount(value, unit, field) * unit.scale)


def _values(market: JsonObject, unit: Currency, goods: int) -> tuple[Ints, Ints]:
    """Return the value matrix, shape (rows, goods), and how many buyers each row stands for."""
    rows = cast("Sequence[JsonObject]", market["buyers"])
    values = []
    for index, row in enumerate(rows):
        given, field = cast("Sequence[Json]", row["values"]), f"inputs.market.buyers.{index}.values"
        if len(given) != goods:
            raise InputError("WRONG_LENGTH", field, expected=goods)
        values.append([_minor(value, unit, f"{field}.{at}") for at, value in enumerate(given)])
    return np.array(values, dtype=np.int64), np.array([cast("int", row["count"]) for row in rows], dtype=np.int64)


def _alone(plan: Plan, columns: Ints, buyers: Ints) -> Claim:
    """Check each price of a plan whose offers do not compete, against every value that a buyer has."""
    for at, (_, sale, cost) in enumerate(plan.offers):
        column = columns[:, at]

        def gain(price: int, column: Ints = column, cost: int = cost) -> int:
            return int(buyers[column >= price].sum()) * (price - cost)

        found = posted.best_price(gain, np.unique(column).tolist(), sale.price)
        if found is not None:
            return _claim(found)
    return _claim(None)


def _mixed(values: Ints, buyers: Ints, costs: Ints, names: Sequence[str], progress: Progress) -> tuple[Plan, Claim]:
    """Find prices of both goods and their bundle, and check each price against every value that a buyer has, the others staying."""
    pair = bundling.Pair.of(values, buyers, costs)
    found = bundling.mixed(values, buyers, costs, progress)
    sales = [
        Sale(price, sold, sold * (price - cost)) for price, sold, cost in zip(found.prices, found.sold, pair.costs.tolist(), strict=True)
    ]
    plan = Plan("mixed", tuple(zip((*names, BOTH), sales, pair.costs.tolist(), strict=True)))
    for at in range(3):

        def gain(price: int, at: int = at) -> int:
            moved = np.array(found.prices)
            moved[at] = price
            moved[2] = min(moved[2], moved[0] + moved[1])  # else buyers take the parts
            return pair.outcome(moved).gain

        witness = posted.best_price(gain, np.unique(pair.values[:, at]).tolist(), found.prices[at])
        if witness is not None:
            return plan, _claim(witness)
    return plan, _claim(None, others="stay")


def _claim(witness: Mapping[str, int | str] | None, **words: str) -> Claim:
    if witness is None:
        return Claim(posted.BEST_PRICE, Standing.CHECKED, {"candidates": "values of the buyers", **words})
    return Claim(posted.BEST_PRICE, Standing.NOT_HELD, {key: str(value) for key, value in witness.items()})


def _entries(plan: Plan, unit: Currency) -> list[Entry]:
    entries: list[Entry] = []
    for name, sale, cost in plan.offers:
        if sale.sold:
            entries.append(Entry("SALES", {"offer": name}, Fraction(sale.sold), Fraction(sale.price, unit.scale)))
            if cost:
                entries.append(Entry("COPIES", {"offer": name}, Fraction(sale.sold), Fraction(-cost, unit.scale)))
    return entries


def _way(plan: Plan, unit: Currency) -> JsonObject:
    """Return a way to sell as JSON; an offer that nobody takes has no price."""
    return {
        "gain_minor": str(plan.gain),
        "offers": [
            {"offer": name, "price": Money(sale.price, unit).format() if sale.sold else None, "sold": sale.sold}
            for name, sale, _ in plan.offers
        ],
    }


def _uniform(market: JsonObject, unit: Currency) -> Answer:
    """Return the revenue of a bundle of goods whose values are independent and uniform from zero to the highest."""
    goods, highest = cast("int", market["goods"]), _minor(market["highest"], unit, "inputs.market.highest")
    if not highest:
        raise InputError("NO_GAIN", "inputs.market")
    best, per_good = bundling.uniform_bundle(goods)

    def share(price: int) -> float:
        return float(bundling.uniform_sum_above(goods, Fraction(price, highest)))

    floor = int(best * highest)
    price = max((floor, floor + 1), key=lambda minor: (minor * share(minor), -minor))
    sold = cast("int", market["count"]) * Fraction(shown(share(price)))
    entry = Entry("SALES", {"offer": BOTH}, sold, Fraction(price, unit.scale))
    told: JsonObject = {
        "best": "pure",
        "price": Money(price, unit).format(),
        "revenue_per_good": {"bundled": shown(per_good), "alone": shown(0.25), "mean_value": shown(0.5)},
    }
    others = {step * goods * highest // 200 for step in range(201)}
    found = posted.best_price(lambda minor: minor * share(minor), sorted(others), price, 1e-9 * max(price, 1))
    claim = Claim(posted.BEST_PRICE, Standing.CHECKED, {"candidates": f"{len(others)} prices"}) if found is None else _claim(found)
    return Answer(unit, rounded([entry], unit), (claim,), told)


_AMOUNT: Final = shapes.decimal(("Amount", "金额"), digits=8, decimals=3)


def _named(title: tuple[str, str]) -> Schema:
    return {**_AMOUNT, "title": title[0], "x-title-zh": title[1]}


_MARKET: Final = shapes.one_of(
    ("Market", "市场"),
    "kind",
    [
        shapes.record(
            ("What each buyer would pay", "各买方的愿付金额"),
            {
                "kind": shapes.constant("observed", ("Observed", "观察")),
                "goods": shapes.array(
                    ("Goods", "产品"),
                    shapes.record(
                        ("Good", "产品"),
                        {
                            "name": shapes.text(("Name", "名称"), pattern=r"^[A-Za-z0-9_.:-]+$", longest=64),
                            "cost": {**_named(("Cost of one copy", "每份成本")), "default": "0"},
                        },
                        required=["name"],
                    ),
                    least=2,
                    most=MAX_GOODS,
                ),
                "buyers": shapes.array(
                    ("Buyers", "买方"),
                    shapes.record(
                        ("Buyer", "买方"),
                        {
                            "count": shapes.integer(("Buyers like this", "同类买方数量"), least=1, most=MAX_COUNT, default=1),
                            "values": shapes.array(("Worth of each good", "各产品估值"), _AMOUNT, least=2, most=MAX_GOODS),
                        },
                        required=["values"],
                    ),
                    least=1,
                    most=MAX_ROWS,
                ),
            },
            required=["kind", "goods", "buyers"],
        ),
        shapes.record(
            ("Many goods, values independent and uniform", "多种产品，估值独立均匀分布"),
            {
                "kind": shapes.constant("uniform", ("Uniform", "均匀分布")),
                "goods": shapes.integer(("Goods", "产品数量"), least=1, most=MAX_UNIFORM),
                "highest": _named(("Highest value of a good", "单个产品的最高估值")),
                "count": shapes.integer(("Buyers", "买方数量"), least=1, most=MAX_BUYERS),
            },
            required=["kind", "goods", "highest", "count"],
        ),
    ],
)
_PLAIN: Final[JsonObject] = {"currency": "CNY"}

BUNDLE: Final = Model(
    key="bundle",
    version=1,
    name=Text("Bundle", "捆绑定价"),
    help=Text(
        "Compares selling goods apart, only together, and, for two goods, both ways; a bundle is worth the sum of its goods. Separate and "
        "pure prices are exact; mixed prices are found by search, and no single one of them can be bettered.",
        "比较分别销售、纯捆绑以及（两种产品时）混合捆绑；组合估值为各产品估值之和。分别与纯捆绑价格精确求解；"
        "混合价格经搜索得出，单独改变任一价格不会更优。",
    ),
    params_schema=shapes.record(("Bundle", "捆绑定价"), {"currency": shapes.CURRENCY}, required=["currency"]),
    operations={Verb.OPTIMISE: Operation(shapes.record(("Market", "市场"), {"market": _MARKET}, required=["market"]), _optimise)},
    sentences={
        "SALES": ("Expected sales of {offer}", "{offer} 的预期销售"),
        "COPIES": ("Cost of {offer}", "{offer} 的成本"),
    },
    examples=(
        Example(
            title=Text("Opposite tastes: the bundle takes all", "偏好相反：捆绑获取全部"),
            verb=Verb.OPTIMISE,
            params=_PLAIN,
            inputs={
                "market": {
                    "kind": "observed",
                    "goods": [{"name": "maps"}, {"name": "counts"}],
                    "buyers": [{"values": ["90", "10"]}, {"values": ["50", "50"]}, {"values": ["10", "90"]}],
                }
            },
            amount_minor=30_000,
        ),
        Example(
            title=Text("Two goods, values uniform up to 1,000: bundle at the root of 2/3", "两种产品，估值均匀分布"),
            verb=Verb.OPTIMISE,
            params=_PLAIN,
            inputs={"market": {"kind": "uniform", "goods": 2, "highest": "1000", "count": 1000}},
            amount_minor=54_433_105,
        ),
    ),
)

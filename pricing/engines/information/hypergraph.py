"""The bundle seller: what buyers would pay for overlapping bundles in, the best of six arbitrage-free ways to price them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final, cast

from pricing.engines import shapes
from pricing.engines.checkers import information
from pricing.engines.errors import InputError
from pricing.engines.information.bundles import PARTS, Market, Outcome, best_outcome, every_outcome
from pricing.engines.model import Answer, Call, Example, Model, Operation, Text, Verb
from pricing.engines.result import Claim, Line, Standing, exact_text, shown
from pricing.engines.shapes import JsonObject
from pricing.engines.validate import read_amount
from pricing.money import Currency, currency

MAX_BUNDLES: Final = 500
MAX_IN_BUNDLE: Final = 5_000
MAX_INCIDENCES: Final = 20_000
MAX_ITEM: Final = 1_000_000
_VALUE_DIGITS: Final = 8


def market_of(inputs: JsonObject, unit: Currency) -> Market:
    """Return the market that validated inputs describe.

    Raises:
        InputError: DUPLICATE (an item twice in a bundle), TOO_MANY (items in all), OVER_PRECISE.
    """
    rows = cast("Sequence[JsonObject]", inputs["bundles"])
    bundles = [cast("Sequence[int]", row["items"]) for row in rows]
    for index, bundle in enumerate(bundles):
        if len(set(bundle)) < len(bundle):
            raise InputError("DUPLICATE", f"inputs.bundles.{index}.items")
    if sum(map(len, bundles)) > MAX_INCIDENCES:
        raise InputError("TOO_MANY", "inputs.bundles", limit=MAX_INCIDENCES)
    values = [int(read_amount(row["value"], unit, f"inputs.bundles.{index}.value") * unit.scale) for index, row in enumerate(rows)]
    return Market.of(bundles, values)


def _optimise(call: Call) -> Answer:
    unit = currency(cast("str", call.params["currency"]))
    market = market_of(call.inputs, unit)
    outcomes = every_outcome(market, call.progress)
    best = best_outcome(outcomes)
    each = Fraction(best.revenue, best.buyers * unit.scale) if best.buyers else Fraction(0)
    line = Line("SOLD", {"method": best.name, "buyers": str(best.buyers)}, Fraction(best.buyers), each, best.revenue)
    claims = (Claim(information.BUNDLE_MONOTONE, Standing.PROVEN), Claim(information.BUNDLE_SUBADDITIVE, Standing.PROVEN))
    return Answer(unit, (line,), claims, _told(unit, market, outcomes, best))


def _told(unit: Currency, market: Market, outcomes: Sequence[Outcome], best: Outcome) -> JsonObject:
    whole = int(market.values.sum())
    return {
        "best": best.name,
        "flat_price": exact_text(Fraction(best.pricing.flat, unit.scale)),
        "item_prices": [_item_prices(unit, prices) for prices in best.pricing.items],
        "classes": len(market.classes),
        "sum_of_values_minor": str(whole),
        "methods": [
            {
                "method": outcome.name,
                "revenue_minor": str(outcome.revenue),
                "buyers": outcome.buyers,
                "part_of_values": shown(outcome.revenue / whole if whole else 0.0),
            }
            for outcome in outcomes
        ],
    }


def _item_prices(unit: Currency, prices: Mapping[int, int]) -> JsonObject:
    return {str(item): exact_text(Fraction(parts, PARTS * unit.scale)) for item, parts in sorted(prices.items())}


HYPERGRAPH: Final = Model(
    key="hypergraph",
    version=1,
    name=Text("Bundle prices", "组合定价"),
    help=Text(
        "From what single-minded buyers would pay for overlapping bundles of views or data sets, finds prices by six methods (flat, "
        "uniform item, layering, linear programmes, capacities, greater of two) and returns the best. All are monotone and "
        "subadditive, the price of a bundle being rounded up. Advice: item prices come from a floating-point solver, revenue from "
        "integers; the largest inputs take about ten seconds.",
        "根据买方对相互重叠组合的支付意愿，用六种方法（统一价、单项统一价、分层、线性规划、容量、两者取大）求价并返回最优者；"
        "结果均单调且次可加（组合价格向上取整）。属建议性结果：单项价格由浮点求解器给出，收入按整数计算；最大规模约需 10 秒。",
    ),
    params_schema=shapes.record(("Bundle prices", "组合定价"), {"currency": shapes.CURRENCY}, required=["currency"]),
    operations={
        Verb.OPTIMISE: Operation(
            shapes.record(
                ("Demand", "需求"),
                {
                    "bundles": shapes.array(
                        ("Bundles wanted", "需求组合"),
                        shapes.record(
                            ("Buyer", "买方"),
                            {
                                "items": shapes.array(
                                    ("Items", "单项"),
                                    shapes.integer(("Item", "单项"), least=0, most=MAX_ITEM),
                                    least=1,
                                    most=MAX_IN_BUNDLE,
                                ),
                                "value": shapes.decimal(("What the buyer would pay", "支付意愿"), digits=_VALUE_DIGITS, decimals=3),
                            },
                            required=["items", "value"],
                        ),
                        least=1,
                        most=MAX_BUNDLES,
                    )
                },
                required=["bundles"],
            ),
            _optimise,
        )
    },
    sentences={"SOLD": ("{buyers} buyers at the prices of {method}", "按 {method} 的价格成交 {buyers} 位买方")},
    examples=(
        Example(
            title=Text("Two single items and both together", "两个单项及其组合"),
            verb=Verb.OPTIMISE,
            params={"currency": "CNY"},
            inputs={"bundles": [{"items": [1], "value": "3.00"}, {"items": [2], "value": "5.00"}, {"items": [1, 2], "value": "8.00"}]},
            amount_minor=1_600,
        ),
    ),
)

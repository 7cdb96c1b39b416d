"""The noisy model: one trained model sold at any precision, on a curve that no averaging of cheap noisy copies can undercut."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final, cast

from pricing.engines import shapes
from pricing.engines.checkers import information
from pricing.engines.errors import InputError
from pricing.engines.information.noise_curve import (
    Anchor,
    Segment,
    best_constant,
    best_linear,
    curve_at,
    exact_optimum,
    relaxed_optimum,
    revenue,
)
from pricing.engines.model import Answer, Call, Example, Model, Operation, Text, Verb
from pricing.engines.result import Claim, Entry, Line, Standing, exact_text, rounded
from pricing.engines.shapes import Json, JsonObject
from pricing.engines.validate import exact, read_amount
from pricing.money import Currency, currency

MAX_POINTS: Final = 150
MAX_WEIGHT: Final = 1_000_000
PROVEN: Final = (Claim(information.NOISE_MONOTONE, Standing.PROVEN), Claim(information.NOISE_SUBADDITIVE, Standing.PROVEN))


def anchors_of(params: JsonObject) -> tuple[Anchor, ...]:
    """Return the published curve, with its precisions rising.

    Raises:
        InputError: TOO_SMALL (a precision of zero, or not above the one before), OVER_PRECISE.
    """
    unit = currency(cast("str", params["currency"]))
    rows = cast("Sequence[JsonObject]", params.get("curve", []))
    precisions = _rising(rows, "params.curve")
    return tuple(
        Anchor(precision, _minor(row["price"], unit, f"params.curve.{index}.price"))
        for index, (row, precision) in enumerate(zip(rows, precisions, strict=True))
    )


def price_minor(anchors: Sequence[Anchor], precision: Fraction) -> int:
    """Return the price in whole minor units, rounded up: rounding up keeps a monotone, subadditive price so, to half even would not."""
    return -((-curve_at(anchors, precision)) // 1)


def _quote(call: Call) -> Answer:
    unit = currency(cast("str", call.params["currency"]))
    anchors = anchors_of(call.params)
    if not anchors:
        raise InputError("REQUIRED", "params.curve")
    precision = _positive(call.inputs["precision"], "inputs.precision")
    price = curve_at(anchors, precision)
    words = {"precision": exact_text(precision), "variance": exact_text(1 / precision)}
    line = Line("PRECISION", words, Fraction(1), price / unit.scale, price_minor(anchors, precision))
    return Answer(unit, (line,), PROVEN)


def _optimise(call: Call) -> Answer:
    """Return the expected revenue of one buyer drawn from the segments, under the best curve of the relaxed class."""
    unit = currency(cast("str", call.params["currency"]))
    segments = _segments(call.inputs, unit)
    anchors = relaxed_optimum(segments)
    prices = [curve_at(anchors, each.precision) for each in segments]
    buyers = sum(each.weight for each in segments)
    entries = [
        Entry(
            "SERVED" if price <= each.value else "NOT_SERVED",
            {"precision": exact_text(each.precision), "price": exact_text(price / unit.scale)},
            Fraction(each.weight if price <= each.value else 0, buyers),
            price / unit.scale,
        )
        for each, price in zip(segments, prices, strict=True)
    ]
    return Answer(unit, rounded(entries, unit), PROVEN, _compared(unit, segments, anchors, prices))


def _compared(unit: Currency, segments: Sequence[Segment], anchors: Sequence[Anchor], prices: Sequence[Fraction]) -> JsonObject:
    """Return the curve to publish, as the plan's own parameter, and what simpler and dearer ways of pricing would earn."""
    buyers = sum(each.weight for each in segments)
    best = exact_optimum(segments)

    def shown(minor: Fraction) -> str:
        return exact_text(minor / unit.scale)

    return {
        "curve": [{"precision": exact_text(anchor.precision), "price": shown(Fraction(anchor.price))} for anchor in anchors],
        "prices": [shown(price) for price in prices],
        "expected_revenue": shown(revenue(segments, prices) / buyers),
        "best_linear": shown(best_linear(segments) / buyers),
        "best_constant": shown(best_constant(segments) / buyers),
        "every_value_paid": shown(Fraction(sum(each.weight * each.value for each in segments), buyers)),
        "subadditive_optimum": None
        if best is None
        else {"expected_revenue": shown(best[0] / buyers), "prices": [shown(Fraction(price)) for price in best[1]]},
    }


def _segments(inputs: JsonObject, unit: Currency) -> list[Segment]:
    rows = cast("Sequence[JsonObject]", inputs["segments"])
    return [
        Segment(precision, _minor(row["value"], unit, f"inputs.segments.{index}.value"), cast("int", row["weight"]))
        for index, (row, precision) in enumerate(zip(rows, _rising(rows, "inputs.segments"), strict=True))
    ]


def _rising(rows: Sequence[JsonObject], field: str) -> list[Fraction]:
    precisions: list[Fraction] = []
    for index, row in enumerate(rows):
        precision = _positive(row["precision"], f"{field}.{index}.precision")
        if precisions and precision <= precisions[-1]:
            raise InputError("NOT_RISING", f"{field}.{index}.precision")
        precisions.append(precision)
    return precisions


def _positive(value: Json, field: str) -> Fraction:
    number = exact(value)
    if number <= 0:
        raise InputError("NOT_POSITIVE", field)
    return number


def _minor(value: Json, unit: Currency, field: str) -> int:
    return int(read_amount(value, unit, field) * unit.scale)


_PRECISION: Final = shapes.quantity(("Precision: one over the variance of the noise", "精度：噪声方差的倒数"))
_MONEY_DIGITS: Final = 12  # the exact optimum adds a thousand of them in 64 bits


def _money(title: tuple[str, str]) -> shapes.Schema:
    return shapes.decimal(title, digits=_MONEY_DIGITS, decimals=3)


MODEL_NOISE: Final = Model(
    key="model_noise",
    version=1,
    name=Text("Model with noise", "含噪模型定价"),
    help=Text(
        "Sells one trained model with as much Gaussian noise as the buyer's budget asks for; optimise finds the curve from what buyers of "
        "each precision would pay. Assumes independent noise in each release; the curve earns at least half of what any "
        "arbitrage-free curve could, and for up to ten segments that optimum is shown beside it.",
        "同一模型按买方预算加入高斯噪声出售；优化功能根据各精度买方的支付意愿求定价曲线。前提是每次发布的噪声相互独立；"
        "所得曲线收入不低于任何无套利曲线的一半，买方类别不超过十种时同时给出真正的最优值。",
    ),
    params_schema=shapes.record(
        ("Model with noise", "含噪模型定价"),
        {
            "currency": shapes.CURRENCY,
            "curve": shapes.array(
                ("Published curve", "公布的价格曲线"),
                shapes.record(
                    ("Point", "价格点"),
                    {"precision": _PRECISION, "price": _money(("Most that this precision costs", "该精度的最高价格"))},
                    required=["precision", "price"],
                ),
                least=1,
                most=MAX_POINTS,
            ),
        },
        required=["currency"],
    ),
    operations={
        Verb.QUOTE: Operation(shapes.record(("Release", "发布"), {"precision": _PRECISION}, required=["precision"]), _quote),
        Verb.OPTIMISE: Operation(
            shapes.record(
                ("Demand", "需求"),
                {
                    "segments": shapes.array(
                        ("Buyers by precision, rising", "按精度升序排列的买方"),
                        shapes.record(
                            ("Segment", "买方类别"),
                            {
                                "precision": _PRECISION,
                                "value": _money(("What such a buyer would pay", "此类买方的支付意愿")),
                                "weight": shapes.integer(("How many there are", "数量"), least=1, most=MAX_WEIGHT, default=1),
                            },
                            required=["precision", "value"],
                        ),
                        least=1,
                        most=MAX_POINTS,
                    )
                },
                required=["segments"],
            ),
            _optimise,
        ),
    },
    sentences={
        "PRECISION": ("Model at precision {precision} (variance {variance})", "精度 {precision} 的模型（方差 {variance}）"),
        "SERVED": ("Buyers of precision {precision} pay {price}", "精度 {precision} 的买方支付 {price}"),
        "NOT_SERVED": ("Buyers of precision {precision} do not buy at {price}", "精度 {precision} 的买方不接受 {price}"),
    },
    examples=(
        Example(
            title=Text("Four precisions: 193.75 a buyer, where 200 is the most", "四档精度：每位买方 193.75，上限为 200"),
            verb=Verb.OPTIMISE,
            params={"currency": "CNY"},
            inputs={
                "segments": [
                    {"precision": "1", "value": "100"},
                    {"precision": "2", "value": "150"},
                    {"precision": "3", "value": "280"},
                    {"precision": "4", "value": "350"},
                ]
            },
            amount_minor=19_375,
        ),
        Example(
            title=Text("Precision 3 on that curve", "该曲线上精度 3 的价格"),
            verb=Verb.QUOTE,
            params={"currency": "CNY", "curve": [{"precision": "1", "price": "100"}, {"precision": "2", "price": "150"}]},
            inputs={"precision": "3"},
            amount_minor=22_500,
        ),
    ),
    check_params=anchors_of,
)

"""Data valuation: an amount divided among holders by what their training points add to a model that is tested on the buyer's points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final, cast

from pricing.engines.checkers import datum as checkers
from pricing.engines.datum.neighbours import value_by_neighbours
from pricing.engines.datum.plan import DRAWING, INPUTS, PARAMS
from pricing.engines.datum.reading import Given, read_given
from pricing.engines.datum.regressions import value_by_regression
from pricing.engines.datum.valuation import Valuation, totals_of
from pricing.engines.errors import InputError
from pricing.engines.model import Answer, Call, Example, Model, Operation, Text, Verb
from pricing.engines.result import Claim, Line, Standing, shown
from pricing.engines.shapes import JsonObject
from pricing.engines.validate import exact, read_amount
from pricing.money import MAX_WEIGHT_BITS, Currency, currency, split_keyed


def _check_params(params: JsonObject) -> None:
    """Refuse a regression of which nothing but its penalty counts."""
    if "penalty" in params and not exact(params["penalty"]):
        raise InputError("TOO_SMALL", "params.penalty", limit="0.001")


def _split(call: Call) -> Answer:
    """Value the points, add up each holder's, and divide the amount in proportion to what is positive; ties to the smaller key."""
    unit = currency(cast("str", call.params["currency"]))
    amount = read_amount(call.inputs["amount"], unit, "inputs.amount")
    given = read_given(call.inputs)
    valued = _valued(call, given)
    weights = holder_weights(valued.values.numerators, given.holders, each_point=call.params["negative"] == "point")
    total_minor = int(amount * unit.scale)
    shares = split_keyed(total_minor, weights) if any(weights.values()) else dict.fromkeys(sorted(weights), 0)
    rest = total_minor - sum(shares.values())
    claims = (*valued.claims, _efficient(valued), _exact_shares(total_minor, weights, shares, rest))
    totals = totals_of(valued.values.numerators, given.holders)
    worth = {holder: shown(float(Fraction(total, valued.values.denominator))) for holder, total in totals.items()}
    return Answer(unit, _lines(shares, worth, rest, unit), claims, _extras(valued, given, shares, worth, rest))


def _valued(call: Call, given: Given) -> Valuation:
    if cast("str", call.params["method"]).startswith("knn"):
        return value_by_neighbours(call.params, given)
    return value_by_regression(call.params, given, call.seed, call.progress)


def holder_weights(values: Sequence[int], holders: Sequence[str], *, each_point: bool) -> dict[str, int]:
    """Return each holder's weight: the sum of its points' values, where negative points or else a negative sum count as zero.

    Weights longer than money can be split by are cut at the low end, all by the same number of bits: below 2^-3,900 of the whole.

    Args:
        values: numerators over one denominator, in the order of the points.
        holders: of each point.
        each_point: take each point's negative value as zero, instead of each holder's negative sum.
    """
    weights = totals_of([max(value, 0) for value in values] if each_point else values, holders)
    longest = max(weight.bit_length() for weight in weights.values())
    return {holder: max(weight, 0) >> max(longest - MAX_WEIGHT_BITS, 0) for holder, weight in weights.items()}


def _efficient(valued: Valuation) -> Claim:
    """Check whether the values sum to the gain: Shapley's do, those of Banzhaf, Beta Shapley and leave-one-out need not."""
    found = checkers.points_efficient(valued.values.total, valued.gained)
    if found is None:
        return Claim(checkers.POINTS_EFFICIENT, Standing.CHECKED)
    return Claim(checkers.POINTS_EFFICIENT, Standing.NOT_HELD, {name: str(value) for name, value in found.items()})


def _exact_shares(total_minor: int, weights: Mapping[str, int], shares: Mapping[str, int], rest: int) -> Claim:
    found = checkers.value_shares_exact(total_minor, weights, shares, rest)
    if found is not None:
        message = f"datum: a share is not its part of the amount: {dict(found)}"
        raise ValueError(message)
    return Claim(checkers.VALUE_SHARES_EXACT, Standing.CHECKED)


def _lines(shares: Mapping[str, int], worth: Mapping[str, str], rest: int, unit: Currency) -> tuple[Line, ...]:
    lines = [
        Line("SHARE", {"holder": holder, "value": worth[holder]}, Fraction(1), Fraction(minor, unit.scale), minor)
        for holder, minor in shares.items()
    ]
    if rest:
        lines.append(Line("UNDISTRIBUTED", {}, Fraction(1), Fraction(rest, unit.scale), rest))
    return tuple(lines)


def _extras(valued: Valuation, given: Given, shares: Mapping[str, int], worth: Mapping[str, str], rest: int) -> JsonObject:
    columns: dict[str, Sequence[str]] = {"value": [shown(value) for value in valued.values.floats().tolist()], **valued.per_point}
    return {
        **valued.extras,
        "shares": [
            {
                "holder": holder,
                "minor": str(minor),
                "value": worth[holder],
                **{name: each[holder] for name, each in valued.per_holder.items()},
            }
            for holder, minor in shares.items()
        ],
        "undistributed_minor": str(rest),
        "gained": shown(float(valued.gained)),
        "points": [
            {"holder": holder, **{name: column[index] for name, column in columns.items()}} for index, holder in enumerate(given.holders)
        ],
    }


_LINE: Final[Sequence[JsonObject]] = [
    {"holder": "ana", "x": [1], "y": "yes"},
    {"holder": "ana", "x": [4], "y": "no"},
    {"holder": "bo", "x": [2], "y": "yes"},
    {"holder": "cy", "x": [3], "y": "no"},
]

DATUM: Final = Model(
    key="datum",
    version=1,
    name=Text("Value of data points", "数据点价值"),
    help=Text(
        "Divides an amount among the holders of training points by what each point adds to the accuracy of a model on the buyer's test"
        " points. Nearest-neighbour methods are exact; the logistic ones are sampled from the seed (but for leave one out) and state"
        " half-widths, and refuse what would take over some two seconds. Put features on one scale first. Points equally near count in the"
        " order given. None of them withstands copied points: enter each point once.",
        "按各训练数据点对模型在买方测试点上准确率的贡献，在持有方之间分配金额。最近邻方法为精确计算；逻辑回归方法（留一法除外）依种子抽样，"
        "给出半宽，所需计算超过约两秒者不予受理。请先统一特征尺度；距离相同的数据点按所列先后计；各方法均不能抵御重复数据点，"
        "同一数据点只应提交一次。",
    ),
    params_schema=PARAMS,
    operations={Verb.SPLIT: Operation(INPUTS, _split, seeded=lambda params: params["method"] in DRAWING)},
    sentences={
        "SHARE": ("Share of {holder}, whose points are worth {value} of accuracy", "{holder} 的份额，其数据点的准确率价值为 {value}"),
        "UNDISTRIBUTED": ("Not divided, since no points have positive value", "因无正价值的数据点而未分配"),
    },
    examples=(
        Example(
            title=Text("Four points on a line, one test at zero, two neighbours", "直线上四个数据点，一个位于零点的测试点，两个近邻"),
            verb=Verb.SPLIT,
            params={"method": "knn_shapley", "currency": "CNY", "k": 2},
            inputs={"amount": "100.00", "points": _LINE, "tests": [{"x": [0], "y": "yes"}]},
            amount_minor=10_000,
        ),
    ),
    check_params=_check_params,
)

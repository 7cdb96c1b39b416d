"""Reads how quality modifies a value: criteria and their comparisons, how data ages, what scarcity may add; and holds the forms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, cast

from pricing.engines import shapes
from pricing.engines.appraisal.ahp import ACCEPTED_RATIO, MAX_CRITERIA, Judgement, judge, most_contradictory
from pricing.engines.appraisal.report import VALUATION_DATE
from pricing.engines.errors import InputError
from pricing.engines.reading import DAY, KEY, KEY_LONGEST, read_within, refuse_twice
from pricing.engines.result import shown
from pricing.engines.shapes import JsonObject
from pricing.money import Currency, currency

SCALE: Final = Fraction(9)
FULL_SCORE: Final = Fraction(100)
MOST_MULTIPLIER: Final = Fraction(10)

DIMENSIONS: Final[Mapping[str, tuple[str, str]]] = {
    "conformity": ("Conformity", "规范性"),
    "completeness": ("Completeness", "完整性"),
    "accuracy": ("Accuracy", "准确性"),
    "consistency": ("Consistency", "一致性"),
    "timeliness": ("Timeliness", "时效性"),
    "accessibility": ("Accessibility", "可访问性"),
}


@dataclass(frozen=True, slots=True)
class Ageing:
    """How value decays with age: half of it every ``half_life`` days, or at ``rate`` a year continuously; neither: not at all."""

    half_life: Fraction | None = None
    rate: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The parameters of the quality modifier as exact numbers; ``scarcity`` is the least and the most it may multiply by."""

    currency: Currency
    keys: tuple[str, ...]
    dimensions: tuple[str, ...]
    matrix: tuple[tuple[Fraction, ...], ...]
    judgement: Judgement
    reference: Fraction
    ageing: Ageing
    scarcity: tuple[Fraction, Fraction] | None


def read_plan(params: JsonObject) -> Plan:
    """Return validated parameters as a plan.

    Raises:
        InputError: DUPLICATE, WRONG_LENGTH, NOT_RECIPROCAL, INCONSISTENT (the consistency ratio is 0.1 or more), TOO_SMALL, TOO_LARGE,
            LIMITS_CROSSED; names a field under ``params``.
    """
    criteria = cast("Sequence[Mapping[str, str]]", params["criteria"])
    keys = [criterion["key"] for criterion in criteria]
    refuse_twice(keys, "params.criteria", "key")
    matrix = _matrix(cast("Sequence[Sequence[str]]", params["matrix"]), len(keys))
    judgement = judge(matrix)
    if judgement.ratio >= ACCEPTED_RATIO:
        row, column = most_contradictory(matrix, judgement.weights)
        raise InputError("INCONSISTENT", "params.matrix", ratio=shown(float(judgement.ratio)), one=keys[row], other=keys[column])
    return Plan(
        currency=currency(cast("str", params["currency"])),
        keys=tuple(keys),
        dimensions=tuple(criterion["dimension"] for criterion in criteria),
        matrix=matrix,
        judgement=judgement,
        reference=read_within(params["reference_score"], "params.reference_score", least=Fraction(1), most=FULL_SCORE),
        ageing=_ageing(cast("JsonObject", params["ageing"])),
        scarcity=_scarcity(cast("JsonObject | None", params.get("scarcity"))),
    )


def _matrix(rows: Sequence[Sequence[str]], size: int) -> tuple[tuple[Fraction, ...], ...]:
    """Return the comparisons, refusing a matrix of another size, off Saaty's scale, or not reciprocal."""
    if len(rows) != size:
        raise InputError("WRONG_LENGTH", "params.matrix", expected=size)
    matrix: list[tuple[Fraction, ...]] = []
    for row, given in enumerate(rows):
        if len(given) != size:
            raise InputError("WRONG_LENGTH", f"params.matrix.{row}", expected=size)
        matrix.append(tuple(_comparison(text, f"params.matrix.{row}.{column}") for column, text in enumerate(given)))
    for row in range(size):
        for column in range(row + 1):
            if matrix[row][column] * matrix[column][row] != 1:
                raise InputError("NOT_RECIPROCAL", f"params.matrix.{row}.{column}", row=column + 1, column=row + 1)
    return tuple(matrix)


def _comparison(text: str, field: str) -> Fraction:
    value = Fraction(text)
    if value > SCALE:
        raise InputError("TOO_LARGE", field, limit="9")
    if value < 1 / SCALE:
        raise InputError("TOO_SMALL", field, limit="1/9")
    return value


def _ageing(given: JsonObject) -> Ageing:
    if given["kind"] == "half_life":
        return Ageing(half_life=read_within(given["days"], "params.ageing.days", least=Fraction(1), most=Fraction(99_999)))
    if given["kind"] == "exponential":
        return Ageing(rate=Fraction(cast("str", given["rate_per_year"])))
    return Ageing()


def _scarcity(given: JsonObject | None) -> tuple[Fraction, Fraction] | None:
    if given is None:
        return None
    floor, cap = (read_within(given[name], f"params.scarcity.{name}", least=Fraction(0), most=MOST_MULTIPLIER) for name in ("floor", "cap"))
    if cap < floor:
        raise InputError("LIMITS_CROSSED", "params.scarcity.cap")
    return floor, cap


_KEY: Final = shapes.text(("Key", "代号"), pattern=KEY, longest=KEY_LONGEST)
_CRITERION: Final = shapes.record(
    ("Criterion", "指标"),
    {"key": _KEY, "dimension": shapes.choice(("Dimension of GB/T 36344", "GB/T 36344 维度"), list(DIMENSIONS))},
    required=["key", "dimension"],
)
_COMPARISON: Final = shapes.text(
    ("Importance of the row's criterion over the column's, 1/9 to 9", "行指标相对列指标的重要性，1/9 至 9"),
    pattern=r"^[1-9][0-9]{0,2}(/[1-9][0-9]{0,2})?$",
    longest=7,
)
_AGEING: Final = shapes.one_of(
    ("How the value ages", "价值随时间的衰减"),
    "kind",
    [
        shapes.record(("Not at all", "不衰减"), {"kind": shapes.constant("none", ("None", "无"))}, required=["kind"]),
        shapes.record(
            ("Half of it in so many days", "半衰期"),
            {"kind": shapes.constant("half_life", ("Half-life", "半衰期")), "days": shapes.decimal(("Days", "天数"), digits=5, decimals=2)},
            required=["kind", "days"],
        ),
        shapes.record(
            ("At a rate a year, continuously", "连续衰减"),
            {
                "kind": shapes.constant("exponential", ("Exponential", "指数")),
                "rate_per_year": shapes.decimal(("Rate a year of 365 days", "年衰减率（365 天）"), digits=2, decimals=6),
            },
            required=["kind", "rate_per_year"],
        ),
    ],
)
PARAMS: Final = shapes.record(
    ("Quality modifier", "质量调整"),
    {
        "currency": shapes.CURRENCY,
        "criteria": shapes.array(("Criteria", "指标"), _CRITERION, least=1, most=MAX_CRITERIA),
        "matrix": shapes.array(
            ("Pairwise comparisons", "两两比较矩阵"),
            shapes.array(("Row", "行"), _COMPARISON, least=1, most=MAX_CRITERIA),
            least=1,
            most=MAX_CRITERIA,
        ),
        "reference_score": {
            **shapes.decimal(("Score that leaves the value as it is, 1 to 100", "不作调整的基准得分（1 至 100）"), digits=3, decimals=4),
            "default": "100",
        },
        "ageing": {**_AGEING, "default": {"kind": "none"}},
        "scarcity": shapes.record(
            ("Scarcity: 1 + ln(demand / supply), within limits", "稀缺性：1+ln(需求/供给)，设上下限"),
            {
                "floor": {**shapes.decimal(("At least", "下限"), digits=2, decimals=6), "default": "0.5"},
                "cap": {**shapes.decimal(("At most", "上限"), digits=2, decimals=6), "default": "2"},
            },
        ),
    },
    required=["currency", "criteria", "matrix"],
)
INPUTS: Final = shapes.record(
    ("Scores", "评分"),
    {
        "valuation_date": VALUATION_DATE,
        "base_value": shapes.amount(("Value before this adjustment", "调整前价值")),
        "scores": shapes.array(
            ("Scores, one a criterion", "各指标得分"),
            shapes.record(
                ("Score", "得分"),
                {"key": _KEY, "score": shapes.decimal(("Score, 0 to 100", "得分（0 至 100）"), digits=3, decimals=4)},
                required=["key", "score"],
            ),
            least=1,
            most=MAX_CRITERIA,
        ),
        "data_date": shapes.text(("Day of the data", "数据日期"), pattern=DAY, longest=10, kind="date"),
        "demand": shapes.quantity(("Demand", "需求")),
        "supply": shapes.quantity(("Supply", "供给")),
    },
    required=["valuation_date", "base_value", "scores"],
)

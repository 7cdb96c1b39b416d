"""Quality as a modifier: takes a value that another approach found, and adjusts it for quality, freshness and scarcity, a row for each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Final, cast

from pricing.engines.appraisal.ahp import PLACES
from pricing.engines.appraisal.decimals import context, decimal, log
from pricing.engines.appraisal.quality_plan import FULL_SCORE, INPUTS, PARAMS, Ageing, Plan, read_plan
from pricing.engines.appraisal.report import NOT_A_BOOK_VALUE, facts, minor_text, value_lines
from pricing.engines.checkers import appraisal
from pricing.engines.errors import InputError
from pricing.engines.model import Answer, Call, Example, Model, Operation, Text, Verb
from pricing.engines.reading import read_within
from pricing.engines.result import Claim, Entry, Standing, exact_text, shown
from pricing.engines.shapes import JsonObject
from pricing.engines.validate import exact, read_amount

DAYS_A_YEAR: Final = 365
SCORE_STEP: Final = Fraction(10)
_LEAST_QUANTITY: Final = Fraction(1, 10**6)
_LAST_PLACE: Final = Decimal(1).scaleb(-PLACES)


def freshness(ageing: Ageing, days: int) -> Fraction:
    """Return what is left of 1 after so many days: exp(-rate · days/365), or 2^(-days/half-life); 12 decimal places."""
    with localcontext(context()):
        if ageing.half_life is not None:
            exponent = decimal(Fraction(days) / ageing.half_life) * Decimal(2).ln()
        elif ageing.rate is not None:
            exponent = decimal(ageing.rate * days / DAYS_A_YEAR)
        else:
            return Fraction(1)
        return Fraction((-exponent).exp().quantize(_LAST_PLACE))


def scarcity(demand: Fraction, supply: Fraction, floor: Fraction, cap: Fraction) -> Fraction:
    """Return 1 + ln(demand/supply), not below the floor nor above the cap; 12 decimal places. Both quantities are positive."""
    logarithm = Fraction(context().quantize(log(demand / supply), _LAST_PLACE))
    return min(max(1 + logarithm, floor), cap)


def _appraise(call: Call) -> Answer:
    plan = cast("Plan", call.plan)
    unit = plan.currency
    base = read_amount(call.inputs["base_value"], unit, "inputs.base_value")
    scores = _scores(cast("Sequence[Mapping[str, str]]", call.inputs["scores"]), plan.keys)
    index = quality_index(plan.judgement.weights, scores)
    steps: list[Step] = [("QUALITY", {"index": _points(index), "reference": exact_text(plan.reference)}, index / plan.reference)]
    steps += _freshness_step(plan, call.inputs) + _scarcity_step(plan, call.inputs)
    entries, value = [Entry("BASE_VALUE", {}, Fraction(1), base)], base
    point = base / plan.reference * math.prod((factor for _, _, factor in steps[1:]), start=Fraction(1))
    for code, words, factor in steps:
        entries.append(Entry(code, words, factor - 1, value))
        value *= factor
    matrix, judged = plan.matrix, plan.judgement
    extras = {
        **facts("quality", call.inputs, _sensitivity(plan, scores, point)),
        "criteria": _table(plan, scores),
        "consistency": {
            "eigenvalue": shown(float(judged.eigenvalue)),
            "index": shown(float(judged.index)),
            "ratio": shown(float(judged.ratio)),
        },
        "multipliers": {code.lower(): shown(float(factor)) for code, _, factor in steps},
    }
    found = appraisal.ahp_consistent(matrix, judged.weights, judged.ratio)
    claims = (Claim(appraisal.AHP_CONSISTENT, Standing.CHECKED),) if found is None else ()
    return Answer(unit, value_lines(entries, unit), claims, extras)


def quality_index(weights: Sequence[Fraction], scores: Sequence[Fraction]) -> Fraction:
    """Return the weighted score Σ w_i · s_i, from 0 to 100."""
    return sum((weight * score for weight, score in zip(weights, scores, strict=True)), Fraction(0))


def _points(index: Fraction) -> str:
    return exact_text(round(index, 4))


def _scores(given: Sequence[Mapping[str, str]], keys: Sequence[str]) -> list[Fraction]:
    """Return the scores in the order of the plan's criteria, each criterion scored once.

    Raises:
        InputError: DUPLICATE, NOT_ALLOWED (no such criterion), SCORE_MISSING, TOO_LARGE.
    """
    scores: dict[str, Fraction] = {}
    for index, row in enumerate(given):
        field = f"inputs.scores.{index}"
        if row["key"] not in keys:
            raise InputError("NOT_ALLOWED", f"{field}.key", allowed=", ".join(keys))
        if row["key"] in scores:
            raise InputError("DUPLICATE", f"{field}.key", key=row["key"])
        scores[row["key"]] = read_within(row["score"], f"{field}.score", least=Fraction(0), most=FULL_SCORE)
    for key in keys:
        if key not in scores:
            raise InputError("SCORE_MISSING", "inputs.scores", key=key)
    return [scores[key] for key in keys]


Step = tuple[str, Mapping[str, str], Fraction]


def _freshness_step(plan: Plan, inputs: JsonObject) -> list[Step]:
    if plan.ageing == Ageing():
        _refuse(inputs, "data_date")
        return []
    made, valued = date.fromisoformat(_needed(inputs, "data_date")), date.fromisoformat(cast("str", inputs["valuation_date"]))
    if made > valued:
        raise InputError("AFTER_VALUATION_DATE", "inputs.data_date", date=valued.isoformat())
    days = (valued - made).days
    return [("FRESHNESS", {"days": str(days)}, freshness(plan.ageing, days))]


def _scarcity_step(plan: Plan, inputs: JsonObject) -> list[Step]:
    if plan.scarcity is None:
        _refuse(inputs, "demand", "supply")
        return []
    demand, supply = (exact(_needed(inputs, name)) for name in ("demand", "supply"))
    for name, quantity in (("demand", demand), ("supply", supply)):
        if quantity < _LEAST_QUANTITY:
            raise InputError("TOO_SMALL", f"inputs.{name}", limit=exact_text(_LEAST_QUANTITY))
    words = {"demand": exact_text(demand), "supply": exact_text(supply)}
    return [("SCARCITY", words, scarcity(demand, supply, *plan.scarcity))]


def _needed(inputs: JsonObject, name: str) -> str:
    if name not in inputs:
        raise InputError("REQUIRED", f"inputs.{name}")
    return cast("str", inputs[name])


def _refuse(inputs: JsonObject, *names: str) -> None:
    for name in names:
        if name in inputs:
            raise InputError("NOT_FOR_THIS_PLAN", f"inputs.{name}")


def _table(plan: Plan, scores: Sequence[Fraction]) -> list[JsonObject]:
    rows = zip(plan.keys, plan.dimensions, plan.judgement.weights, scores, strict=True)
    return [
        {"key": key, "dimension": dimension, "weight": shown(float(weight)), "score": exact_text(score), "points": _points(weight * score)}
        for key, dimension, weight, score in rows
    ]


def _sensitivity(plan: Plan, scores: Sequence[Fraction], point: Fraction) -> list[JsonObject]:
    """Return the value with each criterion's score ten points lower and higher, within 0 to 100; ``point`` is what one is worth."""
    table: list[JsonObject] = []
    for position, (key, score) in enumerate(zip(plan.keys, scores, strict=True)):
        for moved in (max(score - SCORE_STEP, Fraction(0)), min(score + SCORE_STEP, FULL_SCORE)):
            changed = [*scores[:position], moved, *scores[position + 1 :]]
            amount = point * quality_index(plan.judgement.weights, changed)
            table.append({"key": key, "score": exact_text(moved), "amount_minor": minor_text(amount, plan.currency)})
    return table


QUALITY: Final = Model(
    key="quality",
    version=1,
    name=Text("Quality modifier", "质量调整"),
    help=Text(
        "Adjusts a value from any other model by a quality index over the six dimensions of GB/T 36344, weighted by pairwise comparisons, "
        f"then for freshness and scarcity. Comparisons that contradict each other (CR 0.1 or more) are refused. {NOT_A_BOOK_VALUE[0]}",
        "以 GB/T 36344 六个维度的质量指数（层次分析法赋权）调整其他模型得出的价值，再按时效与稀缺性调整。"
        f"一致性比率不低于 0.1 的判断不予接受。{NOT_A_BOOK_VALUE[1]}",
    ),
    params_schema=PARAMS,
    operations={Verb.APPRAISE: Operation(INPUTS, _appraise)},
    sentences={
        "BASE_VALUE": ("Value before adjustment", "调整前价值"),
        "QUALITY": ("Quality index {index} against {reference}", "质量指数 {index}，基准 {reference}"),
        "FRESHNESS": ("Age in days: {days}", "数据龄 {days} 天"),
        "SCARCITY": ("Demand of {demand} against a supply of {supply}", "需求 {demand}，供给 {supply}"),
    },
    examples=(
        Example(
            title=Text("Saaty's three criteria, one half-life old, demand equal to supply", "三项指标，恰过一个半衰期，供需相等"),
            verb=Verb.APPRAISE,
            params={
                "currency": "CNY",
                "criteria": [
                    {"key": "accuracy", "dimension": "accuracy"},
                    {"key": "completeness", "dimension": "completeness"},
                    {"key": "timeliness", "dimension": "timeliness"},
                ],
                "matrix": [["1", "3", "5"], ["1/3", "1", "3"], ["1/5", "1/3", "1"]],
                "ageing": {"kind": "half_life", "days": "365"},
                "scarcity": {"cap": "1.5"},
            },
            inputs={
                "valuation_date": "2026-06-30",
                "base_value": "100000.00",
                "scores": [
                    {"key": "accuracy", "score": "90"},
                    {"key": "completeness", "score": "80"},
                    {"key": "timeliness", "score": "70"},
                ],
                "data_date": "2025-06-30",
                "demand": "12",
                "supply": "12",
            },
            amount_minor=4_266_128,
        ),
    ),
    check_params=read_plan,
)

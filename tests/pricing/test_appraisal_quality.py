"""Pairwise comparisons give Saaty's numbers, contradictions are refused, and each adjustment of a value is a row."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.engines.appraisal.ahp import RANDOM_INDEX, Judgement, _principal, judge, most_contradictory
from pricing.engines.appraisal.quality import QUALITY, freshness, scarcity
from pricing.engines.appraisal.quality_plan import Ageing
from pricing.engines.checkers import appraisal
from pricing.engines.errors import InputError
from pricing.engines.model import Verb
from pricing.engines.result import Standing

SAATY = [["1", "3", "5"], ["1/3", "1", "3"], ["1/5", "1/3", "1"]]
KEYS = ["accuracy", "completeness", "timeliness"]
PLAN = {"currency": "CNY", "criteria": [{"key": key, "dimension": key} for key in KEYS], "matrix": SAATY}
SCORES = [{"key": key, "score": score} for key, score in zip(KEYS, ["90", "80", "70"], strict=True)]
USE = {"valuation_date": "2026-06-30", "base_value": "1000.00", "scores": SCORES}


def thousandths(least, most):
    return st.integers(1000 * least, 1000 * most).map(lambda number: Fraction(number, 1000))


def appraise(params=None, **inputs):
    return QUALITY.run(Verb.APPRAISE, params={**PLAN, **(params or {})}, inputs={**USE, **inputs})


def exact(rows):
    return [[Fraction(text) for text in row] for row in rows]


def test_saatys_example_has_its_weights_and_consistency():
    judged = judge(exact(SAATY))
    assert [round(float(weight), 4) for weight in judged.weights] == [0.6370, 0.2583, 0.1047]
    assert sum(judged.weights) == 1
    assert [round(float(value), 4) for value in (judged.eigenvalue, judged.index, judged.ratio)] == [3.0385, 0.0193, 0.0332]


def matrices(size):
    entry = st.sampled_from([Fraction(number) for number in range(1, 10)] + [Fraction(1, number) for number in range(2, 10)])

    def filled(upper):
        rows = [[Fraction(1)] * size for _ in range(size)]
        for (row, column), value in zip([(i, j) for i in range(size) for j in range(i + 1, size)], upper, strict=True):
            rows[row][column], rows[column][row] = value, 1 / value
        return rows

    return st.lists(entry, min_size=size * (size - 1) // 2, max_size=size * (size - 1) // 2).map(filled)


@settings(max_examples=40)
@given(st.integers(2, 6).flatmap(matrices))
def test_the_weights_are_the_eigenvector_that_numpy_finds(matrix):
    judged = judge(matrix)
    values, vectors = np.linalg.eig(np.array(matrix, dtype=float))
    first = int(np.argmax(values.real))
    assert float(judged.eigenvalue) == pytest.approx(values[first].real, abs=1e-9)
    expected = np.abs(vectors[:, first].real) / np.abs(vectors[:, first].real).sum()
    assert np.allclose([float(weight) for weight in judged.weights], expected, atol=1e-9, rtol=0)
    assert appraisal.ahp_consistent(matrix, judged.weights, judged.ratio) is None


@given(st.lists(st.integers(1, 100_000).map(Fraction), min_size=1, max_size=15))
def test_comparisons_without_contradiction_are_recovered_exactly(weights):
    matrix = [[one / other for other in weights] for one in weights]
    judged = judge(matrix)
    assert judged == Judgement(tuple(weight / sum(weights) for weight in weights), Fraction(len(weights)), Fraction(0), Fraction(0))
    assert appraisal.ahp_consistent(matrix, judged.weights, judged.ratio) is None


def test_wrong_weights_are_caught():
    matrix = exact([["1", "2"], ["1/2", "1"]])
    third, ratio = Fraction(1, 3), Fraction(0)
    assert appraisal.ahp_consistent(matrix, [third, third], ratio) == {"weights": "2/3"}
    assert appraisal.ahp_consistent(matrix, [2 * third, third], Fraction(1, 50)) == {"consistency_ratio": "1/50"}
    assert appraisal.ahp_consistent(matrix, [third, 2 * third], ratio) == {"row": 0, "column": 1, "given": "2", "recovered": "1/2"}


@pytest.mark.parametrize("size", range(3, 16))
def test_the_random_index_is_about_the_mean_of_random_matrices(size):
    draw = np.random.default_rng(size)
    scale = np.array([1 / number for number in range(9, 1, -1)] + list(range(1, 10)), dtype=float)
    matrices_drawn = np.ones((2_000, size, size))
    for row in range(size):
        for column in range(row + 1, size):
            matrices_drawn[:, row, column] = draw.choice(scale, 2_000)
            matrices_drawn[:, column, row] = 1 / matrices_drawn[:, row, column]
    greatest = np.linalg.eigvals(matrices_drawn).real.max(axis=1)
    assert float(np.mean((greatest - size) / (size - 1))) == pytest.approx(float(RANDOM_INDEX[size - 1]), abs=0.07)


def test_power_iteration_settles_on_the_worst_of_cycles():
    vector, eigenvalue = _principal([[1.0, 9.0, 1 / 9], [1 / 9, 1.0, 9.0], [9.0, 1 / 9, 1.0]])
    assert vector == pytest.approx([1 / 3] * 3, abs=1e-14)
    assert eigenvalue == pytest.approx(10 + 1 / 9, abs=1e-13)


def test_a_contradiction_is_refused_with_the_comparison_to_reconsider():
    matrix = [["1", "3", "1/5"], ["1/3", "1", "3"], ["5", "1/3", "1"]]
    with pytest.raises(InputError) as refused:
        QUALITY.validated_params({**PLAN, "matrix": matrix})
    assert (refused.value.code, refused.value.field) == ("INCONSISTENT", "params.matrix")
    assert refused.value.params == {"ratio": "1.58451511", "one": "accuracy", "other": "completeness"}
    assert refused.value.text("en").startswith("The comparisons contradict each other: consistency ratio 1.58451511, to be below 0.1.")


def test_the_comparison_to_reconsider_is_the_one_that_was_turned_around():
    weights = [Fraction(8), Fraction(4), Fraction(2), Fraction(1)]
    matrix = [[one / other for other in weights] for one in weights]
    matrix[1][3], matrix[3][1] = matrix[3][1], matrix[1][3]
    assert most_contradictory(matrix, judge(matrix).weights) == (1, 3)


def test_every_adjustment_is_a_row():
    plan = {"ageing": {"kind": "half_life", "days": "365"}, "scarcity": {"cap": "1.5"}}
    quote = appraise(plan, data_date="2025-06-30", demand="20", supply="10")
    index = Fraction(90) * judge(exact(SAATY)).weights[0] + 80 * judge(exact(SAATY)).weights[1] + 70 * judge(exact(SAATY)).weights[2]
    assert [(line.code, line.amount_minor) for line in quote.lines] == [
        ("BASE_VALUE", 100_000),
        ("QUALITY", -14_678),
        ("FRESHNESS", -42_661),
        ("SCARCITY", 21_331),
    ]
    assert quote.amount_minor == 63_992
    assert float(index) == pytest.approx(85.3226, abs=1e-4)
    assert quote.lines[1].params == {"index": "85.3226", "reference": "100"}
    assert quote.extras["multipliers"] == {"quality": "0.853225614", "freshness": "0.5", "scarcity": "1.5"}
    assert quote.extras["consistency"] == {"eigenvalue": "3.03851109", "index": "0.0192555453", "ratio": "0.033199216"}
    assert (quote.extras["method"], quote.extras["use"]) == ("quality", "advice_not_book_value")
    assert quote.extras["criteria"][0] == {
        "key": "accuracy",
        "dimension": "accuracy",
        "weight": "0.636985572",
        "score": "90",
        "points": "57.3287",
    }
    claim = next(claim for claim in quote.claims if claim.property == "ahp_consistent")
    assert claim.standing is Standing.CHECKED


def test_the_sensitivity_moves_one_score_at_a_time():
    rows = appraise().extras["sensitivity"]
    assert [(row["key"], row["score"]) for row in rows[:2]] == [("accuracy", "80"), ("accuracy", "100")]
    scores = [{**SCORES[0], "score": "80"}, *SCORES[1:]]
    assert int(rows[0]["amount_minor"]) == appraise(scores=scores).amount_minor
    nothing = appraise(scores=[{**row, "score": "0"} for row in SCORES])
    assert (nothing.amount_minor, nothing.extras["sensitivity"][1]["amount_minor"]) == (0, "6370")


@given(st.integers(0, 40_000), thousandths(1, 99_999), thousandths(0, 99))
def test_freshness_is_a_half_life_or_an_exponential(days, half_life, rate):
    assert float(freshness(Ageing(half_life=half_life), days)) == pytest.approx(2 ** -(days / half_life), abs=1e-11)
    assert float(freshness(Ageing(rate=rate), days)) == pytest.approx(math.exp(-float(rate * days / 365)), abs=1e-11)
    assert freshness(Ageing(), days) == 1
    assert freshness(Ageing(half_life=half_life), 0) == 1


@pytest.mark.parametrize(
    ("demand", "supply", "multiplier"),
    [("10", "10", "1"), ("20", "10", "1.693147180560"), ("1000", "1", "2"), ("1", "1000", "0.5"), ("9", "10", "0.894639484342")],
)
def test_scarcity_is_one_plus_a_capped_logarithm(demand, supply, multiplier):
    assert scarcity(Fraction(demand), Fraction(supply), Fraction("0.5"), Fraction(2)) == Fraction(multiplier)


def test_fifteen_criteria_are_judged():
    criteria = [{"key": f"c{number}", "dimension": "accuracy"} for number in range(15)]
    rows = [["1" if row == column else ("2" if row < column else "1/2") for column in range(15)] for row in range(15)]
    params = {"criteria": criteria, "matrix": rows}
    quote = appraise(params, scores=[{"key": f"c{number}", "score": "50"} for number in range(15)])
    assert quote.amount_minor == 50_000
    assert sum(judge(exact(rows)).weights) == 1


HALF = {"ageing": {"kind": "half_life", "days": "365"}}
SCARCE = {"scarcity": {}}


@pytest.mark.parametrize(
    ("params", "inputs", "code", "field"),
    [
        ({"matrix": SAATY[:2]}, {}, "WRONG_LENGTH", "params.matrix"),
        ({"matrix": [*SAATY[:2], ["1/5", "1/3"]]}, {}, "WRONG_LENGTH", "params.matrix.2"),
        ({"matrix": [["1", "3", "5"], ["1/2", "1", "3"], ["1/5", "1/3", "1"]]}, {}, "NOT_RECIPROCAL", "params.matrix.1.0"),
        ({"matrix": [["2", "3", "5"], *SAATY[1:]]}, {}, "NOT_RECIPROCAL", "params.matrix.0.0"),
        ({"matrix": [["1", "3", "10"], *SAATY[1:]]}, {}, "TOO_LARGE", "params.matrix.0.2"),
        ({"matrix": [*SAATY[:2], ["1/10", "1/3", "1"]]}, {}, "TOO_SMALL", "params.matrix.2.0"),
        ({"matrix": [["1", "0", "5"], *SAATY[1:]]}, {}, "BAD_FORMAT", "params.matrix.0.1"),
        ({"matrix": [["1", "nan", "5"], *SAATY[1:]]}, {}, "BAD_FORMAT", "params.matrix.0.1"),
        ({"matrix": [["1", "-3", "5"], *SAATY[1:]]}, {}, "BAD_FORMAT", "params.matrix.0.1"),
        ({"matrix": SAATY * 6}, {}, "TOO_MANY", "params.matrix"),
        ({"criteria": [*PLAN["criteria"][:2], PLAN["criteria"][0]]}, {}, "DUPLICATE", "params.criteria.2.key"),
        ({"criteria": []}, {}, "TOO_FEW", "params.criteria"),
        ({"criteria": [{"key": "a b", "dimension": "accuracy"}] * 3}, {}, "BAD_FORMAT", "params.criteria.0.key"),
        ({"criteria": [{"key": "a", "dimension": "charm"}] * 3}, {}, "NOT_ALLOWED", "params.criteria.0.dimension"),
        ({"reference_score": "0.5"}, {}, "TOO_SMALL", "params.reference_score"),
        ({"reference_score": "101"}, {}, "TOO_LARGE", "params.reference_score"),
        ({"ageing": {"kind": "half_life", "days": "0"}}, {}, "TOO_SMALL", "params.ageing.days"),
        ({"scarcity": {"floor": "2", "cap": "1"}}, {}, "LIMITS_CROSSED", "params.scarcity.cap"),
        ({"scarcity": {"cap": "10.1"}}, {}, "TOO_LARGE", "params.scarcity.cap"),
        ({}, {"base_value": "-1"}, "NEGATIVE", "inputs.base_value"),
        ({}, {"base_value": "1.001"}, "OVER_PRECISE", "inputs.base_value"),
        ({}, {"base_value": "Infinity"}, "NOT_FINITE", "inputs.base_value"),
        ({}, {"scores": SCORES[:2]}, "SCORE_MISSING", "inputs.scores"),
        ({}, {"scores": [*SCORES, SCORES[0]]}, "DUPLICATE", "inputs.scores.3.key"),
        ({}, {"scores": [{"key": "charm", "score": "1"}]}, "NOT_ALLOWED", "inputs.scores.0.key"),
        ({}, {"scores": [{"key": "accuracy", "score": "100.1"}]}, "TOO_LARGE", "inputs.scores.0.score"),
        ({}, {"data_date": "2025-01-01"}, "NOT_FOR_THIS_PLAN", "inputs.data_date"),
        ({}, {"supply": "1"}, "NOT_FOR_THIS_PLAN", "inputs.supply"),
        (HALF, {}, "REQUIRED", "inputs.data_date"),
        (HALF, {"data_date": "2026-07-01"}, "AFTER_VALUATION_DATE", "inputs.data_date"),
        (SCARCE, {"demand": "1"}, "REQUIRED", "inputs.supply"),
        (SCARCE, {"demand": "1", "supply": "0"}, "TOO_SMALL", "inputs.supply"),
    ],
)
def test_bad_input_of_the_quality_modifier_is_refused_at_its_field(params, inputs, code, field):
    with pytest.raises(InputError) as refused:
        appraise(params, **inputs)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert refused.value.text("zh")

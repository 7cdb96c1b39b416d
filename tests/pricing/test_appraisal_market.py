"""Comparables are adjusted one by one; the regression is the one statsmodels fits, and its left-out errors are those of refitting."""

import math
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from time import process_time

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from statsmodels.regression.linear_model import OLS
from statsmodels.tools.tools import add_constant

from pricing.engines.appraisal import hedonic
from pricing.engines.appraisal.decimals import log
from pricing.engines.appraisal.market import MARKET, Sale, summarised
from pricing.engines.checkers import appraisal
from pricing.engines.errors import InputError
from pricing.engines.model import Verb

ADJUSTED = {"method": "adjusted", "currency": "CNY"}
WEIGHTED = {**ADJUSTED, "summary": "weighted"}
HEDONIC = {"method": "hedonic", "currency": "CNY", "attributes": [{"name": "rows", "log": True}, {"name": "age"}]}
DAY = "2026-05-01"
A, B, C = ({"key": key, "price": price, "date": DAY} for key, price in (("a", "100.00"), ("b", "200.00"), ("c", "400.00")))
ATTRIBUTES = [(1000, 3), (2000, 1), (5000, 2), (8000, 5), (12000, 1), (20000, 4)]
PRICES = ["310.00", "720.00", "1150.00", "1100.00", "2900.00", "2600.00"]
SALES = [
    {"key": f"s{number}", "price": price, "date": DAY, "attributes": list(values)}
    for number, (price, values) in enumerate(zip(PRICES, ATTRIBUTES, strict=True))
]


def thousandths(least, most):
    return st.integers(1000 * least, 1000 * most).map(lambda number: Fraction(number, 1000))


def appraise(params, comparables, **inputs):
    return MARKET.run(Verb.APPRAISE, params=params, inputs={"valuation_date": "2026-06-30", "comparables": comparables, **inputs})


def test_the_median_is_the_middle_comparable_and_says_what_each_is_worth():
    quote = appraise(ADJUSTED, [A, C, {**B, "quality": "1.1", "other": "0.5"}])
    assert [(line.code, line.params, line.quantity, line.amount_minor) for line in quote.lines] == [("COMPARABLE", {"key": "b"}, 1, 11_000)]
    assert quote.extras == {
        "method": "market.median",
        "valuation_date": "2026-06-30",
        "use": "advice_not_book_value",
        "sensitivity": [
            {"without": "a", "amount_minor": "25500"},
            {"without": "c", "amount_minor": "10500"},
            {"without": "b", "amount_minor": "25000"},
        ],
        "comparables": [
            {"key": "a", "adjusted_minor": "10000"},
            {"key": "c", "adjusted_minor": "40000"},
            {"key": "b", "adjusted_minor": "11000"},
        ],
        "dispersion": {"low_minor": "10000", "high_minor": "40000", "variation_percent": "83.7991995"},
    }


def test_the_median_of_an_even_number_is_half_of_each_middle_one():
    quote = appraise(ADJUSTED, [C, A])
    assert [(line.params["key"], line.quantity, line.amount_minor) for line in quote.lines] == [
        ("a", Fraction(1, 2), 5_000),
        ("c", Fraction(1, 2), 20_000),
    ]


def test_a_weighted_value_takes_each_by_its_part():
    quote = appraise(WEIGHTED, [{**A, "weight": "3"}, B, {**C, "weight": "0"}])
    assert [(line.params["key"], line.quantity, line.amount_minor) for line in quote.lines] == [
        ("a", Fraction(3, 4), 7_500),
        ("b", Fraction(1, 4), 5_000),
    ]
    assert quote.extras["sensitivity"] == [
        {"without": "a", "amount_minor": "20000"},
        {"without": "b", "amount_minor": "10000"},
        {"without": "c", "amount_minor": "12500"},
    ]


def test_one_comparable_alone_has_no_dispersion_and_nothing_to_leave_out():
    extras = appraise(ADJUSTED, [A]).extras
    assert (extras["sensitivity"], extras["dispersion"]["variation_percent"]) == ([], "0")


def test_prices_are_carried_to_the_valuation_date():
    index = [{"from": "2026-01-01", "level": "100"}, {"from": "2026-06-01", "level": "103"}]
    assert appraise(ADJUSTED, [A], index=index).amount_minor == 10_300


PRICE = thousandths(1, 10**6)


@given(st.lists(st.tuples(PRICE, thousandths(0, 5)), min_size=1, max_size=7), thousandths(1, 100), st.booleans())
def test_prices_at_a_multiple_give_that_multiple_of_the_value(rows, scale, weighted):
    weights = [weight for _, weight in rows] if any(weight for _, weight in rows) else [Fraction(1)] * len(rows)

    def value(prices):
        return summarised([Sale("x", price, weight) for price, weight in zip(prices, weights, strict=True)], weighted=weighted)

    assert appraisal.market_equivariant(value, [price for price, _ in rows], scale) is None


@given(st.lists(PRICE, min_size=1, max_size=7), st.randoms(use_true_random=False))
def test_the_order_of_the_comparables_changes_nothing(prices, random):
    shuffled = random.sample(prices, len(prices))
    one, other = (summarised([Sale("x", price, Fraction(1)) for price in order], weighted=False) for order in (prices, shuffled))
    assert one == other


def test_a_wrong_market_approach_is_caught():
    wrong = appraisal.market_equivariant(lambda prices: prices[0] + 1, [Fraction(1)], Fraction(3))
    assert wrong == {"scale": "3", "scaled": "4.0", "expected": "6.0"}


def exact(rows):
    return [[Decimal(str(value)) for value in row] for row in rows]


def design():
    return [(math.log(rows), age) for rows, age in ATTRIBUTES], [float(price) for price in PRICES]


def fitted(attributes, prices, subject):
    return hedonic.fit(exact(attributes), [log(Fraction(price)) for price in prices], *exact([subject]))


SUBJECT_AT = (math.log(6000), 2)


def test_the_regression_is_the_one_that_statsmodels_fits():
    attributes, prices = design()
    ours = fitted(attributes, prices, SUBJECT_AT)
    theirs = OLS(np.log(prices), add_constant(np.array(attributes))).fit()
    assert np.allclose([float(effect) for effect in ours.effects], theirs.params[1:], rtol=1e-10, atol=0)
    assert float(ours.subject) == pytest.approx(float(theirs.predict([[1.0, *SUBJECT_AT]])[0]), rel=1e-12)


def test_the_left_out_predictions_are_those_of_refitting_without_each():
    attributes, prices = (np.array(each) for each in design())
    ours = fitted(*design(), SUBJECT_AT)
    for index in range(len(prices)):
        kept = np.arange(len(prices)) != index
        refitted = OLS(np.log(prices[kept]), add_constant(attributes[kept])).fit()
        assert float(ours.left_out[index]) == pytest.approx(float(refitted.predict([[1.0, *attributes[index]]])[0]), rel=1e-10)
        assert float(ours.subject_without[index]) == pytest.approx(float(refitted.predict([[1.0, *SUBJECT_AT]])[0]), rel=1e-10)


def test_a_hedonic_appraisal_shows_its_effects_and_its_left_out_error():
    quote = appraise(HEDONIC, SALES, subject=[6000, 2])
    attributes, prices = design()
    ours = fitted(attributes, prices, SUBJECT_AT)
    assert quote.amount_minor == round(math.exp(ours.subject) * 100)
    assert [row["name"] for row in quote.extras["effects"]] == ["rows", "age"]
    assert float(quote.extras["effects"][1]["effect"]) == pytest.approx(float(ours.effects[1]), rel=1e-8)
    errors = sorted(abs(math.exp(one) / price - 1) for one, price in zip(ours.left_out, prices, strict=True))
    assert float(quote.extras["left_out_median_error_percent"]) == pytest.approx(50 * (errors[2] + errors[3]), rel=1e-8)
    assert len(quote.extras["sensitivity"]) == 6


NEARLY = [{**row, "attributes": [index, index + 1e-8 * (index % 3 == 1)]} for index, row in enumerate(SALES)]


def solved_exactly(rows, logs, point):
    """The prediction by the normal equations in fractions: the definition, whatever the condition of the attributes."""
    design = [[Fraction(1), *map(Fraction, row)] for row in rows]
    size = range(len(design[0]))
    system = [
        [sum(row[i] * row[j] for row in design) for j in size] + [sum(r[i] * y for r, y in zip(design, logs, strict=True))] for i in size
    ]
    for at in size:
        system[at] = [entry / system[at][at] for entry in system[at]]
        for other in size:
            if other != at:
                system[other] = [entry - system[other][at] * pivot for entry, pivot in zip(system[other], system[at], strict=True)]
    return sum(row[-1] * value for row, value in zip(system, [1, *map(Fraction, point)], strict=True))


def test_attributes_that_nearly_follow_from_each_other_cost_no_digit_that_is_shown():
    plan = {**HEDONIC, "attributes": [{"name": "one"}, {"name": "other"}]}
    quote = appraise(plan, NEARLY, subject=[2, 2])
    logs = [Fraction(log(Fraction(row["price"]))) for row in NEARLY]
    expected = math.exp(solved_exactly([[str(value) for value in row["attributes"]] for row in NEARLY], logs, [2, 2]))
    assert quote.amount_minor == round(Fraction(f"{expected:.9g}") * 100)
    hundredfold = appraise(plan, [{**row, "price": row["price"].replace(".", "") + ".00"} for row in NEARLY], subject=[2, 2])
    assert abs(hundredfold.amount_minor - 100 * quote.amount_minor) <= 50


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 10**9)), min_size=5, max_size=9),
    st.integers(1, 10**7),
    st.tuples(st.integers(-9, 9), st.integers(-9, 9)),
)
def test_every_prediction_is_that_of_the_normal_equations_however_alike_the_attributes(rows, alike, point):
    """The second attribute is the first but for a part of ``alike``, so the condition reaches ten million."""
    attributes = [[Decimal(one), Decimal(one) + Decimal(other) / alike] for one, other, _ in rows]
    logs = [log(Fraction(price, 100)) for _, _, price in rows]
    try:
        ours = hedonic.fit(attributes, logs, [Decimal(value) for value in point])
    except (hedonic.Dependent, hedonic.Decisive):
        reject()
    written = [[str(value) for value in row] for row in attributes]
    assert float(ours.subject) == pytest.approx(
        float(solved_exactly(written, [Fraction(each) for each in logs], point)), rel=1e-12, abs=1e-12
    )
    for at in range(len(rows)):
        kept = [index for index in range(len(rows)) if index != at]
        without = solved_exactly([written[index] for index in kept], [Fraction(logs[index]) for index in kept], written[at])
        assert float(ours.left_out[at]) == pytest.approx(float(without), rel=1e-12, abs=1e-12)


def test_an_attribute_without_effect_is_shown_without_one():
    sales = [{**row, "price": "100.00"} for row in SALES]
    extras = appraise(HEDONIC, sales, subject=[6000, 2]).extras
    assert [row["effect"] for row in extras["effects"]] == ["0", "0"]
    assert {row["left_out_error_percent"] for row in extras["comparables"]} == {"0"}


def test_the_largest_regression_is_answered_within_a_second():
    columns = [{"name": f"a{number}", "log": True} for number in range(12)]
    sales = [
        {
            "key": f"s{row}",
            "price": f"{row + 1}.01",
            "date": DAY,
            "attributes": [1.5 + ((row * (17 + 2 * k)) % 199) ** 1.1 for k in range(12)],
        }
        for row in range(200)
    ]
    before = process_time()
    quote = appraise({**HEDONIC, "attributes": columns}, sales, subject=[7.5] * 12)
    assert process_time() - before < 1
    assert len(quote.extras["comparables"]) == 200


def test_prices_on_a_log_line_are_predicted_without_error():
    sales = [{"key": f"s{size}", "price": f"{100 * 2**size}.00", "date": DAY, "attributes": [size]} for size in range(5)]
    params = {**HEDONIC, "attributes": [{"name": "size"}]}
    quote = appraise(params, sales, subject=[6])
    assert quote.amount_minor == 640_000
    assert {row["amount_minor"] for row in quote.extras["sensitivity"]} == {"640000"}


@settings(max_examples=30)
@given(thousandths(1, 100))
def test_a_regression_of_prices_at_a_multiple_gives_that_multiple(scale):
    attributes, _ = design()

    def value(scaled):
        return Fraction(math.exp(fitted(attributes, scaled, SUBJECT_AT).subject))

    assert appraisal.market_equivariant(value, [Fraction(price) for price in PRICES], scale) is None


def test_the_longest_accepted_input_is_answered():
    days = [f"{1900 + number // 12}-{number % 12 + 1:02d}-01" for number in range(240)]
    index = [{"from": day, "level": f"{999983 - 7 * number}.9999"} for number, day in enumerate(days)]
    sales = [
        {
            "key": f"s{number}",
            "price": f"{number + 1}.01",
            "date": days[number],
            "quality": f"1.{number:06d}",
            "weight": f"{number + 1}.000007",
        }
        for number in range(200)
    ]
    quote = appraise(WEIGHTED, sales, index=index)
    assert len(quote.lines) == len(quote.extras["sensitivity"]) == 200
    values = [int(row["adjusted_minor"]) for row in quote.extras["comparables"]]
    assert all(one < other for one, other in pairwise(values))


SAME = [{**row, "attributes": [1000, 3]} for row in SALES]
TWICE = [{**row, "attributes": [row["attributes"][1], row["attributes"][1]]} for row in SALES]
PLAIN = {**HEDONIC, "attributes": [{"name": "rows"}, {"name": "age"}]}
FAR = [
    {**row, "attributes": [index], "price": price}
    for index, (row, price) in enumerate(zip(SALES, ["1", "3", "7", "20", "55", "9"], strict=True))
]
FAR[5] = {**FAR[5], "attributes": [90_000]}
ALONE = [{**row, "attributes": [float(number == 4), number]} for number, row in enumerate(SALES)]
SUBJECT = {"subject": [6000, 2]}


@pytest.mark.parametrize(
    ("params", "comparables", "inputs", "code", "field"),
    [
        ({**ADJUSTED, "method": "magic"}, [A], {}, "NOT_ALLOWED", "params.method"),
        (ADJUSTED, [], {}, "TOO_FEW", "inputs.comparables"),
        (ADJUSTED, [A] * 201, {}, "TOO_MANY", "inputs.comparables"),
        (ADJUSTED, [A, A], {}, "DUPLICATE", "inputs.comparables.1.key"),
        (ADJUSTED, [{**A, "price": "0"}], {}, "NOT_POSITIVE", "inputs.comparables.0.price"),
        (ADJUSTED, [{**A, "price": "-1"}], {}, "NEGATIVE", "inputs.comparables.0.price"),
        (ADJUSTED, [{**A, "price": "NaN"}], {}, "NOT_FINITE", "inputs.comparables.0.price"),
        (ADJUSTED, [{**A, "date": "2026-07-01"}], {}, "AFTER_VALUATION_DATE", "inputs.comparables.0.date"),
        (ADJUSTED, [{**A, "quality": "10.5"}], {}, "TOO_LARGE", "inputs.comparables.0.quality"),
        (ADJUSTED, [{**A, "weight": "2"}], {}, "NOT_FOR_THIS_PLAN", "inputs.comparables.0.weight"),
        (ADJUSTED, [{**A, "attributes": [1]}], {}, "NOT_FOR_THIS_PLAN", "inputs.comparables.0.attributes"),
        (ADJUSTED, [A], {"subject": [1]}, "NOT_FOR_THIS_PLAN", "inputs.subject"),
        (ADJUSTED, [{**A, "key": "a b"}], {}, "BAD_FORMAT", "inputs.comparables.0.key"),
        (WEIGHTED, [{**A, "weight": "0"}], {}, "WEIGHTS_ALL_ZERO", "inputs.comparables"),
        ({**ADJUSTED, "currency": "JPY"}, [{**A, "price": "1.5"}], {}, "OVER_PRECISE", "inputs.comparables.0.price"),
        (ADJUSTED, [{**A, "price": "9999999999999999.99", "quality": "10", "other": "10"}], {}, "OVERFLOW", "inputs"),
        (HEDONIC, SALES, {}, "REQUIRED", "inputs.subject"),
        (HEDONIC, SALES[:4], SUBJECT, "TOO_FEW", "inputs.comparables"),
        (HEDONIC, [*SALES[:5], A], SUBJECT, "REQUIRED", "inputs.comparables.5.attributes"),
        (HEDONIC, SALES, {"subject": [6000]}, "WRONG_LENGTH", "inputs.subject"),
        (HEDONIC, SALES, {"subject": [0, 1]}, "NOT_POSITIVE", "inputs.subject.0"),
        (HEDONIC, SALES, {"subject": [float("nan"), 1]}, "NOT_FINITE", "inputs.subject.0"),
        (HEDONIC, SALES, {"subject": [float("inf"), 1]}, "NOT_FINITE", "inputs.subject.0"),
        (HEDONIC, SALES, {"subject": [1e13, 1]}, "TOO_LARGE", "inputs.subject.0"),
        (HEDONIC, SALES, {"subject": [6000, -1000000]}, "OVERFLOW", "inputs.subject"),
        (HEDONIC, [{**row, "weight": "1"} for row in SALES], SUBJECT, "NOT_FOR_THIS_PLAN", "inputs.comparables.0.weight"),
        (HEDONIC, SAME, SUBJECT, "ATTRIBUTES_DEPENDENT", "params.attributes"),
        (PLAIN, TWICE, SUBJECT, "ATTRIBUTES_DEPENDENT", "params.attributes"),
        ({**HEDONIC, "attributes": [{"name": "rows"}]}, FAR, {"subject": [1]}, "OVERFLOW", "inputs.comparables.5"),
        (HEDONIC, [{**SALES[0], "attributes": [5e-324, 1]}, *SALES[1:]], SUBJECT, "NOT_POSITIVE", "inputs.comparables.0.attributes.0"),
        (
            PLAIN,
            [{**row, "attributes": [5e-324 * row["attributes"][1], 1]} for row in SALES],
            SUBJECT,
            "ATTRIBUTES_DEPENDENT",
            "params.attributes",
        ),
        (PLAIN, ALONE, SUBJECT, "COMPARABLE_DECISIVE", "inputs.comparables.4"),
        ({**HEDONIC, "attributes": [{"name": "rows"}] * 2}, SALES, SUBJECT, "DUPLICATE", "params.attributes.1.name"),
        ({**HEDONIC, "attributes": [{"name": "rows"}] * 13}, SALES, SUBJECT, "TOO_MANY", "params.attributes"),
    ],
)
def test_bad_input_of_the_market_approach_is_refused_at_its_field(params, comparables, inputs, code, field):
    with pytest.raises(InputError) as refused:
        appraise(params, comparables, **inputs)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert refused.value.text("zh")

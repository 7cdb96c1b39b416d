"""The noisy model: a worked example, the optimum against trying every curve, and no gain from averaging."""

from fractions import Fraction
from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.engines.checkers import information
from pricing.engines.errors import InputError
from pricing.engines.information import noise_curve
from pricing.engines.information.model_noise import MODEL_NOISE, anchors_of, price_minor
from pricing.engines.information.noise_curve import Anchor, Segment
from pricing.engines.model import Verb
from pricing.engines.result import Standing

WORKED = MODEL_NOISE.examples[0].inputs
CURVE = {"currency": "CNY", "curve": [{"precision": "1", "price": "0.07"}, {"precision": "2.5", "price": "0.11"}]}


@st.composite
def demands(draw, most=5):
    precisions = sorted(draw(st.sets(st.integers(1, 12), min_size=1, max_size=most)))
    rows = [Segment(Fraction(each), draw(st.integers(0, 40)), draw(st.integers(1, 5))) for each in precisions]
    scale = draw(st.sampled_from([Fraction(1), Fraction(1, 3), Fraction(5, 2)]))
    return [Segment(row.precision * scale, row.value, row.weight) for row in rows]


@st.composite
def curves(draw):
    precisions = sorted(draw(st.sets(st.fractions(Fraction(1, 10), 9, max_denominator=10), min_size=1, max_size=5)))
    return tuple(Anchor(each, draw(st.integers(0, 50))) for each in precisions)


PRECISIONS = st.lists(st.fractions(Fraction(1, 50), 30, max_denominator=50), min_size=1, max_size=6)


def test_the_worked_example_gives_its_four_numbers():
    quote = MODEL_NOISE.run(Verb.OPTIMISE, params={"currency": "CNY"}, inputs=WORKED)
    assert quote.amount_minor == 19_375
    assert quote.extras == {
        "curve": [{"precision": "1", "price": "100"}, {"precision": "2", "price": "150"}],
        "prices": ["100", "150", "225", "300"],
        "expected_revenue": "193.75",
        "best_linear": "187.5",
        "best_constant": "140",
        "every_value_paid": "220",
        "subadditive_optimum": {"expected_revenue": "200", "prices": ["100", "150", "250", "300"]},
    }
    assert {claim.property for claim in quote.claims if claim.standing is Standing.PROVEN} == {"noise_monotone", "noise_subadditive"}


def test_the_curve_that_optimise_advises_is_accepted_as_the_plan_and_charges_those_prices():
    advice = MODEL_NOISE.run(Verb.OPTIMISE, params={"currency": "CNY"}, inputs=WORKED).extras
    plan = {"currency": "CNY", "curve": advice["curve"]}
    prices = [MODEL_NOISE.run(Verb.QUOTE, params=plan, inputs={"precision": str(x)}).amount_minor for x in (1, 2, 3, 4)]
    assert prices == [10_000, 15_000, 22_500, 30_000]


def relaxed_by_trial(segments):
    """Try every assignment of caps as prices: rising, with a ratio to the precision that does not."""
    caps = [noise_curve._caps(segments, each.precision) for each in segments]
    best = Fraction(0)
    for prices in product(*caps):
        pairs = list(zip(prices, segments, strict=True))
        rises = all(one <= other for one, other in pairwise(prices))
        ratios = [price / each.precision for price, each in pairs]
        if rises and all(one >= other for one, other in pairwise(ratios)):
            best = max(best, noise_curve.revenue(segments, prices))
    return best


def cheapest_cover(served, precision):
    """The least total value of served buyers, repeats allowed, whose precisions reach this one: plain recursion."""
    if precision <= 0:
        return 0
    return min(each.value + cheapest_cover(served, precision - each.precision) for each in served)


@settings(max_examples=60, deadline=None)
@given(demands(most=4))
def test_the_dynamic_programme_finds_the_best_curve_of_its_class(segments):
    anchors = noise_curve.relaxed_optimum(segments)
    prices = [noise_curve.curve_at(anchors, each.precision) for each in segments]
    assert noise_curve.revenue(segments, prices) == relaxed_by_trial(segments)


@settings(max_examples=60, deadline=None)
@given(demands(most=3))
def test_the_true_optimum_is_what_covering_by_hand_gives_and_at_most_twice_the_relaxed_one(segments):
    subsets = [[each for place, each in enumerate(segments) if chosen >> place & 1] for chosen in range(1, 2 ** len(segments))]
    by_hand = max(
        noise_curve.revenue(segments, [Fraction(cheapest_cover(served, each.precision)) for each in segments]) for served in subsets
    )
    best, prices = noise_curve.exact_optimum(segments)
    assert best == by_hand == noise_curve.revenue(segments, [Fraction(price) for price in prices])
    anchors = noise_curve.relaxed_optimum(segments)
    relaxed = noise_curve.revenue(segments, [noise_curve.curve_at(anchors, each.precision) for each in segments])
    assert best <= 2 * relaxed
    assert max(noise_curve.best_linear(segments), noise_curve.best_constant(segments)) <= relaxed <= best


@settings(max_examples=60, deadline=None)
@given(curves(), PRECISIONS)
def test_no_average_of_releases_is_cheaper_before_or_after_rounding(anchors, precisions):
    for price in (lambda x: noise_curve.curve_at(anchors, x), lambda x: price_minor(anchors, x)):
        assert information.noise_monotone(price, precisions) is None
        assert information.noise_subadditive(price, precisions) is None


def test_the_checkers_catch_a_curve_that_averaging_undercuts_and_one_that_falls():
    assert information.noise_subadditive(lambda x: x * x, [Fraction(1), Fraction(2)]) == {"one": "1", "other": "1"}
    assert information.noise_monotone(lambda x: 3 - x, [Fraction(2), Fraction(1)]) == {"less": "1", "more": "2"}
    half_even = {Fraction(1): 0, Fraction(2): 1}
    assert information.noise_subadditive(half_even.get, [Fraction(1)]) == {"one": "1", "other": "1"}


def test_a_price_between_minor_units_is_rounded_up():
    assert price_minor(anchors_of(CURVE), Fraction("1.1")) == 8
    quote = MODEL_NOISE.run(Verb.QUOTE, params=CURVE, inputs={"precision": "1.1"})
    assert (quote.amount_minor, quote.lines[0].unit_price, quote.lines[0].params["variance"]) == (8, Fraction("0.077"), "10/11")


def test_a_hundred_and_fifty_segments_are_optimised_and_the_exact_optimum_is_left_out():
    rows = [{"precision": f"{step}.5", "value": str(1000 + (step * 7919) % 1009), "weight": 1 + step % 7} for step in range(150)]
    quote = MODEL_NOISE.run(Verb.OPTIMISE, params={"currency": "CNY"}, inputs={"segments": rows})
    assert quote.extras["subadditive_optimum"] is None
    assert Fraction(quote.extras["expected_revenue"]) >= Fraction(quote.extras["best_constant"])


@pytest.mark.parametrize(
    ("verb", "params", "inputs", "code", "field"),
    [
        ("quote", CURVE, {"precision": "0"}, "NOT_POSITIVE", "inputs.precision"),
        ("quote", CURVE, {"precision": "-1"}, "NEGATIVE", "inputs.precision"),
        ("quote", CURVE, {"precision": "NaN"}, "NOT_FINITE", "inputs.precision"),
        ("quote", CURVE, {"precision": 1.5}, "WRONG_TYPE", "inputs.precision"),
        ("quote", CURVE, {"precision": "1e9"}, "NOT_A_NUMBER", "inputs.precision"),
        ("quote", {"currency": "CNY"}, {"precision": "1"}, "REQUIRED", "params.curve"),
        ("quote", {**CURVE, "curve": []}, {"precision": "1"}, "TOO_FEW", "params.curve"),
        ("quote", {**CURVE, "curve": [CURVE["curve"][0]] * 2}, {"precision": "1"}, "NOT_RISING", "params.curve.1.precision"),
        ("quote", {**CURVE, "currency": "JPY"}, {"precision": "1"}, "OVER_PRECISE", "params.curve.0.price"),
        ("quote", {**CURVE, "currency": "XXQ"}, {"precision": "1"}, "NOT_ALLOWED", "params.currency"),
        (
            "quote",
            {"currency": "CNY", "curve": [{"precision": "0.000001", "price": "9" * 12}]},
            {"precision": "9" * 15},
            "OVERFLOW",
            "inputs",
        ),
        ("optimise", {"currency": "CNY"}, {"segments": []}, "TOO_FEW", "inputs.segments"),
        ("optimise", {"currency": "CNY"}, {"segments": [{"precision": "1", "value": "1"}] * 151}, "TOO_MANY", "inputs.segments"),
        ("optimise", {"currency": "CNY"}, {"segments": [{"precision": "1", "value": "-1"}]}, "NEGATIVE", "inputs.segments.0.value"),
        ("optimise", {"currency": "CNY"}, {"segments": [{"precision": "1", "value": "9" * 13}]}, "TOO_LARGE", "inputs.segments.0.value"),
        ("optimise", {"currency": "CNY"}, {"segments": [{"precision": "0", "value": "1"}]}, "NOT_POSITIVE", "inputs.segments.0.precision"),
        (
            "optimise",
            {"currency": "CNY"},
            {"segments": [{"precision": "1", "value": "1", "weight": 0}]},
            "TOO_SMALL",
            "inputs.segments.0.weight",
        ),
        ("optimise", {"currency": "CNY"}, {"segments": [{"precision": "1"}]}, "REQUIRED", "inputs.segments.0.value"),
        ("optimise", {"currency": "CNY"}, {"segments": [], "seed": 1}, "UNKNOWN_FIELD", "inputs.seed"),
    ],
)
def test_bad_input_is_refused_at_its_field(verb, params, inputs, code, field):
    with pytest.raises(InputError) as refused:
        MODEL_NOISE.run(Verb(verb), params=params, inputs=inputs)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert refused.value.text("zh")

"""Private data: noisy answers cannot be combined cheaply, people are paid their cost, and a budget is never exceeded."""

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.engines.checkers import information
from pricing.engines.errors import InputError
from pricing.engines.information.privacy import PRIVACY
from pricing.engines.information.private_data import SQUARED_NORMS, Bought, answer_price, fair_query, root_up
from pricing.engines.model import Verb

PARAMS = {"currency": "CNY", "rate": "10"}
SMALL = st.fractions(-20, 20, max_denominator=12)
ANSWERS = st.lists(st.tuples(st.lists(SMALL, min_size=3, max_size=3), st.fractions(Fraction(1, 9), 9, max_denominator=9)), max_size=3)
COSTS = st.lists(st.fractions(0, 60, max_denominator=7), min_size=1, max_size=9)


def owners(*costs, **weights):
    return [{"holder": f"owner-{index}", "cost": cost, **weights} for index, cost in enumerate(costs)]


def split(**inputs):
    return PRIVACY.run(Verb.SPLIT, params=PARAMS, inputs=inputs)


def test_fair_query_on_costs_one_to_ten_and_a_budget_of_five_buys_five_at_one():
    quote = split(**PRIVACY.examples[1].inputs)
    assert fair_query([Fraction(cost) for cost in range(1, 11)], 5) == Bought((0, 1, 2, 3, 4), 1, Fraction(1, 5))
    assert [(line.code, line.quantity, line.unit_price, line.amount_minor) for line in quote.lines] == [
        ("OWNERS_PAID", 5, 1, 500),
        ("UNDISTRIBUTED", 1, 0, 0),
    ]
    assert (quote.extras["privacy_loss"], quote.extras["owners_chosen"], quote.extras["undistributed_minor"]) == ("0.2", 5, "0")
    assert [share["minor"] for share in quote.extras["shares"]] == ["100"] * 5 + ["0"] * 5


def test_the_next_owner_s_cost_limits_the_payment_and_the_rest_is_not_paid_out():
    quote = split(rule="fair_query", budget="100.00", owners=owners("3", "1", "2"))
    assert [share["minor"] for share in quote.extras["shares"]] == ["0", "300", "300"]
    assert (quote.amount_minor, quote.extras["undistributed_minor"], quote.extras["privacy_loss"]) == (10_000, "9400", "1")


def test_nobody_is_bought_from_when_the_budget_is_below_every_cost():
    quote = split(rule="fair_query", budget="0.01", owners=owners("1", "1"))
    assert (quote.extras["owners_chosen"], quote.extras["undistributed_minor"]) == (0, "1")
    assert fair_query([Fraction(1)], 100) == Bought((), 0, Fraction(0))


@given(COSTS, st.integers(0, 200))
def test_fair_query_keeps_the_budget_and_covers_every_cost(costs, budget):
    bought = fair_query(costs, budget)
    payments = [bought.payment] * len(bought.owners)
    assert information.within_budget(payments, budget) is None
    assert information.owners_compensated(payments, [(costs[owner] * bought.loss) ** 2 for owner in bought.owners]) is None


@given(st.lists(st.integers(0, 30), min_size=1, max_size=7), st.integers(0, 100))
def test_asking_less_never_loses_a_place_or_pay(costs, budget):
    assert information.offers_monotone(lambda given_costs: paid(given_costs, budget), costs) is None


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=2, max_size=6), st.integers(0, 100), st.integers(0, 5), st.integers(0, 40))
def test_misreporting_gains_less_than_one_minor_unit(costs, budget, owner, lie):
    owner %= len(costs)

    def gain(report):
        bought = fair_query([Fraction(report if index == owner else cost) for index, cost in enumerate(costs)], budget)
        return bought.payment - costs[owner] * bought.loss if owner in bought.owners else 0

    assert gain(costs[owner]) >= 0
    assert gain(lie) - gain(costs[owner]) < 1


def paid(costs, budget):
    bought = fair_query([Fraction(cost) for cost in costs], budget)
    return [bought.payment if index in bought.owners else 0 for index in range(len(costs))]


def test_the_number_bought_is_the_largest_that_the_published_condition_allows():
    costs = [Fraction(cost) for cost in (100, 250, 300, 420, 560, 700, 900)]
    for budget in range(0, 4_000, 37):
        allowed = [k for k in range(1, 7) if math.ceil(costs[k - 1] / (7 - k)) * k <= budget]
        assert len(fair_query(costs, budget).owners) == max(allowed, default=0)


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(sorted(SQUARED_NORMS)), ANSWERS)
def test_no_combination_of_noisy_answers_is_cheaper_before_or_after_rounding(norm, answers):
    def price(weights, variance):
        return answer_price(Fraction(7, 3), norm, weights, variance)

    assert information.combinations_subadditive(price, answers) is None
    assert information.combinations_subadditive(lambda *answer: math.ceil(price(*answer)), answers) is None
    for weights, _ in answers:
        precisions = [1 / variance for _, variance in answers]
        assert information.noise_monotone(lambda x, weights=weights: price(weights, 1 / x), precisions) is None


def test_the_checkers_catch_wrong_prices_and_payments():
    answers = [([Fraction(1)], Fraction(1)), ([Fraction(2)], Fraction(3))]
    squared = information.combinations_subadditive(lambda weights, variance: (weights[0] ** 2 / variance) ** 2, answers)
    assert squared == {"one": 0, "other": 0, "sign": 1}
    plain_norm = information.combinations_subadditive(lambda weights, variance: abs(weights[0]) / variance, answers)
    assert plain_norm == {"one": 0, "times": "10"}
    assert information.within_budget([3, 3], 5) == {"total": 6, "budget": 5}
    assert information.within_budget([-1], 5) == {"total": -1, "budget": 5}
    assert information.owners_compensated([2, 1], [Fraction(4), Fraction(3)]) == {"owner": 1, "payment": 1}
    dearest = information.offers_monotone(lambda costs: [costs[0] == max(costs), 0], [5, 3])
    assert dearest == {"owner": 0, "lower": 0, "payment": False}


@pytest.mark.parametrize(
    ("norm", "minor"),
    [("euclidean", 1_250), ("sum", 2_450), ("largest", 800)],
)
def test_the_price_is_rate_times_squared_norm_over_variance(norm, minor):
    quote = PRIVACY.run(Verb.QUOTE, params={**PARAMS, "norm": norm}, inputs={"weights": ["3", "-4"], "variance": "20"})
    assert quote.amount_minor == minor


def test_a_price_between_minor_units_is_rounded_up():
    quote = PRIVACY.run(Verb.QUOTE, params=PARAMS, inputs={"weights": ["1"], "variance": "3"})
    assert (quote.amount_minor, quote.lines[0].quantity) == (334, Fraction(1, 3))


@given(st.fractions(0, 10**9, max_denominator=10**6))
def test_a_square_root_is_rounded_up_exactly(square):
    root = root_up(square)
    assert root**2 >= square
    assert root == 0 or (root - 1) ** 2 < square


def test_micropayments_cover_each_cost_and_the_rest_of_the_price_stays():
    rows = [
        {"holder": "a", "cost": "1", "weight": "1"},
        {"holder": "b", "cost": "2", "weight": "-1"},
        {"holder": "c", "cost": "9", "weight": "0"},
    ]
    quote = split(rule="micropayments", variance="2", owners=rows)
    assert [share["minor"] for share in quote.extras["shares"]] == ["100", "200", "0"]
    assert (quote.amount_minor, quote.extras["undistributed_minor"], quote.extras["largest_privacy_loss"]) == (1_000, "700", "1")
    half = split(rule="micropayments", variance="1", owners=rows)
    assert [share["minor"] for share in half.extras["shares"]] == ["142", "283", "0"]


@pytest.mark.parametrize(
    ("verb", "params", "inputs", "code", "field"),
    [
        ("quote", {}, {"weights": [], "variance": "1"}, "TOO_FEW", "inputs.weights"),
        ("quote", {}, {"weights": ["1"] * 5_001, "variance": "1"}, "TOO_MANY", "inputs.weights"),
        ("quote", {}, {"weights": ["1"], "variance": "0"}, "NOT_POSITIVE", "inputs.variance"),
        ("quote", {}, {"weights": ["1"], "variance": "-1"}, "NEGATIVE", "inputs.variance"),
        ("quote", {}, {"weights": ["Infinity"], "variance": "1"}, "NOT_FINITE", "inputs.weights.0"),
        ("quote", {}, {"weights": [1], "variance": "1"}, "WRONG_TYPE", "inputs.weights.0"),
        ("quote", {"rate": "-1"}, {"weights": ["1"], "variance": "1"}, "NEGATIVE", "params.rate"),
        ("quote", {"range": "0"}, {"weights": ["1"], "variance": "1"}, "NOT_POSITIVE", "params.range"),
        ("quote", {"norm": "odd"}, {"weights": ["1"], "variance": "1"}, "NOT_ALLOWED", "params.norm"),
        ("quote", {"rate": "9" * 12}, {"weights": ["9" * 15], "variance": "0.000001"}, "OVERFLOW", "inputs"),
        ("split", {}, {"rule": "magic"}, "NOT_ALLOWED", "inputs.rule"),
        ("split", {}, {"rule": "fair_query", "owners": owners("1")}, "REQUIRED", "inputs.budget"),
        ("split", {}, {"rule": "fair_query", "budget": "1", "owners": []}, "TOO_FEW", "inputs.owners"),
        ("split", {}, {"rule": "fair_query", "budget": "0.001", "owners": owners("1")}, "OVER_PRECISE", "inputs.budget"),
        ("split", {}, {"rule": "fair_query", "budget": "1", "owners": owners("1") * 2}, "DUPLICATE", "inputs.owners.1.holder"),
        ("split", {}, {"rule": "fair_query", "budget": "1", "owners": owners("-1")}, "NEGATIVE", "inputs.owners.0.cost"),
        ("split", {}, {"rule": "fair_query", "budget": "1", "owners": owners("1", weight="1")}, "UNKNOWN_FIELD", "inputs.owners.0.weight"),
        ("split", {}, {"rule": "micropayments", "variance": "1", "owners": owners("1")}, "REQUIRED", "inputs.owners.0.weight"),
        (
            "split",
            {},
            {"rule": "micropayments", "variance": "2", "owners": owners("11", weight="1")},
            "COMPENSATION_EXCEEDS_PRICE",
            "inputs.variance",
        ),
    ],
)
def test_bad_input_is_refused_at_its_field(verb, params, inputs, code, field):
    with pytest.raises(InputError) as refused:
        PRIVACY.run(Verb(verb), params={**PARAMS, **params}, inputs=inputs)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert refused.value.text("zh")

"""Bargains reproduce the theory's numbers, and say which of the four properties they give up."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import dblquad

from pricing.engines.bilateral.bargain import BARGAIN, Bargain, claims_of
from pricing.engines.bilateral.bargaining import (
    FIRST_BEST_GAIN,
    linear_equilibrium,
    posted_price_gain,
    price_between,
    proposers_share,
    sellers_share,
)
from pricing.engines.checkers import bilateral
from pricing.engines.checkers.bilateral import Trade
from pricing.engines.errors import InputError
from pricing.engines.model import Verb
from pricing.engines.result import Standing
from pricing.engines.texts import line_text

HALF = Fraction(1, 2)
NASH = {"rule": "nash", "currency": "CNY", "floor": "100.00"}
RUBINSTEIN = {"rule": "rubinstein", "currency": "CNY", "floor": "100.00", "seller_discount": "0.9"}
AUCTION = {"rule": "double_auction", "currency": "CNY", "floor": "40.00"}


def thousandths(least, most):
    return st.integers(1000 * least, 1000 * most).map(lambda number: Fraction(number, 1000))


def quote(params, **inputs):
    return BARGAIN.run(Verb.QUOTE, params=params, inputs=inputs)


@pytest.mark.parametrize(("first", "other", "share"), [("0.9", "0.9", "10/19"), ("0.9", "0.8", "5/7"), ("0", "0", "1"), ("0.5", "0", "1")])
def test_the_proposer_gets_rubinsteins_share(first, other, share):
    assert proposers_share(Fraction(first), Fraction(other)) == Fraction(share)


def test_rubinsteins_published_shares_to_six_places():
    assert round(float(proposers_share(Fraction("0.9"), Fraction("0.9"))), 6) == 0.526316
    assert round(float(proposers_share(Fraction("0.9"), Fraction("0.8"))), 6) == 0.714286


@given(thousandths(0, 1).filter(lambda one: one < 1), thousandths(0, 1).filter(lambda other: other < 1))
def test_proposing_first_is_worth_something_and_makes_the_other_just_willing(one, other):
    first, second = sellers_share(one, other, seller_first=True), sellers_share(one, other, seller_first=False)
    assert second == one * first
    assert 0 <= second <= first <= 1


@pytest.mark.parametrize("power", [Fraction(1, 4), HALF, Fraction(9, 10)], ids=str)
def test_nashs_price_maximises_the_product_of_gains(power):
    price = price_between(Fraction(10), Fraction(50), 1 - power)
    grid = np.linspace(10, 50, 4001)
    products = (50 - grid) ** float(power) * (grid - 10) ** float(1 - power)
    assert grid[np.argmax(products)] == pytest.approx(float(price), abs=0.01)


def test_the_linear_equilibrium_of_chatterjee_and_samuelson():
    found = linear_equilibrium(HALF)
    assert (found.buyer_slope, found.buyer_constant) == (Fraction(2, 3), Fraction(1, 12))
    assert (found.seller_slope, found.seller_constant) == (Fraction(2, 3), Fraction(1, 4))
    assert (found.gain, FIRST_BEST_GAIN, posted_price_gain(HALF)) == (Fraction(9, 64), Fraction(1, 6), Fraction(1, 8))
    assert (found.gain / FIRST_BEST_GAIN, posted_price_gain(HALF) / FIRST_BEST_GAIN) == (Fraction(27, 32), Fraction(3, 4))
    assert (float(found.gain), float(100 * found.gain / FIRST_BEST_GAIN)) == (0.140625, 84.375)
    assert (found.seller_constant - found.buyer_constant) / found.buyer_slope == Fraction(1, 4)  # trade if and only if v >= c + 1/4


@pytest.mark.parametrize("weight", [Fraction(0), Fraction(1, 4), HALF, Fraction(1)], ids=str)
def test_each_side_answers_the_other_best_and_the_gain_is_the_integral(weight):
    found = linear_equilibrium(weight)
    sampled = np.linspace(0, 1, 20_001)
    asks = float(found.seller_slope) * sampled + float(found.seller_constant)
    bids = float(found.buyer_slope) * sampled + float(found.buyer_constant)
    for valuation in (0.6, 0.9):
        tried = np.linspace(0, 1, 401)
        buyer = [np.mean((valuation - float(weight) * asks - float(1 - weight) * bid) * (bid >= asks)) for bid in tried]
        seller = [np.mean((float(weight) * ask + float(1 - weight) * bids - (1 - valuation)) * (bids >= ask)) for ask in tried]
        assert tried[np.argmax(buyer)] == pytest.approx(float(found.buyer_slope) * valuation + float(found.buyer_constant), abs=0.01)
        assert tried[np.argmax(seller)] == pytest.approx(
            float(found.seller_slope) * (1 - valuation) + float(found.seller_constant), abs=0.01
        )
    slope, start = float(found.buyer_slope / found.seller_slope), float(found.buyer_constant - found.seller_constant)
    lowest = -start / float(found.buyer_slope)
    gain, _ = dblquad(lambda cost, value: value - cost, lowest, 1, 0, lambda value: slope * value + start / float(found.seller_slope))
    assert float(found.gain) == pytest.approx(gain, abs=1e-9)


@pytest.mark.parametrize(
    ("params", "inputs", "amount_minor", "share"),
    [
        (NASH, {"valuation": "200.00"}, 15_000, "0.5"),
        ({**NASH, "buyer_power": "0.25"}, {"valuation": "200.00"}, 17_500, "0.75"),
        ({**NASH, "seller_outside": "20.00"}, {"valuation": "200.00", "outside": "40.00"}, 14_000, "0.5"),
        ({**NASH, "buyer_power": "1"}, {"valuation": "200.00"}, 10_000, "0"),
        (NASH, {"valuation": "100.00"}, 10_000, "0.5"),
        (NASH, {"valuation": "100.01"}, 10_000, "0.5"),
        (NASH, {"valuation": "100.03"}, 10_002, "0.5"),
        (RUBINSTEIN, {"valuation": "800.00", "discount": "0.8"}, 60_000, "5/7"),
        ({**RUBINSTEIN, "first": "buyer"}, {"valuation": "800.00", "discount": "0.8"}, 55_000, "9/14"),
        (RUBINSTEIN, {"valuation": "290.00", "discount": "0.9"}, 20_000, "10/19"),
        (AUCTION, {"offer": "60.00"}, 5_000, "0.5"),
        ({**AUCTION, "currency": "JPY", "floor": str(2**53 + 1)}, {"offer": str(2**53 + 3)}, 2**53 + 2, "0.5"),
        ({**AUCTION, "currency": "KWD", "floor": "40.001"}, {"offer": "40.003"}, 40_002, "0.5"),
        ({**AUCTION, "ask_weight": "0"}, {"offer": "60.00"}, 6_000, "1"),
    ],
)
def test_the_price_is_the_rules(params, inputs, amount_minor, share):
    answer = quote(params, **inputs)
    assert (answer.amount_minor, answer.extras["sellers_share"]) == (amount_minor, share)


def test_the_gains_of_both_sides_are_stated_and_sum_to_the_whole_gain():
    extras = quote(RUBINSTEIN, valuation="800.00", discount="0.8").extras
    assert (extras["seller_gains_minor"], extras["buyer_gains_minor"]) == ("50000", "20000")


def test_the_equilibrium_on_a_range_is_scaled_to_it():
    answer = quote({**AUCTION, "valuations": {"low": "20.00", "high": "80.00"}}, offer="60.00")
    assert answer.extras["equilibrium"] == {
        "buyer_slope": "2/3",
        "buyer_constant": "35/3",
        "seller_slope": "2/3",
        "seller_constant": "65/3",
        "expected_gain_minor": "844",
        "of_possible_percent": "84.375",
    }


MONEY = st.integers(0, 10**6).map(lambda minor: Fraction(minor, 100))


@given(MONEY, MONEY, thousandths(0, 1))
def test_every_rule_is_efficient_rational_and_balanced_at_its_statements(cost, value, part):
    mechanism = Bargain(cost, value, part).mechanism
    for check in (bilateral.efficient, bilateral.rational, bilateral.balanced):
        assert check(mechanism, cost, value) is None


@settings(max_examples=50)
@given(MONEY, thousandths(0, 1))
def test_every_rule_says_who_gains_by_misstating_and_the_witness_is_true(cost, part):
    bargain = Bargain(cost, cost + 50, part)
    claims = {claim.property: claim for claim in claims_of(bargain)}
    witness = claims["bilateral_truthful"].witness
    true_cost, true_value, states, gains = (Fraction(witness[name]) for name in ("cost", "value", "states", "gains"))
    truth = bargain.mechanism(true_cost, true_value)
    if witness["side"] == "buyer":
        gained = truth.paid - bargain.mechanism(true_cost, states).paid
    else:
        gained = bargain.mechanism(states, true_value).received - truth.received
    assert gained == gains > 0
    assert claims["bilateral_truthful"].standing is Standing.NOT_HELD
    assert claims["bilateral_gives_up_one"].witness == {"given_up": "bilateral_truthful"}


def test_a_claim_of_all_four_is_refused():
    four = [bilateral.EFFICIENT, bilateral.TRUTHFUL, bilateral.RATIONAL, bilateral.BALANCED]
    assert bilateral.gives_up_one(four) == {"claimed": "bilateral_efficient, bilateral_truthful, bilateral_rational, bilateral_balanced"}
    for left_out in four:
        assert bilateral.gives_up_one([name for name in four if name != left_out]) is None


def posted(cost, value):
    return Trade(HALF, HALF) if cost <= HALF <= value else None


def subsidised(cost, value):
    """Pays the seller the value and charges the buyer the cost (Vickrey, Clarke, Groves): truthful and efficient at the market's loss."""
    return Trade(cost, value) if value >= cost else None


def test_known_mechanisms_give_up_what_theory_says_they_do():
    grid = [Fraction(step, 10) for step in range(11)]

    def given_up(mechanism):
        checks = {"efficient": bilateral.efficient, "rational": bilateral.rational, "balanced": bilateral.balanced}
        lost = {name for name, check in checks.items() if any(check(mechanism, cost, value) for cost in grid for value in grid)}
        return lost | ({"truthful"} if any(bilateral.truthful(mechanism, cost, value, grid) for cost in grid for value in grid) else set())

    assert given_up(posted) == {"efficient"}
    assert given_up(subsidised) == {"balanced"}
    assert given_up(Bargain(HALF, HALF, HALF).mechanism) == {"truthful"}
    assert given_up(lambda cost, value: Trade(value + 1, value + 1) if value >= cost else None) == {"rational", "truthful"}


def test_wrong_mechanisms_are_caught_with_their_witness():
    one, two = Fraction(1), Fraction(2)
    assert bilateral.efficient(lambda *_: None, one, two) == {"cost": "1", "value": "2", "traded": "false"}
    assert bilateral.balanced(subsidised, one, two) == {"cost": "1", "value": "2", "paid": "1", "received": "2"}
    assert bilateral.rational(lambda *_: Trade(two, one / 2), one, one) == {"cost": "1", "value": "1", "paid": "2", "received": "1/2"}
    assert bilateral.truthful(Bargain(one, two, HALF).mechanism, one, two, [one]) == {
        "cost": "1",
        "value": "2",
        "side": "buyer",
        "states": "1",
        "gains": "1/2",
    }


@pytest.mark.parametrize(
    ("params", "inputs", "code", "field"),
    [
        (NASH, {"valuation": "99.99"}, "NO_AGREEMENT_ZONE", "inputs.valuation"),
        (NASH, {"valuation": "120.00", "outside": "20.01"}, "NO_AGREEMENT_ZONE", "inputs.valuation"),
        (AUCTION, {"offer": "39.99"}, "NO_AGREEMENT_ZONE", "inputs.offer"),
        (NASH, {}, "REQUIRED", "inputs.valuation"),
        (NASH, {"offer": "1"}, "NOT_FOR_THIS_PLAN", "inputs.offer"),
        (RUBINSTEIN, {"valuation": "200.00"}, "REQUIRED", "inputs.discount"),
        (RUBINSTEIN, {"valuation": "200.00", "discount": "1"}, "TOO_LARGE", "inputs.discount"),
        (RUBINSTEIN, {"valuation": "200.00", "discount": "0.5", "outside": "1"}, "NOT_FOR_THIS_PLAN", "inputs.outside"),
        ({**RUBINSTEIN, "seller_discount": "1"}, {"valuation": "200.00", "discount": "0.5"}, "TOO_LARGE", "params.seller_discount"),
        ({**NASH, "buyer_power": "1.1"}, {"valuation": "200.00"}, "TOO_LARGE", "params.buyer_power"),
        ({**NASH, "floor": "1.001"}, {"valuation": "200.00"}, "OVER_PRECISE", "params.floor"),
        ({**NASH, "floor": "-1"}, {"valuation": "200.00"}, "NEGATIVE", "params.floor"),
        ({**NASH, "rule": "haggle"}, {"valuation": "200.00"}, "NOT_ALLOWED", "params.rule"),
        ({**NASH, "currency": "JPY", "floor": "100"}, {"valuation": "200.5"}, "OVER_PRECISE", "inputs.valuation"),
        ({**AUCTION, "valuations": {"low": "5", "high": "5"}}, {"offer": "50"}, "LIMITS_CROSSED", "params.valuations.high"),
        (NASH, {"valuation": "NaN"}, "NOT_FINITE", "inputs.valuation"),
        (NASH, {"valuation": "Infinity"}, "NOT_FINITE", "inputs.valuation"),
        (NASH, {"valuation": "9" * 17}, "TOO_LARGE", "inputs.valuation"),
        (NASH, {"valuation": "200", "buyer": "x"}, "UNKNOWN_FIELD", "inputs.buyer"),
    ],
)
def test_bad_input_of_a_bargain_is_refused_at_its_field(params, inputs, code, field):
    with pytest.raises(InputError) as refused:
        quote(params, **inputs)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert refused.value.text("zh")


def test_a_price_tells_the_floor_and_the_help_says_so_in_both_languages():
    told = quote({**NASH, "floor": "123.45"}, valuation="200.01").amount_minor
    assert 2 * told - 20_001 == 12_345
    assert "work out the floor" in BARGAIN.help.en
    assert "推知底价" in BARGAIN.help.zh


def test_the_lines_say_what_they_multiply_where_both_sides_have_something_outside():
    lines = quote({**NASH, "seller_outside": "20.00"}, valuation="200.00", outside="40.00").lines
    assert [(line_text(BARGAIN, line, "en"), line.unit_price) for line in lines] == [
        ("0.5 of the least that the seller takes", 120),
        ("0.5 of the most that the buyer gives", 160),
    ]


def test_a_refusal_does_not_tell_the_floor():
    with pytest.raises(InputError) as refused:
        quote(NASH, valuation="1.00")
    assert "100" not in str(refused.value)

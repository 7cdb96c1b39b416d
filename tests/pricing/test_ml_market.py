"""The market for gains of prediction: Myerson's payment exactly, prices learnt from sums of earlier bids, and copies that earn nothing."""

import itertools
import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.engines.checkers import sharing as checkers
from pricing.engines.errors import InputError
from pricing.engines.model import Verb
from pricing.engines.result import Standing
from pricing.engines.sharing.market import GainCurve, draw_price, price_weights, sell, similarity
from pricing.engines.sharing.ml_market import ML_MARKET

PARAMS, INPUTS = ML_MARKET.examples[0].params, ML_MARKET.examples[0].inputs


def clear(seed=1, params=None, bid="6", bidder="bank", **inputs):
    bids = {"bids": [{"bidder": bidder, "bid": bid}]}
    return ML_MARKET.run(Verb.CLEAR, params={**PARAMS, **(params or {})}, inputs={**INPUTS, **bids, **inputs}, seed=seed)


def claims(quote):
    return {claim.property: claim for claim in quote.claims}


@st.composite
def curves(draw):
    gains = sorted(draw(st.lists(st.fractions(0, 50, max_denominator=7), min_size=1, max_size=5)), reverse=True)
    steps = draw(st.lists(st.fractions(Fraction(1, 5), 6, max_denominator=5), min_size=len(gains) - 1, max_size=len(gains) - 1))
    return GainCurve.of([Fraction(0), *itertools.accumulate(steps)], gains, linear=draw(st.booleans()))


def charge_at(curve, price):
    def charge(bid):
        sale = sell(curve, price, bid)
        return sale.gain, sale.payment

    return charge


def bids_to_try(curve, price):
    ends = [price - shortfall for shortfall in curve.shortfalls if shortfall <= price]
    near = [end + step for end in ends for step in (Fraction(-1, 100), Fraction(1, 100)) if end + step >= 0]
    return [Fraction(0), *ends, *near, price / 3, 2 * price]


def test_the_payment_is_the_bid_times_the_gain_less_the_area_under_the_gain():
    quote = clear()
    assert [(line.code, line.quantity, line.unit_price, line.amount_minor) for line in quote.lines] == [
        ("GAIN", 20, 6, 12_000),
        ("RENT", 1, -20, -2_000),
    ]
    assert quote.extras["awards"] == [{"bidder": "bank", "minor": "10000", "gain": "20"}]
    # a bid above the price gets the whole gain, and pays price * 40 less the area below the price, 2 * 40 + 3 * 20
    assert [clear(bid=bid).amount_minor for bid in ("0", "5", "8.5", "10", "99")] == [0, 0, 26_000, 26_000, 26_000]
    linear = {"curve": "linear"}
    # from 40 at 10 straight to 20 at 8, then straight to 0 at 5: area 60 + 30
    assert clear(params=linear, bid="10").amount_minor == 40_000 - 9_000
    assert clear(params=linear, bid="6.5").amount_minor == 6_500 - 750


@given(curves(), st.fractions(0, 20, max_denominator=5), st.fractions(0, 30, max_denominator=5))
def test_the_area_is_the_integral_of_the_gain(curve, price, bid):
    rent = sell(curve, price, bid).rent
    slices = 400
    width = bid / slices
    middle = sum((curve.at(max(Fraction(0), price - (place + Fraction(1, 2)) * width)) for place in range(slices)), Fraction(0)) * width
    assert abs(rent - middle) <= width * (curve.gains[0] - curve.gains[-1]) + Fraction(1, 10**9)


@settings(max_examples=60)
@given(curves(), st.fractions(0, 20, max_denominator=5))
def test_the_greatest_gain_from_a_false_bid_is_exactly_nothing(curve, price):
    charge, tried = charge_at(curve, price), bids_to_try(curve, price)
    assert checkers.truthful_gain_bid(charge, tried) is None
    assert checkers.pays_within_value(charge, tried) is None
    offers = [(value, *charge(bid), *charge(value)) for value in tried for bid in tried]
    assert max(value * other - paid - value * gain + honest for value, other, paid, gain, honest in offers) == 0


def test_paying_the_bid_or_a_gain_that_falls_with_the_bid_is_caught():
    curve = GainCurve.of([Fraction(0), Fraction(5)], [Fraction(10), Fraction(0)], linear=True)
    tried = bids_to_try(curve, Fraction(5))

    def first_price(bid):
        gain = sell(curve, Fraction(5), bid).gain
        return gain, bid * gain

    assert checkers.truthful_gain_bid(first_price, tried) is not None
    assert checkers.pays_within_value(first_price, tried) is None
    rising = GainCurve.of([Fraction(0), Fraction(2)], [Fraction(1), Fraction(3)], linear=False)
    assert checkers.truthful_gain_bid(charge_at(rising, Fraction(5)), [Fraction(2), Fraction(4)]) == {
        "value": "2",
        "bid": "4",
        "better_by": "2",
    }
    assert checkers.pays_within_value(charge_at(rising, Fraction(5)), [Fraction(5)]) == {"value": "5", "worth": "5", "payment": "-6"}


def test_a_price_that_earned_more_from_earlier_bids_weighs_more():
    curve = GainCurve.of([Fraction(0), Fraction(1)], [Fraction(1), Fraction(0)], linear=False)
    prices = [Fraction(price) for price in (2, 4, 8)]
    weights = price_weights(curve, prices, [(Fraction(4), 3)], Fraction(1, 2))
    # a bid of 4 pays 1 at a price of 2, for gains start one below the price; 3 at 4; 0 at 8; at most 8
    factors = [(1 + Fraction(1, 16)) ** 3, (1 + Fraction(3, 16)) ** 3, Fraction(1)]
    assert [float(weight) for weight in weights] == pytest.approx([float(factor / sum(factors)) for factor in factors], rel=1e-15)
    assert sum(weights) == 1


def test_only_the_sum_of_earlier_bids_counts_and_never_the_buyer_or_the_present_bid():
    params = {"prices": ["5", "10"], "rate_ppm": 500_000}
    rows = [{"bid": "10", "buyers": 2}, {"bid": "5", "buyers": 3}, {"bid": "10", "buyers": 1}]
    told = clear(params=params, demand=rows).extras
    merged = clear(params=params, demand=[{"bid": "5", "buyers": 3}, {"bid": "10", "buyers": 3}], bidder="other", bid="1").extras
    assert (told["prices"], told["price"]) == (merged["prices"], merged["price"])
    much = clear(params=params, demand=[{"bid": "10", "buyers": 1_000_000}]).extras
    assert (much["price"], [row["weight"] for row in much["prices"]]) == ("10", ["0", "1"])


def test_every_bidder_of_a_round_meets_the_same_price_and_pays_as_if_alone():
    bids = [{"bidder": name, "bid": bid} for name, bid in (("bank", "6"), ("shop", "99"), ("none", "1"))]
    together = clear(bids=bids)
    alone = [clear(bid=row["bid"], bidder=row["bidder"]) for row in bids]
    assert [row["minor"] for row in together.extras["awards"]] == ["10000", "26000"]
    assert together.amount_minor == sum(quote.amount_minor for quote in alone) == 36_000
    assert {quote.extras["price"] for quote in alone} == {together.extras["price"]}
    assert sum(int(row["minor"]) for row in together.extras["receipts"]) == 36_000


def test_the_learnt_price_earns_nearly_what_the_best_fixed_price_would():
    curve = GainCurve.of([Fraction(0), Fraction(1, 10)], [Fraction(1), Fraction(0)], linear=False)
    prices = [Fraction(place, 10) for place in range(1, 11)]
    bids = [Fraction(2 + (7 * turn) % 7, 10) + Fraction((turn * 3) % 5, 10) for turn in range(60)]
    rate, earned, seen = Fraction(1, 4), Fraction(0), {}
    for bid in bids:
        weights = price_weights(curve, prices, sorted(seen.items()), rate)
        earned += sum(weight * sell(curve, price, bid).payment for price, weight in zip(prices, weights, strict=True))
        seen[bid] = seen.get(bid, 0) + 1
    best = max(sum(sell(curve, price, bid).payment for bid in bids) for price in prices)
    assert float(earned) >= float((1 - rate) * best) - math.log(len(prices)) / float(rate)
    assert earned > best / 2


def test_a_price_is_drawn_in_proportion_to_its_weight():
    prices, weights = [Fraction(1), Fraction(2), Fraction(3)], [Fraction(1, 4), Fraction(0), Fraction(3, 4)]
    assert [draw_price(prices, weights, Fraction(uniform, 8)) for uniform in range(8)] == [1, 1, 3, 3, 3, 3, 3, 3]
    assert draw_price(prices, weights, Fraction(1)) == 3
    even = {"prices": ["5", "10"]}
    drawn = [clear(seed=seed, params=even).extras["price"] for seed in range(60)]
    assert set(drawn) == {"5", "10"}
    assert 18 <= drawn.count("5") <= 42


def test_sellers_of_the_same_features_share_one_sellers_part_and_the_rest_goes_to_whom_the_plan_names():
    quote = clear()
    assert quote.extras["receipts"] == [
        {"seller": "north", "minor": "1250"},
        {"seller": "platform", "minor": "2500"},
        {"seller": "south", "minor": "1250"},
        {"seller": "west", "minor": "5000"},
    ]
    assert quote.extras["similarity"] == [["1", "1", "0"], ["1", "1", "0"], ["0", "0", "1"]]
    unnamed = ML_MARKET.run(Verb.CLEAR, params={"currency": "CNY", "prices": ["10"]}, inputs=INPUTS, seed=1)
    assert [row["minor"] for row in unnamed.extras["receipts"]] == ["1250", "1250", "5000"]
    assert unnamed.extras["undistributed_minor"] == "2500"
    said = claims(quote)
    assert said["replication_robust"].standing is Standing.CHECKED
    assert said["truthful_gain_bid"].standing is Standing.PROVEN
    assert (said["efficient_division"].standing, said["efficient_division"].witness) == (Standing.NOT_HELD, {"sum": "30", "worth": "40"})


def test_similarity_is_the_squared_cosine_exactly():
    columns = [[Fraction(1), Fraction(1)], [Fraction(1), Fraction(0)], [Fraction(-2), Fraction(-2)], [Fraction(0)] * 2, [Fraction(0)] * 2]
    half = Fraction(1, 2)
    assert similarity(columns) == [[1, half, 1, 0, 0], [half, 1, half, 0, 0], [1, half, 1, 0, 0], [0, 0, 0, 1, 1], [0, 0, 0, 1, 1]]


def test_similarity_of_numbers_from_the_smallest_to_the_largest_is_rounded_once_so_that_sums_stay_short():
    columns = [
        [Fraction(math.ldexp(draw, (97 * row * (at + 1)) % 1_000 - 970)) for row, draw in enumerate((0.7, 0.9, 0.3))] for at in range(3)
    ]
    for one, row in enumerate(similarity(columns)):
        for other, like in enumerate(row):
            dot, norm, norm_other = (
                sum(a * b for a, b in zip(columns[left], columns[right], strict=True))
                for left, right in ((one, other), (one, one), (other, other))
            )
            assert abs(like - dot**2 / (norm * norm_other)) <= Fraction(1, 2 * 10**30)
            assert 10**30 % like.denominator == 0


def test_where_data_make_the_model_worse_a_copy_can_gain_and_the_sale_says_so():
    sellers = [{"seller": name, "features": features} for name, features in (("a", [1, 0, 0]), ("b", [0, 1, 0]), ("c", [0, 0, 1]))]
    said = claims(clear(sellers=sellers, coalition_gains=["0", "5", "8", "0", "7", "3", "0", "2"]))["replication_robust"]
    assert (said.standing, said.witness) == (Standing.NOT_HELD, {"player": "b", "copies": "1", "before": "1/6", "after": "11/24"})
    assert claims(clear())["replication_robust"].witness["copies"] == "1"


POINT = {"shortfall": "0", "gain": "1"}
SELLER = {"seller": "north", "features": [1]}


@pytest.mark.parametrize(
    ("params", "inputs", "code", "field"),
    [
        ({"prices": []}, {}, "TOO_FEW", "params.prices"),
        ({"prices": ["1"] * 51}, {}, "TOO_MANY", "params.prices"),
        ({"prices": ["2", "2"]}, {}, "NOT_RISING", "params.prices.1"),
        ({"prices": ["0"]}, {}, "NOT_RISING", "params.prices.0"),
        ({"prices": ["-1"]}, {}, "NEGATIVE", "params.prices.0"),
        ({"rate_ppm": 500_001}, {}, "TOO_LARGE", "params.rate_ppm"),
        ({"curve": "round"}, {}, "NOT_ALLOWED", "params.curve"),
        ({"currency": "XXQ"}, {}, "NOT_ALLOWED", "params.currency"),
        ({}, {"bid": "NaN"}, "NOT_FINITE", "inputs.bids.0.bid"),
        ({}, {"bid": "-1"}, "NEGATIVE", "inputs.bids.0.bid"),
        ({}, {"bid": "9" * 13}, "TOO_LARGE", "inputs.bids.0.bid"),
        ({}, {"bidder": "a b"}, "BAD_FORMAT", "inputs.bids.0.bidder"),
        ({}, {"bids": []}, "TOO_FEW", "inputs.bids"),
        ({}, {"bids": [{"bidder": "a", "bid": "1"}] * 2}, "DUPLICATE", "inputs.bids.1.bidder"),
        ({}, {"bids": [{"bidder": "a", "bid": "1"}] * 401}, "TOO_MANY", "inputs.bids"),
        ({}, {"gains": []}, "TOO_FEW", "inputs.gains"),
        ({}, {"gains": [POINT] * 201}, "TOO_MANY", "inputs.gains"),
        ({}, {"gains": [{**POINT, "shortfall": "1"}]}, "NOT_ZERO", "inputs.gains.0.shortfall"),
        ({}, {"gains": [POINT, POINT]}, "NOT_RISING", "inputs.gains.1.shortfall"),
        ({}, {"gains": [POINT, {"shortfall": "1", "gain": "1.000001"}]}, "GAIN_RISES", "inputs.gains.1.gain"),
        ({}, {"demand": [{"bid": "1", "buyers": 0}]}, "TOO_SMALL", "inputs.demand.0.buyers"),
        ({}, {"demand": [{"bid": "1", "buyers": 1, "buyer": "bank"}]}, "UNKNOWN_FIELD", "inputs.demand.0.buyer"),
        ({}, {"demand": [{"bid": "1", "buyers": 1}] * 101}, "TOO_MANY", "inputs.demand"),
        ({}, {"sellers": []}, "TOO_FEW", "inputs.sellers"),
        ({}, {"sellers": [SELLER] * 13}, "TOO_MANY", "inputs.sellers"),
        ({}, {"sellers": [SELLER, SELLER]}, "DUPLICATE", "inputs.sellers.1.seller"),
        ({}, {"sellers": [SELLER, {"seller": "b", "features": [1, 2]}]}, "LENGTHS_DIFFER", "inputs.sellers.1.features"),
        ({}, {"sellers": [{**SELLER, "features": [float("inf")]}]}, "NOT_FINITE", "inputs.sellers.0.features.0"),
        ({}, {"sellers": [{**SELLER, "features": [1e10]}]}, "TOO_LARGE", "inputs.sellers.0.features.0"),
        ({}, {"sellers": [{**SELLER, "features": ["1"]}]}, "WRONG_TYPE", "inputs.sellers.0.features.0"),
        ({}, {"sellers": [SELLER]}, "TABLE_SIZE", "inputs.coalition_gains"),
        ({}, {"sellers": [SELLER], "coalition_gains": ["1", "1"]}, "WORTHLESS", "inputs.coalition_gains"),
        ({}, {"coalition_gains": ["-1"] * 8}, "NEGATIVE", "inputs.coalition_gains.0"),
        ({}, {"amount": "1"}, "UNKNOWN_FIELD", "inputs.amount"),
        (
            {"prices": ["9" * 12]},
            {"bid": "9" * 12, "gains": [{"shortfall": "0", "gain": "9" * 6}, {"shortfall": "1", "gain": "0"}]},
            "OVERFLOW",
            "inputs.bids",
        ),
    ],
)
def test_bad_input_is_refused_at_its_field(params, inputs, code, field):
    with pytest.raises(InputError) as refused:
        clear(params=params, **inputs)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert refused.value.text("zh")


def test_the_largest_sale_that_is_accepted_is_cleared():
    count = 12
    sellers = [{"seller": f"s{at}", "features": [math.sin(at * 200 + row) for row in range(200)]} for at in range(count)]
    gains = [{"shortfall": str(at), "gain": str(400 - at)} for at in range(200)]
    table = [str(mask.bit_count()) for mask in range(1 << count)]
    demand = [{"bid": str(at), "buyers": 1_000_000} for at in range(100)]
    params = {"prices": [str(at) for at in range(1, 51)], "curve": "linear"}
    quote = clear(params=params, gains=gains, sellers=sellers, coalition_gains=table, demand=demand)
    assert sum(int(row["minor"]) for row in quote.extras["receipts"]) == quote.amount_minor
    assert len(quote.extras["prices"]) == 50

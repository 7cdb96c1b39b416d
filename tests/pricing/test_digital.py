"""The auction of unlimited copies keeps its promises for every seed, and its mean revenue is the enumerated one to the fraction."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.engines.auctions.digital import DIGITAL
from pricing.engines.auctions.outcome import at_one_price
from pricing.engines.auctions.rsop import best_price, best_revenue, expected_revenue, halves, offered, random_sampling
from pricing.engines.checkers import mechanisms
from pricing.engines.errors import InputError, UnknownModelError
from pricing.engines.model import Verb
from pricing.engines.result import Standing

BIDS = st.lists(st.integers(0, 12), min_size=1, max_size=6)
SEEDS = st.integers(0, 2**53 - 1)


def rows(*amounts):
    return {"bids": [{"bidder": f"b{index}", "bid": amount} for index, amount in enumerate(amounts)]}


def clear(*amounts, seed):
    return DIGITAL.run(Verb.CLEAR, params={"currency": "CNY"}, inputs=rows(*amounts), seed=seed)


def sampling(seed):
    return lambda bids: random_sampling(bids, halves(seed, len(bids)))


@given(BIDS, SEEDS)
@settings(max_examples=60, deadline=None)
def test_for_every_seed_it_keeps_its_promises(bids, seed):
    rule = sampling(seed)
    deviations = mechanisms.bid_deviations(rule, bids, tries=10)
    assert mechanisms.truthful(rule, bids, deviations) is None
    assert mechanisms.individually_rational(rule(bids), bids) is None
    assert mechanisms.threshold_payment(rule, bids) is None
    assert mechanisms.monotone_allocation(rule, bids, deviations) is None
    assert mechanisms.scale_equivariant(rule, rule, bids, 7) is None


def test_a_thousand_random_bids_for_each_bidder_find_no_gain():
    bids = [70, 30, 100, 100, 55, 20]
    for seed in range(3):
        assert mechanisms.truthful(sampling(seed), bids, mechanisms.bid_deviations(sampling(seed), bids, seed=seed)) is None


@pytest.mark.parametrize("code", range(16))
def test_for_every_division_that_a_seed_can_draw_a_thousand_bids_for_each_bidder_find_no_gain(code):
    bids, in_b = [70, 30, 100, 100], [bool(code >> place & 1) for place in range(4)]

    def rule(given):
        return random_sampling(given, in_b)

    assert mechanisms.truthful(rule, bids, mechanisms.bid_deviations(rule, bids, seed=code)) is None


def test_bids_beyond_what_a_float_holds_are_told_apart_to_the_minor_unit():
    bids = [2**53 + 3, 2**53 + 2, 2**53 + 1]
    assert random_sampling(bids, [False, True, True]).pays == (2**53 + 1, 0, 0)
    assert random_sampling(bids, [True, False, True]).pays == (2**53 + 2, 2**53 + 1, 0)
    assert best_price([*bids, 1]) == 2**53 + 1


def test_the_best_price_of_all_bids_under_the_name_of_random_sampling_is_caught():
    def planted(bids):
        price = best_price(bids) or 0
        return at_one_price(len(bids), [index for index, bid in enumerate(bids) if price and bid >= price], price)

    bids = [10, 6, 3]
    caught = mechanisms.truthful(planted, bids, mechanisms.bid_deviations(planted, bids, tries=0))
    assert caught == {"participant": 0, "value": "10", "report": "2", "gain": 4}


@pytest.mark.parametrize(
    ("bids", "ratio"),
    [
        ((2, 1), "4"),
        ((3, 1, 1), "12/5"),
        ((12, 6, 4, 3), "16/7"),
        (tuple(2520 // place for place in range(1, 11)), "107520/47861"),
        ((1,) * 8, "128/127"),
    ],
    ids=["two", "three", "four", "equal revenue", "equal bids"],
)
def test_the_mean_over_all_divisions_is_the_enumerated_share_of_the_best_single_price(bids, ratio):
    assert best_revenue(bids, buyers=2) / expected_revenue(bids) == Fraction(ratio)


def test_the_enumerated_ratios_are_the_published_decimals():
    assert expected_revenue((2, 1)) == Fraction(1, 2)
    assert float(Fraction(107520, 47861)) == pytest.approx(2.247, abs=5e-4)
    assert float(Fraction(16, 7)) == pytest.approx(2.286, abs=5e-4)
    assert float(Fraction(128, 127)) == pytest.approx(1.008, abs=5e-4)


@given(st.lists(st.integers(0, 12), max_size=5))
@settings(max_examples=40, deadline=None)
def test_the_mean_is_the_mean_over_every_division_one_by_one(bids):
    size = len(bids)
    revenues = [sum(random_sampling(bids, [bool(code >> place & 1) for place in range(size)]).pays) for code in range(2**size)]
    assert expected_revenue(bids) == Fraction(sum(revenues), 2**size)


@given(st.lists(st.integers(0, 30), max_size=8))
@settings(max_examples=60, deadline=None)
def test_no_price_brings_more_than_the_best_price_and_no_lower_one_as_much(bids):
    def brings(price):
        return price * sum(bid >= price for bid in bids)

    price = best_price(bids)
    assert (0 if price is None else brings(price)) == max((brings(each) for each in range(32)), default=0) == best_revenue(bids)
    if price is not None:
        assert all(brings(lower) < brings(price) for lower in range(price))


def test_the_best_revenue_from_two_buyers_leaves_out_a_single_high_bid():
    assert (best_revenue([10, 1, 0]), best_revenue([10, 1, 0], buyers=2), best_revenue([10], buyers=2)) == (10, 2, 0)


def test_a_half_without_bids_offers_nothing_and_twelve_bids_are_the_last_to_be_enumerated():
    assert offered([5, 3], [True, True]) == (3, None)
    assert random_sampling([5, 3], [True, True]).units == (0, 0)
    with pytest.raises(ValueError, match="13 bids"):
        expected_revenue([1] * 13)


def test_the_answer_shows_the_seed_both_halves_and_both_prices():
    quote = clear("30", "12", "9", "25", "10", "4", seed=4)
    assert quote.seed == 4
    assert quote.extras == {
        "awards": [{"bidder": "b0", "minor": "900"}, {"bidder": "b3", "minor": "900"}, {"bidder": "b4", "minor": "900"}],
        "receipts": [],
        "halves": {"a": ["b1", "b2", "b5"], "b": ["b0", "b3", "b4"]},
        "offered_minor": {"a": "2500", "b": "900"},
        "best_single_price_revenue_minor": "5000",
        "expected_minor": "2287.5",
    }
    assert [(line.params["half"], line.quantity, line.amount_minor) for line in quote.lines] == [("A", 0, 0), ("B", 3, 2700)]
    truthful = next(claim for claim in quote.claims if claim.property == "truthful")
    assert (truthful.standing, truthful.witness["for"]) == (Standing.PROVEN, "every seed")


def test_many_bids_show_no_mean_and_no_bids_sell_nothing():
    many, none = clear(*[str(index) for index in range(10_000)], seed=1), clear(seed=1)
    assert "expected_minor" not in many.extras
    assert len(many.lines) == 2
    assert (none.amount_minor, none.extras["awards"], none.extras["expected_minor"]) == (0, [], "0")


@pytest.mark.parametrize(
    ("inputs", "code", "field"),
    [
        ({}, "REQUIRED", "inputs.bids"),
        (rows("nan"), "NOT_FINITE", "inputs.bids.0.bid"),
        (rows("1", "-1"), "NEGATIVE", "inputs.bids.1.bid"),
        (rows("1.001"), "OVER_PRECISE", "inputs.bids.0.bid"),
        (rows(*["1"] * 10_001), "TOO_MANY", "inputs.bids"),
        ({"bids": [{"bidder": "a", "bid": "1"}, {"bidder": "a", "bid": "1"}]}, "DUPLICATE", "inputs.bids.1.bidder"),
        ({**rows("1"), "seed": 4}, "UNKNOWN_FIELD", "inputs.seed"),
    ],
)
def test_bad_input_is_refused_at_its_field(inputs, code, field):
    with pytest.raises(InputError) as refused:
        DIGITAL.run(Verb.CLEAR, params={"currency": "CNY"}, inputs=inputs, seed=1)
    assert (refused.value.code, refused.value.field) == (code, field)


def test_without_a_seed_nothing_is_drawn():
    with pytest.raises(UnknownModelError, match="needs a seed"):
        clear("1", seed=None)

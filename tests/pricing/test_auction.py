"""The auction keeps its promises under attack, its revenue is the textbook's to the fraction, and bad bids are refused at their field."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.engines.auctions import auction
from pricing.engines.auctions.auction import AUCTION, FORMATS, PAY_OWN_BID
from pricing.engines.auctions.outcome import Outcome, at_one_price
from pricing.engines.auctions.single import first_price, least_winning_bid, ranked, second_price, uniform_price
from pricing.engines.checkers import mechanisms, revenue
from pricing.engines.checkers.revenue import Played, uniform_revenue
from pricing.engines.errors import InputError
from pricing.engines.model import Verb
from pricing.engines.result import Standing
from pricing.engines.texts import claim_text

BIDS = st.lists(st.integers(0, 12), min_size=1, max_size=6)
SECOND = Played(lambda bids, reserve: second_price(bids, reserve=reserve))
FIRST = Played(lambda bids, reserve: first_price(bids, reserve=reserve))


def rows(*amounts):
    return {"bids": [{"bidder": f"b{index}", "bid": amount} for index, amount in enumerate(amounts)]}


def clear(*amounts, **params):
    return AUCTION.run(Verb.CLEAR, params={"currency": "CNY", **params}, inputs=rows(*amounts))


def claims(quote):
    return {claim.property: claim for claim in quote.claims}


def uniform(units, reserve):
    return lambda bids: uniform_price(bids, reserve=reserve, units=units)


def shaded(bidders):
    """Play the first price as its equilibrium says: (n - 1) v / n."""
    return Played(FIRST.rule, lambda value: value * Fraction(bidders - 1, bidders))


@given(BIDS, st.integers(1, 4), st.integers(0, 8))
@settings(max_examples=60, deadline=None)
def test_the_uniform_price_keeps_every_promise(bids, units, reserve):
    rule = uniform(units, reserve)
    deviations = mechanisms.bid_deviations(rule, bids, reserve=reserve, tries=10)
    assert mechanisms.truthful(rule, bids, deviations) is None
    assert mechanisms.individually_rational(rule(bids), bids) is None
    assert mechanisms.threshold_payment(rule, bids) is None
    assert mechanisms.monotone_allocation(rule, bids, deviations) is None
    assert mechanisms.budget_balanced(rule(bids)) is None
    assert mechanisms.scale_equivariant(rule, uniform(units, 7 * reserve), bids, 7) is None


def test_the_bids_tried_include_the_critical_one_and_its_neighbours():
    bids = [70, 30, 100]
    assert mechanisms.critical_bid(second_price, bids, 0, 400) == 100
    assert mechanisms.critical_bid(second_price, bids, 2, 400) == 71
    assert mechanisms.critical_bid(uniform(1, 500), bids, 0, 400) == 400
    tried = mechanisms.bid_deviations(uniform(1, 20), bids, reserve=20, tries=0)(0)
    assert tried == [0, 19, 20, 21, 29, 30, 31, 99, 100, 101, 202]
    assert len(mechanisms.bid_deviations(second_price, [10**6], tries=1_000)(0)) > 990
    assert len(mechanisms.row_deviations([[5, 6]], tries=7)(0)) == 2 + 8 + 7


@given(BIDS, st.integers(0, 8), st.randoms())
@settings(max_examples=60, deadline=None)
def test_no_name_is_preferred_and_the_best_bids_win(bids, reserve, random):
    order = random.sample(range(len(bids)), len(bids))
    for rule in (uniform(2, reserve), lambda given: first_price(given, reserve=reserve)):
        assert mechanisms.anonymous(rule, bids, order) is None
    reached = sum(bid - reserve for bid, got in zip(bids, uniform(2, reserve)(bids).units, strict=True) if got)
    best = sum(sorted((max(bid - reserve, 0) for bid in bids), reverse=True)[:2])
    assert mechanisms.efficient(reached, best) is None


def test_a_thousand_random_bids_for_each_bidder_find_no_gain():
    bids = [70, 30, 100, 100, 55]
    rule = uniform(2, 20)
    assert mechanisms.truthful(rule, bids, mechanisms.bid_deviations(rule, bids, reserve=20, seed=5)) is None


def test_a_first_price_under_the_name_of_a_truthful_rule_is_caught():
    bids = [700, 300, 1000]

    def planted(given):
        return first_price(given, reserve=100)

    caught = mechanisms.truthful(planted, bids, mechanisms.bid_deviations(planted, bids, reserve=100))
    assert caught is not None
    assert caught["participant"] == 2
    assert caught["gain"] > 0
    assert mechanisms.threshold_payment(planted, bids) == {"participant": 2, "price": 1000, "bid": 999}


def yuan(fen):
    return f"{fen // 100}.{fen % 100:02d}"


def sold(**params):
    """The whole model as a mechanism of bids in fen."""

    def mechanism(bids):
        paid = {row["bidder"]: int(row["minor"]) for row in clear(*map(yuan, bids), **params).extras["awards"]}
        keys = [f"b{index}" for index in range(len(bids))]
        return Outcome(tuple(int(key in paid) for key in keys), tuple(paid.get(key, 0) for key in keys))

    return mechanism


BOOKS = ([70, 30, 100, 90, 90, 55], [0, 0, 0], [20], [19, 20, 21], [2**53 + 1, 2**53 + 3, 2**53])


def gain_from_a_lie(format_):
    """Try all of it in these books through the model itself, a thousand random bids for each bidder of the first."""
    rule = sold(format=format_, reserve="0.20", units=2 if format_ == "uniform_price" else 1)
    for index, bids in enumerate(BOOKS):
        found = mechanisms.truthful(rule, bids, mechanisms.bid_deviations(rule, bids, reserve=20, seed=5, tries=10 if index else 1_000))
        if found:
            return found
    return None


@pytest.mark.parametrize("format_", FORMATS)
def test_a_format_claims_truth_if_and_only_if_no_bid_pays_better_than_the_true_one(format_):
    found, said = gain_from_a_lie(format_), claims(clear("5", "8", format=format_))["truthful"]
    assert (found is None, said.standing) == ((False, Standing.NOT_HELD) if format_ in PAY_OWN_BID else (True, Standing.PROVEN))
    assert ("gain_minor" in said.witness, "assumes" in said.witness) == (format_ in PAY_OWN_BID, format_ not in PAY_OWN_BID)


def test_a_first_price_planted_in_a_truthful_format_is_caught(monkeypatch):
    monkeypatch.setattr(auction, "uniform_price", lambda bids, reserve, **_: first_price(bids, reserve=reserve))
    assert gain_from_a_lie("second_price") == {"participant": 2, "value": "100", "report": "90", "gain": 10}


def test_the_claim_of_a_threshold_says_how_a_tie_counts():
    quote = clear("5", "8")
    assert quote.amount_minor == 500
    assert clear("5", "5").extras["awards"][0]["bidder"] == "b0"  # at the price itself b1 would lose the tie
    assert "ties decided in its favour" in claim_text(claims(quote)["threshold_payment"], "en")
    assert "同价" in claim_text(claims(quote)["threshold_payment"], "zh")


@pytest.mark.parametrize(
    ("language", "words"), [("en", ["private", "collusion", "false names", "fees"]), ("zh", ["私有", "串通", "名义", "费用"])]
)
def test_a_claim_of_truth_names_its_assumptions_to_people_in_both_languages(language, words):
    said = claim_text(claims(clear("5", "8"))["truthful"], language)
    assert [word for word in words if word not in said] == []


def test_without_the_assumption_of_no_false_names_and_one_copy_each_the_uniform_price_is_not_truthful():
    said = claims(clear("10", "10", "8", format="uniform_price", units=2))["truthful"].witness["assumes"]
    assert "no collusion and no false names" in said
    assert said.endswith("each wants one copy")
    values = [10, 10]
    honest, shaded = (uniform(2, 0)(bids) for bids in ([*values, 8], [10, 0, 8]))
    assert (sum(honest.utility(index, 10) for index in (0, 1)), sum(shaded.utility(index, 10) for index in (0, 1))) == (4, 10)


def test_bids_beyond_what_a_float_holds_are_told_apart_to_the_minor_unit():
    two_53 = 2**53
    bids = [yuan(two_53 + more) for more in (1, 2)]
    assert clear(*map(str, (two_53 + 1, two_53 + 2)), currency="JPY").amount_minor == two_53 + 1
    quote = clear(*bids, reserve=yuan(two_53))
    assert (quote.extras["awards"], quote.amount_minor) == ([{"bidder": "b1", "minor": str(two_53 + 1)}], two_53 + 1)
    shade = claims(clear(*bids[::-1], format="first_price"))["truthful"].witness
    assert (shade["report_minor"], shade["gain_minor"]) == (str(two_53 + 1), "1")


@pytest.mark.parametrize(
    ("planted", "check"),
    [
        (lambda bids: at_one_price(len(bids), [0], bids[0] + 1), "individually_rational"),
        (lambda bids: Outcome((0,) * len(bids), (1,) * len(bids)), "individually_rational"),
        (lambda bids: at_one_price(len(bids), ranked(bids)[-1:], 0), "monotone_allocation"),
        (lambda bids: at_one_price(len(bids), [0], max(bids[1:])), "threshold_payment"),
        (lambda bids: at_one_price(len(bids), [0], 0), "anonymous"),
        (lambda bids: at_one_price(len(bids), ranked(bids)[:1], 3), "scale_equivariant"),
        (lambda bids: at_one_price(len(bids), ranked(bids)[:1], -1), "budget_balanced"),
    ],
    ids=["overcharges", "charges losers", "lowest wins", "first always wins", "favours a place", "fixed fee", "pays the winner"],
)
def test_each_broken_promise_is_caught_by_its_checker(planted, check):
    bids = [4, 9, 6]
    found = {
        "individually_rational": lambda: mechanisms.individually_rational(planted(bids), bids),
        "monotone_allocation": lambda: mechanisms.monotone_allocation(planted, bids, lambda _: range(12)),
        "threshold_payment": lambda: mechanisms.threshold_payment(planted, bids),
        "anonymous": lambda: mechanisms.anonymous(planted, bids, [1, 0, 2]),
        "scale_equivariant": lambda: mechanisms.scale_equivariant(planted, planted, bids, 2),
        "budget_balanced": lambda: mechanisms.budget_balanced(planted(bids)),
    }[check]()
    assert found is not None


def test_an_inefficient_rule_is_caught_and_the_two_losses_are_told_apart():
    assert mechanisms.efficient(5, 6) == {"reached": 5, "most": 6}
    assert mechanisms.at_most_one_trade_lost(5, 6, 6) is None
    assert mechanisms.at_most_one_trade_lost(4, 6, 6) == {"gains": 4, "most": 6, "trades": 6}


@pytest.mark.parametrize(
    ("bidders", "reserve", "expected"),
    [(2, "0", "1/3"), (2, "1/2", "5/12"), (3, "0", "1/2"), (3, "1/2", "17/32"), (10, "0", "9/11"), (1, "1/2", "1/4")],
)
def test_the_second_price_brings_what_the_textbook_says(bidders, reserve, expected):
    assert uniform_revenue(SECOND, bidders, Fraction(reserve)) == Fraction(expected)


@pytest.mark.parametrize("bidders", [2, 3, 5, 10])
def test_first_and_second_price_bring_the_same_in_equilibrium(bidders):
    assert revenue.revenue_equivalent({"first": shaded(bidders), "second": SECOND}, bidders) is None
    assert uniform_revenue(shaded(bidders), bidders) == Fraction(bidders - 1, bidders + 1)


def test_first_price_played_truthfully_brings_more_and_is_told_apart():
    assert revenue.revenue_equivalent({"first": FIRST, "second": SECOND}, 2) == {"first": "2/3", "second": "1/3"}


def test_the_exact_integral_is_the_mean_over_a_fine_grid():
    steps = 60
    grid = [sum(second_price([2 * one + 1, 2 * other + 1], reserve=steps).pays) for one in range(steps) for other in range(steps)]
    assert abs(Fraction(sum(grid), 2 * steps * steps**2) - Fraction(5, 12)) < Fraction(1, 100)


def test_one_more_bidder_is_worth_more_than_the_best_reserve():
    half = Fraction(1, 2)
    assert uniform_revenue(SECOND, 3) == half >= uniform_revenue(SECOND, 2, half) == Fraction(5, 12)
    assert all(revenue.one_more_bidder(SECOND, bidders, half) is None for bidders in range(1, 8))
    fixed = Played(lambda bids, reserve: at_one_price(len(bids), [0], reserve))
    assert revenue.one_more_bidder(fixed, 2, half) == {"one_more_bidder": "0", "best_reserve": "1/2"}


@pytest.mark.parametrize(
    ("params", "amounts", "awards", "amount_minor"),
    [
        ({}, ["5", "8", "3"], [("b1", "500")], 500),
        ({"format": "english"}, ["5", "8", "3"], [("b1", "500")], 500),
        ({"format": "first_price"}, ["5", "8", "3"], [("b1", "800")], 800),
        ({"format": "dutch"}, ["5", "8", "3"], [("b1", "800")], 800),
        ({}, ["8", "8"], [("b0", "800")], 800),
        ({"reserve": "6"}, ["5", "8", "3"], [("b1", "600")], 600),
        ({"reserve": "8"}, ["5", "8", "3"], [("b1", "800")], 800),
        ({"reserve": "8.01"}, ["5", "8", "3"], [], 0),
        ({}, ["7"], [("b0", "0")], 0),
        ({}, [], [], 0),
        ({"format": "uniform_price", "units": 2}, ["5", "8", "3", "5"], [("b1", "500"), ("b0", "500")], 1000),
        ({"format": "uniform_price", "units": 3, "reserve": "4"}, ["5", "8", "3"], [("b1", "400"), ("b0", "400")], 800),
    ],
)
def test_who_wins_and_what_is_paid(params, amounts, awards, amount_minor):
    quote = clear(*amounts, **params)
    assert quote.amount_minor == amount_minor
    assert quote.extras["awards"] == [{"bidder": bidder, "minor": minor} for bidder, minor in awards]
    assert quote.extras["receipts"] == []
    assert [line.code for line in quote.lines] == ["COPIES_SOLD" if awards else "NOT_SOLD"]


def test_the_first_price_says_how_its_winner_could_have_gained():
    quote = clear("5", "8", "8", "3", format="first_price")
    shade = clear("5", "8", "7", "3", format="dutch")
    assert claims(quote)["truthful"].standing is Standing.NOT_HELD
    assert claims(quote)["truthful"].witness == {
        "example": "bids of 200 and 100 minor units, no reserve",
        "value_minor": "200",
        "report_minor": "100",
        "gain_minor": "100",
    }
    assert claims(shade)["truthful"].witness == {"bidder": "b1", "value_minor": "800", "report_minor": "700", "gain_minor": "100"}
    assert (quote.extras["regret_bound_minor"], shade.extras["regret_bound_minor"]) == ("0", "100")
    assert claims(clear("5", "8"))["truthful"].standing is Standing.PROVEN
    assert "private values" in claims(clear("5", "8"))["truthful"].witness["assumes"]


@given(BIDS.filter(lambda bids: max(bids) > 0), st.integers(0, 8))
@settings(max_examples=60, deadline=None)
def test_the_least_winning_bid_wins_and_one_less_does_not(bids, reserve):
    outcome = first_price(bids, reserve=reserve)
    if 1 not in outcome.units:
        return
    winner = outcome.units.index(1)
    least = least_winning_bid(bids, winner, reserve=reserve)
    assert first_price(mechanisms.replaced(bids, winner, least), reserve=reserve).units[winner] == 1
    if least:
        assert first_price(mechanisms.replaced(bids, winner, least - 1), reserve=reserve).units[winner] == 0


@pytest.mark.parametrize(
    ("params", "inputs", "code", "field"),
    [
        ({"currency": "XXX"}, rows("1"), "NOT_ALLOWED", "params.currency"),
        ({"reserve": "-1"}, rows("1"), "NEGATIVE", "params.reserve"),
        ({"reserve": "1.001"}, rows("1"), "OVER_PRECISE", "params.reserve"),
        ({"units": 2}, rows("1"), "NOT_FOR_THIS_PLAN", "params.units"),
        ({"format": "uniform_price", "units": 0}, rows("1"), "TOO_SMALL", "params.units"),
        ({"format": "guess"}, rows("1"), "NOT_ALLOWED", "params.format"),
        ({"colour": 1}, rows("1"), "UNKNOWN_FIELD", "params.colour"),
        ({}, {}, "REQUIRED", "inputs.bids"),
        ({}, rows("1", "NaN"), "NOT_FINITE", "inputs.bids.1.bid"),
        ({}, rows("1", "inf"), "NOT_FINITE", "inputs.bids.1.bid"),
        ({}, rows("-1"), "NEGATIVE", "inputs.bids.0.bid"),
        ({}, rows(1.5), "WRONG_TYPE", "inputs.bids.0.bid"),
        ({"currency": "JPY"}, rows("1.5"), "OVER_PRECISE", "inputs.bids.0.bid"),
        ({"currency": "KWD"}, rows("9999999999999999.999"), "OVERFLOW", "inputs.bids.0.bid"),
        ({}, rows(*["1"] * 10_001), "TOO_MANY", "inputs.bids"),
        ({}, {"bids": [{"bidder": "a b", "bid": "1"}]}, "BAD_FORMAT", "inputs.bids.0.bidder"),
        ({}, {"bids": [{"bidder": "a" * 65, "bid": "1"}]}, "TOO_LONG", "inputs.bids.0.bidder"),
        ({}, {"bids": [{"bidder": "a", "bid": "1"}, {"bidder": "a", "bid": "2"}]}, "DUPLICATE", "inputs.bids.1.bidder"),
    ],
)
def test_bad_input_is_refused_at_its_field(params, inputs, code, field):
    with pytest.raises(InputError) as refused:
        AUCTION.run(Verb.CLEAR, params={"currency": "CNY", **params}, inputs=inputs)
    assert (refused.value.code, refused.value.field) == (code, field)


def test_more_money_than_an_account_can_hold_is_refused():
    with pytest.raises(InputError) as refused:
        clear(*["90000000000000000"[:16]] * 13, format="uniform_price", units=12)
    assert (refused.value.code, refused.value.field) == ("OVERFLOW", "inputs")


def test_the_longest_auction_clears():
    quote = clear(*[str(index) for index in range(10_000)], format="uniform_price", units=5_000)
    assert quote.amount_minor == 5_000 * 499_900
    assert len(quote.lines) == 1

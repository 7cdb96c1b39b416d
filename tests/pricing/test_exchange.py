"""The exchange keeps what each rule promises, loses no more than it says, and shows how the call market can be gamed."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.engines.auctions.exchange import EXCHANGE, as_mechanism
from pricing.engines.auctions.outcome import Outcome
from pricing.engines.auctions.two_sided import clearing_interval, k_double_auction, mcafee
from pricing.engines.checkers import mechanisms
from pricing.engines.errors import InputError
from pricing.engines.model import Verb
from pricing.engines.result import Standing

OFFERS = st.lists(st.integers(0, 12), max_size=5)
HALF = Fraction(1, 2)


def rows(bids, asks):
    return {
        "bids": [{"bidder": f"b{index}", "bid": bid} for index, bid in enumerate(bids)],
        "asks": [{"seller": f"s{index}", "ask": ask} for index, ask in enumerate(asks)],
    }


def clear(bids, asks, rule="mcafee", **params):
    return EXCHANGE.run(Verb.CLEAR, params={"currency": "CNY", "rule": rule, **params}, inputs=rows(bids, asks))


def claims(quote):
    return {claim.property: claim for claim in quote.claims}


def of(rule, buyers):
    return lambda reports: rule(reports[:buyers], reports[buyers:]).outcome(buyers, len(reports) - buyers)


def most(bids, asks):
    """The greatest gains from trade, by trying every number of pairs."""
    pairs = list(zip(sorted(bids, reverse=True), sorted(asks), strict=False))
    return max(sum(bid - ask for bid, ask in pairs[:count]) for count in range(len(pairs) + 1))


@given(OFFERS, OFFERS)
@settings(max_examples=100, deadline=None)
def test_mcafee_keeps_its_promises_and_loses_at_most_one_trade(bids, asks):
    rule, offers = of(mcafee, len(bids)), [*bids, *asks]
    deviations = mechanisms.bid_deviations(rule, offers, tries=5)
    cleared = mcafee(bids, asks)
    assert mechanisms.truthful(rule, offers, deviations) is None
    assert mechanisms.individually_rational(rule(offers), offers) is None
    assert mechanisms.threshold_payment(rule, offers) is None
    assert mechanisms.monotone_allocation(rule, offers, deviations) is None
    assert mechanisms.budget_balanced(rule(offers)) is None
    assert mechanisms.at_most_one_trade_lost(cleared.gains, most(bids, asks), cleared.efficient_trades) is None
    assert len(cleared.trades) in {cleared.efficient_trades, cleared.efficient_trades - 1}
    assert cleared.most_gains == most(bids, asks)


@given(OFFERS, OFFERS, st.fractions(0, 1, max_denominator=8))
@settings(max_examples=100, deadline=None)
def test_the_call_market_is_efficient_balanced_and_voluntary(bids, asks, weight):
    cleared, offers = k_double_auction(bids, asks, weight), [*bids, *asks]
    rule = as_mechanism(weight, len(bids))
    outcome = rule(offers)
    assert mechanisms.efficient(cleared.gains, most(bids, asks)) is None
    assert mechanisms.strongly_balanced(outcome) is None
    assert mechanisms.individually_rational(outcome, offers) is None
    assert mechanisms.monotone_allocation(rule, offers, lambda _: range(14)) is None
    if cleared.trades:
        wanted = [sum(bid > cleared.buyer_price for bid in bids), sum(bid >= cleared.buyer_price for bid in bids)]
        given_ = [sum(ask < cleared.buyer_price for ask in asks), sum(ask <= cleared.buyer_price for ask in asks)]
        assert max(wanted[0], given_[0]) <= len(cleared.trades) <= min(wanted[1], given_[1])


@given(OFFERS, OFFERS, st.randoms())
@settings(max_examples=60, deadline=None)
def test_no_name_is_preferred(bids, asks, random):
    order = random.sample(range(len(bids)), len(bids))
    sellers = [len(bids) + index for index in random.sample(range(len(asks)), len(asks))]
    for rule in (of(mcafee, len(bids)), as_mechanism(HALF, len(bids))):
        assert mechanisms.anonymous(rule, [*bids, *asks], [*order, *sellers]) is None


def test_a_thousand_random_offers_for_each_find_no_gain_against_mcafee():
    rule, offers = of(mcafee, 4), [90, 80, 70, 40, 20, 30, 50, 80]
    assert mechanisms.truthful(rule, offers, mechanisms.bid_deviations(rule, offers, seed=2)) is None


def in_fen(offers, buyers, rule, **params):
    texts = [f"{offer // 100}.{offer % 100:02d}" for offer in offers]
    return clear(texts[:buyers], texts[buyers:], rule, **params)


def traded(rule, buyers, **params):
    """The whole model as a mechanism of offers in fen."""

    def mechanism(reports):
        extras = in_fen(reports, buyers, rule, **params).extras
        paid = {row["bidder"]: int(row["minor"]) for row in extras["awards"]}
        got = {row["seller"]: int(row["minor"]) for row in extras["receipts"]}
        keys = [*(f"b{index}" for index in range(buyers)), *(f"s{index}" for index in range(len(reports) - buyers))]
        units = tuple((key in paid) - (key in got) for key in keys)
        return Outcome(units, tuple(paid.get(key, 0) - got.get(key, 0) for key in keys))

    return mechanism


@pytest.mark.parametrize(
    ("buyers", "offers"),
    [
        (4, [90, 80, 70, 40, 20, 30, 50, 80]),
        (3, [50, 50, 50, 50, 50]),
        (2, [9, 0, 0, 0]),
        (1, [9, 2]),
        (2, [5, 3]),
        (2, [2**53 + 9, 2**53 + 5, 2**53, 2**53 + 4]),
    ],
    ids=["four each", "all equal", "zeros", "one each", "no seller", "beyond floats"],
)
@pytest.mark.parametrize(("rule", "params"), [("mcafee", {}), ("call", {"k": "0.5"}), ("call", {"k": "0"}), ("call", {"k": "1"})])
def test_mcafee_leaves_no_lie_that_pays_and_a_lie_that_the_call_market_names_is_there(rule, params, buyers, offers):
    mechanism = traded(rule, buyers, **params)
    tries = 1_000 if (rule, buyers) == ("mcafee", 4) else 10
    found = mechanisms.truthful(mechanism, offers, mechanisms.bid_deviations(mechanism, offers, seed=2, tries=tries))
    said = claims(in_fen(offers, buyers, rule, **params))["truthful"]
    assert said.standing is (Standing.PROVEN if rule == "mcafee" else Standing.NOT_HELD)
    assert found is not None or "participant" not in said.witness
    assert rule != "mcafee" or (found is None and "each wants or has one copy" in said.witness["assumes"])
    assert mechanisms.budget_balanced(mechanism(offers)) is None


def test_the_call_market_under_the_name_of_a_truthful_rule_is_caught():
    rule, offers = as_mechanism(HALF, 2), [90, 70, 20, 50]
    caught = mechanisms.truthful(rule, offers, mechanisms.bid_deviations(rule, offers, tries=0))
    assert caught is not None
    assert (caught["participant"], caught["report"], caught["gain"]) == (0, "50", 10)


def vickrey(bids, asks):
    """Clear all efficient trades, each at the price it would least have needed: efficient and truthful, so it must run a deficit."""
    interval = clearing_interval(bids, asks)
    trades = k_double_auction(bids, asks, HALF).trades
    units, pays = [0] * (len(bids) + len(asks)), [0] * (len(bids) + len(asks))
    for buyer, seller in trades:
        units[buyer], pays[buyer] = 1, interval[0]
        units[len(bids) + seller], pays[len(bids) + seller] = -1, -interval[1]
    return Outcome(tuple(units), tuple(pays))


def test_a_two_sided_vickrey_auction_is_truthful_and_its_deficit_is_reported():
    def rule(reports):
        return vickrey(reports[:3], reports[3:])

    offers = [9, 8, 7, 2, 3, 5]
    assert mechanisms.truthful(rule, offers, mechanisms.bid_deviations(rule, offers, tries=50)) is None
    assert mechanisms.budget_balanced(rule(offers)) == {"deficit": 6}
    assert mechanisms.strongly_balanced(rule(offers)) == {"surplus": -6}


@pytest.mark.parametrize(
    ("bids", "asks", "prices", "trades"),
    [
        ([9, 8, 7, 4], [2, 3, 5, 8], (6, 6), 3),
        ([9, 8, 7], [2, 3, 5], (7, 5), 2),
        ([9, 8, 7, 6], [2, 3, 5, 9], (7, 7), 3),
        ([9, 8, 7, 6], [2, 3, 5, 11], (7, 5), 2),
        ([9, 8, 7, 4], [2, 3, 5, 7], (5, 5), 3),
        ([9], [2], (0, 0), 0),
        ([2], [9], (0, 0), 0),
        ([], [], (0, 0), 0),
        ([5, 5], [5, 5], (5, 5), 1),
    ],
)
def test_mcafee_on_small_books(bids, asks, prices, trades):
    cleared = mcafee(bids, asks)
    assert ((cleared.buyer_price, cleared.seller_price), len(cleared.trades)) == (prices, trades)


@pytest.mark.parametrize(
    ("weight", "price"), [("0", 7), ("1", 5), ("1/2", 6), ("1/4", 6), ("3/4", 6), ("1/8", 7)], ids=["bid", "ask", "half", "a", "b", "c"]
)
def test_the_price_is_k_of_the_lowest_and_the_rest_of_the_highest_clearing_price(weight, price):
    assert k_double_auction([9, 8, 7, 4], [2, 3, 5, 8], Fraction(weight)).buyer_price == price


def test_one_buyer_and_one_seller_split_the_difference():
    quote = clear(["9"], ["4"], "call", k="0.25")
    assert quote.amount_minor == 775
    assert quote.extras["trades"] == [{"bidder": "b0", "seller": "s0"}]


def test_mcafee_states_its_surplus_and_what_it_gives_up():
    quote = clear(["9", "8", "7"], ["2", "3", "5"])
    assert quote.extras == {
        "awards": [{"bidder": "b0", "minor": "700"}, {"bidder": "b1", "minor": "700"}],
        "receipts": [{"seller": "s0", "minor": "500"}, {"seller": "s1", "minor": "500"}],
        "trades": [{"bidder": "b0", "seller": "s0"}, {"bidder": "b1", "seller": "s1"}],
        "surplus_minor": "400",
        "gives_up": "efficient",
        "gains_minor": "1200",
        "most_gains_minor": "1400",
        "efficient_trades": 3,
    }
    said = claims(quote)
    assert said["efficient"].witness == {"reached_minor": "1200", "most_minor": "1400"}
    for name in ("truthful", "individually_rational", "budget_balanced", "at_most_one_trade_lost"):
        assert said[name].standing is Standing.PROVEN
    assert claims(clear(["9"], ["8"]))["efficient"].witness == {"reached_minor": "0", "most_minor": "100"}
    assert claims(clear(["1"], ["8"]))["efficient"].witness["example"] == "one bid of 100 and one ask of 50 minor units"
    assert (mcafee([100], [50]).gains, mcafee([100], [50]).most_gains) == (0, 50)


@given(OFFERS, OFFERS, st.sampled_from(["0", "0.3", "0.5", "1"]))
@settings(max_examples=60, deadline=None)
def test_the_way_to_game_the_call_market_that_it_shows_is_a_real_one(bids, asks, k):
    witness = claims(clear(map(str, bids), map(str, asks), "call", k=k))["truthful"].witness
    if "participant" not in witness:
        bids, asks, participant = [10**6], [0], int(k == "1")
    else:
        participant = int(witness["participant"][1:]) + (len(bids) if witness["participant"].startswith("s") else 0)
    values = [100 * offer for offer in (*bids, *asks)]
    rule = as_mechanism(Fraction(k), len(bids))
    assert str(values[participant]) == witness["value_minor"]
    lied = rule(mechanisms.replaced(values, participant, int(witness["report_minor"]))).utility(participant, values[participant])
    assert lied - rule(values).utility(participant, values[participant]) == int(witness["gain_minor"]) > 0


def test_a_buyer_who_would_lose_a_tie_is_shown_the_bid_just_above_it():
    assert claims(clear(["5", "9"], ["2"], "call"))["truthful"].witness == {
        "participant": "b1",
        "value_minor": "900",
        "report_minor": "501",
        "gain_minor": "200",
    }


@pytest.mark.parametrize("rule", ["mcafee", "call"])
def test_never_are_all_four_promised_together(rule):
    said = claims(clear(["9", "8", "7", "4"], ["2", "3", "5", "8"], rule))
    four = ("efficient", "truthful", "individually_rational", "budget_balanced")
    assert sorted(name for name in four if said[name].standing is Standing.NOT_HELD) == [{"mcafee": "efficient", "call": "truthful"}[rule]]


def test_the_largest_exchange_clears():
    offers = [str(index) for index in range(10_000)]
    quote = clear(offers, offers, "call")
    assert quote.extras["efficient_trades"] == 5_000
    assert quote.amount_minor == 5_000 * 499_950


@pytest.mark.parametrize(
    ("params", "inputs", "code", "field"),
    [
        ({"rule": "magic"}, rows(["1"], ["1"]), "NOT_ALLOWED", "params.rule"),
        ({"k": "0.5"}, rows(["1"], ["1"]), "UNKNOWN_FIELD", "params.k"),
        ({"rule": "call", "k": "1.000001"}, rows(["1"], ["1"]), "TOO_LARGE", "params.k"),
        ({"rule": "call", "k": "-0.1"}, rows(["1"], ["1"]), "NEGATIVE", "params.k"),
        ({"rule": "call", "k": 0.5}, rows(["1"], ["1"]), "WRONG_TYPE", "params.k"),
        ({"currency": "XXX"}, rows(["1"], ["1"]), "NOT_ALLOWED", "params.currency"),
        ({}, {"bids": []}, "REQUIRED", "inputs.asks"),
        ({}, rows(["inf"], ["1"]), "NOT_FINITE", "inputs.bids.0.bid"),
        ({}, rows(["1"], ["-1"]), "NEGATIVE", "inputs.asks.0.ask"),
        ({}, rows(["1"], ["1.001"]), "OVER_PRECISE", "inputs.asks.0.ask"),
        ({}, rows(["1"] * 10_001, ["1"]), "TOO_MANY", "inputs.bids"),
        (
            {},
            {"bids": [{"bidder": "a", "bid": "1"}], "asks": [{"seller": "a", "ask": "1"}]},
            "DUPLICATE",
            "inputs.asks.0.seller",
        ),
    ],
)
def test_bad_input_is_refused_at_its_field(params, inputs, code, field):
    with pytest.raises(InputError) as refused:
        EXCHANGE.run(Verb.CLEAR, params={"currency": "CNY", "rule": "mcafee", **params}, inputs=inputs)
    assert (refused.value.code, refused.value.field) == (code, field)

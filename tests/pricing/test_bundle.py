"""Bundles: the known prices of two uniform goods, brute force over whole prices, and the series of Bakos and Brynjolfsson."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.engines.checkers import posted
from pricing.engines.errors import InputError
from pricing.engines.model import Verb
from pricing.engines.posted import bundling
from pricing.engines.posted.bundle import BUNDLE

GOODS = [{"name": "maps"}, {"name": "counts"}]
UNIFORM = {"kind": "uniform", "goods": 2, "highest": "1000", "count": 1000}


def optimise(market):
    return BUNDLE.run(Verb.OPTIMISE, params={"currency": "CNY"}, inputs={"market": market})


def observed(*rows, goods=GOODS):
    return {"kind": "observed", "goods": goods, "buyers": [{"values": [str(value) for value in row]} for row in rows]}


def grid(side, top):
    """Return the middles of a square grid on [0, top] x [0, top], one buyer each: two independent uniform values."""
    middles = ((2 * np.arange(side) + 1) * top) // (2 * side)
    return (
        np.array([(one, other) for one in middles for other in middles]),
        np.ones(side * side, dtype=np.int64),
        np.zeros(2, dtype=np.int64),
    )


def test_two_uniform_goods_earn_a_half_apart_and_more_bundled():
    values, buyers, costs = grid(300, 600_000)
    whole = 600_000 * len(values)
    apart = sum(sale.gain for sale in bundling.separate(values, buyers, costs)) / whole
    together = bundling.pure(values, buyers, costs)
    assert apart == pytest.approx(0.5, abs=2e-3)
    assert together.price / 600_000 == pytest.approx(math.sqrt(2 / 3), abs=4e-3)
    assert together.gain / whole == pytest.approx(0.54433, abs=2e-3)


def test_two_uniform_goods_earn_the_published_revenue_at_the_published_mixed_prices():
    top, columns = 10**9, 500
    part, both = 2 * top / 3, top * (4 - math.sqrt(2)) / 3
    rows, buyers = [], []
    for low, high in ((0, both - part), (both - part, part), (part, top)):
        width = (high - low) / columns
        for first in low + width * np.arange(columns) + width / 2:
            # a buyer of this first value turns where its second value is this; between such values middles integrate exactly
            turn = part if first < both - part else max(both - first, both - part)
            rows += [(first, turn / 2), (first, (turn + top) / 2)]
            buyers += [width * turn / top, width * (top - turn) / top]
    pair = bundling.Pair.of(np.rint(rows).astype(np.int64), np.rint(buyers).astype(np.int64), np.zeros(2, dtype=np.int64))
    found = pair.outcome(np.rint([part, part, both]).astype(np.int64))
    assert found.gain / top**2 == pytest.approx(0.549201, abs=5e-7)


def test_mixed_prices_of_two_uniform_goods_are_found():
    values, buyers, costs = grid(60, 600_000)
    found = bundling.mixed(values, buyers, costs)
    assert found.gain / (600_000 * len(values)) == pytest.approx(0.5492, abs=8e-3)
    assert [price / 600_000 for price in found.prices] == pytest.approx([2 / 3, 2 / 3, (4 - math.sqrt(2)) / 3], abs=0.02)


@pytest.mark.parametrize(("goods", "figure"), [(1, 0.249), (2, 0.272), (5, 0.311), (10, 0.345), (20, 0.376), (100, 0.432)])
def test_the_revenue_per_good_of_large_bundles_rises_to_the_mean(goods, figure):
    price, revenue = bundling.uniform_bundle(goods)
    assert revenue == pytest.approx(figure, abs=1.1e-3)
    around = [step * goods / 400 for step in range(401)]
    assert all(level * float(bundling.uniform_sum_above(goods, Fraction(level))) <= goods * revenue + 1e-12 for level in around)
    assert revenue < 0.5
    if goods == 2:
        assert (price, 2 * revenue) == (pytest.approx(math.sqrt(2 / 3), abs=1e-7), pytest.approx(0.544331, abs=5e-7))


def test_the_sum_of_uniform_values_has_irwin_and_halls_distribution():
    assert [bundling.uniform_sum_above(2, Fraction(level, 2)) for level in range(-1, 6)] == [
        1,
        1,
        Fraction(7, 8),
        Fraction(1, 2),
        Fraction(1, 8),
        0,
        0,
    ]
    assert bundling.uniform_sum_above(3, Fraction(1)) == Fraction(5, 6)


ROWS = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=6)
COSTS = st.tuples(st.integers(0, 2), st.integers(0, 2))


def every_mixed_gain(pair):
    """Return the gain of every whole price of the two goods and the bundle."""
    for one in range(10):
        for other in range(10):
            for both in range(min(18, one + other) + 1):
                yield pair.outcome(np.array([one, other, both])).gain


@settings(max_examples=12, deadline=None)
@given(ROWS, COSTS)
def test_no_whole_prices_of_two_goods_and_their_bundle_earn_more(rows, costs):
    values, buyers = np.array(rows), np.arange(1, len(rows) + 1)
    found = bundling.mixed(values, buyers, np.array(costs))
    pair = bundling.Pair.of(values, buyers, np.array(costs))
    assert pair.outcome(np.array(found.prices)) == found
    assert found.gain == max(every_mixed_gain(pair))
    assert found.gain >= max(bundling.pure(values, buyers, np.array(costs)).gain, 0)
    assert found.gain >= sum(sale.gain for sale in bundling.separate(values, buyers, np.array(costs)))


def test_prices_that_hold_one_another_back_do_not_rise_in_small_steps(monkeypatch):
    replies = []
    reply = bundling.Pair.best_reply
    monkeypatch.setattr(bundling.Pair, "best_reply", lambda *given: replies.append(given) or reply(*given))
    rows = [(1600, 0), (0, 4273579430), (935800, 99999999999), (4895289450, 42456), (491820700, 3500), (44032270, 610)]
    values, buyers, costs = np.array(rows), np.array([702, 374, 197, 1000, 4, 2]), np.array([600, 762500])
    assert bundling.mixed(values, buyers, costs).gain > sum(sale.gain for sale in bundling.separate(values, buyers, costs))
    assert len(replies) < 1_000


@settings(deadline=None)
@given(ROWS, COSTS, st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)), st.integers(0, 2))
def test_the_best_reply_of_one_price_beats_every_other(rows, costs, prices, offer):
    pair = bundling.Pair.of(np.array(rows), np.ones(len(rows), dtype=np.int64), np.array(costs))
    one, other = prices[0], prices[1]
    start = np.array([one, other, min(prices[2], one + other)])
    reply = pair.best_reply(start, offer)

    def gain(price):
        moved = start.copy()
        moved[offer] = price
        return pair.outcome(moved).gain

    least = max(start[2] - start[1 - offer], 0) if offer < 2 else 0
    highest = one + other if offer == 2 else 9
    assert posted.best_price(gain, range(int(least), max(int(highest), int(least)) + 1), reply) is None


@given(st.lists(st.integers(0, 20), min_size=1, max_size=8), st.integers(0, 6))
def test_the_best_sale_of_one_good_beats_every_whole_price(values, cost):
    sale = bundling.best_sale(np.array(values), np.ones(len(values), dtype=np.int64), cost)

    def gain(price):
        return sum(value >= price for value in values) * (price - cost)

    assert posted.best_price(gain, range(23), sale.price) is None
    assert (sale.sold, sale.gain) == (sum(value >= sale.price for value in values), gain(sale.price))


def test_opposite_tastes_are_best_bundled_and_the_quote_is_exact():
    quote = optimise(observed((90, 10), (50, 50), (10, 90)))
    assert (quote.amount_minor, quote.extras["best"]) == (30_000, "pure")
    assert quote.extras["ways"]["separate"]["gain_minor"] == "20000"
    assert [row["price"] for row in quote.extras["ways"]["pure"]["offers"]] == ["100.00"]
    assert [claim.property for claim in quote.claims] == ["best_price", "lines_sum"]


def test_tastes_for_one_good_only_are_served_by_mixed_prices():
    goods = [{"name": "maps", "cost": "20"}, {"name": "counts", "cost": "20"}]
    quote = optimise(observed((90, 10), (80, 40), (40, 80), (10, 90), goods=goods))
    assert {way: told["gain_minor"] for way, told in quote.extras["ways"].items()} == {
        "separate": "24000",
        "pure": "24000",
        "mixed": "30000",
    }
    assert quote.extras["ways"]["mixed"]["offers"] == [
        {"offer": "maps", "price": "90.00", "sold": 1},
        {"offer": "counts", "price": "90.00", "sold": 1},
        {"offer": "bundle", "price": "120.00", "sold": 2},
    ]
    assert [(line.code, line.params["offer"], line.amount_minor) for line in quote.lines] == [
        ("SALES", "maps", 9_000),
        ("COPIES", "maps", -2_000),
        ("SALES", "counts", 9_000),
        ("COPIES", "counts", -2_000),
        ("SALES", "bundle", 24_000),
        ("COPIES", "bundle", -8_000),
    ]


def test_more_than_two_goods_are_compared_apart_and_bundled_only():
    goods = [{"name": f"g{at}"} for at in range(12)]
    quote = optimise(observed(list(range(12)), [11 - at for at in range(12)], goods=goods))
    assert set(quote.extras["ways"]) == {"separate", "pure"}
    assert (quote.extras["best"], quote.amount_minor) == ("pure", 13_200)


def test_a_uniform_bundle_of_two_goods_is_sold_at_the_root_of_two_thirds():
    quote = optimise(UNIFORM)
    assert quote.extras["price"] == "816.50"
    assert quote.amount_minor == pytest.approx(54_433_105, abs=1)
    assert quote.extras["revenue_per_good"] == {"bundled": "0.272165527", "alone": "0.25", "mean_value": "0.5"}


@pytest.mark.parametrize(
    ("market", "code", "field"),
    [
        (observed((1, 2), goods=[{"name": "a"}]), "TOO_FEW", "goods"),
        (observed((1, 2), goods=[{"name": "a"}, {"name": "a"}]), "DUPLICATE", "goods.1.name"),
        (observed((1, 2), goods=[{"name": f"g{at}"} for at in range(13)]), "TOO_MANY", "goods"),
        (observed((1, 2), goods=[{"name": "a", "cost": "0.001"}, {"name": "b"}]), "OVER_PRECISE", "goods.0.cost"),
        (observed(), "TOO_FEW", "buyers"),
        (observed(*[(1, 2)] * 1_001), "TOO_MANY", "buyers"),
        (observed((1, 2, 3)), "WRONG_LENGTH", "buyers.0.values"),
        (observed((1, "NaN")), "NOT_FINITE", "buyers.0.values.1"),
        (observed((1, -1)), "NEGATIVE", "buyers.0.values.1"),
        (observed((1, "999999999")), "TOO_LARGE", "buyers.0.values.1"),
        (observed((0, 0)), "NO_GAIN", ""),
        (observed((1, 1), goods=[{"name": "a", "cost": "2"}, {"name": "b", "cost": "2"}]), "NO_GAIN", ""),
        ({**UNIFORM, "goods": 101}, "TOO_LARGE", "goods"),
        ({**UNIFORM, "highest": "0"}, "NO_GAIN", ""),
        ({**UNIFORM, "count": 0}, "TOO_SMALL", "count"),
        ({**UNIFORM, "shape": 1}, "UNKNOWN_FIELD", "shape"),
    ],
)
def test_bad_input_of_a_bundle_is_refused_at_its_field(market, code, field):
    with pytest.raises(InputError) as refused:
        optimise(market)
    assert (refused.value.code, refused.value.field) == (code, f"inputs.market.{field}".rstrip("."))
    assert refused.value.text("zh")

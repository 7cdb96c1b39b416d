"""Menus: Mussa and Rosen's numbers, brute force over all assignments, and checkers that catch a menu nobody would obey."""

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pricing.engines.checkers import posted
from pricing.engines.errors import InputError
from pricing.engines.model import Verb
from pricing.engines.posted import quality, screening
from pricing.engines.posted.menu import MENU
from pricing.engines.posted.screening import NOTHING, Market

EDITIONS = MENU.examples[0].inputs["goods"]


def optimise(goods, **params):
    return MENU.run(Verb.OPTIMISE, params={"currency": "CNY", **params}, inputs={"goods": goods})


@st.composite
def markets(draw, types=4, versions=3):
    """Draw small markets whose every assignment can be tried."""
    many, kinds = draw(st.integers(1, types)), draw(st.integers(1, versions))
    rows = st.lists(st.integers(0, 12), min_size=kinds, max_size=kinds)
    return Market(
        draw(st.lists(rows, min_size=many, max_size=many)),
        draw(st.lists(st.integers(1, 5), min_size=many, max_size=many)),
        draw(st.lists(st.integers(0, 4), min_size=kinds, max_size=kinds)),
    )


@st.composite
def ordered_markets(draw):
    """Draw markets where each step up is worth no less to a higher type, whether it is worth anything or less than nothing."""
    many, kinds = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    steps = [sorted(draw(st.lists(st.integers(-3, 9), min_size=many, max_size=many))) for _ in range(kinds)]
    rows = [[sum(steps[at][one] for at in range(version + 1)) for version in range(kinds)] for one in range(many)]
    order = draw(st.permutations(range(many)))
    return Market(
        [rows[one] for one in order],
        draw(st.lists(st.integers(1, 5), min_size=many, max_size=many)),
        draw(st.lists(st.integers(0, 4), min_size=kinds, max_size=kinds)),
    )


def best_by_brute_force(market):
    """Try every assignment, at the highest prices that its incentives allow."""
    gains = []
    for versions in product(range(NOTHING, len(market.costs)), repeat=len(market.buyers)):
        rents = screening.least_rents(market, versions)
        if rents is not None:
            each = zip(market.buyers, versions, rents, strict=True)
            gains.append(sum(count * (market.worth(one, at) - rent - market.cost(at)) for one, (count, at, rent) in enumerate(each)))
    return max(gains)


def check(market, menu):
    def worth(one, other):
        return market.worth(one, menu.versions[other])

    assert posted.incentive_compatible(worth, menu.prices) is None
    assert posted.individually_rational(worth, menu.prices) is None


@settings(deadline=None)
@given(ordered_markets())
def test_the_menu_by_virtual_values_is_the_best_of_all_assignments(market):
    order = screening.crossing_order(market.values)
    assert order is not None
    menu = screening.menu_by_virtual_values(market, order)
    check(market, menu)
    assert menu.gain == best_by_brute_force(market)


@settings(max_examples=40, deadline=None)
@given(markets())
def test_the_menu_by_search_is_the_best_of_all_assignments(market):
    menu = screening.menu_by_search(market)
    check(market, menu)
    assert menu.gain == best_by_brute_force(market)


def test_types_that_do_not_order_have_no_crossing_order():
    assert screening.crossing_order([[5, 6], [1, 9]]) is None
    assert screening.crossing_order([[5, 9], [1, 2], [5, 9]]) == [1, 0, 2]


def test_pooled_types_get_one_version_where_the_single_best_ones_would_fall():
    market = Market([[1, 2], [5, 10], [6, 12]], [1, 1, 9], [0, 3])
    order = screening.crossing_order(market.values)
    assert order is not None
    gains = screening._virtual_gains(market, order)
    assert [row.index(max(row)) + NOTHING for row in gains] == [NOTHING, NOTHING, 1]
    menu = screening.menu_by_virtual_values(market, order)
    assert (menu.versions, menu.prices, menu.gain) == ((NOTHING, NOTHING, 1), (0, 0, 12), 81)
    falling = [[0, 4, 1], [0, 1, 6], [0, 5, 2], [0, 0, 9]]
    assert screening._monotone_assignment(falling) == [0, 1, 1, 1]


def test_an_assignment_that_no_prices_support_has_no_rents():
    market = Market([[9, 0], [0, 9]], [1, 1], [0, 0])
    assert screening.least_rents(market, [1, 0]) is None
    assert screening.least_rents(market, [0, 1]) == [0, 0]


@pytest.mark.parametrize("types", [2, 10, 50, 400])
def test_tastes_spread_evenly_over_0_to_1_earn_mussa_and_rosens_twelfth(types):
    tastes = [Fraction(one, types) for one in range(1, types + 1)]
    menu = quality.best_qualities(tastes, [1] * types, Fraction(1))
    assert menu.gain / types == Fraction((types + 1) * (types + 2), 12 * types**2)
    assert menu.qualities == tuple(max(2 * taste - 1, Fraction(0)) for taste in tastes)
    from_zero = quality.best_qualities([taste - Fraction(1, types) for taste in tastes], [1] * types, Fraction(1))
    assert from_zero.gain / types == Fraction(types**2 - 1, 12 * types**2)
    if types == 400:
        assert float(from_zero.gain / types) == pytest.approx(0.08333, abs=5e-6)


TASTES = st.lists(st.tuples(st.fractions(0, 9, max_denominator=7), st.integers(1, 4)), min_size=1, max_size=7)


@given(TASTES, st.fractions("1/4", 3, max_denominator=4), st.sampled_from([1, 10, 1000]), st.sampled_from([1, 100]))
def test_whole_prices_keep_every_type_with_its_own_quality(rows, curvature, quality_scale, money_scale):
    tastes, buyers = zip(*sorted(rows), strict=True)
    exact = quality.best_qualities(tastes, buyers, curvature)
    whole = quality.in_whole_units(exact, tastes, buyers, curvature, (quality_scale, money_scale))
    for menu in (exact, whole):

        def worth(one, other, menu=menu):
            return tastes[one] * menu.qualities[other]

        assert posted.incentive_compatible(worth, menu.prices) is None
        assert posted.individually_rational(worth, menu.prices) is None
    assert all((price * money_scale).denominator == 1 for price in whole.prices)
    assert whole.gain <= exact.gain


@given(TASTES)
def test_ironed_tastes_rise_and_keep_the_revenue_of_each_stretch(rows):
    tastes, buyers = zip(*sorted(rows), strict=True)
    ironed = quality.ironed_tastes(tastes, buyers)
    falling = buyers[::-1]
    assert posted.ironed_monotone(ironed.ironed[::-1]) is None
    weighted = [[value * count for value, count in zip(values, falling, strict=True)] for values in (ironed.raw, ironed.ironed)]
    assert posted.ironed_integral(*weighted, ironed.intervals) is None


def test_ironing_pools_a_type_that_few_have():
    ironed = quality.ironed_tastes([Fraction(1), Fraction(2), Fraction(3)], [10, 1, 10])
    assert ironed.raw[::-1] == (Fraction(-1, 10), Fraction(-8), Fraction(3))
    assert ironed.ironed[::-1] == (Fraction(-9, 11), Fraction(-9, 11), Fraction(3))


def test_two_editions_leave_the_higher_type_what_the_lower_one_would():
    quote = optimise(EDITIONS)
    assert quote.extras == {
        "menu": [{"version": "basic", "price": "30.00"}, {"version": "professional", "price": "80.00"}],
        "types": [
            {"takes": "basic", "keeps_minor": "0", "prefers_by_minor": "0"},
            {"takes": "professional", "keeps_minor": "2000", "prefers_by_minor": "0"},
        ],
        "method": "virtual_values",
    }
    assert [(line.code, line.amount_minor) for line in quote.lines] == [("SALES", 180_000), ("SALES", 320_000)]
    assert {claim.property: claim.standing.value for claim in quote.claims} == {
        "incentive_compatible": "checked",
        "screening_rational": "checked",
        "lines_sum": "checked",
    }


def test_types_without_an_order_are_searched_and_a_dear_version_is_not_offered():
    versions = [{"name": "maps"}, {"name": "counts"}, {"name": "both", "cost": "500"}]
    types = [{"buyers": 3, "values": ["90", "10", "95"]}, {"buyers": 2, "values": ["20", "80", "90"]}]
    quote = optimise({"kind": "versions", "versions": versions, "types": types})
    assert (quote.amount_minor, quote.extras["method"]) == (43_000, "search")
    assert [row["price"] for row in quote.extras["menu"]] == ["90.00", "80.00"]


def test_a_menu_of_qualities_in_cents():
    quote = optimise({"kind": "quality", "curvature": "1", "types": [{"taste": "3"}, {"taste": "2"}]})
    assert quote.extras["menu"] == [{"version": "1", "price": "2.00"}, {"version": "3", "price": "8.00"}]
    assert [row["takes"] for row in quote.extras["types"]] == ["3", "1"]
    assert [row["keeps_minor"] for row in quote.extras["types"]] == ["100", "0"]
    assert [line.amount_minor for line in quote.lines] == [200, -50, 800, -450]


def test_on_a_coarse_grid_a_quality_that_would_cost_more_than_it_earns_is_not_offered():
    goods = {"kind": "quality", "curvature": "1", "quality_decimals": 0}
    loss = {"taste": "0.6", "buyers": 1_000}
    with pytest.raises(InputError) as refused:
        optimise({**goods, "types": [loss]}, currency="JPY")
    assert (refused.value.code, refused.value.field) == ("NO_GAIN", "inputs.goods")
    quote = optimise({**goods, "types": [loss, {"taste": "2"}]}, currency="JPY")
    assert (quote.amount_minor, quote.extras["menu"]) == (2, [{"version": "2", "price": "4"}])


def test_menus_that_types_would_not_obey_are_caught():
    market = Market([[30, 40], [50, 100]], [60, 40], [0, 0])
    with pytest.raises(AssertionError):
        check(market, screening.Menu((0, 1), (30, 85), 0))
    assert posted.incentive_compatible(market.worth, [30, 85]) == {"type": 1, "prefers": 0, "gain": "5"}
    assert posted.individually_rational(market.worth, [31, 80]) == {"type": 0, "value": "30", "price": "31"}


@settings(max_examples=25, deadline=None)
@given(markets())
def test_the_model_answers_with_the_same_gain_in_cents(market):
    assume(best_by_brute_force(market) > 0)
    versions = [{"name": f"v{at}", "cost": str(cost)} for at, cost in enumerate(market.costs)]
    types = [{"buyers": count, "values": [str(value) for value in row]} for count, row in zip(market.buyers, market.values, strict=True)]
    quote = optimise({"kind": "versions", "versions": versions, "types": types})
    assert quote.amount_minor == 100 * best_by_brute_force(market)
    assert all(claim.standing.value == "checked" for claim in quote.claims)


UNORDERED = [{"values": [str(one), str(20 - one)]} for one in range(13)]


@pytest.mark.parametrize(
    ("goods", "code", "field"),
    [
        ({**EDITIONS, "types": []}, "TOO_FEW", "types"),
        ({**EDITIONS, "types": [{"values": ["1", "2"]}] * 201}, "TOO_MANY", "types"),
        ({**EDITIONS, "types": [{"values": ["1"]}]}, "WRONG_LENGTH", "types.0.values"),
        ({**EDITIONS, "types": [{"values": ["1", "NaN"]}]}, "NOT_FINITE", "types.0.values.1"),
        ({**EDITIONS, "types": [{"values": ["1", "-2"]}]}, "NEGATIVE", "types.0.values.1"),
        ({**EDITIONS, "types": [{"values": ["1", "2.001"]}]}, "OVER_PRECISE", "types.0.values.1"),
        ({**EDITIONS, "types": [{"values": ["0", "0"]}]}, "NO_GAIN", ""),
        ({**EDITIONS, "types": UNORDERED}, "NOT_ORDERED", "types"),
        ({**EDITIONS, "versions": [{"name": "a"}, {"name": "a"}]}, "DUPLICATE", "versions.1.name"),
        ({**EDITIONS, "versions": [{"name": "a", "cost": "x"}, {"name": "b"}]}, "NOT_A_NUMBER", "versions.0.cost"),
        ({"kind": "quality", "curvature": "0", "types": [{"taste": "1"}]}, "TOO_SMALL", "curvature"),
        ({"kind": "quality", "curvature": "1", "types": [{"taste": "0"}]}, "NO_GAIN", ""),
        ({"kind": "quality", "curvature": "1", "types": [{"taste": "1", "buyers": 0}]}, "TOO_SMALL", "types.0.buyers"),
        ({"kind": "quality", "curvature": "1", "types": [{"taste": "9999999"}]}, "TOO_LARGE", "types.0.taste"),
        ({"kind": "magic"}, "NOT_ALLOWED", "kind"),
    ],
)
def test_bad_input_of_a_menu_is_refused_at_its_field(goods, code, field):
    with pytest.raises(InputError) as refused:
        optimise(goods)
    assert (refused.value.code, refused.value.field) == (code, f"inputs.goods.{field}".rstrip("."))
    assert refused.value.text("zh")


def test_too_many_versions_for_a_search_are_refused():
    names = [{"name": f"v{at}"} for at in range(9)]
    types = [{"values": [str(abs(5 * one - at)) for at in range(9)]} for one in range(3)]
    with pytest.raises(InputError) as refused:
        optimise({"kind": "versions", "versions": names, "types": types})
    assert (refused.value.code, refused.value.field) == ("NOT_ORDERED", "inputs.goods.versions")

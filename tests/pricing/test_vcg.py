"""The VCG auction finds what trying everything finds, charges what solving again without each bidder gives, and pays no lie."""

import itertools
from functools import partial

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from pricing.engines.auctions import vcg
from pricing.engines.auctions.assignment import _Ties, assign, competitive_prices
from pricing.engines.auctions.outcome import Choice
from pricing.engines.auctions.packages import vickrey_packages
from pricing.engines.auctions.vcg import VCG
from pricing.engines.checkers import mechanisms
from pricing.engines.errors import InputError
from pricing.engines.model import Verb
from pricing.engines.result import Standing


@st.composite
def tables(draw, most=12):
    bidders, items = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    return draw(st.lists(st.lists(st.integers(0, most), min_size=items, max_size=items), min_size=bidders, max_size=bidders))


def table(rows):
    return np.array(rows, dtype=np.int64)


def most(values):
    """The greatest total value of an assignment, by trying every one."""
    bidders, items = values.shape
    places = [*range(items), *[-1] * bidders]
    return max(sum(int(values[i, j]) for i, j in enumerate(each) if j >= 0) for each in itertools.permutations(places, bidders))


def first_best(values):
    """Of the best assignments the one that gives the first bidder the first item, and so on; a worthless item is none."""
    bidders, items = values.shape
    wishes = [[item for item in range(items) if values[bidder, item]] + [items] for bidder in range(bidders)]
    apart = [each for each in itertools.product(*wishes) if len({j for j in each if j < items}) == sum(j < items for j in each)]
    best = min(apart, key=lambda each: (-sum(int(values[i, j]) for i, j in enumerate(each) if j < items), each))
    return tuple(-1 if item == items else item for item in best)


def single(rows):
    """One item for each bidder, as a mechanism of rows of values."""
    solved = assign(table(rows))
    return Choice(solved.chosen, tuple(solved.prices[item] if item >= 0 else 0 for item in solved.chosen))


@given(tables())
@settings(max_examples=60, deadline=None)
def test_the_assignment_is_the_best_there_is_at_the_smallest_competitive_prices(rows):
    values, solved, choice = table(rows), assign(table(rows)), single(rows)
    assert mechanisms.efficient(solved.welfare, most(values)) is None
    assert mechanisms.envy_free(values, solved.chosen, table(solved.prices)) is None
    assert mechanisms.smallest_prices(values, choice, most) is None
    assert mechanisms.individually_rational(choice, rows) is None


@given(tables(most=2))
@settings(max_examples=80, deadline=None)
def test_of_equally_good_assignments_earlier_bidders_get_earlier_items(rows):
    assert assign(table(rows)).chosen == first_best(table(rows))


@given(tables(most=2))
@example([[2, 2, 0], [2, 0, 2]])
@settings(max_examples=40, deadline=None)
def test_from_whichever_best_assignment_the_solver_gives_the_same_one_is_reached(rows):
    values = table(rows)
    solved = assign(values)
    for start in itertools.product(range(-1, values.shape[1]), repeat=values.shape[0]):
        taken = [item for item in start if item >= 0]
        worth = sum(int(values[bidder, item]) for bidder, item in enumerate(start) if item >= 0)
        if len(set(taken)) < len(taken) or worth < solved.welfare or not all(values[i, j] for i, j in enumerate(start) if j >= 0):
            continue
        chosen = np.array(start)
        assert competitive_prices(values, chosen).tolist() == list(solved.prices)
        _Ties(values, chosen, table(solved.prices)).settle()
        assert tuple(chosen.tolist()) == solved.chosen


def test_many_equal_losers_of_a_tie_are_not_each_searched_for_in_vain(monkeypatch):
    searches = []
    real = _Ties._ways_to
    monkeypatch.setattr(_Ties, "_ways_to", lambda ties, *given: searches.append(given[0]) or real(ties, *given))
    losers = 500
    rows = [[0, 10], *[[10, 0]] * losers, [20, 20]]
    assert assign(table(rows)).chosen == (1, *[-1] * losers, 0)
    assert len(searches) <= 2


@given(tables())
@settings(max_examples=20, deadline=None)
def test_no_row_of_values_pays_better_than_the_true_one(rows):
    assert mechanisms.truthful(single, rows, mechanisms.row_deviations(rows, tries=10)) is None


def test_a_thousand_random_rows_for_each_bidder_find_no_gain():
    rows = [[10, 8, 3], [9, 5, 5], [6, 4, 7]]
    assert mechanisms.truthful(single, rows, mechanisms.row_deviations(rows, seed=3)) is None


KINDS = {
    "unit_demand": ([("north",), ("south",), ("west",)], [[10, 8, 3], [9, 5, 5], [6, 4, 7]], 350),
    "packages": ([("north",), ("south", "north")], [[5, 9], [6, 6], [2, 12]], 350),
}
"""What each bidder may name, what it is worth to each, and how many random rows of each bidder are tried."""


def sold(kind, wanted):
    """The whole model as a mechanism of rows of values, in yen; each bidder names every alternative that is worth something to it."""

    def mechanism(rows):
        bids = [(f"b{index}", wanted[place], str(value)) for index, row in enumerate(rows) for place, value in enumerate(row) if value]
        won = {
            row["bidder"]: row for row in clear(bids, {"north": "2", "south": "3", "west": "0"}, currency="JPY", kind=kind).extras["awards"]
        }
        sets = [set(each) for each in wanted]
        keys = [f"b{index}" for index in range(len(rows))]
        chosen = tuple(sets.index(set(won[key]["items"])) if key in won else -1 for key in keys)
        return Choice(chosen, tuple(int(won[key]["minor"]) if key in won else 0 for key in keys))

    return mechanism


@pytest.mark.parametrize("kind", KINDS)
def test_with_reserves_no_row_pays_better_through_the_model_itself(kind):
    wanted, rows, tries = KINDS[kind]
    mechanism = sold(kind, wanted)
    assert mechanism(rows).pays != (0, 0, 0)
    assert mechanisms.truthful(mechanism, rows, mechanisms.row_deviations(rows, seed=4, tries=tries)) is None
    assert mechanisms.individually_rational(mechanism(rows), rows) is None


def test_paying_the_own_value_under_the_name_of_vcg_is_caught():
    def planted(rows):
        solved = assign(table(rows))
        return Choice(solved.chosen, tuple(row[item] if item >= 0 else 0 for row, item in zip(rows, solved.chosen, strict=True)))

    rows = [[10, 8], [9, 5], [6, 4]]
    caught = mechanisms.truthful(planted, rows, mechanisms.row_deviations(rows, tries=0))
    assert caught == {"participant": 0, "value": "[10, 8]", "report": "[10, 7]", "gain": 1}
    assert mechanisms.smallest_prices(table(rows), planted(rows), most) == {"bidder": 0, "pays": 8, "costs_others": 4}


@pytest.mark.parametrize(
    ("chosen", "prices", "caught"),
    [
        ((1, 0), (6, 4), None),
        ((0, 1), (6, 4), {"bidder": 0, "gets": 0, "prefers": 1}),
        ((1, -1), (6, 4), {"unsold": 0, "price": 6}),
        ((1, 0), (6, 9), {"bidder": 0, "gets": 1, "prefers": 0}),
        ((1, 0), (11, 12), {"bidder": 0, "gets": 1, "prefers": -1}),
    ],
)
def test_envy_and_a_price_of_an_unsold_item_are_caught(chosen, prices, caught):
    assert mechanisms.envy_free(table([[9, 8], [10, 6]]), chosen, table(prices)) == caught


def test_a_large_assignment_has_the_prices_that_solving_again_without_each_of_some_bidders_gives():
    values = np.random.default_rng(7).integers(0, 10**11, (120, 100))
    solved = assign(values)

    def best(among):
        rows, columns = linear_sum_assignment(among, maximize=True)
        return int(among[rows, columns].sum())

    for bidder in range(0, 120, 7):
        item = solved.chosen[bidder]
        own, pays = (int(values[bidder, item]), solved.prices[item]) if item >= 0 else (0, 0)
        assert pays == best(np.delete(values, bidder, axis=0)) - (solved.welfare - own)


def test_values_too_large_for_exact_floats_and_wrong_assignments_are_refused():
    with pytest.raises(ValueError, match="out of range"):
        assign(table([[2**51, 1]]))
    with pytest.raises(ValueError, match="out of range"):
        assign(table([[-1]]))
    assert assign(np.zeros((0, 3), dtype=np.int64)).prices == (0, 0, 0)
    assert competitive_prices(table([[5], [3]]), np.array([0, -1])).tolist() == [3]


def clear(bids, reserves=None, **params):
    sold = [{"item": item, "reserve": reserve} for item, reserve in (reserves or {"north": "0", "south": "0"}).items()]
    rows = [{"bidder": bidder, "items": list(wanted), "value": value} for bidder, wanted, value in bids]
    return VCG.run(Verb.CLEAR, params={"currency": "CNY", "items": sold, **params}, inputs={"bids": rows})


def claims(quote):
    return {claim.property: claim.standing for claim in quote.claims}


def test_the_answer_for_one_item_each_shows_prices_gains_and_what_is_proven():
    bids = [
        ("ash", ["north"], "10"),
        ("ash", ["south"], "8"),
        ("birch", ["north"], "9"),
        ("cedar", ["north"], "6"),
        ("cedar", ["south"], "4"),
    ]
    quote = clear(bids)
    assert quote.extras == {
        "awards": [
            {"bidder": "ash", "minor": "400", "items": ["south"], "gain_minor": "400"},
            {"bidder": "birch", "minor": "600", "items": ["north"], "gain_minor": "300"},
        ],
        "receipts": [],
        "value_above_reserves_minor": "1700",
        "prices": [{"item": "north", "minor": "600"}, {"item": "south", "minor": "400"}],
    }
    assert quote.amount_minor == 1_000
    assert claims(quote) == {
        "efficient": Standing.CHECKED,
        "envy_free": Standing.CHECKED,
        "smallest_competitive_prices": Standing.PROVEN,
        "truthful": Standing.PROVEN,
        "individually_rational": Standing.PROVEN,
        "lines_sum": Standing.CHECKED,
    }


@pytest.mark.parametrize("kind", ["unit_demand", "packages"])
def test_a_reserve_is_the_least_that_is_paid_and_a_bid_at_it_does_not_count(kind):
    quote = clear([("ash", ["north"], "10"), ("birch", ["south"], "5")], reserves={"north": "7", "south": "5"}, kind=kind)
    assert [(award["bidder"], award["minor"], award["gain_minor"]) for award in quote.extras["awards"]] == [("ash", "700", "300")]
    nothing = clear([("birch", ["south"], "5")], reserves={"north": "7", "south": "5"}, kind=kind)
    assert (nothing.amount_minor, nothing.extras["awards"], [line.code for line in nothing.lines]) == (0, [], ["NOT_SOLD"])
    assert clear([], kind=kind).amount_minor == 0


def test_the_answer_for_packages_shows_what_each_winner_costs_the_others():
    both = [("ash", ["south", "north"], "12"), ("birch", ["north"], "10"), ("cedar", ["south"], "9")]
    quote = clear(both, kind="packages", reserves={"north": "1", "south": "1"})
    assert quote.extras["awards"] == [
        {
            "bidder": "birch",
            "minor": "300",
            "items": ["north"],
            "gain_minor": "700",
            "others_without_minor": "1000",
            "others_with_minor": "800",
        },
        {
            "bidder": "cedar",
            "minor": "200",
            "items": ["south"],
            "gain_minor": "700",
            "others_without_minor": "1000",
            "others_with_minor": "900",
        },
    ]
    assert quote.amount_minor == 500
    assert clear([*both[1:], ("ash", ["south", "north"], "20")], kind="packages").extras["awards"][0]["items"] == ["north", "south"]


def test_a_problem_beyond_the_limit_is_refused_and_not_guessed(monkeypatch):
    monkeypatch.setattr(vcg, "vickrey_packages", partial(vickrey_packages, few=0, nodes=0))
    with pytest.raises(InputError) as refused:
        clear([("ash", ["north"], "1"), ("birch", ["south"], "1")], kind="packages")
    assert (refused.value.code, refused.value.field) == ("TOO_HARD", "inputs.bids")


ONE = ("ash", ["north"], "1")


@pytest.mark.parametrize(
    ("bids", "params", "code", "field"),
    [
        ([("ash", ["east"], "1")], {}, "UNKNOWN_ITEM", "inputs.bids.0.items.0"),
        ([("ash", ["north", "south"], "1")], {}, "TOO_MANY", "inputs.bids.0.items"),
        ([("ash", [], "1")], {}, "TOO_FEW", "inputs.bids.0.items"),
        ([("ash", ["north", "north"], "1")], {"kind": "packages"}, "DUPLICATE", "inputs.bids.0.items.1"),
        ([ONE, ONE], {}, "DUPLICATE", "inputs.bids.1.items"),
        ([ONE, ("ash", ["north"], "NaN")], {}, "NOT_FINITE", "inputs.bids.1.value"),
        ([("ash", ["north"], "-1")], {}, "NEGATIVE", "inputs.bids.0.value"),
        ([("ash", ["north"], 1)], {}, "WRONG_TYPE", "inputs.bids.0.value"),
        ([("ash", ["north"], "1.001")], {}, "OVER_PRECISE", "inputs.bids.0.value"),
        ([("ash", ["north"], "1000000000.01")], {}, "TOO_LARGE", "inputs.bids.0.value"),
        ([ONE] * 10_001, {}, "TOO_MANY", "inputs.bids"),
        ([ONE] * 201, {"kind": "packages"}, "TOO_MANY", "inputs.bids"),
        ([], {"items": []}, "TOO_FEW", "params.items"),
        ([], {"items": [{"item": "a"}, {"item": "a"}]}, "DUPLICATE", "params.items.1.item"),
        ([], {"items": [{"item": str(index)} for index in range(201)]}, "TOO_MANY", "params.items"),
        ([], {"items": [{"item": str(index)} for index in range(51)], "kind": "packages"}, "TOO_MANY", "params.items"),
        ([], {"items": [{"item": "a", "reserve": "1.234"}]}, "OVER_PRECISE", "params.items.0.reserve"),
        ([], {"currency": "XXX"}, "NOT_ALLOWED", "params.currency"),
        ([], {"kind": "guess"}, "NOT_ALLOWED", "params.kind"),
    ],
)
def test_bad_input_is_refused_at_its_field(bids, params, code, field):
    with pytest.raises(InputError) as refused:
        clear(bids, **params)
    assert (refused.value.code, refused.value.field) == (code, field)


def test_the_largest_assignment_clears():
    items = [f"i{index}" for index in range(200)]
    bids = [(f"b{index}", [items[index % 200]], str(5 + index // 200)) for index in range(10_000)]
    quote = clear(bids, items=[{"item": item} for item in items])
    assert quote.amount_minor == 200 * 5_300
    assert {award["bidder"] for award in quote.extras["awards"]} == {f"b{index}" for index in range(9_800, 10_000)}

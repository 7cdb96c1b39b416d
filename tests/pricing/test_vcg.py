"""The VCG auction finds what trying everything finds, charges what solving again without each bidder gives, and pays no lie."""

import itertools
import random
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, linear_sum_assignment, milp

from pricing.engines.auctions import packages, vcg
from pricing.engines.auctions.assignment import _Ties, assign, competitive_prices
from pricing.engines.auctions.outcome import Choice
from pricing.engines.auctions.packages import Package, TooHardError, vickrey_packages
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


searched = partial(vickrey_packages, few=0)
"""Packages by the search that many items need, however few there are."""


@st.composite
def package_rows(draw):
    """Up to four bidders with up to three alternatives each on five items: the alternatives, and their values."""
    wishes = st.lists(st.frozensets(st.integers(0, 4), min_size=1, max_size=3).map(sorted).map(tuple), min_size=1, max_size=3, unique=True)
    alternatives = draw(st.lists(wishes, min_size=1, max_size=4))
    value = draw(st.sampled_from([3, 12, 10**11]))
    return alternatives, [[draw(st.integers(0, value)) for _ in wish] for wish in alternatives]


def bids_of(alternatives, rows):
    """The bids that are worth something, and for each which alternative of its bidder it is."""
    all_bids = [(bidder, place) for bidder, wish in enumerate(alternatives) for place in range(len(wish)) if rows[bidder][place]]
    return [Package(bidder, alternatives[bidder][place], rows[bidder][place]) for bidder, place in all_bids], [
        place for _, place in all_bids
    ]


def best_set(bids, at=0, used=frozenset(), whose=frozenset()):
    """The value and the first of the best sets of bids, by trying every one."""
    if at == len(bids):
        return 0, ()
    without = best_set(bids, at + 1, used, whose)
    bid = bids[at]
    if bid.bidder in whose or used & set(bid.items):
        return without
    value, chosen = best_set(bids, at + 1, used | set(bid.items), whose | {bid.bidder})
    return max((value + bid.value, (at, *chosen)), without, key=lambda found: found[0])


def package_choice(alternatives, rows, rule=vickrey_packages):
    """Packages, as a mechanism of rows of values."""
    bids, places = bids_of(alternatives, rows)
    won = rule(bids, 5)
    chosen, pays = [-1] * len(rows), [0] * len(rows)
    for index, paid in zip(won.bids, won.pays, strict=True):
        chosen[bids[index].bidder], pays[bids[index].bidder] = places[index], paid
    return Choice(tuple(chosen), tuple(pays))


@given(package_rows())
@settings(max_examples=40, deadline=None)
def test_the_accepted_packages_are_the_first_best_set_and_each_pays_what_it_costs_the_others(given_):
    bids, _ = bids_of(*given_)
    won, (value, chosen) = vickrey_packages(bids, 5), best_set(bids)
    assert searched(bids, 5) == won
    assert (won.welfare, won.bids) == (value, chosen)
    assert mechanisms.efficient(won.welfare, value) is None
    for index, pays in zip(won.bids, won.pays, strict=True):
        others = [bid for bid in bids if bid.bidder != bids[index].bidder]
        assert pays == best_set(others)[0] - (value - bids[index].value)
    assert mechanisms.individually_rational(package_choice(*given_), given_[1]) is None


@pytest.mark.parametrize(
    ("alternatives", "rows"),
    [
        ([[(0, 1)], [(0,)], [(1,)]], [[12], [10], [9]]),
        ([[(0, 1), (2,)], [(0, 2), (1,)], [(1, 2)], [(0, 1, 2)]], [[7, 3], [6, 4], [8], [10]]),
    ],
    ids=["two against one", "overlapping"],
)
def test_no_values_of_the_own_packages_pay_better_than_the_true_ones(alternatives, rows):
    for rule, tries in ((vickrey_packages, 1_000), (searched, 2)):
        mechanism = partial(package_choice, alternatives, rule=rule)
        assert mechanisms.truthful(mechanism, rows, mechanisms.row_deviations(rows, tries=tries)) is None


@given(tables())
@settings(max_examples=15, deadline=None)
def test_packages_of_one_item_cost_what_the_assignment_costs(rows):
    alternatives = [[(item,) for item in range(len(rows[0]))]] * len(rows)
    one, other = single(rows), package_choice(alternatives, rows)
    values = [row[item] if item >= 0 else 0 for row, item in zip(rows, one.chosen, strict=True)]
    assert [value - paid for value, paid in zip(values, one.pays, strict=True)] == [
        other.utility(index, row) for index, row in enumerate(rows)
    ]


def test_where_the_relaxation_has_a_gap_the_search_still_finds_the_best():
    bids = [Package(0, (0, 1), 10), Package(1, (1, 2), 10), Package(2, (0, 2), 10), Package(3, (0, 1, 2), 11)]
    assert searched(bids, 3) == packages.Winners((3,), 11, (10,), (10,))


GAP = [Package(0, (0, 1), 10), Package(1, (1, 2), 10), Package(2, (0, 2), 10), Package(3, (2,), 4), Package(3, (0,), 3)]
"""Half of each of the first three is worth 15 to the relaxation; the best choice is worth 14."""


def test_a_wrong_proposal_of_the_solver_changes_nothing(monkeypatch):
    right = searched(GAP, 3)
    for lie in ((), (1,), (1, 4), (2,)):
        lies = []
        monkeypatch.setattr(packages._Bound, "proposal", lambda *_, lie=lie, lies=lies: lies.append(lie) or lie)
        assert searched(GAP, 3) == right == packages.Winners((0, 3), 14, (9, 0), (13, 10))
        assert lies == [lie]


def test_an_impossible_proposal_of_the_solver_is_not_taken(monkeypatch):
    right = searched(GAP, 3)
    monkeypatch.setattr("scipy.optimize.milp", lambda worth, **_: SimpleNamespace(x=np.ones(len(worth))))
    assert searched(GAP, 3) == right


def test_a_relaxation_that_lies_about_what_it_accepts_changes_nothing(monkeypatch):
    real, right = packages._Bound.relaxed, searched(GAP, 3)
    for share in (0.0, 0.5, 1.0):
        lie = lambda bound, among, share=share: packages._Relaxed(real(bound, among).prices, dict.fromkeys(among, share))  # noqa: E731
        monkeypatch.setattr(packages._Bound, "relaxed", lie)
        assert searched(GAP, 3) == right


def test_where_the_relaxation_has_no_gap_one_is_enough_for_each_question():
    bids = [Package(bidder, (item,), 50 + (bidder + 3) * (item + 2) ** 2 * 37 % 10_007) for bidder in range(8) for item in range(6)]
    assert len(searched(bids, 6, nodes=1 + 6).bids) == 6
    with pytest.raises(TooHardError):
        searched(bids, 6, nodes=6)


def test_sixty_bids_of_one_price_an_item_are_not_too_hard():
    chance = random.Random(1)
    wanted = [tuple(sorted(chance.sample(range(30), 3))) for _ in range(60)]
    bids = [Package(bidder, items, len(items)) for bidder, items in enumerate(wanted)]
    won = vickrey_packages(bids, 30, nodes=3_000)
    matrix = np.array([[item in items for items in wanted] for item in range(30)], dtype=float)
    solved = milp(
        [-bid.value for bid in bids], integrality=np.ones(60), bounds=Bounds(0, 1), constraints=LinearConstraint(matrix, ub=np.ones(30))
    )
    assert won.welfare == round(-solved.fun)
    assert all(0 <= paid <= bids[index].value for index, paid in zip(won.bids, won.pays, strict=True))


def test_two_hundred_bids_on_few_items_always_clear_and_never_ask_a_solver(monkeypatch):
    monkeypatch.setattr("scipy.optimize.linprog", None)
    chance = random.Random(1)
    bids = [Package(bidder, tuple(sorted(chance.sample(range(8), 3))), 3_000 + chance.randint(0, 50)) for bidder in range(200)]
    won = vickrey_packages(bids, 8, nodes=0)
    pairs = itertools.combinations(range(200), 2)
    apart = (pair for pair in pairs if not set(bids[pair[0]].items) & set(bids[pair[1]].items))
    assert won.bids == min(apart, key=lambda pair: (-bids[pair[0]].value - bids[pair[1]].value, pair))


def test_package_values_beyond_a_machine_word_are_told_apart():
    bids = [Package(0, (0,), 2**63), Package(1, (1,), 2**63 + 2), Package(2, (0, 1), 2**64 + 1)]
    assert vickrey_packages(bids, 2) == packages.Winners((0, 1), 2**64 + 2, (2**63 - 1, 2**63 + 1), (2**64 + 1,) * 2)


def test_useless_prices_change_nothing_either(monkeypatch):
    bids = [Package(0, (0, 1), 10), Package(1, (0,), 6), Package(2, (1,), 6), Package(3, (1,), 5)]
    blind = packages._Relaxed((10**9, 0), {})
    monkeypatch.setattr(packages._Bound, "relaxed", lambda *_: blind)
    assert searched(bids, 2).bids == (1, 2)


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
    with pytest.raises(TooHardError):
        searched([Package(0, (0,), 5), Package(1, (0,), 4)], 1, nodes=0)
    monkeypatch.setattr(vcg, "vickrey_packages", partial(searched, nodes=0))
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

"""Bids on packages: the best set that trying everything finds, by a table and by a search, whatever a solver says or leaves unsaid."""

import itertools
import random
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from pricing.engines.auctions import packages
from pricing.engines.auctions.assignment import assign
from pricing.engines.auctions.outcome import Choice
from pricing.engines.auctions.packages import Package, TooHardError, vickrey_packages
from pricing.engines.checkers import mechanisms

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


@given(
    st.integers(1, 4).flatmap(lambda items: st.lists(st.lists(st.integers(0, 12), min_size=items, max_size=items), min_size=1, max_size=4))
)
@settings(max_examples=15, deadline=None)
def test_packages_of_one_item_cost_what_the_assignment_costs(rows):
    alternatives = [[(item,) for item in range(len(rows[0]))]] * len(rows)
    one, other = assign(np.array(rows, dtype=np.int64)), package_choice(alternatives, rows)
    gains = [row[item] - one.prices[item] if item >= 0 else 0 for row, item in zip(rows, one.chosen, strict=True)]
    assert gains == [other.utility(index, row) for index, row in enumerate(rows)]


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


def test_items_that_nobody_wants_do_not_make_it_harder():
    bids = [Package(0, (3, 49), 5), Package(1, (49,), 4), Package(2, (17, 3), 3)]
    assert vickrey_packages(bids, 50, nodes=0) == searched(bids, 50) == packages.Winners((1, 2), 7, (2, 1), (5, 5))


def test_package_values_beyond_a_machine_word_are_told_apart():
    bids = [Package(0, (0,), 2**63), Package(1, (1,), 2**63 + 2), Package(2, (0, 1), 2**64 + 1)]
    assert vickrey_packages(bids, 2) == packages.Winners((0, 1), 2**64 + 2, (2**63 - 1, 2**63 + 1), (2**64 + 1,) * 2)


def test_useless_prices_change_nothing_either(monkeypatch):
    bids = [Package(0, (0, 1), 10), Package(1, (0,), 6), Package(2, (1,), 6), Package(3, (1,), 5)]
    blind = packages._Relaxed((10**9, 0), {})
    monkeypatch.setattr(packages._Bound, "relaxed", lambda *_: blind)
    assert searched(bids, 2).bids == (1, 2)


def test_the_search_refuses_what_its_limit_does_not_allow():
    with pytest.raises(TooHardError):
        searched([Package(0, (0,), 5), Package(1, (0,), 4)], 1, nodes=0)


def test_paying_the_own_value_for_a_package_is_caught():
    alternatives, rows = [[(0, 1)], [(0,)], [(1,)]], [[12], [10], [9]]

    def planted(given_):
        choice = package_choice(alternatives, given_)
        return Choice(choice.chosen, tuple(row[place] if place >= 0 else 0 for row, place in zip(given_, choice.chosen, strict=True)))

    caught = mechanisms.truthful(planted, rows, mechanisms.row_deviations(rows, tries=0))
    assert caught == {"participant": 1, "value": "[10]", "report": "[9]", "gain": 1}

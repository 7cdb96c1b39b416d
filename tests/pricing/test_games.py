"""Values of cooperative games: published numbers exactly, brute force on small games, and the axioms by the checkers that claims name."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.special import beta as beta_function

from pricing.engines.checkers import sharing as checkers
from pricing.engines.sharing import claims_rules, forms, games
from pricing.engines.sharing.core import least_core, nucleolus
from pricing.engines.sharing.linear import inverse, null_space, solve
from pricing.money import split, split_keyed

FEW = settings(max_examples=40)
GLOVE = [0, 0, 0, 1, 0, 1, 0, 1]


def tables(least=1, most=4, low=-20, high=20):
    return st.integers(least, most).flatmap(lambda n: st.lists(st.integers(low, high), min_size=1 << n, max_size=1 << n))


def pairs_of_tables(most=4):
    return st.integers(1, most).flatmap(lambda n: st.tuples(*[st.lists(st.integers(-20, 20), min_size=1 << n, max_size=1 << n)] * 2))


def semivalue(weights_of):
    def rule(table):
        marginals = games.size_sums(games.exact_table(table)).marginals()
        return games.semivalues(marginals, weights_of(len(marginals)))

    return rule


def beta_half_two(players):
    return games.beta_weights(players, Fraction(1, 2), Fraction(2))


SEMIVALUES = {
    "shapley": games.shapley_weights,
    "banzhaf": games.banzhaf_weights,
    "beta": beta_half_two,
    "leave_one_out": games.leave_one_out_weights,
}
EVERY_SEMIVALUE = pytest.mark.parametrize("weights_of", [pytest.param(each, id=name) for name, each in SEMIVALUES.items()])
shapley, banzhaf = semivalue(games.shapley_weights), semivalue(games.banzhaf_weights)


def by_orders(table):
    """Return the Shapley value as the mean over all orders of arrival."""
    count = len(table).bit_length() - 1
    sums = [0] * count
    for order in itertools.permutations(range(count)):
        mask = 0
        for player in order:
            sums[player] += table[mask | 1 << player] - table[mask]
            mask |= 1 << player
    return [Fraction(total, math.factorial(count)) for total in sums]


def by_coalitions(table, weights):
    """Return a semivalue as its definition states it."""
    count = len(table).bit_length() - 1
    return [
        sum(
            (weights[mask.bit_count()] * (table[mask | 1 << player] - table[mask]) for mask in range(1 << count) if not mask >> player & 1),
            Fraction(0),
        )
        for player in range(count)
    ]


def shares_of_voting(weights, quota, weights_of):
    game = forms.weighted_voting(weights, quota)
    return games.semivalues(game.marginals, weights_of(game.players))


def index(values):
    return [value / sum(values) for value in values]


def test_the_council_of_the_eec_in_1958():
    council = [4, 4, 4, 2, 2, 1], 12
    assert shares_of_voting(*council, games.shapley_weights) == [Fraction(7, 30)] * 3 + [Fraction(3, 20)] * 2 + [0]
    assert index(shares_of_voting(*council, games.banzhaf_weights)) == [Fraction(5, 21)] * 3 + [Fraction(1, 7)] * 2 + [0]


def test_the_security_council_of_the_united_nations():
    council = [7] * 5 + [1] * 10, 39
    power = shares_of_voting(*council, games.shapley_weights)
    assert [round(float(power[0]), 5), round(float(power[5]), 6)] == [0.19627, 0.001865]
    assert power == [power[0]] * 5 + [power[5]] * 10
    assert sum(power) == 1
    swings = shares_of_voting(*council, games.banzhaf_weights)
    assert [round(float(swings[0]), 6), round(float(swings[5]), 6)] == [0.051758, 0.005127]
    assert [round(float(index(swings)[0]), 6), round(float(index(swings)[5]), 6)] == [0.166929, 0.016535]


def test_a_single_vote_can_be_worth_as_much_as_forty_nine():
    assert shares_of_voting([50, 49, 1], 51, games.shapley_weights) == [Fraction(2, 3), Fraction(1, 6), Fraction(1, 6)]
    assert index(shares_of_voting([50, 49, 1], 51, games.banzhaf_weights)) == [Fraction(3, 5), Fraction(1, 5), Fraction(1, 5)]


def test_the_airport_game():
    game = forms.airport([1, 2, 3])
    assert games.semivalues(game.marginals, games.shapley_weights(3)) == [Fraction(1, 3), Fraction(5, 6), Fraction(11, 6)]


def test_the_glove_game():
    assert shapley(GLOVE) == [Fraction(2, 3), Fraction(1, 6), Fraction(1, 6)]
    for rule in (least_core, nucleolus):
        point = rule(GLOVE)
        assert (point.shares, point.excess) == ([1, 0, 0], 0)
    assert checkers.in_core(GLOVE, shapley(GLOVE)) == {"coalition": 3, "worth": "1", "receives": "5/6"}


@pytest.mark.parametrize(
    ("amount", "awards"),
    [(100, ["100/3", "100/3", "100/3"]), (200, ["50", "75", "75"]), (300, ["50", "100", "150"]), (500, ["200/3", "500/3", "800/3"])],
)
def test_the_three_claims_of_the_talmud(amount, awards):
    divided = claims_rules.talmud([Fraction(100), Fraction(200), Fraction(300)], Fraction(amount))
    assert divided == [Fraction(award) for award in awards]


@FEW
@given(st.lists(st.integers(0, 50), min_size=2, max_size=4), st.integers(0, 200))
def test_the_talmud_rule_is_the_nucleolus_of_the_bankruptcy_game(claims, amount):
    amount = min(amount, sum(claims))
    divided = claims_rules.talmud([Fraction(claim) for claim in claims], Fraction(amount))
    assert divided == nucleolus(claims_rules.bankruptcy_game(claims, amount)).shares
    assert all(0 <= share <= claim for share, claim in zip(divided, claims, strict=True))


@FEW
@given(tables(most=5))
def test_the_shapley_value_is_the_mean_over_all_orders(table):
    assert shapley(table) == by_orders(table)


@EVERY_SEMIVALUE
@FEW
@given(table=tables(most=5))
def test_a_semivalue_is_the_weighted_sum_of_its_definition(weights_of, table):
    weights = weights_of(len(table).bit_length() - 1)
    assert semivalue(weights_of)(table) == by_coalitions(table, weights)


@pytest.mark.parametrize("players", [1, 2, 7, 20])
def test_beta_weights_are_ratios_of_beta_functions_and_one_one_is_shapley(players):
    weights = [float(weight) for weight in games.beta_weights(players, Fraction(16), Fraction(1, 4))]
    sizes = np.arange(players)
    assert weights == pytest.approx(beta_function(sizes + 0.25, players - 1 - sizes + 16) / beta_function(16, 0.25), rel=1e-12)
    assert games.beta_weights(players, Fraction(1), Fraction(1)) == games.shapley_weights(players)


@EVERY_SEMIVALUE
@pytest.mark.parametrize("players", [1, 2, 9])
def test_semivalue_weights_sum_to_one_and_wrong_ones_are_caught(weights_of, players):
    weights = weights_of(players)
    assert checkers.semivalue_weights(weights) is None
    assert checkers.semivalue_weights([weight * 2 for weight in weights]) == {"sum": "2", "least": str(2 * min(weights))}


@EVERY_SEMIVALUE
@FEW
@given(both=pairs_of_tables(), factors=st.tuples(st.integers(-3, 3), st.integers(-3, 3)))
def test_semivalues_are_linear_monotone_symmetric_and_leave_nothing_to_who_adds_nothing(weights_of, both, factors):
    rule = semivalue(weights_of)
    one, other = both
    assert checkers.linear(rule, one, other, factors) is None
    assert checkers.strong_monotone(rule, one, other) is None
    assert checkers.strong_monotone(rule, [max(pair) for pair in zip(one, other, strict=True)], other) is None
    values = rule(one)
    for check in (checkers.symmetric, checkers.null_player, checkers.dummy_player):
        assert check(one, values) is None
        grown = checkers.replicated(one, [[Fraction(0)] * len(values)] * len(values), 0)[0]
        assert check(grown, rule(grown)) is None


@FEW
@given(tables())
def test_shapley_is_efficient_and_in_the_core_of_a_convex_game(table):
    values = shapley(table)
    assert checkers.efficient(values, Fraction(table[-1] - table[0])) is None
    assert checkers.convex_core(table, values) is None
    convex = [sum(abs(worth) for sub, worth in enumerate(table) if sub and sub & mask == sub) for mask in range(len(table))]
    assert checkers.convex_core(convex, shapley(convex)) is None
    assert checkers.in_core(convex, shapley(convex)) is None


@FEW
@given(tables(least=2))
def test_two_who_merge_keep_the_sum_of_their_banzhaf_values(table):
    assert checkers.two_efficient(banzhaf, table) is None


ADDITIVE_BUT_ONE = [0, 4, 0, 4]


def test_planted_wrong_rules_are_caught():
    assert checkers.efficient([Fraction(1), Fraction(1)], Fraction(3)) == {"sum": "2", "worth": "3"}
    assert checkers.symmetric(GLOVE, [Fraction(1), Fraction(1), Fraction(0)])["other"] == 2
    assert checkers.null_player(ADDITIVE_BUT_ONE, [Fraction(2), Fraction(2)]) == {"player": 1, "value": "2"}
    assert checkers.dummy_player(ADDITIVE_BUT_ONE, [Fraction(3), Fraction(0)]) == {"player": 0, "adds": 4, "value": "3"}
    assert checkers.linear(lambda table: [Fraction(max(table))], [0, 2], [2, 0], (1, 1)) == {"player": 0, "value": "2", "sum": "4"}
    assert checkers.strong_monotone(lambda table: [Fraction(-table[-1])], [0, 2], [0, 1]) == {
        "player": 0,
        "value": "-2",
        "where_it_adds_less": "-1",
    }
    assert checkers.two_efficient(shapley, GLOVE) == {"one": 0, "other": 1, "merged": "1", "sum": "5/6"}
    assert checkers.convex_core([0, 0, 0, 1], [Fraction(2), Fraction(-1)]) == {"coalition": 2, "worth": "0", "receives": "-1"}
    assert checkers.least_excess(GLOVE, [Fraction(1), Fraction(0), Fraction(0)], Fraction(1), {2: Fraction(1, 2), 5: Fraction(1, 2)}) == {
        "bound": "0",
        "excess": "1",
    }
    assert checkers.least_excess(GLOVE, [Fraction(1), Fraction(0), Fraction(0)], Fraction(0), {2: Fraction(1)}) == {"balance": "2: 1"}


@FEW
@given(tables(least=2))
def test_the_least_core_is_as_small_as_a_floating_program_finds_and_its_point_has_least_norm(table):
    table[0] = 0
    point = least_core(table)
    assert checkers.least_excess(table, point.shares, point.excess, point.balance) is None
    count, inner = len(point.shares), range(1, len(table) - 1)
    held = np.array([[mask >> player & 1 for player in range(count)] for mask in inner], dtype=float)
    whole = {"A_eq": np.ones((1, count + 1)), "b_eq": [table[-1]], "bounds": [(None, None)] * (count + 1)}
    whole["A_eq"][0, -1] = 0
    found = linprog([0] * count + [1], A_ub=np.hstack([-held, -np.ones((len(held), 1))]), b_ub=[-table[mask] for mask in inner], **whole)
    assert found.fun == pytest.approx(float(point.excess), abs=1e-7)
    floats = [float(share) for share in point.shares]
    # least norm: no point of the least core lies on the near side of the plane through this one
    near = linprog(
        floats,
        A_ub=-held,
        b_ub=[float(point.excess) - table[mask] for mask in inner],
        A_eq=np.ones((1, count)),
        b_eq=[table[-1]],
        bounds=[(None, None)] * count,
    )
    assert near.fun == pytest.approx(sum(share * share for share in floats), abs=1e-6)


def excesses(table, shares):
    held = ((mask, sum(share for player, share in enumerate(shares) if mask >> player & 1)) for mask in range(1, len(table) - 1))
    return sorted((table[mask] - table[0] - received for mask, received in held), reverse=True)


@FEW
@given(tables(least=2), st.lists(st.integers(-3, 3), min_size=4, max_size=4))
def test_no_other_division_has_smaller_sorted_excesses_than_the_nucleolus(table, step):
    point = nucleolus(table)
    count = len(point.shares)
    assert checkers.least_excess(table, point.shares, point.excess, point.balance) is None
    away = [Fraction(move) - Fraction(sum(step[:count]), count) for move in step[:count]]
    for size in (Fraction(1), Fraction(1, 1000)) if any(away) else ():
        moved = [share + size * move for share, move in zip(point.shares, away, strict=True)]
        assert excesses(table, point.shares) < excesses(table, moved)


def test_the_core_family_of_twelve_players_is_exact_and_ends_although_voting_games_are_degenerate():
    table = list(games.coalition_sums([5, 3, 7, 1, 2, 8, 6, 4, 4, 2, 1, 3]))
    votes = [int(total >= 24) for total in table]
    for rule in (least_core, nucleolus):
        point = rule(votes)
        assert checkers.least_excess(votes, point.shares, point.excess, point.balance) is None
        assert checkers.symmetric(votes, point.shares) is None
    assert nucleolus([total * 10**18 for total in table]).shares == [part * 10**18 for part in (5, 3, 7, 1, 2, 8, 6, 4, 4, 2, 1, 3)]


def test_a_single_player_takes_all():
    assert (shapley([2, 9]), least_core([2, 9]).shares, nucleolus([2, 9]).shares) == ([7], [7], [7])


@st.composite
def described(draw):
    count = draw(st.integers(1, 5))
    numbers = st.lists(st.integers(0, 12), min_size=count, max_size=count)
    kind = draw(st.sampled_from(["voting", "airport", "pairwise", "coverage"]))
    if kind == "voting":
        return forms.weighted_voting, (draw(numbers), draw(st.integers(1, 30)))
    if kind == "airport":
        return forms.airport, (draw(numbers),)
    if kind == "pairwise":
        pairs = draw(st.lists(st.sampled_from(list(itertools.combinations(range(5), 2))), unique=True))
        return forms.pairwise, (draw(numbers), [(*pair, draw(st.integers(-9, 9))) for pair in pairs if max(pair) < count])
    held = st.lists(st.integers(0, count - 1), min_size=1, unique=True)
    return forms.coverage, (count, draw(st.lists(st.tuples(st.integers(0, 9), held), max_size=6)))


@settings(max_examples=150)
@given(described())
def test_a_described_game_is_counted_as_its_table_would_be(form):
    make, given_form = form
    from_table = make(*given_form)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forms, "EXACT_PLAYERS", 0)
        counted = make(*given_form)
    assert counted.table is None
    assert counted.worth == from_table.worth
    assert [list(row) for row in counted.marginals] == [list(row) for row in from_table.marginals]


def test_voting_of_sixty_four_is_counted_without_overflow_and_finer_weights_are_not():
    power = shares_of_voting([1] * 64, 32, games.shapley_weights)
    assert power == [Fraction(1, 64)] * 64
    assert shares_of_voting([1] * 64, 32, games.banzhaf_weights) == [Fraction(math.comb(63, 31), 2**63)] * 64
    assert forms.weighted_voting([10**6 + place for place in range(20)], 10**7) is None


@pytest.mark.parametrize("count", [1, 2, 9, 16])
def test_floats_agree_with_exact_integers(count):
    table = [(7919 * mask * mask) % 10_007 for mask in range(1 << count)]
    for weights_of in SEMIVALUES.values():
        exact = semivalue(weights_of)(table)
        floats = games.float_semivalues(np.array(table, dtype=np.float64), weights_of(count))
        assert floats == pytest.approx([float(value) for value in exact], abs=1e-9)


@pytest.mark.parametrize("length", [0, 1, 3, 6])
def test_a_table_that_is_no_power_of_two_is_refused(length):
    with pytest.raises(ValueError, match="coalitions"):
        games.size_sums(np.zeros(length))


def test_small_systems_are_solved_in_fractions_and_singular_ones_refused():
    square = [[Fraction(2), Fraction(1)], [Fraction(1), Fraction(3)]]
    assert solve(square, [Fraction(3), Fraction(5)]) == [Fraction(4, 5), Fraction(7, 5)]
    assert inverse(square) == [[Fraction(3, 5), Fraction(-1, 5)], [Fraction(-1, 5), Fraction(2, 5)]]
    assert null_space([[Fraction(1), Fraction(2)]]) == [[Fraction(-2), Fraction(1)]]
    for call in (lambda: inverse([[Fraction(0)]]), lambda: solve([[Fraction(0)]], [Fraction(1)])):
        with pytest.raises(ArithmeticError, match="singular"):
            call()


@FEW
@given(st.integers(0, 10**12), st.lists(st.integers(0, 9), min_size=1, max_size=9).filter(any))
def test_cents_are_exact_whatever_the_order_and_splitting_by_position_is_caught_on_ties(amount, weights):
    parts = {f"holder-{place}": Fraction(weight, sum(weights)) for place, weight in enumerate(weights)}
    assert checkers.cents_exact(amount, parts, split_keyed) is None


def by_position(amount, parts):
    return dict(zip(parts, split(amount, list(parts.values())), strict=True))


def test_ties_by_position_are_caught_even_as_multisets():
    parts = {"a": Fraction(2, 3), "b": Fraction(1, 6), "c": Fraction(1, 6)}
    assert sorted(by_position(100, parts).values()) == [16, 17, 67]
    assert sorted(by_position(100, dict(reversed(parts.items()))).values()) == [17, 17, 66]
    assert checkers.cents_exact(100, parts, by_position) == {"holder": "a", "share": 67, "in_other_order": 66}
    floored = checkers.cents_exact(100, parts, lambda amount, shares: {key: int(amount * part) for key, part in shares.items()})
    assert floored == {"sum": 98, "amount": 100}
    greedy = checkers.cents_exact(100, parts, lambda amount, shares: dict(zip(shares, (amount, 0, 0), strict=True)))
    assert greedy == {"holder": "a", "share": 100, "exact": "200/3"}

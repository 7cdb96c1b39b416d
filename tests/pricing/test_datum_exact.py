"""The nearest-neighbour values are the semivalues that they say, to the last digit, against the sum over all subsets."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.engines.checkers import datum as checkers
from pricing.engines.datum import ladder
from pricing.engines.datum.exact import Values, ladder_values, nearest_first, squared_distances, threshold_values
from pricing.engines.datum.neighbours import float_threshold_values, float_values

CLASSES = 3


@st.composite
def instances(draw, most=6):
    """Draw few points on a coarse grid, so that ties, one class, duplicates and N < K all happen often."""
    count, tests, width = draw(st.integers(1, most)), draw(st.integers(1, 3)), draw(st.integers(1, 2))
    cell, label = st.integers(-2, 2), st.integers(0, draw(st.integers(0, CLASSES - 1)))
    points, asked = (
        np.array(draw(st.lists(st.lists(cell, min_size=width, max_size=width), min_size=rows, max_size=rows)), dtype=np.int64)
        for rows in (count, tests)
    )
    labels, asked_labels = (np.array(draw(st.lists(label, min_size=rows, max_size=rows)), dtype=np.int64) for rows in (count, tests))
    squares = squared_distances(points, asked)
    return squares, asked_labels[:, None] == labels[None, :]


RULES = {
    "shapley": (ladder.shapley, checkers.shapley_weights),
    "banzhaf": (ladder.banzhaf, checkers.banzhaf_weights),
    "leave_one_out": (ladder.leave_one_out, checkers.last_weights),
    "beta_4_1": (lambda ranks, k: ladder.beta_shapley(ranks, k, 4, 1), lambda count: checkers.beta_weights(count, 4, 1)),
    "beta_2_3": (lambda ranks, k: ladder.beta_shapley(ranks, k, 2, 3), lambda count: checkers.beta_weights(count, 2, 3)),
    "beta_1_1": (lambda ranks, k: ladder.beta_shapley(ranks, k, 1, 1), checkers.shapley_weights),
}


def fractions(values):
    return [values.at(index) for index in range(len(values.numerators))]


@pytest.mark.parametrize("rule", RULES)
@settings(max_examples=60)
@given(instance=instances(), k=st.integers(1, 9))
def test_every_rule_equals_brute_force_with_ties_one_class_and_fewer_points_than_k(rule, instance, k):
    squares, matches = instance
    order = nearest_first(squares)
    rungs, weights = RULES[rule]
    values = ladder_values(order, matches, rungs(ladder.exact_ranks(squares.shape[1]), k))
    utility = checkers.neighbour_utility(order.tolist(), matches.tolist(), k)
    assert checkers.points_exact(fractions(values), utility, weights(squares.shape[1])) is None


@settings(max_examples=60)
@given(instance=instances(), k=st.integers(1, 9), classes=st.integers(1, CLASSES))
def test_soft_labels_equal_brute_force(instance, k, classes):
    squares, matches = instance
    order = nearest_first(squares)
    values = ladder_values(order, matches, ladder.soft_shapley(ladder.exact_ranks(squares.shape[1]), k, classes))
    utility = checkers.soft_utility(order.tolist(), matches.tolist(), k, classes)
    assert checkers.points_exact(fractions(values), utility, checkers.shapley_weights(squares.shape[1])) is None


@settings(max_examples=60)
@given(instance=instances(), radius=st.fractions(0, 20), classes=st.integers(1, CLASSES))
def test_the_threshold_rule_equals_brute_force(instance, radius, classes):
    squares, matches = instance
    inside = squares <= int(radius)
    values = threshold_values(squares, matches, radius, classes)
    utility = checkers.threshold_utility(inside.tolist(), matches.tolist(), classes)
    assert checkers.points_exact(fractions(values), utility, checkers.shapley_weights(squares.shape[1])) is None
    np.testing.assert_allclose(float_threshold_values(inside, matches, classes), values.floats(), atol=1e-15)


@settings(max_examples=60)
@given(instance=instances(most=9), k=st.integers(1, 12))
def test_floats_and_fractions_walk_the_same_ladder(instance, k):
    squares, matches = instance
    order, count = nearest_first(squares), squares.shape[1]
    for rungs in (*(rule for rule, _ in RULES.values()), lambda ranks, k: ladder.soft_shapley(ranks, k, 2)):
        exact = ladder_values(order, matches, rungs(ladder.exact_ranks(count), k))
        np.testing.assert_allclose(float_values(order, matches, rungs(ladder.float_ranks(count), k)), exact.floats(), atol=1e-14)


@pytest.mark.parametrize(("count", "k"), [(2_600, 1_200), (2_600, 2_599), (2_600, 2_600), (1_100, 1_090)])
def test_a_float_ladder_holds_where_the_first_chance_is_below_the_least_float(count, k):
    """All of 1,199 coins fall heads with a chance of 2^-1199: no float, and yet the chances that follow from it are."""
    exact, floats = (ladder.banzhaf(ranks(count), k).steps for ranks in (ladder.exact_ranks, ladder.float_ranks))
    np.testing.assert_allclose(floats * k, [float(step * k) for step in exact], atol=1e-13)
    coins = [float(sum(math.comb(count - 1, heads) for heads in range(k)) / Fraction(2 ** (count - 1)))]
    assert float(exact[-1] * k) == pytest.approx(coins[0], rel=1e-12)


def peers_mistake(ranks, k):
    """What the published scripts do: the farthest point gets 1/N even where fewer than K points vote."""
    right = ladder.shapley(ranks, k)
    steps = right.steps.copy()
    steps[-1] = Fraction(1, len(ranks))
    return ladder.Ladder(steps, right.per_match, right.constant)


def test_brute_force_catches_the_peers_mistake_with_fewer_points_than_k():
    order = np.array([[0, 1, 2, 3]])
    matches = np.array([[True, False, True, True]])
    utility = checkers.neighbour_utility(order.tolist(), matches.tolist(), 6)
    wrong = ladder_values(order, matches, peers_mistake(ladder.exact_ranks(4), 6))
    right = ladder_values(order, matches, ladder.shapley(ladder.exact_ranks(4), 6))
    assert (wrong.total, right.total) == (Fraction(5, 6), Fraction(1, 2))
    assert checkers.points_exact(fractions(wrong), utility, checkers.shapley_weights(4)) == {
        "point": 0,
        "value": "1/4",
        "brute_force": "1/6",
    }
    assert checkers.points_efficient(wrong.total, Fraction(1, 2)) == {"values_sum_to": "0.833333333", "gained": "0.5"}
    assert checkers.points_efficient(right.total, Fraction(1, 2)) is None


def test_equal_distances_go_to_the_lower_index():
    squares = squared_distances(np.array([[2], [-1], [1], [-2]]), np.array([[0]]))
    assert squares.tolist() == [[4, 1, 1, 4]]
    assert nearest_first(squares).tolist() == [[1, 2, 0, 3]]


def test_distances_that_might_overflow_and_shapes_that_differ_are_refused():
    far = np.array([[10**9, 10**9, 10**9]])
    with pytest.raises(ValueError, match="overflow"):
        squared_distances(far, -far)
    with pytest.raises(ValueError, match="do not match"):
        squared_distances(far, np.array([[1]]))


def test_the_widest_accepted_features_stay_exact():
    high, low = np.full((1, 64), 10**8), np.full((1, 64), -(10**8))
    assert squared_distances(high, low).tolist() == [[64 * (2 * 10**8) ** 2]]


def test_values_are_read_as_fractions_and_as_rounded_floats():
    values = Values((1, -2), 3)
    assert (values.at(1), values.total, values.floats().tolist()) == (Fraction(-2, 3), Fraction(-1, 3), [1 / 3, -2 / 3])


@pytest.mark.parametrize(
    "weights",
    [checkers.shapley_weights(7), checkers.banzhaf_weights(7), checkers.last_weights(7), checkers.beta_weights(7, 16, 1)],
    ids=["shapley", "banzhaf", "last", "beta"],
)
def test_the_weights_of_a_semivalue_sum_to_one_over_the_coalitions(weights):
    ways = [1, 6, 15, 20, 15, 6, 1]
    assert sum(way * weight for way, weight in zip(ways, weights, strict=True)) == 1


def test_brute_force_refuses_more_points_than_it_can_enumerate():
    with pytest.raises(ValueError, match="too many to enumerate"):
        checkers.semivalue(11, lambda _: Fraction(0), checkers.shapley_weights(11))

"""The loops of the logistic regression, which ``kernels`` compiles; ``logistic`` has their numpy twin."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pricing.engines.kernels import kernel

LAST_STEP: Final = 1e-5
"""A Newton step that moves no score, of a point or a test, by more than this leaves an error of about its square."""
MOST_STEPS: Final = 60
FRESH_START: Final = 20
"""A fit that has not ended after so many steps begins again at zero: from a bad start Newton's method may wander, from zero it does not."""
UNSETTLED: Final = 1_000_000_000
"""Steps that a fit is said to take which did not end within ``MOST_STEPS``: more than any allowance."""
BAND: Final = 1e-6
"""A test whose score is nearer to the boundary than this is counted as wrong, far above what two machines' arithmetic differs by."""
TINY: Final = 1e-12
RELATIVE_TINY: Final = 1e-13

Work: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


@kernel
def newton_fit(
    rows: NDArray[np.float64],
    signs: NDArray[np.float64],
    reach: NDArray[np.float64],
    strength: float,
    weights: NDArray[np.float64],
    scores: NDArray[np.float64],
    work: Work,
) -> int:
    """Move ``weights`` to the minimum of half their squared length, the last excepted, plus ``strength`` times the sum of logistic losses.

    Newton's method; a step that would move some score by more than one is ``shortened``. Ends after one that moves no score by more than
    ``LAST_STEP``; begins again after ``FRESH_START`` steps.

    Args:
        rows: shape (n, p), features with a last column of ones.
        signs: shape (n,), 1 or -1.
        reach: shape (p,), the greatest size of each column among all points and tests.
        strength: C, the inverse of the penalty.
        weights: shape (p,); overwritten.
        scores: shape (n,), ``rows @ weights``; kept up to date.
        work: room for both derivatives, (p, p) and (p,), and for two numbers a row, (n,) each; overwritten.

    Returns:
        How many steps it took, or ``UNSETTLED``.
    """
    count, width = rows.shape
    curve, step, _, moves = work
    for taken in range(1, MOST_STEPS + 1):
        if taken == FRESH_START + 1:
            weights[:] = 0.0
            scores[:] = 0.0
        derivatives(rows, signs, strength, weights, scores, work)
        solve_in_place(curve, step)
        most, farthest = 0.0, 0.0
        for one in range(width):
            farthest += reach[one] * abs(step[one])
        for row in range(count):
            move = 0.0
            for one in range(width):
                move += rows[row, one] * step[one]
            moves[row] = move
            most = max(most, abs(move))
        part = 1.0 if most <= 1.0 else shortened(signs, strength, weights, scores, most, work)
        for one in range(width):
            weights[one] -= part * step[one]
        for row in range(count):  # anew, since what moves add up to would drift from the weights after steps of great length
            scores[row] = 0.0
            for one in range(width):
                scores[row] += rows[row, one] * weights[one]
        if farthest <= LAST_STEP:
            return taken
    return UNSETTLED


@kernel
def shortened(
    signs: NDArray[np.float64], strength: float, weights: NDArray[np.float64], scores: NDArray[np.float64], most: float, work: Work
) -> float:
    """Return how much of a step to go: all of it, a half, a quarter … until the objective no longer rises along it half as fast as it fell.

    Never less than log(1 + r)/r, where r is the ``most`` that all of it moves a score by: so short a step always descends, since the third
    derivative of the loss is bounded by its second.

    Source: Sun and Tran-Dinh, Mathematical Programming 178 (2019), for the least length.
    """
    part, least = 1.0, float(np.log(1.0 + most)) / most
    fall = -rise_along(signs, strength, weights, scores, 0.0, work)
    while part > least and rise_along(signs, strength, weights, scores, part, work) > fall / 2:
        part /= 2
    return max(part, least)


@kernel
def rise_along(
    signs: NDArray[np.float64], strength: float, weights: NDArray[np.float64], scores: NDArray[np.float64], part: float, work: Work
) -> float:
    """Return how fast the objective of ``newton_fit`` rises along its step, after so much of it."""
    _, step, _, moves = work
    rise = 0.0
    for one in range(len(step) - 1):
        rise -= (weights[one] - part * step[one]) * step[one]
    for row in range(len(signs)):
        rise += strength * signs[row] * moves[row] / (1.0 + np.exp(signs[row] * (scores[row] - part * moves[row])))
    return rise


@kernel
def derivatives(
    rows: NDArray[np.float64],
    signs: NDArray[np.float64],
    strength: float,
    weights: NDArray[np.float64],
    scores: NDArray[np.float64],
    work: Work,
) -> None:
    """Fill the first two of ``work`` for a step of ``newton_fit``: the second derivative, upper triangle, and the first."""
    count, width = rows.shape
    curve, slope, heights, _ = work
    for one in range(width):
        slope[one] = weights[one]
        for other in range(one, width):
            curve[one, other] = 0.0
        curve[one, one] = 1.0
    slope[width - 1], curve[width - 1, width - 1] = 0.0, TINY
    for row in range(count):
        wrong = 1.0 / (1.0 + np.exp(signs[row] * scores[row]))
        heights[row] = strength * wrong * (1.0 - wrong)
        pull = strength * wrong * signs[row]
        for one in range(width):
            slope[one] -= pull * rows[row, one]
    add_squares(rows, heights, curve)
    for one in range(width):
        curve[one, one] *= 1.0 + RELATIVE_TINY


@kernel
def add_squares(rows: NDArray[np.float64], heights: NDArray[np.float64], curve: NDArray[np.float64]) -> None:
    """Add to the upper triangle of ``curve`` the sum of ``heights[i]`` times the outer square of row i; four rows at a time."""
    count, width = rows.shape
    whole = count - count % 4
    for row in range(0, whole, 4):
        for one in range(width):
            first, second = heights[row] * rows[row, one], heights[row + 1] * rows[row + 1, one]
            third, fourth = heights[row + 2] * rows[row + 2, one], heights[row + 3] * rows[row + 3, one]
            for other in range(one, width):
                curve[one, other] += (
                    first * rows[row, other] + second * rows[row + 1, other] + third * rows[row + 2, other] + fourth * rows[row + 3, other]
                )
    for row in range(whole, count):
        for one in range(width):
            first = heights[row] * rows[row, one]
            for other in range(one, width):
                curve[one, other] += first * rows[row, other]


@kernel
def solve_in_place(curve: NDArray[np.float64], right: NDArray[np.float64]) -> None:
    """Solve a symmetric positive definite system, upper triangle given, by Cholesky; overwrites both, ``right`` by the solution."""
    width = len(right)
    for one in range(width):
        root = 1.0 / np.sqrt(curve[one, one])
        for other in range(one, width):
            curve[one, other] *= root
        for below in range(one + 1, width):
            factor = curve[one, below]
            for other in range(below, width):
                curve[below, other] -= factor * curve[one, other]
    for one in range(width):
        right[one] /= curve[one, one]
        for other in range(one + 1, width):
            right[other] -= right[one] * curve[one, other]
    for one in range(width - 1, -1, -1):
        total = right[one]
        for other in range(one + 1, width):
            total -= curve[one, other] * right[other]
        right[one] = total / curve[one, one]


@kernel
def count_right(columns: NDArray[np.float64], signs: NDArray[np.float64], weights: NDArray[np.float64], scores: NDArray[np.float64]) -> int:
    """Return how many tests lie on their side of the boundary by more than ``BAND``; ``columns`` has shape (p, m)."""
    for test in range(len(signs)):
        scores[test] = 0.0
    for one in range(len(weights)):
        for test in range(len(signs)):
            scores[test] += columns[one, test] * weights[one]
    right = 0
    for test in range(len(signs)):
        right += signs[test] * scores[test] > BAND
    return right


@kernel
def logistic_prefixes(
    rows: NDArray[np.float64],
    signs: NDArray[np.float64],
    columns: NDArray[np.float64],
    test_signs: NDArray[np.float64],
    reach: NDArray[np.float64],
    strength: float,
    orders: NDArray[np.int64],
    counts: NDArray[np.int64],
    allowed: int,
) -> int:
    """Fill ``counts[r, s]`` with the tests that a regression on the first s points of order r gets right; 0 while it has seen one class.

    Each fit starts from the one before it, so few steps do. Shapes as in ``logistic.Regression``; counts (r, n + 1).

    Returns:
        How many of the allowed points times steps, of all fits together, are left; at the first below zero it stops.
    """
    size, width = rows.shape
    work = (np.empty((width, width)), np.empty(width), np.empty(size), np.empty(size))
    seen, seen_signs, scores, weights = np.empty((size, width)), np.empty(size), np.empty(size), np.empty(width)
    test_scores = np.empty(len(test_signs))
    for order in range(orders.shape[0]):
        weights[:] = 0.0
        positive = 0
        counts[order, 0] = 0
        for place in range(size):
            point = orders[order, place]
            seen_signs[place] = signs[point]
            positive += signs[point] > 0
            score = 0.0
            for one in range(width):
                seen[place, one] = rows[point, one]
                score += rows[point, one] * weights[one]
            scores[place] = score
            counts[order, place + 1] = 0
            if 0 < positive < place + 1:
                steps = newton_fit(seen[: place + 1], seen_signs[: place + 1], reach, strength, weights, scores, work)
                allowed -= steps * (place + 1)
                if allowed < 0:
                    return allowed
                counts[order, place + 1] = count_right(columns, test_signs, weights, test_scores)
    return allowed


@kernel
def logistic_subsets(
    rows: NDArray[np.float64],
    signs: NDArray[np.float64],
    columns: NDArray[np.float64],
    test_signs: NDArray[np.float64],
    reach: NDArray[np.float64],
    strength: float,
    masks: NDArray[np.bool_],
    start: NDArray[np.float64],
    counts: NDArray[np.int64],
    allowed: int,
) -> int:
    """Fill ``counts[t]`` with the tests that a regression on subset t gets right; 0 if it holds one class. Each fit begins at ``start``.

    Returns:
        How many of the allowed points times steps, of all fits together, are left; at the first below zero it stops.
    """
    size, width = rows.shape
    work = (np.empty((width, width)), np.empty(width), np.empty(size), np.empty(size))
    seen, seen_signs, scores, weights = np.empty((size, width)), np.empty(size), np.empty(size), np.empty(width)
    test_scores = np.empty(len(test_signs))
    for subset in range(masks.shape[0]):
        weights[:] = start
        held, positive = 0, 0
        for point in range(size):
            if masks[subset, point]:
                seen_signs[held] = signs[point]
                positive += signs[point] > 0
                score = 0.0
                for one in range(width):
                    seen[held, one] = rows[point, one]
                    score += rows[point, one] * weights[one]
                scores[held] = score
                held += 1
        counts[subset] = 0
        if 0 < positive < held:
            allowed -= held * newton_fit(seen[:held], seen_signs[:held], reach, strength, weights, scores, work)
            if allowed < 0:
                return allowed
            counts[subset] = count_right(columns, test_signs, weights, test_scores)
    return allowed

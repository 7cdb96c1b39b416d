"""Nearest-neighbour values on float arrays of any size: sorts at the speed of float32, answers as float64 does.

Distances come from one matrix product in float64, are rounded to float32 and sorted together with the points in 64-bit words; where two
neighbours in that order are so close that rounding may have swapped them and their labels differ, their distances are computed again, term
by term. Rounding keeps order, so nothing else can be out of place. Without numba, every distance is computed term by term.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pricing.engines import kernels
from pricing.engines.datum import ladder
from pricing.engines.datum.exact import nearest_first
from pricing.engines.datum.ladder import Ladder
from pricing.engines.datum.neighbours import float_threshold_values, float_values

Floats: TypeAlias = NDArray[np.float64]
Labels: TypeAlias = NDArray[np.int64]
BLOCK: Final = 524_288
"""Pairs to hold at once, 8 bytes each: a block that leaves the second-level cache costs more in page faults than it saves in products."""
LEAST: Final = 1e-150
MOST: Final = 1e150
"""Sizes of features whose squares a float64 holds; beyond them, two ways to compute would order points differently."""
SMALL: Final = 1e-6
LARGE: Final = 1e12


def knn_shapley(x: ArrayLike, y: ArrayLike, x_test: ArrayLike, y_test: ArrayLike, k: int, *, threads: int = 1) -> Floats:
    """Return the exact Shapley value of every point for the accuracy of a K-nearest-neighbour classifier. O(M N (d + log N)).

    ``v(S)`` is the mean over the tests of 1/K times the matches among the nearest K of S; right also for N < K.

    Args:
        x: shape (n, d), finite; the largest in size from ``LEAST`` to ``MOST``, or all zero.
        y: shape (n,), integer labels.
        x_test: shape (m, d).
        y_test: shape (m,).
        k: neighbours that vote, positive.
        threads: test points are shared between so many threads; the sum over blocks is in order, so the answer is the same.

    Returns:
        Shape (n,); sums to the accuracy with all points. Equal distances go to the lower index.

    Raises:
        ValueError: shapes differ, a number is not finite, nothing is given, or k or threads is below 1.

    Source: Jia et al., PVLDB 12(11), 2019, arXiv 1908.08619.
    """
    return _walk(x, y, x_test, y_test, rungs_of=lambda count: ladder.shapley(ladder.float_ranks(count), _positive(k)), threads=threads)


def knn_soft_shapley(x: ArrayLike, y: ArrayLike, x_test: ArrayLike, y_test: ArrayLike, k: int, *, classes: int, threads: int = 1) -> Floats:
    """Return the same for the soft-label classifier: the mean over the neighbours there are, a guess among ``classes`` without any.

    Source: Wang and Jia, arXiv 2304.04258.
    """
    return _walk(
        x,
        y,
        x_test,
        y_test,
        rungs_of=lambda count: ladder.soft_shapley(ladder.float_ranks(count), _positive(k), _positive(classes)),
        threads=threads,
    )


def knn_beta_shapley(
    x: ArrayLike, y: ArrayLike, x_test: ArrayLike, y_test: ArrayLike, k: int, *, alpha: int, beta: int, threads: int = 1
) -> Floats:
    """Return the exact Beta(alpha, beta) semivalue of every point for the accuracy of a K-nearest-neighbour classifier."""
    return _walk(
        x,
        y,
        x_test,
        y_test,
        rungs_of=lambda count: ladder.beta_shapley(ladder.float_ranks(count), _positive(k), _positive(alpha), _positive(beta)),
        threads=threads,
    )


def knn_banzhaf(x: ArrayLike, y: ArrayLike, x_test: ArrayLike, y_test: ArrayLike, k: int, *, threads: int = 1) -> Floats:
    """Return the exact Banzhaf value of every point for the accuracy of a K-nearest-neighbour classifier."""
    return _walk(x, y, x_test, y_test, rungs_of=lambda count: ladder.banzhaf(ladder.float_ranks(count), _positive(k)), threads=threads)


def knn_leave_one_out(x: ArrayLike, y: ArrayLike, x_test: ArrayLike, y_test: ArrayLike, k: int, *, threads: int = 1) -> Floats:
    """Return how much the accuracy of a K-nearest-neighbour classifier falls without each point."""
    return _walk(
        x, y, x_test, y_test, rungs_of=lambda count: ladder.leave_one_out(ladder.float_ranks(count), _positive(k)), threads=threads
    )


def knn_threshold_shapley(x: ArrayLike, y: ArrayLike, x_test: ArrayLike, y_test: ArrayLike, radius: float, *, classes: int) -> Floats:
    """Return the exact Shapley value of every point for the classifier in which all points within the radius vote. O(M N d), no sort.

    Raises:
        ValueError: as ``knn_shapley``; or a radius that is negative or not finite, or no class.

    Source: Wang et al., NeurIPS 2023, arXiv 2308.15709.
    """
    points, labels, tests, asked = _arrays(x, y, x_test, y_test)
    if not 0 <= radius <= MOST:
        message = f"a radius of {radius}"
        raise ValueError(message)
    totals = np.zeros(len(points))
    rows = max(1, BLOCK // len(points))
    for first in range(0, len(tests), rows):
        block = slice(first, first + rows)
        inside = reference_squares(points, tests[block]) <= radius * radius
        totals += float_threshold_values(inside, asked[block, None] == labels[None, :], _positive(classes)) * len(inside)
    mean: Floats = totals / len(tests)
    return mean


def reference_squares(points: Floats, tests: Floats) -> Floats:
    """Return squared distances, shape (m, n), summed feature by feature in order: the distances that decide every order here."""
    squares = np.zeros((len(tests), len(points)))
    for feature in range(points.shape[1]):
        gap = points[None, :, feature] - tests[:, None, feature]
        squares += gap * gap
    return squares


def walk_plain(points: Floats, labels: Labels, tests: Floats, asked: Labels, rungs: Ladder) -> Floats:
    """Return the sum over the tests of a ladder's walk, by numpy alone: the twin and oracle of ``walk_fast``."""
    totals = np.zeros(len(points))
    rows = max(1, BLOCK // len(points))
    for first in range(0, len(tests), rows):
        block = slice(first, first + rows)
        squares = reference_squares(points, tests[block])
        order = np.argsort(squares, axis=1)
        sorted_squares = np.take_along_axis(squares, order, axis=1)
        if (sorted_squares[:, 1:] == sorted_squares[:, :-1]).any():  # only ties need the slower sort that keeps them in order
            order = nearest_first(squares)
        totals += float_values(order, asked[block, None] == labels[None, :], rungs) * len(squares)
    return totals


def walk_fast(points: Floats, labels: Labels, tests: Floats, asked: Labels, rungs: Ladder) -> Floats:
    """Return the same by a matrix product, a sort of packed words and the compiled walk."""
    moved, moved_tests, slack = _centred(points, tests)
    norms, test_norms = _norms(moved), _norms(moved_tests)
    starts: Floats = float(rungs.per_match) * _matches(labels, asked).astype(np.float64) + float(rungs.constant)
    totals = np.zeros(len(points))
    rows = min(len(tests), max(1, BLOCK // len(points)))
    room = np.empty((rows, len(points)), dtype="<u8")
    for first in range(0, len(tests), rows):
        block = slice(first, first + rows)
        words = room[: len(asked[block])]
        np.matmul(moved_tests[block], moved.T, out=words.view("<f8"))  # each product is then overwritten by its word
        keys, lows = words.view("<f4"), words.view("<u4")
        kernels.pack_keys(words.view("<f8"), norms, test_norms[block], labels, asked[block], keys, lows)
        words.sort(axis=1)
        kernels.walk_ladder(keys, lows, points, tests[block], slack[block], rungs.steps, starts[block], totals)
    return totals


def _norms(rows: Floats) -> Floats:
    norms: Floats = np.einsum("ij,ij->i", rows, rows)
    return norms


def _matches(labels: Labels, asked: Labels) -> Labels:
    """Return how many points have each test's label, shape (m,)."""
    kinds, counts = np.unique(labels, return_counts=True)
    places = np.minimum(np.searchsorted(kinds, asked), len(kinds) - 1)
    return np.where(kinds[places] == asked, counts[places], 0).astype(np.int64)


def _centred(points: Floats, tests: Floats) -> tuple[Floats, Floats, Floats]:
    """Return both near the origin, and the most that rounding can part two squared distances by, for each test.

    They are moved to the points' mean if that makes squares much smaller, and where float32 could not hold the squares the unit is changed
    by a power of two, which rounds nothing.

    Source of the bound: Higham, Accuracy and Stability of Numerical Algorithms (2002), section 3.1.
    """
    peak = max(float(points.max()), -float(points.min()), float(tests.max()), -float(tests.min()))
    if not SMALL < peak < LARGE:
        unit = 2.0 ** -float(np.frexp(peak)[1])
        points, tests, peak = points * unit, tests * unit, peak * unit
    middle, width = points.mean(axis=0), points.shape[1]
    if 2 * float(middle @ middle) > float(_norms(points).mean()):
        points, tests = points - middle, tests - middle
    farthest = np.sqrt(_norms(points).max()) + np.sqrt(_norms(tests))
    slack: Floats = 2.0**-51 * farthest * ((width + 8) * farthest + 4 * np.sqrt(width) * peak)
    return points, tests, slack


def _walk(x: ArrayLike, y: ArrayLike, x_test: ArrayLike, y_test: ArrayLike, *, rungs_of: Callable[[int], Ladder], threads: int) -> Floats:
    """Return the mean over the tests of the walk, by the fast way where it is compiled, on as many threads as asked for."""
    points, labels, tests, asked = _arrays(x, y, x_test, y_test)
    rungs = rungs_of(len(points))
    walk = walk_fast if kernels.compiled() else walk_plain
    parts = min(_positive(threads), len(tests))
    if parts == 1:
        return walk(points, labels, tests, asked, rungs) / len(tests)
    cuts = np.array_split(np.arange(len(tests)), parts)
    with ThreadPoolExecutor(parts) as pool:
        sums = list(pool.map(lambda part: walk(points, labels, tests[part], asked[part], rungs), cuts))
    mean: Floats = np.sum(sums, axis=0) / len(tests)
    return mean


def _arrays(x: ArrayLike, y: ArrayLike, x_test: ArrayLike, y_test: ArrayLike) -> tuple[Floats, Labels, Floats, Labels]:
    """Return the arguments as contiguous arrays, or refuse them."""
    points, tests = (np.ascontiguousarray(each, dtype=np.float64) for each in (x, x_test))
    labels, asked = (np.ascontiguousarray(each, dtype=np.int64) for each in (y, y_test))
    shapes = (points.ndim, tests.ndim, points.shape[1:], labels.shape, asked.shape)
    if shapes != (2, 2, tests.shape[1:], points.shape[:1], tests.shape[:1]) or not points.size or not tests.size:
        message = f"shapes {points.shape}, {labels.shape}, {tests.shape}, {asked.shape} do not fit together"
        raise ValueError(message)
    peak = float(np.maximum(np.abs(points).max(), np.abs(tests).max()))
    if not (peak == 0 or LEAST <= peak <= MOST):
        message = f"features must be finite, the largest of {LEAST} to {MOST} in size"
        raise ValueError(message)
    return points, labels, tests, asked


def _positive(number: int) -> int:
    if number < 1:
        message = f"{number} is below 1"
        raise ValueError(message)
    return number

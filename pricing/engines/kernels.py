"""The few loops that numpy cannot express, compiled by numba where it is installed; each has a numpy twin, its oracle, used without it.

numba is the extra ``fast``. Kernels are written as plain Python loops over arrays; ``compiled`` says whether they are worth calling.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from threading import Lock
from typing import Final, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

FLOAT32_STEP: Final = 2.0**-23
"""At least one and less than two units in the last place of a float32, as a part of it."""
LAST_STEP: Final = 1e-5
"""A Newton step that moves no score by more than this leaves an error of about its square."""
MOST_STEPS: Final = 60
BAND: Final = 1e-6
"""A test whose score is nearer to the boundary than this is counted as wrong, far above what two machines' arithmetic differs by."""
TINY: Final = 1e-12
RELATIVE_TINY: Final = 1e-13

Work: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
_Loop = TypeVar("_Loop", bound=Callable[..., object])
_NUMBA: Final = find_spec("numba") is not None
_LOADING: Final = Lock()
_LOOPS: Final[list[Callable[..., object]]] = []
"""Those that wait to be compiled."""


def compiled() -> bool:
    """Whether the kernels are compiled, and so worth calling; ask when there is work for them.

    The first call imports numba, most of a second, and puts in each kernel's place the compiled one, which is made, or read from beside
    the source, when it is first called itself. Without this call, or without numba, a kernel is the loop that it reads as: slow, and right.
    """
    if not _NUMBA:
        return False
    with _LOADING:
        while _LOOPS:
            loop = _LOOPS.pop()
            globals()[loop.__name__] = _machine_code(loop)
    return True


def _machine_code(loop: Callable[..., object]) -> object:
    """Compile without fast mathematics: sums keep the order in which they are written; processors differ in an exponential's last bit."""
    njit = import_module("numba").njit
    try:
        return njit(cache=True, nogil=True, error_model="numpy")(loop)
    except RuntimeError:  # nowhere to keep the machine code
        return njit(nogil=True, error_model="numpy")(loop)


def _kernel(loop: _Loop) -> _Loop:
    _LOOPS.append(loop)
    return loop


@_kernel
def pack_keys(
    dots: NDArray[np.float64],
    norms: NDArray[np.float64],
    test_norms: NDArray[np.float64],
    labels: NDArray[np.int64],
    test_labels: NDArray[np.int64],
    keys: NDArray[np.float32],
    lows: NDArray[np.uint32],
) -> None:
    """Fill 64-bit words that sort by distance: squared distance as float32 above, point times two plus match below.

    Floats that are not negative order as their bits do, so sorting whole words sorts by distance, equal keys by index.

    Args:
        dots: shape (m, n), products of tests and points.
        norms: shape (n,), squared norms of the points.
        test_norms: shape (m,).
        labels: shape (n,).
        test_labels: shape (m,).
        keys: shape (m, 2 n), the words seen as float32; odd places are written.
        lows: shape (m, 2 n), the words seen as uint32; even places are written.
    """
    for row in range(dots.shape[0]):
        own, asked = test_norms[row], test_labels[row]
        for point in range(dots.shape[1]):
            keys[row, 2 * point + 1] = np.float32(max(norms[point] + own - 2.0 * dots[row, point], 0.0))
            lows[row, 2 * point] = 2 * point + (labels[point] == asked)


@_kernel
def squared_distance(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return the squared distance, summed feature by feature in order, as ``knn.reference_squares`` does."""
    total = 0.0
    for feature in range(len(one)):
        gap = one[feature] - other[feature]
        total += gap * gap
    return total


@_kernel
def sort_run(lows: NDArray[np.uint32], first: int, last: int, points: NDArray[np.float64], test: NDArray[np.float64]) -> None:
    """Sort the words ``first`` … ``last`` of one test, 2 apart in ``lows``, by exact squared distance and then by index. O(r log r)."""
    size = last - first + 1
    if size == 2:  # noqa: PLR2004 nearly every run is a pair, and needs no room of its own
        one, other = lows[2 * first], lows[2 * last]
        square, other_square = squared_distance(points[one >> 1], test), squared_distance(points[other >> 1], test)
        if other_square < square or (other_square == square and other < one):
            lows[2 * first], lows[2 * last] = other, one
        return
    run = np.empty(size, np.uint32)
    for place in range(size):
        run[place] = lows[2 * (first + place)]
    run.sort()
    squares = np.empty(size, np.float64)
    for place in range(size):
        squares[place] = squared_distance(points[run[place] >> 1], test)
    ranks = np.argsort(squares, kind="mergesort")
    for place in range(size):
        lows[2 * (first + place)] = run[ranks[place]]


@_kernel
def walk_ladder(
    keys: NDArray[np.float32],
    lows: NDArray[np.uint32],
    points: NDArray[np.float64],
    tests: NDArray[np.float64],
    slack: NDArray[np.float64],
    steps: NDArray[np.float64],
    starts: NDArray[np.float64],
    values: NDArray[np.float64],
) -> None:
    """Repair the order of sorted words where rounding may have changed it, then add each test's walk of a ladder to ``values``.

    A run of neighbours in that order whose keys differ by no more than the rounding of both is sorted again by exact distance; one in which
    all points match, or none does, is left as it is, since its points are worth the same in any order.

    Args:
        keys: shape (m, 2 n), sorted words seen as float32.
        lows: shape (m, 2 n), the same seen as uint32.
        points: shape (n, d), as given.
        tests: shape (m, d).
        slack: shape (m,), the most by which rounding may have moved two squared distances apart, beyond that of float32 itself.
        steps: shape (n,), the ladder's steps.
        starts: shape (m,), what the farthest point is worth beyond its own match.
        values: shape (n,); the sum over the tests is added.
    """
    count = len(steps)
    for row in range(keys.shape[0]):
        low, key, loose = lows[row], keys[row], slack[row]
        place = 1
        while place < count:
            near = key[2 * place + 1] - key[2 * place - 1] <= key[2 * place + 1] * FLOAT32_STEP + loose
            if near and (low[2 * place] ^ low[2 * place - 2]) & 1:
                first = place - 1
                while first > 0 and key[2 * first + 1] - key[2 * first - 1] <= key[2 * first + 1] * FLOAT32_STEP + loose:
                    first -= 1
                while place + 1 < count and key[2 * place + 3] - key[2 * place + 1] <= key[2 * place + 3] * FLOAT32_STEP + loose:
                    place += 1
                sort_run(low, first, place, points, tests[row])
            place += 1
        farther = np.float64(low[2 * count - 2] & 1)
        value = farther * steps[count - 1] + starts[row]
        values[low[2 * count - 2] >> 1] += value
        for place in range(count - 2, -1, -1):
            nearer = np.float64(low[2 * place] & 1)
            value += (nearer - farther) * steps[place]
            values[low[2 * place] >> 1] += value
            farther = nearer


@_kernel
def newton_fit(
    rows: NDArray[np.float64],
    signs: NDArray[np.float64],
    strength: float,
    weights: NDArray[np.float64],
    scores: NDArray[np.float64],
    work: Work,
) -> None:
    """Move ``weights`` to the minimum of half their squared length, the last excepted, plus ``strength`` times the sum of logistic losses.

    Newton's method; a step that would move some score by r > 1 is cut to log(1 + r)/r of itself, which always descends, since the third
    derivative of the loss is bounded by its second. Ends after a step that moves no score by more than ``LAST_STEP``.

    Args:
        rows: shape (n, p), features with a last column of ones.
        signs: shape (n,), 1 or -1.
        strength: C, the inverse of the penalty.
        weights: shape (p,); overwritten.
        scores: shape (n,), ``rows @ weights``; kept up to date.
        work: room for both derivatives, (p, p) and (p,), and for two numbers a row, (n,) each; overwritten.

    Source: Sun and Tran-Dinh, Mathematical Programming 178 (2019), for the length of the step.
    """
    count, width = rows.shape
    curve, step, _, moves = work
    for _ in range(MOST_STEPS):
        derivatives(rows, signs, strength, weights, scores, work)
        solve_in_place(curve, step)
        most = 0.0
        for row in range(count):
            move = 0.0
            for one in range(width):
                move += rows[row, one] * step[one]
            moves[row] = move
            most = max(most, abs(move))
        part = 1.0 if most <= 1.0 else np.log(1.0 + most) / most
        for one in range(width):
            weights[one] -= part * step[one]
        for row in range(count):
            scores[row] -= part * moves[row]
        if most <= LAST_STEP:
            return


@_kernel
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


@_kernel
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


@_kernel
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


@_kernel
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


@_kernel
def logistic_prefixes(
    rows: NDArray[np.float64],
    signs: NDArray[np.float64],
    columns: NDArray[np.float64],
    test_signs: NDArray[np.float64],
    strength: float,
    orders: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> None:
    """Fill ``counts[r, s]`` with the tests that a regression on the first s points of order r gets right; 0 while it has seen one class.

    Each fit starts from the one before it, so three or four steps do. Shapes as in ``logistic.Regression``; counts (r, n + 1).
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
                newton_fit(seen[: place + 1], seen_signs[: place + 1], strength, weights, scores, work)
                counts[order, place + 1] = count_right(columns, test_signs, weights, test_scores)


@_kernel
def logistic_subsets(
    rows: NDArray[np.float64],
    signs: NDArray[np.float64],
    columns: NDArray[np.float64],
    test_signs: NDArray[np.float64],
    strength: float,
    masks: NDArray[np.bool_],
    start: NDArray[np.float64],
    counts: NDArray[np.int64],
) -> None:
    """Fill ``counts[t]`` with the tests that a regression on subset t gets right; 0 if it holds one class. Each fit begins at ``start``."""
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
            newton_fit(seen[:held], seen_signs[:held], strength, weights, scores, work)
            counts[subset] = count_right(columns, test_signs, weights, test_scores)

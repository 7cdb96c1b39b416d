"""The few loops that numpy cannot express, compiled by numba where it is installed; each has a numpy twin, its oracle, used without it.

numba is the extra ``fast``. Kernels are written as plain Python loops over arrays; ``compiled`` says whether they are worth calling.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from threading import Lock
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

FLOAT32_STEP: Final = 2.0**-23
"""At least one and less than two units in the last place of a float32, as a part of it."""
_Loop = TypeVar("_Loop", bound=Callable[..., object])
_LOADING: Final = Lock()
_LOOPS: Final[list[Callable[..., object]]] = []
"""Those that wait to be compiled."""


def compiled() -> bool:
    """Whether the kernels are compiled, and so worth calling; ask when there is work for them.

    The first call imports numba, most of a second, and puts in each kernel's place the compiled one, which is made, or read from beside
    the source, when it is first called itself. Without this call, or without numba, a kernel is the loop that it reads as: slow, and right.
    """
    with _LOADING:
        if _compiler() is None:
            return False
        while _LOOPS:
            loop = _LOOPS.pop()
            loop.__globals__[loop.__name__] = _machine_code(loop)
    return True


@cache
def _compiler() -> Any:
    """Return numba's, or None without one that takes this numpy."""
    try:
        return import_module("numba").njit
    except ImportError:
        return None


def _machine_code(loop: Callable[..., object]) -> object:
    """Compile without fast mathematics: sums keep the order in which they are written; processors differ in an exponential's last bit."""
    njit = _compiler()
    try:
        return njit(cache=True, nogil=True, error_model="numpy")(loop)
    except RuntimeError:  # nowhere to keep the machine code
        return njit(nogil=True, error_model="numpy")(loop)


def kernel(loop: _Loop) -> _Loop:
    """Mark a loop as one to compile; it stays the loop that it is until ``compiled`` is asked."""
    _LOOPS.append(loop)
    return loop


@kernel
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


@kernel
def squared_distance(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return the squared distance, summed feature by feature in order, as ``knn.reference_squares`` does."""
    total = 0.0
    for feature in range(len(one)):
        gap = one[feature] - other[feature]
        total += gap * gap
    return total


@kernel
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


@kernel
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

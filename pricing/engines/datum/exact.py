"""Exact nearest-neighbour values: integer distances, a stated order of ties, and sums of fractions, so that a replay never differs.

Features are integers (a bounded decimal number times a power of ten), so squared distances are exact in 64 bits and two machines order the
same neighbours; equal distances go to the lower index. The values are fractions over one common denominator, from which money is split.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from pricing.engines.datum.ladder import Ladder

Whole: TypeAlias = NDArray[np.int64]
INT64_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Values:
    """One exact number for each point, over one denominator.

    Attributes:
        numerators: in the order of the points; may be negative.
        denominator: positive.
    """

    numerators: tuple[int, ...]
    denominator: int

    @property
    def total(self) -> Fraction:
        """The sum over all points."""
        return Fraction(sum(self.numerators), self.denominator)

    def at(self, index: int) -> Fraction:
        """Return one point's value."""
        return Fraction(self.numerators[index], self.denominator)

    def floats(self) -> NDArray[np.float64]:
        """Return the values as floats, each correctly rounded; shape (n,)."""
        return np.array([numerator / self.denominator for numerator in self.numerators], dtype=np.float64)


def squared_distances(points: Whole, tests: Whole) -> Whole:
    """Return the exact squared Euclidean distance of every point to every test point. O(M N d).

    Args:
        points: shape (n, d), integers.
        tests: shape (m, d), in the same unit.

    Returns:
        Shape (m, n).

    Raises:
        ValueError: the shapes differ, or a distance might not fit into 64 bits.
    """
    if points.ndim != 2 or tests.ndim != 2 or points.shape[1] != tests.shape[1]:  # noqa: PLR2004 rows and columns
        message = f"points {points.shape} and tests {tests.shape} do not match"
        raise ValueError(message)
    peak = max(int(np.abs(points).max(initial=0)), int(np.abs(tests).max(initial=0)))
    if 4 * peak * peak * points.shape[1] > INT64_MAX:
        message = f"features up to {peak} in {points.shape[1]} columns overflow 64 bits"
        raise ValueError(message)
    squares: Whole = np.square(tests).sum(axis=1)[:, None] + np.square(points).sum(axis=1)[None, :] - 2 * (tests @ points.T)
    return squares


def nearest_first(squares: Whole | NDArray[np.float64]) -> Whole:
    """Return, for each row of distances, the points from nearest to farthest; equal distances keep the lower index first. O(M N log N)."""
    return np.argsort(squares, axis=1, kind="stable")


def ladder_values(order: Whole, matches: NDArray[np.bool_], ladder: Ladder) -> Values:
    """Return the exact value of every point: the mean over the test points of the ladder's walk. O(M N) operations on whole numbers.

    Args:
        order: shape (m, n); row t lists the points nearest first.
        matches: shape (m, n); whether point i has test t's label, in the order of the points.
        ladder: exact coefficients for n points.
    """
    tests, count = order.shape
    scale = math.lcm(*(Fraction(each).denominator for each in (*ladder.steps, ladder.per_match, ladder.constant)))
    steps = np.array([int(step * scale) for step in ladder.steps], dtype=object)
    per_match, constant = int(ladder.per_match * scale), int(ladder.constant * scale)
    totals = np.full(count, 0, dtype=object)
    for row, right in zip(order, np.take_along_axis(matches, order, axis=1).astype(np.int64), strict=True):
        falls = right - np.append(right[1:], 0)
        climbs = falls * steps
        climbs[-1] += per_match * int(right.sum()) + constant
        totals[row] += np.cumsum(climbs[::-1])[::-1]
    return Values(tuple(int(total) for total in totals), scale * tests)


def threshold_values(squares: Whole, matches: NDArray[np.bool_], radius_squared: Fraction, classes: int) -> Values:
    """Return the exact Shapley value of the threshold classifier, in which all points within the radius vote. O(M N).

    ``v(S)`` is the share of matches among the points of S within the radius, and ``1 / classes`` if there is none. Points outside are null
    players; among those inside, order plays no part, so at one test there are only the two values of ``threshold_pair``.

    Args:
        squares: shape (m, n), squared distances.
        matches: shape (m, n).
        radius_squared: in the unit of ``squares``; a point exactly at the radius is inside.
        classes: at least 1.

    Source: Wang et al., Threshold KNN-Shapley, NeurIPS 2023, arXiv 2308.15709; the closed form derived here, held to property 30.
    """
    inside = squares <= math.floor(radius_squared)
    sizes, hits = inside.sum(axis=1), (inside & matches).sum(axis=1)
    harmonics = list(accumulate(Fraction(1, rank) for rank in range(1, int(sizes.max(initial=0)) + 1)))
    pairs = [threshold_pair(int(size), int(hit), harmonics, classes) for size, hit in zip(sizes, hits, strict=True)]
    scale = math.lcm(*(each.denominator for pair in pairs for each in pair))
    totals = np.full(squares.shape[1], 0, dtype=object)
    for row, near in enumerate(inside):
        wrong, right = (int(each * scale) for each in pairs[row])
        totals[near & matches[row]] += right
        totals[near & ~matches[row]] += wrong
    return Values(tuple(int(total) for total in totals), scale * len(squares))


def threshold_pair(size: int, hits: int, harmonics: Sequence[Fraction], classes: int) -> tuple[Fraction, Fraction]:
    """Return what a point within the radius is worth at one test point, if its label is wrong and if it is right.

    With b points inside, q matches, H the harmonic number: ``m H_b / b - (H_b - 1)(q - m) / (b (b - 1)) - 1 / (b classes)``.
    """
    if size == 0:
        return Fraction(0), Fraction(0)
    harmonic, guess = harmonics[size - 1], Fraction(1, size * classes)
    others = (harmonic - 1) / (size * (size - 1)) if size > 1 else Fraction(0)
    return -others * hits - guess, harmonic / size - others * (hits - 1) - guess

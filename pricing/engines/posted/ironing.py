"""Irons a revenue curve: the least concave curve above it tells which buyers a seller should treat alike.

Source: Myerson, Optimal Auction Design, Mathematics of Operations Research 6 (1981), section 6; Mussa and Rosen (1978).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Generic, TypeVar

Number = TypeVar("Number", float, Fraction)


@dataclass(frozen=True, slots=True)
class Ironed(Generic[Number]):
    """Virtual values by step of a revenue curve, from the highest value down: as they are, and ironed.

    Attributes:
        raw: revenue added per unit of quantity in each step.
        ironed: the same along the least concave curve above; never rising.
        intervals: ``(first, end)`` of the steps that were ironed together.
    """

    raw: tuple[Number, ...]
    ironed: tuple[Number, ...]
    intervals: tuple[tuple[int, int], ...]


def upper_hull(quantities: Sequence[Number], revenues: Sequence[Number]) -> list[int]:
    """Return the indices of the corners of the least concave curve above the points, first and last included. O(n).

    Points on an edge count as corners, so that nothing is ironed that need not be. Quantities rise strictly.
    """
    corners: list[int] = []
    for index in range(len(quantities)):
        while len(corners) > 1 and _below(quantities, revenues, corners[-2], corners[-1], index):
            corners.pop()
        corners.append(index)
    return corners


def _below(x: Sequence[Number], y: Sequence[Number], one: int, middle: int, other: int) -> bool:
    return (y[middle] - y[one]) * (x[other] - x[one]) < (y[other] - y[one]) * (x[middle] - x[one])


def iron(quantities: Sequence[Number], revenues: Sequence[Number]) -> Ironed[Number]:
    """Return raw and ironed virtual values between the points of a revenue curve.

    Args:
        quantities: how much is sold, rising strictly; shape (n + 1,).
        revenues: revenue at each of these quantities; shape (n + 1,).
    """
    raw = tuple(_slope(quantities, revenues, index, index + 1) for index in range(len(quantities) - 1))
    corners = upper_hull(quantities, revenues)
    ironed: list[Number] = []
    intervals: list[tuple[int, int]] = []
    for first, end in pairwise(corners):
        ironed += [_slope(quantities, revenues, first, end)] * (end - first)
        if end - first > 1:
            intervals.append((first, end))
    return Ironed(raw, tuple(ironed), tuple(intervals))


def _slope(x: Sequence[Number], y: Sequence[Number], one: int, other: int) -> Number:
    return (y[other] - y[one]) / (x[other] - x[one])

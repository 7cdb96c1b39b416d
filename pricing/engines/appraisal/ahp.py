"""Weights from pairwise comparisons (the analytic hierarchy process), and whether the comparisons contradict each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from pricing.money import split

MAX_CRITERIA: Final = 15
ACCEPTED_RATIO: Final = Fraction(1, 10)
PLACES: Final = 12
_ROUNDS: Final = 5_000
_SETTLED: Final = 1e-15
_STRAIN_PLACES: Final = 9

# Saaty, The Analytic Hierarchy Process (1980): mean consistency index of random reciprocal matrices on his scale, for 1 to 15 criteria.
# The tests draw such matrices and find each entry within 0.07.
RANDOM_INDEX: Final = tuple(
    Fraction(text)
    for text in ("0", "0", "0.58", "0.90", "1.12", "1.24", "1.32", "1.41", "1.45", "1.49", "1.51", "1.48", "1.56", "1.57", "1.59")
)

Matrix = Sequence[Sequence[Fraction]]
"""A reciprocal matrix: a_ij says how many times as important criterion i is as j, and a_ji is exactly 1/a_ij."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What comparisons amount to.

    Attributes:
        weights: one a criterion; positive, their sum exactly 1.
        eigenvalue: λ, at least the number of criteria.
        index: consistency index (λ - n)/(n - 1).
        ratio: index over the random index; below 0.1 is accepted.
    """

    weights: tuple[Fraction, ...]
    eigenvalue: Fraction
    index: Fraction
    ratio: Fraction


def judge(matrix: Matrix) -> Judgement:
    """Return the weights and the consistency of a reciprocal matrix of 1 to 15 criteria.

    Consistent comparisons (a_ij · a_jk = a_ik) are recognised exactly and give exact weights and ratio 0. Otherwise the weights are the
    principal eigenvector by power iteration, in float additions, products and quotients alone, which are the same on every machine, rounded
    to 12 decimal places. O(n²) a round.

    Source: Saaty, A scaling method for priorities in hierarchical structures, Journal of Mathematical Psychology 15 (1977).
    """
    size = len(matrix)
    if is_consistent(matrix):
        first = [row[0] for row in matrix]
        whole = sum(first)
        return Judgement(tuple(entry / whole for entry in first), Fraction(size), Fraction(0), Fraction(0))
    vector, eigenvalue = _principal([[float(entry) for entry in row] for row in matrix])
    units = split(10**PLACES, [Fraction(entry) for entry in vector])
    shown_value = max(round(Fraction(eigenvalue), PLACES), Fraction(size))
    index = (shown_value - size) / (size - 1)
    return Judgement(tuple(Fraction(unit, 10**PLACES) for unit in units), shown_value, index, index / RANDOM_INDEX[size - 1])


def is_consistent(matrix: Matrix) -> bool:
    """Decide exactly whether a_1j · a_jk = a_1k for all j, k, which for a reciprocal matrix says it of every three criteria. O(n²)."""
    size = range(len(matrix))
    return all(matrix[0][j] * matrix[j][k] == matrix[0][k] for j in size for k in size)


def most_contradictory(matrix: Matrix, weights: Sequence[Fraction]) -> tuple[int, int]:
    """Return the row and column, row first, of the comparison furthest from the ratio of the weights, the first of several. O(n²).

    Compared to nine places, since weights are rounded: of three criteria, for one, all comparisons are equally far.
    """
    pairs = [(row, column) for row in range(len(matrix)) for column in range(row + 1, len(matrix))]

    def strain(pair: tuple[int, int]) -> Fraction:
        row, column = pair
        ratio = matrix[row][column] * weights[column] / weights[row]
        return round(max(ratio, 1 / ratio), _STRAIN_PLACES)

    return max(pairs, key=strain)


def _principal(rows: list[list[float]]) -> tuple[list[float], float]:
    """Return the positive eigenvector, summing to 1, and its eigenvalue; a positive matrix has exactly one (Perron)."""
    vector = [1.0 / len(rows)] * len(rows)
    eigenvalue = float(len(rows))
    for _ in range(_ROUNDS):
        image = [math.fsum(entry * weight for entry, weight in zip(row, vector, strict=True)) for row in rows]
        eigenvalue = math.fsum(image)
        moved = [entry / eigenvalue for entry in image]
        settled = max(abs(one - other) for one, other in zip(moved, vector, strict=True)) <= _SETTLED
        vector = moved
        if settled:
            break
    return vector, eigenvalue

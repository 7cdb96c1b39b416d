"""Small systems of linear equations in exact fractions, for money that a floating solver must not decide."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

Matrix = list[list[Fraction]]


def reduced(rows: Sequence[Sequence[Fraction]]) -> tuple[Matrix, list[int]]:
    """Return the reduced row echelon form without its zero rows, and the column of each row's leading one. O(rows * columns * rank)."""
    left = [list(row) for row in rows]
    done: Matrix = []
    leads: list[int] = []
    for column in range(len(left[0])):
        found = next((row for row in left if row[column]), None)
        if found is None:
            continue
        left.remove(found)
        lead = [value / found[column] for value in found]
        left, done = ([_cleared(row, lead, column) for row in part] for part in (left, done))
        done.append(lead)
        leads.append(column)
    return done, leads


def _cleared(row: list[Fraction], lead: list[Fraction], column: int) -> list[Fraction]:
    factor = row[column]
    return [value - factor * other for value, other in zip(row, lead, strict=True)] if factor else row


def null_space(rows: Sequence[Sequence[Fraction]]) -> Matrix:
    """Return a basis of the vectors that every row maps to zero."""
    done, leads = reduced(rows)
    basis: Matrix = []
    for free in (column for column in range(len(rows[0])) if column not in leads):
        vector = [Fraction(column == free) for column in range(len(rows[0]))]
        for row, lead in zip(done, leads, strict=True):
            vector[lead] = -row[free]
        basis.append(vector)
    return basis


def inverse(square: Sequence[Sequence[Fraction]]) -> Matrix:
    """Return the inverse of a square matrix.

    Raises:
        ArithmeticError: the matrix is singular; a mistake of the caller.
    """
    size = len(square)
    done, leads = reduced([[*row, *(Fraction(at == other) for other in range(size))] for at, row in enumerate(square)])
    if leads != list(range(size)):
        message = "a singular matrix"
        raise ArithmeticError(message)
    return [row[size:] for row in done]


def solve(square: Sequence[Sequence[Fraction]], right: Sequence[Fraction]) -> list[Fraction]:
    """Return x with ``square @ x = right``.

    Raises:
        ArithmeticError: the matrix is singular; a mistake of the caller.
    """
    done, leads = reduced([[*row, value] for row, value in zip(square, right, strict=True)])
    if leads != list(range(len(square))):
        message = "a singular matrix"
        raise ArithmeticError(message)
    return [row[-1] for row in done]

"""Weights of the support's elements that meet the seller's price points exactly: a small linear programme in exact arithmetic.

Elements that the same price points cover are interchangeable and share one weight. Among all non-negative weights that meet the points, the
ones chosen give nothing to those elements alone that cannot weigh anything, and make the least weight of the others as large as possible;
so no information is free unless the price points force it.
The simplex method runs on fractions with Bland's rule: it ends, and every machine finds the same weights.

Source: Deep, Koutris, SIGMOD 2017 (weights by programme); Bland, New finite pivoting rules, Math. Oper. Res. 2(2), 1977.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.bool_]
_ZERO = Fraction(0)


def merge(columns: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return, for each column of a 0/1 matrix, the number of its class: equal columns are one class, numbered by first appearance.

    O(rows * columns), by hashing each column's bits.
    """
    packed = np.packbits(columns, axis=0).T
    seen: dict[bytes, int] = {}
    return np.array([seen.setdefault(column.tobytes(), len(seen)) for column in packed], dtype=np.int64)


def weights_for(points: Sequence[tuple[Bits, Fraction]]) -> tuple[NDArray[np.int64], tuple[Fraction, ...]] | None:
    """Return the class of each element, and by class the weight of one element, so that each point's elements sum to its price.

    Classes that the points force to weigh nothing are set aside, and the least weight of all others is made as large as possible. Each
    round that sets classes aside makes one equation follow from the rest, so there is at most one round more than there are points.

    Args:
        points: which elements each priced view covers, and its price, not negative; at least one point, and one that covers all.

    Returns:
        None if no non-negative weights meet the points: some view then costs more than views that determine it.
    """
    covers = np.array([bits for bits, _ in points])
    classes = merge(covers)
    sizes = np.bincount(classes).tolist()
    first = np.unique(classes, return_index=True)[1]
    rows = [[Fraction(int(covers[row, element])) for element in first] for row in range(len(points))]
    weights, left = [_ZERO] * len(sizes), list(range(len(sizes)))
    while left:
        evenly = [sum((row[each] * sizes[each] for each in left), _ZERO) for row in rows]
        equations = [[*(row[each] for each in left), even] for row, even in zip(rows, evenly, strict=True)]
        found = maximise_last(equations, [price for _, price in points])
        if found is None:
            return None
        (*extras, least), zeros = found
        if least:
            for each, extra in zip(left, extras, strict=True):
                weights[each] = least + extra / sizes[each]
            break
        left = [each for place, each in enumerate(left) if place not in zeros]
    return classes, tuple(weights)


def maximise_last(rows: Sequence[Sequence[Fraction]], right: Sequence[Fraction]) -> tuple[list[Fraction], frozenset[int]] | None:
    """Return non-negative x with ``rows @ x = right`` and the last x as large as possible; None if there is no such x.

    Two-phase simplex. The last x must be bounded, as it is where no coefficient is negative and one of the last column is positive.

    Args:
        rows: the equations' coefficients.
        right: not negative.

    Returns:
        Also the places that are zero wherever the last x is so large: in the last tableau it is its value less a positive part of each.
    """
    count, width = len(rows), len(rows[0])
    table = [
        [*row, *(Fraction(int(index == place)) for place in range(count)), value]
        for index, (row, value) in enumerate(zip(rows, right, strict=True))
    ]
    basis = list(range(width, width + count))
    _simplex(table, basis, [_ZERO] * width + [Fraction(-1)] * count)
    if any(row[-1] for row, variable in zip(table, basis, strict=True) if variable >= width):
        return None
    for index in range(count):
        if basis[index] >= width:
            column = next((column for column in range(width) if table[index][column]), None)
            if column is not None:
                _pivot(table, basis, index, column)
    kept = [index for index in range(count) if basis[index] < width]
    table, basis = [[*table[index][:width], table[index][-1]] for index in kept], [basis[index] for index in kept]
    _simplex(table, basis, [_ZERO] * (width - 1) + [Fraction(1)])
    solution = [_ZERO] * width
    for row, variable in zip(table, basis, strict=True):
        solution[variable] = row[-1]
    last = table[basis.index(width - 1)]
    return solution, frozenset(place for place in range(width - 1) if last[place])


def _simplex(table: list[list[Fraction]], basis: list[int], profit: Sequence[Fraction]) -> None:
    """Pivot until no column improves the profit; Bland's rule takes the first improving column and the first variable to leave."""
    while True:
        gain = list(profit)
        for row, variable in zip(table, basis, strict=True):
            if profit[variable]:
                gain = [each - profit[variable] * value for each, value in zip(gain, row, strict=False)]
        column = next((column for column, each in enumerate(gain) if each > 0), None)
        if column is None:
            return
        ratios = [(row[-1] / row[column], basis[index], index) for index, row in enumerate(table) if row[column] > 0]
        _pivot(table, basis, min(ratios)[2], column)


def _pivot(table: list[list[Fraction]], basis: list[int], index: int, column: int) -> None:
    scale = table[index][column]
    table[index] = [value / scale if value else value for value in table[index]]
    for other, row in enumerate(table):
        if other != index and row[column]:
            factor = row[column]
            table[other] = [value - factor * step if step else value for value, step in zip(row, table[index], strict=True)]
    basis[index] = column

"""A hedonic regression: the logarithm of the price as a linear function of attributes, judged by predicting each price from the others.

In decimals of fifty digits, so that attributes that almost follow from one another cost digits that nobody is shown, and every machine
finds the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Final

from pricing.engines.appraisal.decimals import context

LEAST_PART: Final = Decimal("1e-18")
LEAST_FREEDOM: Final = Decimal("1e-9")
ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)
Numbers = Sequence[Decimal]


class Dependent(ValueError):
    """The attributes do not determine a regression: one follows from the others, or does not vary."""


class Decisive(ValueError):
    """Without one comparable the attributes would not determine a regression.

    Attributes:
        index: which one; the first such.
    """

    def __init__(self, index: int) -> None:
        """Name the comparable."""
        self.index = index
        super().__init__(index)


@dataclass(frozen=True, slots=True)
class Fit:
    """What a regression says; logarithms are natural.

    Attributes:
        effects: the change of log price with one unit of each attribute.
        left_out: log price of each comparable as predicted from all others.
        subject: predicted log price of the subject; its exponential is the median price if errors are symmetric.
        subject_without: the same with each comparable left out.
    """

    effects: tuple[Decimal, ...]
    left_out: tuple[Decimal, ...]
    subject: Decimal
    subject_without: tuple[Decimal, ...]


def fit(attributes: Sequence[Numbers], logs: Numbers, subject: Numbers) -> Fit:
    """Fit log price on the attributes by least squares, and leave each comparable out in turn by the closed form e_i / (1 - h_i).

    O(n·k²).

    Args:
        attributes: n rows of k numbers; n at least k + 2.
        logs: the n logarithms of the prices.
        subject: the k attributes of what is to be valued.

    Raises:
        Dependent: an attribute is constant or follows from those before it, to a part below 1e-9 of its size.
        Decisive: a comparable has leverage 1 (less than 1e-9 below it), so that it cannot be left out.

    Source: Rosen, Hedonic prices and implicit markets, Journal of Political Economy 82 (1974); Allen, The relationship between variable
        selection and data augmentation, Technometrics 16 (1974), for the closed form.
    """
    count = len(logs)
    with localcontext(context()):
        basis = _orthonormal(_columns(attributes, subject), count)
        parts = [_dot(column[:count], logs) for column in basis]
        rows = list(zip(*basis, strict=True))
        sales, point, units = rows[:count], rows[count], rows[count + 1 :]
        freedom = [ONE - _dot(row, row) for row in sales]
        for index, free in enumerate(freedom):
            if free < LEAST_FREEDOM:
                raise Decisive(index)
        errors = [(log - _dot(row, parts)) / free for log, row, free in zip(logs, sales, freedom, strict=True)]
        predicted = _dot(point, parts)
        return Fit(
            effects=tuple(_dot(unit, parts) for unit in units),
            left_out=tuple(log - error for log, error in zip(logs, errors, strict=True)),
            subject=predicted,
            subject_without=tuple(predicted - _dot(point, row) * error for row, error in zip(sales, errors, strict=True)),
        )


def _columns(attributes: Sequence[Numbers], subject: Numbers) -> list[list[Decimal]]:
    """Return the constant and each attribute as a column: over the comparables, then at the subject, then at one unit of each attribute.

    What is linear in a row needs to be known at those units only, so predictions there are the effects.
    """
    size = range(len(subject))
    constant = [ONE] * (len(attributes) + 1) + [ZERO] * len(subject)
    return [constant, *([*(row[at] for row in attributes), subject[at], *(ONE if unit == at else ZERO for unit in size)] for at in size)]


def _orthonormal(columns: Sequence[list[Decimal]], count: int) -> list[list[Decimal]]:
    """Make the columns orthonormal over their first ``count`` entries (Gram-Schmidt), carrying the entries after them along."""
    basis: list[list[Decimal]] = []
    for column in columns:
        rest = column
        for other in basis:
            along = _dot(other[:count], rest[:count])
            rest = [entry - along * part for entry, part in zip(rest, other, strict=True)]
        size = _dot(rest[:count], rest[:count])
        if size <= LEAST_PART * _dot(column[:count], column[:count]):
            raise Dependent
        length = size.sqrt()
        basis.append([entry / length for entry in rest])
    return basis


def _dot(one: Numbers, other: Numbers) -> Decimal:
    return sum((left * right for left, right in zip(one, other, strict=True)), ZERO)

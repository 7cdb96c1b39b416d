"""A hedonic regression: the logarithm of the price as a linear function of attributes, judged by predicting each price from the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

LEAST_SINGULAR: Final = 1e-9
LEAST_FREEDOM: Final = 1e-9
Floats = NDArray[np.float64]


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
    """A regression and what it predicts; logarithms are natural.

    Attributes:
        intercept: of log price.
        effects: shape (k,); the change of log price with one unit of each attribute.
        fitted: shape (n,); fitted log prices.
        left_out: shape (n,); log price of each comparable as predicted from all others.
        subject: predicted log price of the subject; its exponential is the median price if errors are symmetric.
        subject_without: shape (n,); the same with each comparable left out.
    """

    intercept: float
    effects: Floats
    fitted: Floats
    left_out: Floats
    subject: float
    subject_without: Floats


def fit(attributes: Floats, prices: Floats, subject: Floats) -> Fit:
    """Fit log price on the attributes by least squares, and leave each comparable out in turn by the closed form e_i / (1 - h_i).

    O(n·k²).

    Args:
        attributes: shape (n, k), finite; n at least k + 2.
        prices: shape (n,), positive.
        subject: shape (k,), the attributes of what is to be valued.

    Raises:
        Dependent: an attribute is constant or follows from others (smallest singular value below 1e-9 of the greatest).
        Decisive: a comparable has leverage 1, so that it cannot be left out.

    Source: Rosen, Hedonic prices and implicit markets, Journal of Political Economy 82 (1974); Allen, The relationship between variable
        selection and data augmentation, Technometrics 16 (1974), for the closed form.
    """
    logs = np.log(prices)
    centre = attributes.mean(axis=0)
    spread = np.abs(attributes - centre).max(axis=0, initial=0.0)
    if np.any(spread <= LEAST_SINGULAR * np.abs(centre)):
        raise Dependent
    design = np.column_stack([np.ones(len(logs)), (attributes - centre) / spread])
    left, singular, right = np.linalg.svd(design, full_matrices=False)
    if singular[-1] < LEAST_SINGULAR * singular[0]:
        raise Dependent
    leverage = np.einsum("ij,ij->i", left, left)
    if np.any(1 - leverage < LEAST_FREEDOM):
        raise Decisive(int(np.argmax(leverage)))
    solution = right.T @ ((left.T @ logs) / singular)
    fitted = design @ solution
    left_out_error = (logs - fitted) / (1 - leverage)
    point = np.concatenate([[1.0], (subject - centre) / spread])
    pull = left @ ((right @ point) / singular)
    predicted = float(point @ solution)
    effects = solution[1:] / spread
    return Fit(
        intercept=float(solution[0] - effects @ centre),
        effects=effects,
        fitted=fitted,
        left_out=logs - left_out_error,
        subject=predicted,
        subject_without=predicted - pull * left_out_error,
    )

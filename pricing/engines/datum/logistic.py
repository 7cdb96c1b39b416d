"""The accuracy of a logistic regression as a game on its training points: whole counts of tests, so that values are exact sums of counts.

The regression is the usual one, with a squared penalty on all weights but the intercept: the minimum of ``|w|^2 / 2 + C * sum of losses``.
Floats decide only on which side of the boundary a test lies. A test nearer to it than ``kernels.BAND`` counts as wrong for either label:
exact ties, which symmetric data do produce, then come out alike on every machine, and fits are ten thousand times closer than the band.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from pricing.engines import kernels

WORTH_COMPILING: Final = 200
"""From so many fits on, loading the compiled kernel pays."""


@dataclass(frozen=True, slots=True)
class Regression:
    """Training and test points of two classes, ready to be fitted on any part of the training points.

    Attributes:
        rows: shape (n, p), the points' features with a last column of ones.
        signs: shape (n,), 1 for the greater label and -1 for the other.
        columns: shape (p, m), the tests' features with a last row of ones.
        test_signs: shape (m,).
        strength: C, the inverse of the penalty.
    """

    rows: NDArray[np.float64]
    signs: NDArray[np.float64]
    columns: NDArray[np.float64]
    test_signs: NDArray[np.float64]
    strength: float = 1.0

    @classmethod
    def of(cls, x: ArrayLike, y: ArrayLike, x_test: ArrayLike, y_test: ArrayLike, *, strength: float = 1.0) -> Regression:
        """Return the game of these points and tests.

        Args:
            x: shape (n, d), finite, best with every feature on one scale.
            y: shape (n,), labels of at most two values, those of the tests included.
            x_test: shape (m, d).
            y_test: shape (m,).
            strength: C, positive.

        Raises:
            ValueError: shapes differ, a number is not finite, there are more than two labels, or ``strength`` is not positive.
        """
        points, tests = (np.asarray(each, dtype=np.float64) for each in (x, x_test))
        labels, asked = np.asarray(y), np.asarray(y_test)
        kinds = np.unique(np.concatenate([labels, asked]))
        shapes = (points.ndim, tests.ndim, points.shape[1:], labels.shape, asked.shape)
        if shapes != (2, 2, tests.shape[1:], points.shape[:1], tests.shape[:1]) or not points.size or not tests.size:
            message = f"shapes {points.shape}, {labels.shape}, {tests.shape}, {asked.shape} do not fit together"
            raise ValueError(message)
        finite = np.isfinite(points).all() and np.isfinite(tests).all()
        if not finite or len(kinds) > 2 or not strength > 0:  # noqa: PLR2004 two classes
            message = "features must be finite, labels of two kinds, and the strength positive"
            raise ValueError(message)
        return cls(
            np.column_stack([points, np.ones(len(points))]),
            np.where(labels == kinds[-1], 1.0, -1.0),
            np.ascontiguousarray(np.column_stack([tests, np.ones(len(tests))]).T),
            np.where(asked == kinds[-1], 1.0, -1.0),
            float(strength),
        )

    @property
    def points(self) -> int:
        """How many training points there are."""
        return len(self.signs)

    @property
    def tests(self) -> int:
        """How many tests there are: the greatest count."""
        return len(self.test_signs)

    def prefixes(self, orders: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the tests got right with the first 0, 1, … n points of each order, shape (r, n + 1). O(r n (n p^2 + p^3 + m p))."""
        if orders.size < WORTH_COMPILING or not kernels.compiled():
            return prefixes_plain(self, orders)
        counts = np.empty((len(orders), self.points + 1), dtype=np.int64)
        kernels.logistic_prefixes(self.rows, self.signs, self.columns, self.test_signs, self.strength, orders, counts)
        return counts

    def subsets(self, masks: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the tests got right with each subset of the points, shape (t,), from masks of shape (t, n)."""
        if len(masks) < WORTH_COMPILING or not kernels.compiled():
            return subsets_plain(self, masks)
        counts = np.empty(len(masks), dtype=np.int64)
        start = fit_plain(self.rows, self.signs, self.strength, np.zeros(self.rows.shape[1]))
        kernels.logistic_subsets(self.rows, self.signs, self.columns, self.test_signs, self.strength, masks, start, counts)
        return counts


def fit_plain(rows: NDArray[np.float64], signs: NDArray[np.float64], strength: float, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weights that ``kernels.newton_fit`` finds, by numpy alone: its twin and oracle; ``weights`` is where to start."""
    width = rows.shape[1]
    penalty = np.append(np.ones(width - 1), 0.0)
    floor = np.append(np.ones(width - 1), kernels.TINY)
    for _ in range(kernels.MOST_STEPS):
        wrong = scipy.special.expit(-signs * (rows @ weights))
        descent = penalty * weights - rows.T @ (strength * wrong * signs)
        curve = (rows.T * (strength * wrong * (1 - wrong))) @ rows + np.diag(floor)
        curve[np.diag_indices(width)] *= 1 + kernels.RELATIVE_TINY
        step = np.linalg.solve(curve, descent)
        most = float(np.abs(rows @ step).max())
        weights = weights - (1.0 if most <= 1 else np.log1p(most) / most) * step
        if most <= kernels.LAST_STEP:
            break
    return weights


def prefixes_plain(game: Regression, orders: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return ``Regression.prefixes`` by numpy alone."""
    counts = np.zeros((len(orders), game.points + 1), dtype=np.int64)
    for row, order in enumerate(orders):
        weights = np.zeros(game.rows.shape[1])
        positive = np.cumsum(game.signs[order] > 0)
        for size in range(2, game.points + 1):
            if 0 < positive[size - 1] < size:
                seen = order[:size]
                weights = fit_plain(game.rows[seen], game.signs[seen], game.strength, weights)
                counts[row, size] = _right(game, weights)
    return counts


def subsets_plain(game: Regression, masks: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return ``Regression.subsets`` by numpy alone."""
    counts = np.zeros(len(masks), dtype=np.int64)
    start = fit_plain(game.rows, game.signs, game.strength, np.zeros(game.rows.shape[1]))
    for index, mask in enumerate(masks):
        signs = game.signs[mask]
        if len(np.unique(signs)) > 1:
            counts[index] = _right(game, fit_plain(game.rows[mask], signs, game.strength, start))
    return counts


def _right(game: Regression, weights: NDArray[np.float64]) -> int:
    return int((game.test_signs * (weights @ game.columns) > kernels.BAND).sum())

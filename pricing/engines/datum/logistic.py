"""The accuracy of a logistic regression as a game on its training points: whole counts of tests, so that values are exact sums of counts.

The regression is the usual one, with a squared penalty on all weights but the intercept: the minimum of ``|w|^2 / 2 + C * sum of losses``.
Floats decide only on which side of the boundary a test lies. A test nearer to it than ``kernels.BAND`` counts as wrong for either label:
exact ties, which symmetric data do produce, then come out alike on every machine, and fits are ten thousand times closer than the band.
Then the count of a set depends on the set alone, and not on the order in which its points came. Where features differ so much in size that
a fit does not settle, or that fits take too many steps, there is no count and the game says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from pricing.engines import kernels
from pricing.engines.datum import newton

Floats: TypeAlias = NDArray[np.float64]
WORTH_COMPILING: Final = 200
"""From so many fits on, loading the compiled kernel pays."""
PREFIX_STEPS: Final = 10
SUBSET_STEPS: Final = 24
"""Steps allowed for each fit on the average: several times what features on one scale take. A subset's fit begins far away."""


class UnsettledError(ArithmeticError):
    """Some fits do not settle, or only after far more steps than features on one scale take."""


@dataclass(frozen=True, slots=True)
class Regression:
    """Training and test points of two classes, ready to be fitted on any part of the training points.

    Attributes:
        rows: shape (n, p), the points' features with a last column of ones.
        signs: shape (n,), 1 for the greater label and -1 for the other.
        columns: shape (p, m), the tests' features with a last row of ones.
        test_signs: shape (m,).
        reach: shape (p,), the greatest size of each column among all points and tests.
        strength: C, the inverse of the penalty.
    """

    rows: Floats
    signs: Floats
    columns: Floats
    test_signs: Floats
    reach: Floats
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
        rows, columns = np.column_stack([points, np.ones(len(points))]), np.column_stack([tests, np.ones(len(tests))]).T
        return cls(
            rows,
            np.where(labels == kinds[-1], 1.0, -1.0),
            np.ascontiguousarray(columns),
            np.where(asked == kinds[-1], 1.0, -1.0),
            np.maximum(np.abs(rows).max(axis=0), np.abs(columns).max(axis=1)),
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

    @property
    def _arrays(self) -> tuple[Floats, Floats, Floats, Floats, Floats, float]:
        return self.rows, self.signs, self.columns, self.test_signs, self.reach, self.strength

    def prefixes(self, orders: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the tests got right with the first 0, 1, … n points of each order, shape (r, n + 1). O(r n (n p^2 + p^3 + m p)).

        Raises:
            UnsettledError: see there.
        """
        if orders.size < WORTH_COMPILING or not kernels.compiled():
            return prefixes_plain(self, orders)
        counts = np.empty((len(orders), self.points + 1), dtype=np.int64)
        allowed = _allowed(self, orders.size, PREFIX_STEPS)
        _require_left(newton.logistic_prefixes(*self._arrays, orders, counts, allowed))
        return counts

    def subsets(self, masks: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the tests got right with each subset of the points, shape (t,), from masks of shape (t, n).

        Raises:
            UnsettledError: see there.
        """
        if len(masks) < WORTH_COMPILING or not kernels.compiled():
            return subsets_plain(self, masks)
        counts = np.empty(len(masks), dtype=np.int64)
        allowed = _allowed(self, len(masks), SUBSET_STEPS)
        _require_left(newton.logistic_subsets(*self._arrays, masks, _start(self), counts, allowed))
        return counts


def fit_plain(game: Regression, rows: Floats, signs: Floats, weights: Floats) -> tuple[Floats, int]:
    """Return the weights that ``newton.newton_fit`` finds and how many steps it takes, by numpy alone: its twin and oracle.

    Args:
        game: whose strength and reach count.
        rows: some of the game's rows.
        signs: of the same points.
        weights: where to start.

    Raises:
        UnsettledError: see there.
    """
    width = rows.shape[1]
    penalty = np.append(np.ones(width - 1), 0.0)
    floor = np.append(np.ones(width - 1), newton.TINY)
    for taken in range(1, newton.MOST_STEPS + 1):
        if taken == newton.FRESH_START + 1:
            weights = np.zeros(width)
        scores = rows @ weights
        wrong = scipy.special.expit(-signs * scores)
        descent = penalty * weights - rows.T @ (game.strength * wrong * signs)
        curve = (rows.T * (game.strength * wrong * (1 - wrong))) @ rows + np.diag(floor)
        curve[np.diag_indices(width)] *= 1 + newton.RELATIVE_TINY
        step = np.linalg.solve(curve, descent)
        moves = rows @ step
        weights = weights - _shortened(game.strength, signs * scores, signs * moves, penalty * weights, penalty * step) * step
        if game.reach @ np.abs(step) <= newton.LAST_STEP:
            return weights, taken
    raise UnsettledError


def _shortened(strength: float, margins: Floats, moves: Floats, weights: Floats, step: Floats) -> float:
    """Return the part that ``newton.shortened`` does: all of a step that moves no score by more than one."""
    most = float(np.abs(moves).max())

    def rise(part: float) -> float:
        return float(strength * moves @ scipy.special.expit(part * moves - margins) - (weights - part * step) @ step)

    part, least = 1.0, float(np.log1p(most)) / most if most > 1 else 1.0
    while part > least and rise(part) > -rise(0.0) / 2:
        part /= 2
    return max(part, least)


def _start(game: Regression) -> Floats:
    """Return the weights from all points, where the fits of subsets begin; zeros where one class leaves nothing to fit."""
    nowhere = np.zeros(game.rows.shape[1])
    return fit_plain(game, game.rows, game.signs, nowhere)[0] if len(np.unique(game.signs)) > 1 else nowhere


def _allowed(game: Regression, fits: int, steps: int) -> int:
    """Return how many points times steps so many fits may take together, of half the points each on the average."""
    return game.points * (newton.MOST_STEPS + steps * fits // 2)


def _require_left(allowed: int) -> None:
    if allowed < 0:
        raise UnsettledError


def prefixes_plain(game: Regression, orders: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return ``Regression.prefixes`` by numpy alone."""
    counts = np.zeros((len(orders), game.points + 1), dtype=np.int64)
    left = _allowed(game, orders.size, PREFIX_STEPS)
    for row, order in enumerate(orders):
        weights = np.zeros(game.rows.shape[1])
        positive = np.cumsum(game.signs[order] > 0)
        for size in range(2, game.points + 1):
            if 0 < positive[size - 1] < size:
                seen = order[:size]
                weights, taken = fit_plain(game, game.rows[seen], game.signs[seen], weights)
                _require_left(left := left - taken * size)
                counts[row, size] = _right(game, weights)
    return counts


def subsets_plain(game: Regression, masks: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return ``Regression.subsets`` by numpy alone."""
    counts = np.zeros(len(masks), dtype=np.int64)
    left = _allowed(game, len(masks), SUBSET_STEPS)
    start = _start(game)
    for index, mask in enumerate(masks):
        signs = game.signs[mask]
        if len(np.unique(signs)) > 1:
            weights, taken = fit_plain(game, game.rows[mask], signs, start)
            _require_left(left := left - taken * len(signs))
            counts[index] = _right(game, weights)
    return counts


def _right(game: Regression, weights: Floats) -> int:
    return int((game.test_signs * (weights @ game.columns) > newton.BAND).sum())

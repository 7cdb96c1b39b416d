"""Shapley, Beta Shapley and Banzhaf values of any game of whole counts, sampled from a seed, with half-widths that are proven.

A game says how many of its tests come out right with a set of points, so every marginal contribution is a whole number and every estimate
an exact fraction; only half-widths are floats. They are the smaller of Hoeffding's and the empirical Bernstein bound, each at half of the
error: for independent uniform draws they hold at the stated confidence for any game and any number of rounds, at each point by itself.

Sources: Castro, Gómez and Tejada, Computers & Operations Research 36 (2009), permutations; Kwon and Zou, AISTATS 2022, Beta Shapley;
Wang and Jia, AISTATS 2023, Banzhaf by maximum sample reuse; Maurer and Pontil, COLT 2009, theorem 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import factorial, log, prod, sqrt
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from pricing.engines import draws
from pricing.engines.datum.exact import Values
from pricing.engines.model import Progress, counted, silent

STEP: Final = 500
"""Evaluations, at least, from one report of progress to the next; enough for a game that compiles itself."""


class Game(Protocol):
    """A utility on sets of points: a whole count out of ``tests``, for prefixes of orders and for subsets."""

    @property
    def points(self) -> int:
        """How many points there are."""
        ...

    @property
    def tests(self) -> int:
        """The greatest count."""
        ...

    def prefixes(self, orders: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the counts of the first 0, 1, … n points of each order, shape (r, n + 1)."""
        ...

    def subsets(self, masks: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return the count of each subset, shape (t,)."""
        ...


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the rounds say of each point.

    Attributes:
        values: the mean over the rounds, exact.
        samples: shape (r, n), what each round says; their mean is ``values`` but for the rounding of floats.
        bound: no sample is further from zero.
    """

    values: Values
    samples: NDArray[np.float64]
    bound: float

    def half_widths(self, confidence: float) -> NDArray[np.float64]:
        """Return how far from the truth each value may be at this confidence, whatever the game; shape (n,)."""
        return half_widths(self.samples, self.bound, confidence)

    def standard_errors(self) -> NDArray[np.float64]:
        """Return the estimated standard deviation of each value, far smaller than its half-width; shape (n,)."""
        return standard_errors(self.samples)


def permutation_shapley(game: Game, rounds: int, *, seed: int, progress: Progress = silent) -> Estimate:
    """Estimate Shapley values from random orders: each point's mean gain over those before it. ``rounds`` times n evaluations.

    The values sum exactly to the utility of all points less that of none. Source of the draws: ``draws`` under the label ``orders``.
    """
    return from_orders(game, draws.permutations(seed, "orders", rounds, game.points), 1, 1, progress)


def beta_shapley(game: Game, rounds: int, alpha: int, beta: int, *, seed: int, progress: Progress = silent) -> Estimate:
    """Estimate the Beta(alpha, beta) semivalue: gains in random orders, weighted by the place at which they were made.

    Args:
        game: what to value.
        rounds: orders to draw, at least 2.
        alpha: positive; a larger one looks at smaller coalitions.
        beta: positive; ``alpha = beta = 1`` is Shapley.
        seed: of the draws.
        progress: told of the orders in steps.
    """
    return from_orders(game, draws.permutations(seed, "orders", rounds, game.points), alpha, beta, progress)


def from_orders(game: Game, orders: NDArray[np.int64], alpha: int, beta: int, progress: Progress = silent) -> Estimate:
    """Return the estimate from given orders, shape (r, n); over all orders it is the semivalue itself."""
    rounds, count = orders.shape
    factor, rising = place_weights(count, alpha, beta)
    scaled = np.array([float(factor * weight) for weight in rising]) / game.tests
    sums = np.zeros((count, count), dtype=np.int64)
    samples = np.empty((rounds, count))
    places = np.arange(count)
    steps = max(1, rounds // -(-STEP // count))
    for chunk, sample in counted(list(zip(np.array_split(orders, steps), np.array_split(samples, steps), strict=True)), progress):
        gains = np.diff(game.prefixes(chunk), axis=1)
        np.add.at(sums, (chunk, np.broadcast_to(places, chunk.shape)), gains)
        np.put_along_axis(sample, chunk, gains * scaled, axis=1)
    totals = (sums.astype(object) * np.array(rising, dtype=object)).sum(axis=1)
    values = Values(tuple(int(total) * factor.numerator for total in totals), factor.denominator * rounds * game.tests)
    return Estimate(values, samples, float(scaled.max()) * game.tests)


def place_weights(count: int, alpha: int, beta: int) -> tuple[Fraction, list[int]]:
    """Return the weight of a gain at place j = 1 … n of an order, as one factor times whole numbers, which average to one.

    ``n C(n - 1, j - 1) B(j + beta - 1, n - j + alpha) / B(alpha, beta)``, where the product of beta - 1 numbers from j on and of alpha - 1
    numbers from n - j + 1 on is all that depends on j.
    """
    shared = Fraction(factorial(count) * factorial(alpha + beta - 1), factorial(count + alpha + beta - 2))
    factor = shared / (factorial(alpha - 1) * factorial(beta - 1))
    return factor, [
        prod(range(place, place + beta - 1)) * prod(range(count - place + 1, count - place + alpha)) for place in range(1, count + 1)
    ]


def sampled_banzhaf(game: Game, rounds: int, *, seed: int, progress: Progress = silent) -> Estimate:
    """Estimate Banzhaf values from random subsets, each with its complement: 2 ``rounds`` evaluations, all reused for every point.

    In every pair each point is in one and out of the other, so the mean with it less the mean without it has one denominator and no bias.
    """
    return from_masks(game, draws.bits(seed, "subsets", rounds, game.points), progress)


def from_masks(game: Game, masks: NDArray[np.bool_], progress: Progress = silent) -> Estimate:
    """Return the estimate from given subsets, shape (r, n), and their complements; over all subsets it is the Banzhaf value itself."""
    parts = np.array_split(masks, max(1, 2 * len(masks) // STEP))
    counts = [game.subsets(np.concatenate([part, ~part])).reshape(2, len(part)) for part in counted(parts, progress)]
    gaps = np.concatenate([inside - outside for inside, outside in counts])
    signed = np.where(masks, gaps[:, None], -gaps[:, None])
    values = Values(tuple(signed.sum(axis=0).tolist()), len(masks) * game.tests)
    return Estimate(values, signed / game.tests, 1.0)


def leave_one_out(game: Game) -> Values:
    """Return exactly what each point adds to all the others. n + 1 evaluations."""
    counts = game.subsets(np.concatenate([np.ones((1, game.points), dtype=np.bool_), ~np.eye(game.points, dtype=np.bool_)]))
    return Values(tuple((counts[0] - counts[1:]).tolist()), game.tests)


def half_widths(samples: NDArray[np.float64], bound: float, confidence: float) -> NDArray[np.float64]:
    """Return how far each column's mean may be from its expectation, at this confidence, if rows are independent and within the bound.

    Args:
        samples: shape (r, n), r at least 2, each within plus or minus ``bound``.
        bound: positive.
        confidence: between 0 and 1.
    """
    rounds, error = len(samples), 1.0 - confidence
    hoeffding = 2.0 * bound * sqrt(log(4.0 / error) / (2.0 * rounds))
    spread = samples.var(axis=0, ddof=1)
    bernstein = np.sqrt(2.0 * spread * log(8.0 / error) / rounds) + 14.0 * bound * log(8.0 / error) / (3.0 * (rounds - 1))
    widths: NDArray[np.float64] = np.minimum(hoeffding, bernstein)
    return widths


def standard_errors(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the standard deviation of each column's mean, estimated from its rows; shape (n,)."""
    errors: NDArray[np.float64] = samples.std(axis=0, ddof=1) / sqrt(len(samples))
    return errors

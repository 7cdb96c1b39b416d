"""The Shapley value by sampled orders of arrival, in whole numbers, with a half-width that holds at the stated confidence."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pricing.engines import draws
from pricing.engines.model import Progress, counted, silent
from pricing.engines.sharing.games import players_of

CONFIDENCE: Final = Fraction(95, 100)
_CHUNK: Final = 2_048

Gains = Callable[[NDArray[np.int64]], NDArray[np.int64]]
"""Orders of arrival, shape (m, n), to what each player adds on arrival, shape (m, n), in whole numbers, by player."""


@dataclass(frozen=True, slots=True)
class Sample:
    """An estimate from pairs of an order and its reverse.

    Attributes:
        values: the mean of what each player adds; exact, and they sum to the worth of all.
        half_widths: for each player alone, the estimate is within this of the value with ``CONFIDENCE``.
        orders: how many orders were drawn, each reverse counted.
    """

    values: list[Fraction]
    half_widths: list[float]
    orders: int


def sampled_shapley(gains: Gains, players: int, *, pairs: int, seed: int, spread: int, progress: Progress = silent) -> Sample:
    """Estimate the Shapley value from ``pairs`` independent orders and their reverses. O(pairs * n log n).

    A pair's mean lies in an interval of length ``spread``, and pairs are independent, so that Hoeffding's bound holds, and so does the
    empirical Bernstein bound of Maurer and Pontil, which is tighter for small shares. The smaller is stated, each at half the risk.

    Args:
        gains: what every player adds in given orders.
        players: n.
        pairs: at least 2.
        seed: of the draws; equal seeds give equal estimates.
        spread: largest less smallest amount that a player can add.
        progress: told of the pairs in steps.

    Source: Castro, Gomez and Tejada (2009); Mitchell et al., Sampling permutations for Shapley value estimation (2022);
    Maurer and Pontil, Empirical Bernstein bounds (COLT 2009).
    """
    sums, squares = [0] * players, [0] * players
    for start in counted(range(0, pairs, _CHUNK), progress):
        orders = draws.permutations(seed, f"shapley {start}", min(_CHUNK, pairs - start), players)
        both = gains(orders) + gains(orders[:, ::-1])
        for player in range(players):
            column = both[:, player].tolist()
            sums[player] += sum(column)
            squares[player] += sum(value * value for value in column)
    widths = [half_width(total, square, pairs, spread) for total, square in zip(sums, squares, strict=True)]
    return Sample([Fraction(total, 2 * pairs) for total in sums], widths, 2 * pairs)


def half_width(total: int, squares: int, pairs: int, spread: int) -> float:
    """Return the half-width at ``CONFIDENCE`` of a mean of pairs, from the sums over pairs of what both orders give and of its square."""
    risk = float(1 - CONFIDENCE) / 2
    hoeffding = spread * math.sqrt(math.log(2 / risk) / (2 * pairs))
    variance = float(Fraction(squares * pairs - total * total, 4 * pairs * (pairs - 1)))
    # Maurer and Pontil bound one side; both sides take half the risk each
    bernstein = math.sqrt(2 * variance * math.log(4 / risk) / pairs) + 7 * spread * math.log(4 / risk) / (3 * (pairs - 1))
    return min(hoeffding, bernstein)


def voting_gains(weights: Sequence[int], quota: int) -> Gains:
    """Return what each player adds in weighted voting: one for the player whose arrival reaches the quota. Weights sum below 2^63."""
    votes = np.array(weights, dtype=np.int64)

    def gains(orders: NDArray[np.int64]) -> NDArray[np.int64]:
        reached = np.cumsum(votes[orders], axis=1) >= quota
        pivots = np.take_along_axis(orders, reached.argmax(axis=1)[:, None], axis=1)
        added = np.zeros(orders.shape, dtype=np.int64)
        np.put_along_axis(added, pivots, reached[:, -1:].astype(np.int64), axis=1)
        return added

    return gains


def table_gains(table: Sequence[int]) -> Gains:
    """Return what each player adds in a game that comes as a table of whole numbers below 2^62."""
    players, worth = players_of(table), np.array(table, dtype=np.int64)

    def gains(orders: NDArray[np.int64]) -> NDArray[np.int64]:
        present = np.cumsum(np.left_shift(1, orders), axis=1)
        steps = np.diff(worth[present], axis=1, prepend=worth[0])
        added = np.zeros((len(orders), players), dtype=np.int64)
        np.put_along_axis(added, orders, steps, axis=1)
        return added

    return gains

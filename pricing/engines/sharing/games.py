"""Values of cooperative games from the table of what every coalition is worth: one pass, then any semivalue is a dot product.

A table lists the worth of the 2^n coalitions; coalition ``m`` holds player ``i`` if bit ``i`` of ``m`` is set. Tables of Python integers
(dtype object) stay exact to the last digit and serve money; tables of float64 serve studies of up to some 26 players.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

EXACT_PLAYERS: Final = 12
"""Most players of a game that comes as a table of text, and of the core family."""

BLOCK: Final = 200_000
"""Multiply-adds of one product: its block stays in cache, and no threads are started, whose waiting would cost more than they save."""

Table = NDArray[Any]
"""Shape (2^n,), of dtype object (Python integers) or float64."""


@dataclass(frozen=True, slots=True)
class SizeSums:
    """What is left of a table for every symmetric weighting: sums of worth by coalition size.

    Attributes:
        members: shape (n, n + 1); ``members[i, s]`` sums the worth of the coalitions of size ``s`` that hold player ``i``.
        totals: shape (n + 1,); sums over all coalitions of size ``s``.
    """

    members: Table
    totals: Table

    def marginals(self) -> Table:
        """Return shape (n, n): ``[i, s]`` sums v(S + i) - v(S) over the coalitions S of size ``s`` without player ``i``."""
        gained: Table = self.members[:, 1:] + self.members[:, :-1] - self.totals[:-1]
        return gained


def players_of(table: Sequence[Any] | Table) -> int:
    """Return n of a table of 2^n entries.

    Raises:
        ValueError: the length is not a power of two, or there is no player.
    """
    count = len(table).bit_length() - 1
    if count < 1 or len(table) != 1 << count:
        message = f"a table of {len(table)} coalitions"
        raise ValueError(message)
    return count


def exact_table(values: Sequence[int] | Sequence[Sequence[int]]) -> Table:
    """Return integers as an array on which numpy computes with Python's unbounded integers."""
    return np.array(values, dtype=object)


def size_sums(table: Table) -> SizeSums:
    """Sum a table by coalition size, once for each player and once in all.

    A coalition is a high and a low half of the bits. Summing the rows of each high size, and the columns of each low size, is two matrix
    products, in blocks; all else is then small. O(n 2^n) multiply-adds in the linear algebra library, O(2^(n/2) n) memory beyond the table.

    Args:
        table: shape (2^n,), worth of each coalition.

    Raises:
        ValueError: the length is not a power of two.
    """
    count = players_of(table)
    low, high = count // 2, count - count // 2
    rows = table.reshape(1 << high, 1 << low)
    low_sizes, high_sizes = _one_hot_sizes(low, table.dtype), _one_hot_sizes(high, table.dtype)
    by_high: Table = np.zeros((high + 1, 1 << low), dtype=table.dtype)
    by_low: Table = np.empty((1 << high, low + 1), dtype=table.dtype)
    step = max(1, BLOCK // low_sizes.size)
    for start in range(0, 1 << high, step):
        block, sizes = rows[start : start + step], high_sizes[start : start + step]
        by_high += sizes.T @ block
        by_low[start : start + step] = block @ low_sizes
    members = [_by_whole_size(by_high[:, _holding(low, player)] @ low_sizes[_holding(low, player)]) for player in range(low)]
    members += [_by_whole_size(high_sizes[_holding(high, player)].T @ by_low[_holding(high, player)]) for player in range(high)]
    return SizeSums(np.stack(members), _by_whole_size(by_high @ low_sizes))


def _one_hot_sizes(bits: int, dtype: np.dtype[Any]) -> Table:
    """Return shape (2^bits, bits + 1): row ``m`` has its one at the number of bits set in ``m``."""
    sizes = np.array([mask.bit_count() for mask in range(1 << bits)])
    table: Table = (sizes[:, None] == np.arange(bits + 1)).astype(np.int64).astype(dtype)
    return table


def _holding(bits: int, player: int) -> NDArray[np.bool_]:
    held: NDArray[np.bool_] = (np.arange(1 << bits) >> player & 1).astype(np.bool_)
    return held


def _by_whole_size(halves: Table) -> Table:
    """Add up a table by (high size, low size) along the whole size."""
    sums: Table = np.zeros(sum(halves.shape) - 1, dtype=halves.dtype)
    for high, row in enumerate(halves):
        sums[high : high + len(row)] += row
    return sums


def shapley_weights(players: int) -> list[Fraction]:
    """Return the weight of a marginal contribution to a coalition of each size 0 … n - 1: s! (n - s - 1)! / n!.

    Source: Shapley, A value for n-person games (1953).
    """
    return [Fraction(1, players * math.comb(players - 1, size)) for size in range(players)]


def banzhaf_weights(players: int) -> list[Fraction]:
    """Return 1 / 2^(n-1) for each size. Source: Banzhaf (1965); Dubey and Shapley (1979)."""
    return [Fraction(1, 1 << (players - 1))] * players


def leave_one_out_weights(players: int) -> list[Fraction]:
    """Return one for the coalition of all others, and zero for smaller ones."""
    return [Fraction(0)] * (players - 1) + [Fraction(1)]


def beta_weights(players: int, alpha: Fraction, beta: Fraction) -> list[Fraction]:
    """Return B(s + beta, n - 1 - s + alpha) / B(alpha, beta) for each size, exact for rational parameters; (1, 1) is Shapley's.

    A large alpha stresses small coalitions. Source: Kwon and Zou, Beta Shapley (AISTATS 2022), with their order of the parameters.
    """
    whole = _rising(alpha + beta, players - 1)
    return [_rising(beta, size) * _rising(alpha, players - 1 - size) / whole for size in range(players)]


def _rising(base: Fraction, factors: int) -> Fraction:
    return math.prod((base + step for step in range(factors)), start=Fraction(1))


def semivalues(marginals: Table, weights: Sequence[Fraction]) -> list[Fraction]:
    """Return each player's weighted sum of marginal contributions, exact.

    Args:
        marginals: shape (n, n) of integers, as ``SizeSums.marginals`` gives.
        weights: one for each size 0 … n - 1.
    """
    common = math.lcm(*(weight.denominator for weight in weights))
    whole = [int(weight * common) for weight in weights]
    return [Fraction(sum(weight * int(gain) for weight, gain in zip(whole, row, strict=True)), common) for row in marginals]


def float_semivalues(table: NDArray[np.float64], weights: Sequence[Fraction]) -> NDArray[np.float64]:
    """Return each player's semivalue of a float64 table, shape (n,); about 1e-14 of the largest worth from exact at n = 20."""
    values: NDArray[np.float64] = size_sums(table).marginals() @ np.array([float(weight) for weight in weights])
    return values


def coalition_sums(parts: Sequence[Any]) -> Table:
    """Return the sum of the parts of the members, for each coalition; exact for integers. O(2^n)."""
    sums: Table = np.zeros(1, dtype=object)
    for part in parts:
        sums = np.concatenate([sums, sums + part])
    return sums

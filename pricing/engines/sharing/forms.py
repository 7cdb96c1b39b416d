"""Games in closed description, for more players than a table of coalitions can serve: what every rule needs of them, computed exactly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise as neighbours
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pricing.engines.sharing.games import EXACT_PLAYERS, Table, coalition_sums, exact_table, size_sums

MOST_CELLS: Final = 4_000_000
"""Largest table of coalitions by size and weight that weighted voting is counted in; above it is sampled."""

MOST_VOTERS: Final = 64
"""Counts of coalitions of so many fit a signed 64-bit integer: C(64, 32) < 2^63."""


@dataclass(frozen=True, slots=True)
class Game:
    """A game of n players, in whole numbers of some unit.

    Attributes:
        marginals: shape (n, n); ``[i, s]`` sums v(S + i) - v(S) over the coalitions S of size ``s`` without player ``i``.
        worth: what all are worth together, less what nobody is.
        table: the worth of every coalition, where there are at most twelve players.
        costs: the worth of a coalition is what it costs, so that less is better.
        monotone: known to lose nothing by whoever joins any coalition.
        unit: how many of its whole numbers make one.
    """

    marginals: Table
    worth: int
    table: Sequence[int] | None = None
    costs: bool = False
    monotone: bool = False
    unit: int = 1

    @property
    def players(self) -> int:
        """How many players there are."""
        return len(self.marginals)


def table_game(values: Sequence[int], *, costs: bool = False) -> Game:
    """Return the game of a table of 2^n coalitions, by their bits."""
    return Game(size_sums(exact_table(values)).marginals(), values[-1] - values[0], values, costs)


def weighted_voting(weights: Sequence[int], quota: int) -> Game | None:
    """Return the game in which a coalition is worth one if its weights reach the quota; None if the weights are too fine to count.

    Counts coalitions by size and weight below the quota, then takes each player out of the count: O(n^2 quota).

    Args:
        weights: at most ``MOST_VOTERS``, not negative.
        quota: positive.

    Source: generating functions after Cantor, in Lucas, Measuring power in weighted voting systems (1983).
    """
    common = math.gcd(*weights) or 1
    needed, parts = -(-quota // common), [weight // common for weight in weights]
    worth = int(sum(parts) >= needed)
    if not worth:
        return Game(exact_table([[0] * len(parts)] * len(parts)), 0)
    if len(parts) <= EXACT_PLAYERS:
        return table_game([int(total >= needed) for total in coalition_sums(parts)])
    if (len(parts) + 1) * needed > MOST_CELLS:
        return None
    counts = _below_quota(parts, needed)
    swings = {weight: _swings(counts, weight) for weight in set(parts)}
    return Game(exact_table([swings[weight] for weight in parts]), worth, monotone=True)


def _below_quota(weights: Sequence[int], quota: int) -> NDArray[np.int64]:
    """Return how many coalitions there are of each size (rows) and each weight below the quota (columns)."""
    counts = np.zeros((len(weights) + 1, quota), dtype=np.int64)
    counts[0, 0] = 1
    for done, weight in enumerate(weights):
        if weight < quota:
            counts[1 : done + 2, weight:] += counts[: done + 1, : quota - weight].copy()
    return counts


def _swings(counts: NDArray[np.int64], weight: int) -> list[int]:
    """Return, by size, how many coalitions without a player of this weight lose, but win with it."""
    players, quota = counts.shape[0] - 1, counts.shape[1]
    without = counts[0].copy()
    swings = [int(without[max(0, quota - weight) :].sum())] if weight else [0]
    for size in range(1, players):
        rest = counts[size].copy()
        if weight < quota:
            rest[weight:] -= without[: quota - weight]
        without = rest
        swings.append(int(without[max(0, quota - weight) :].sum()) if weight else 0)
    return swings


def coverage(players: int, items: Sequence[tuple[int, Sequence[int]]], *, costs: bool = False) -> Game:
    """Return the game in which a coalition is worth the items that any of its members holds.

    Args:
        players: how many.
        items: worth of each item, not negative, and the players that hold it, at least one.
        costs: the items are paid for.
    """
    worth = sum(value for value, _ in items)
    if players <= EXACT_PLAYERS:
        masks = np.arange(1 << players)
        table = exact_table([0] * (1 << players))
        for value, holders in items:
            table = table + ((masks & sum(1 << holder for holder in holders)) != 0).astype(object) * value
        return table_game([int(value) for value in table], costs=costs)
    marginals = [[0] * players for _ in range(players)]
    for value, holders in items:
        gains = [value * math.comb(players - len(holders), size) for size in range(players)]
        for holder in holders:
            marginals[holder] = [had + gain for had, gain in zip(marginals[holder], gains, strict=True)]
    return Game(exact_table(marginals), worth, costs=costs, monotone=True)


def airport(needs: Sequence[int]) -> Game:
    """Return the cost game in which a coalition costs as much as its largest need: each stretch is an item that all who reach it use.

    Source: Littlechild and Owen, A simple expression for the Shapley value in a special case (1973).
    """
    levels = sorted({0, *needs})
    stretches = [(end - start, [player for player, need in enumerate(needs) if need >= end]) for start, end in neighbours(levels)]
    return coverage(len(needs), stretches, costs=True)


def pairwise(alone: Sequence[int], pairs: Sequence[tuple[int, int, int]]) -> Game:
    """Return the game in which a coalition is worth what its members are alone, and what each pair among them adds or takes.

    Args:
        alone: worth of each player.
        pairs: two different players and what both together add, which may be negative; each pair at most once.
    """
    players = len(alone)
    added = [0] * players
    for one, other, value in pairs:
        added[one] += value
        added[other] += value
    if players <= EXACT_PLAYERS:
        masks = np.arange(1 << players)
        table = coalition_sums(alone)
        for one, other, value in pairs:
            table = table + (masks >> one & masks >> other & 1).astype(object) * value
        return table_game([int(value) for value in table])
    sums = [
        [math.comb(players - 1, size) * own + (math.comb(players - 2, size - 1) * more if size else 0) for size in range(players)]
        for own, more in zip(alone, added, strict=True)
    ]
    return Game(exact_table(sums), sum(alone) + sum(value for _, _, value in pairs))

"""One item for each bidder: the best assignment and its smallest competitive prices, from one solve and in exact integers.

The solver computes with floats, but every number it meets is an integer that a float holds exactly, and the prices prove its assignment
optimal. Where several assignments are, the one in which earlier bidders get earlier items is taken, so that a replay is the same anywhere.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy
from numpy.typing import NDArray

from pricing.engines.checkers.mechanisms import envy_free

EXACT: Final = 2**53
"""Integers below this are floats without rounding."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who gets which item, and what the items cost.

    Attributes:
        chosen: the item of each bidder, -1 for none; shape ``(n,)``.
        prices: the smallest competitive price of each item, zero if unsold; what the one who gets it pays. Shape ``(m,)``.
        welfare: the sum of the values reached.
    """

    chosen: tuple[int, ...]
    prices: tuple[int, ...]
    welfare: int


def assign(values: NDArray[np.int64]) -> Assignment:
    """Assign at most one item to each bidder so that the values sum to the most, at the VCG payments.

    Under unit demand the VCG payment of whoever gets an item is that item's smallest competitive price, so no problem has to be solved
    again without each bidder. O(n m min(n, m)) for the assignment and O(n m) for each round of prices, of which there are few.

    Args:
        values: what each item is worth to each bidder; zero is no wish for it. Shape ``(bidders, items)``, not negative; the greatest
            times twice the sum of both lengths must be below 2^53.

    Raises:
        ValueError: values out of that range, or a solver's answer that the prices do not prove optimal.

    Source: Leonard, Elicitation of honest preferences for the assignment of individuals to positions, JPE 91 (1983).
    """
    if values.size == 0:
        return Assignment((-1,) * values.shape[0], (0,) * values.shape[1], 0)
    if values.min() < 0 or int(values.max()) * 2 * sum(values.shape) >= EXACT:
        message = "values out of range"
        raise ValueError(message)
    rows, columns = scipy.optimize.linear_sum_assignment(values, maximize=True)
    chosen = np.full(values.shape[0], -1, dtype=np.int64)
    chosen[rows] = columns
    chosen[_own(values, chosen) == 0] = -1
    prices = competitive_prices(values, chosen)
    if envy_free(values, chosen.tolist(), prices) is not None:
        message = "the assignment is not optimal"
        raise ValueError(message)
    _Ties(values, chosen, prices).settle()
    return Assignment(tuple(chosen.tolist()), tuple(prices.tolist()), int(_own(values, chosen).sum()))


def competitive_prices(values: NDArray[np.int64], chosen: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the least prices at which each bidder likes its own item of an optimal assignment best.

    The least fixpoint of p_j = max(0, max_i v_ij - (v_i,own - p_own)), reached from zero; after the first round only the bidders whose own
    price rose can raise others.
    """
    prices = np.zeros(values.shape[1], dtype=np.int64)
    own = _own(values, chosen)
    raising = np.arange(values.shape[0])
    while raising.size:
        paid = np.where(chosen[raising] >= 0, prices[chosen[raising]], 0)
        wanted = (values[raising] - (own[raising] - paid)[:, None]).max(axis=0)
        risen = wanted > prices
        prices = np.where(risen, wanted, prices)
        raising = np.flatnonzero((chosen >= 0) & risen[chosen])
    return prices


def _own(values: NDArray[np.int64], chosen: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return what each bidder's item is worth to it, zero for none."""
    return np.where(chosen >= 0, values[np.arange(len(chosen)), chosen], 0)


class _Ties:
    """Moves an optimal assignment, within those that are optimal too, to the one where earlier bidders get earlier items.

    The optimal assignments are those that use only tight edges (items a bidder likes best at these prices), leave out only bidders without
    gain, and leave unsold only items without a price. From one to another leads a cycle in which each participant takes what the next one
    has; ``pool`` stands for all that is unsold and all who get nothing.
    """

    def __init__(self, values: NDArray[np.int64], chosen: NDArray[np.int64], prices: NDArray[np.int64]) -> None:
        self.chosen = chosen
        self.free_items = prices == 0
        gains = _own(values, chosen) - np.where(chosen >= 0, prices[chosen], 0)
        self.may_leave = gains == 0
        self.pool = len(chosen)
        self.tight = (values > 0) & (values - prices == gains[:, None])
        self.tight_by_item = np.ascontiguousarray(self.tight.T)
        self.settled = np.zeros(self.pool + 1, dtype=np.bool_)

    def settle(self) -> None:
        """Give each bidder in turn the first item that an optimal assignment allows, those before it being settled. Changes ``chosen``."""
        parts, owners = self._parts(), self._owners()
        for bidder in range(self.pool):
            own = self.chosen[bidder]
            better = np.flatnonzero(self.tight[bidder, : own if own >= 0 else None])
            better = better[(parts[owners[better]] == parts[bidder]) & ~self.settled[owners[better]]]
            if better.size:
                ways = self._ways_to(bidder, owners)
                item = next((int(item) for item in better if int(owners[item]) in ways), None)
                if item is None:  # a settled bidder cut the component; without this, thousands of bidders would search it in vain
                    parts = self._parts()
                else:
                    self._rotate(bidder, item, int(owners[item]), ways)
                    owners = self._owners()
            self.settled[bidder] = True

    def _owners(self) -> NDArray[np.int64]:
        """Return who has each item, the pool for an unsold one."""
        owners = np.full(self.tight.shape[1], self.pool, dtype=np.int64)
        owners[self.chosen[self.chosen >= 0]] = np.flatnonzero(self.chosen >= 0)
        return owners

    def _parts(self) -> NDArray[np.int64]:
        """Return for each bidder, and the pool last, the strong component of those not settled in which alone its cycles can lie."""
        owners, pool = self._owners(), self.pool
        bidders, items = np.nonzero(self.tight)
        leaving, idle = np.flatnonzero(self.may_leave), np.flatnonzero(self.chosen < 0)
        droppable = owners[self.free_items & (owners != pool)]
        starts = np.concatenate([bidders, leaving, np.full(droppable.size + idle.size, pool)])
        ends = np.concatenate([owners[items], np.full(leaving.size, pool), droppable, idle])
        open_ = ~self.settled[starts] & ~self.settled[ends]
        edges = (np.ones(int(open_.sum()), dtype=np.int8), (starts[open_], ends[open_]))
        graph = scipy.sparse.coo_array(edges, shape=(pool + 1, pool + 1))
        return scipy.sparse.csgraph.connected_components(graph, directed=True, connection="strong")[1].astype(np.int64)

    def _ways_to(self, goal: int, owners: NDArray[np.int64]) -> dict[int, tuple[int, int]]:
        """Return, for each that has a way to the goal, the next on the way and the item (-1 for none) it takes from there."""
        ways: dict[int, tuple[int, int]] = {}
        queue = deque([goal])
        while queue:
            node = queue.popleft()
            for before, item in self._before(node, owners):
                if before not in ways and before != goal:
                    ways[before] = (node, item)
                    queue.append(before)
        return ways

    def _before(self, node: int, owners: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
        """Yield who could take what ``node`` has: unsettled bidders, and the pool, each with the item.

        Of the bidders who have nothing one is enough, since whoever would take its place comes from the pool; so a search looks at no more
        participants than there are items.
        """
        holding, unsettled = self.chosen >= 0, ~self.settled[:-1]
        if node == self.pool:
            leaving: list[int] = np.flatnonzero(self.may_leave & holding & unsettled).tolist()
            yield from ((bidder, -1) for bidder in leaving)
            items: list[int] = np.flatnonzero(owners == self.pool).tolist()
        else:
            own = int(self.chosen[node])
            if own < 0 or self.free_items[own]:
                yield self.pool, own
            items = [own] if own >= 0 else []
        for item in items:
            takers = self.tight_by_item[item] & unsettled
            yield from ((bidder, item) for bidder in np.flatnonzero(takers & holding).tolist())
            yield from ((bidder, item) for bidder in np.flatnonzero(takers & ~holding)[:1].tolist())

    def _rotate(self, bidder: int, item: int, node: int, ways: dict[int, tuple[int, int]]) -> None:
        """Give an item to a bidder, and to each on the way from its owner back to the bidder what the next one had."""
        self.chosen[bidder] = item
        while node != bidder:
            following, taken = ways[node]
            if node != self.pool:
                self.chosen[node] = taken
            node = following

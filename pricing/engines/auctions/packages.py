"""Bids on packages of items: the best set of them and its VCG payments, where a solver's floats may guide and integers decide.

On few items a table over all subsets of the items decides. On many, the solver proposes sets of bids, and item prices. Any prices, however
rough, bound from above what the remaining bids can still bring; so a search that prunes by that bound, computed in integers, proves the
greatest value exactly. Of several sets of that value the rule for ties picks one. The result does not depend on the floats: only how long
it takes does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

import numpy as np
import scipy
from numpy.typing import NDArray

from pricing.engines.model import Progress, counted, silent

MAX_NODES: Final = 3_000
"""Linear programs in one clearing; some six seconds of a core."""

FEW_ITEMS: Final = 16
"""With so many a table over their subsets takes a second or two."""

_PROPOSAL_NODES: Final = 200
_FINE: Final = 2**20
"""Prices are kept in this fraction of a minor unit, so that rounding them does not blur the bound."""

_ROUGH: Final = 1e-6


class TooHardError(Exception):
    """The search was not finished within its limit."""


@dataclass(frozen=True, slots=True)
class Package:
    """One bid: a bidder, the items it wants together, and what they are worth to it in minor units, more than zero.

    Of one bidder's bids at most one is accepted.
    """

    bidder: int
    items: tuple[int, ...]
    value: int


@dataclass(frozen=True, slots=True)
class Winners:
    """The accepted bids, ascending, and for each what its bidder pays and what the others reach without and with that bidder.

    ``pays`` is the value the others lose by the bidder's presence (Clarke's pivot): ``others_without - others_with``.
    """

    bids: tuple[int, ...]
    welfare: int
    pays: tuple[int, ...]
    others_without: tuple[int, ...]


@dataclass(slots=True)
class _Budget:
    """How many relaxations may still be solved."""

    left: int = MAX_NODES

    def spend(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise TooHardError


@dataclass(frozen=True, slots=True)
class _Relaxed:
    """A solved relaxation: item prices in fractions of a minor unit, and how much of each bid it accepts, from 0 to 1."""

    prices: tuple[int, ...]
    shares: Mapping[int, float]

    @property
    def wholly(self) -> tuple[int, ...]:
        """The bids it accepts wholly."""
        return tuple(index for index, share in self.shares.items() if share > 1 - _ROUGH)


@dataclass(frozen=True, slots=True)
class _Node:
    """A part of the search: bids taken and their value, bids still open, and prices from which a bound on those follows."""

    taken: tuple[int, ...]
    value: int
    open: tuple[int, ...]
    prices: tuple[int, ...]


def vickrey_packages(
    bids: Sequence[Package], items: int, *, nodes: int = MAX_NODES, few: int = FEW_ITEMS, progress: Progress = silent
) -> Winners:
    """Accept the bids that are worth most together and charge each winner what its presence costs the others.

    Of equally good sets the one is taken that has the first bid on which they differ. NP-hard in general: with few items every subset of
    them is looked at, which never fails; with more a search is made for the best set, for each winner, and for what ties ask.

    Args:
        bids: at most one of a bidder's is accepted, and each item is in at most one accepted bid.
        items: how many there are, numbered from 0.
        nodes: how many linear programs all searches together may solve. Whether a problem at the very edge of this limit is refused can
            depend on the processor; its answer never does.
        few: up to how many items that anybody wants every subset of them is looked at.
        progress: told of each winner that the best set without it is found.

    Raises:
        TooHardError: the limit was reached.

    Source: Clarke, Multipart pricing of public goods, Public Choice 11 (1971); Rothkopf, Pekeč and Harstad, Computationally manageable
    combinational auctions, Management Science 44 (1998); Lehmann, Müller and Sandholm, The winner determination problem, in Combinatorial
    Auctions (2006).
    """
    if not bids:
        return Winners((), 0, (), ())
    wanted = sorted({item for bid in bids for item in bid.items})
    solver = _Subsets(bids, wanted) if len(wanted) <= few else _Search(bids, items, _Budget(nodes))
    best = solver.best()
    welfare = sum(bids[index].value for index in best)
    without = tuple(solver.without(index, welfare) for index in counted(best, progress))
    pays = tuple(alone - (welfare - bids[index].value) for index, alone in zip(best, without, strict=True))
    return Winners(best, welfare, pays, without)


class _Subsets:
    """The best sets of bids on few items, from a table over all subsets of the items, in integers alone. O(n 2^m)."""

    def __init__(self, bids: Sequence[Package], wanted: Sequence[int]) -> None:
        self.bids = bids
        self.masks = [sum(1 << wanted.index(item) for item in bid.items) for bid in bids]
        self.subsets = np.arange(1 << len(wanted))

    def best(self) -> tuple[int, ...]:
        """Return the best set. Below its value each bid adds a binary digit, the first the highest, which is the rule for ties."""
        last = len(self.bids) - 1
        told = self._most([(bid.value << last + 1) + (1 << last - index) for index, bid in enumerate(self.bids)], range(last + 1))
        return tuple(index for index in range(last + 1) if told >> last - index & 1)

    def without(self, winner: int, _welfare: int) -> int:
        """Return the greatest value without a winner's bidder, in minor units."""
        whose = self.bids[winner].bidder
        others = [index for index, bid in enumerate(self.bids) if bid.bidder != whose]
        return self._most([bid.value for bid in self.bids], others)

    def _most(self, worths: Sequence[int], among: Sequence[int]) -> int:
        """Return the most that these bids can be worth together, bidder by bidder, on every subset of the items."""
        exact = np.int64 if sum(worths) <= np.iinfo(np.int64).max else np.object_
        table: NDArray[Any] = np.zeros(len(self.subsets), dtype=exact)
        for _, own in groupby(sorted(among, key=lambda index: self.bids[index].bidder), key=lambda index: self.bids[index].bidder):
            before = table.copy()
            for index in own:
                mask = self.masks[index]
                holding = self.subsets[self.subsets & mask == mask]
                table[holding] = np.maximum(table[holding], before[holding ^ mask] + worths[index])
        return int(table[-1])


class _Search:
    """The best sets of bids on many items, by branch and bound; every decision is made by integers."""

    def __init__(self, bids: Sequence[Package], items: int, budget: _Budget) -> None:
        self.bound = _Bound(bids, items, budget)
        self.every = tuple(range(len(bids)))
        self.relaxed = self.bound.relaxed(self.every)

    def best(self) -> tuple[int, ...]:
        """Return the best set: one of the greatest value, from the relaxation or the solver, and then the first of that value."""
        bound, prices, wholly = self.bound, self.relaxed.prices, self.relaxed.wholly
        most = bound.above(self.every, prices)
        proposed = wholly if bound.apart(wholly) and bound.worth(wholly) == most else bound.proposal(self.every)
        some = _searched(bound, self.every, (bound.worth(proposed) + 1, most), prices) or proposed
        return _first(bound, some, prices)

    def without(self, winner: int, welfare: int) -> int:
        """Return the greatest value without a winner's bidder, in minor units."""
        whose, least = self.bound.bids[winner].bidder, welfare - self.bound.bids[winner].value
        others = [index for index in self.every if self.bound.bids[index].bidder != whose]
        found = _searched(self.bound, others, (least + 1, welfare), self.relaxed.prices)
        return least if found is None else self.bound.worth(found)


class _Bound:
    """The linear relaxation of the choice among some of the bids, and the exact bound that item prices give."""

    def __init__(self, bids: Sequence[Package], items: int, budget: _Budget) -> None:
        self.bids = bids
        self.items = items
        self.budget = budget
        self.scale = max(bid.value for bid in bids)
        self.bidders = max(bid.bidder for bid in bids) + 1
        self.masks = [sum(1 << item for item in bid.items) for bid in bids]
        self.matrix = np.zeros((items + self.bidders, len(bids)))
        for column, bid in enumerate(bids):
            self.matrix[[*bid.items, items + bid.bidder], column] = 1.0

    def worth(self, chosen: Sequence[int]) -> int:
        """Return the value of these bids together, in minor units."""
        return sum(self.bids[index].value for index in chosen)

    def compatible(self, bid: int, among: Sequence[int]) -> tuple[int, ...]:
        """Return those that can be accepted beside a bid: by others, on other items."""
        whose, mask = self.bids[bid].bidder, self.masks[bid]
        return tuple(index for index in among if self.bids[index].bidder != whose and not self.masks[index] & mask)

    def apart(self, chosen: Sequence[int]) -> bool:
        """Say whether these bids can all be accepted."""
        used = [item for index in chosen for item in self.bids[index].items]
        whose = [self.bids[index].bidder for index in chosen]
        return len(set(used)) == len(used) and len(set(whose)) == len(whose)

    def relaxed(self, among: Sequence[int]) -> _Relaxed:
        """Solve the relaxation of the choice among these bids; its prices make the bound as low as any prices can."""
        self.budget.spend()
        limits = np.ones(self.items + self.bidders)
        solved = scipy.optimize.linprog(
            -self._scaled(among), A_ub=self.matrix[:, list(among)], b_ub=limits, bounds=(0, None), method="highs"
        )
        if solved.x is None:
            return _Relaxed((0,) * self.items, {})
        prices = tuple(max(0, round(-float(dual) * self.scale * _FINE)) for dual in solved.ineqlin.marginals[: self.items])
        return _Relaxed(prices, dict(zip(among, solved.x.tolist(), strict=True)))

    def above(self, among: Sequence[int], prices: Sequence[int]) -> int:
        """Return a number of minor units that no choice among these bids exceeds: what the prices sum to and the bidders' best gains."""
        wanted = {item for index in among for item in self.bids[index].items}
        gains: dict[int, int] = {}
        for index in among:
            bid = self.bids[index]
            gain = bid.value * _FINE - sum(prices[item] for item in bid.items)
            gains[bid.bidder] = max(gains.get(bid.bidder, 0), gain)
        return (sum(prices[item] for item in wanted) + sum(gains.values())) // _FINE

    def proposal(self, among: Sequence[int]) -> tuple[int, ...]:
        """Return the solver's choice among these bids if it is one, and otherwise nothing."""
        solved = scipy.optimize.milp(
            -self._scaled(among),
            integrality=np.ones(len(among), dtype=np.int64),
            bounds=scipy.optimize.Bounds(0, 1),
            constraints=scipy.optimize.LinearConstraint(self.matrix[:, list(among)], ub=np.ones(self.items + self.bidders)),
            options={"node_limit": _PROPOSAL_NODES, "mip_rel_gap": 0.0},
        )
        if solved.x is None:
            return ()
        chosen = tuple(index for index, taken in zip(among, solved.x, strict=True) if taken > 1 - _ROUGH)
        return chosen if self.apart(chosen) else ()

    def _scaled(self, among: Sequence[int]) -> NDArray[np.float64]:
        return np.array([self.bids[index].value / self.scale for index in among])


def _searched(bound: _Bound, among: Sequence[int], between: tuple[int, int], prices: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return a choice among these bids of the greatest value, or None if no choice is worth the least that is asked for.

    ``between`` is that least value and one that no choice exceeds; ``prices`` give the first bound. Depth first, branching on the bid that
    the relaxation is least sure of. Which of several such choices is returned may depend on the processor; its value does not.
    """
    best: tuple[int, ...] | None = None
    at_least, most = between
    stack = [_Node((), 0, tuple(among), prices)]
    while stack and at_least <= most:
        node = stack.pop()
        if node.value >= at_least:
            best, at_least = node.taken, node.value + 1
        if not node.open or node.value + bound.above(node.open, node.prices) < at_least:
            continue
        relaxed = bound.relaxed(node.open)
        guess = relaxed.wholly
        if node.value + bound.worth(guess) >= at_least and bound.apart(guess):
            best, at_least = (*node.taken, *guess), node.value + bound.worth(guess) + 1
        if node.value + bound.above(node.open, relaxed.prices) >= at_least:
            stack += _children(bound, node, relaxed)
    return best


def _children(bound: _Bound, node: _Node, relaxed: _Relaxed) -> tuple[_Node, _Node]:
    """Return the part without one of the open bids and the part with it."""

    def unsure(index: int) -> tuple[float, float]:
        share, value = relaxed.shares.get(index, 0.0), bound.bids[index].value
        return min(share, 1 - share) * value, share * value

    pick = max(node.open, key=unsure)
    taking = (*node.taken, pick), node.value + bound.bids[pick].value, bound.compatible(pick, node.open)
    without = node.taken, node.value, tuple(index for index in node.open if index != pick)
    return _Node(*without, relaxed.prices), _Node(*taking, relaxed.prices)


def _first(bound: _Bound, some: tuple[int, ...], prices: tuple[int, ...]) -> tuple[int, ...]:
    """Return, of all choices of the greatest value, of which this is one, the one that has the first bid on which they differ.

    Each bid in turn is taken if some choice of that value has it beside all that were taken before.
    """
    taken: tuple[int, ...] = ()
    witness = some
    left, rest = tuple(range(len(bound.bids))), bound.worth(some)
    while left and rest:
        bid, beside = left[0], bound.compatible(left[0], left[1:])
        needed = rest - bound.bids[bid].value
        found = witness if bid in witness else _searched(bound, beside, (needed, needed), prices) if needed else ()
        left = left[1:] if found is None else beside
        if found is not None:
            taken, rest, witness = (*taken, bid), needed, found
    return taken

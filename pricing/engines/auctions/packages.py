"""Bids on packages of items: the best set of them and its VCG payments, where the solver's floats guide and integers decide.

The solver proposes a set of bids, and item prices. Any prices, however rough, bound from above what the remaining bids can still bring; so
a search that prunes by that bound, computed in integers, proves the best set exactly. Its result does not depend on the floats: only how
long it takes does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import scipy
from numpy.typing import NDArray

from pricing.engines.model import Progress, counted, silent

MAX_NODES: Final = 1_500
"""Linear programs in one clearing; some six seconds of a core."""

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
    """A solved relaxation: item prices in fractions of a minor unit, and which bids it accepts wholly or partly."""

    prices: tuple[int, ...]
    wholly: frozenset[int]
    partly: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Node:
    """A part of the search: bids taken, bids still open, and a relaxation that is this part's own if ``solved``, else its parent's."""

    taken: tuple[int, ...]
    value: int
    open: tuple[int, ...]
    relaxed: _Relaxed
    solved: bool


def vickrey_packages(bids: Sequence[Package], items: int, *, nodes: int = MAX_NODES, progress: Progress = silent) -> Winners:
    """Accept the bids that are worth most together and charge each winner what its presence costs the others.

    Of equally good sets the one is taken that has the first bid on which they differ. One search, and one for each winner; NP-hard in
    general.

    Args:
        bids: at most one of a bidder's is accepted, and each item is in at most one accepted bid.
        items: how many there are, numbered from 0.
        nodes: how many linear programs all searches together may solve. Whether a problem at the very edge of this limit is refused can
            depend on the processor; its answer never does.
        progress: told of each winner that the search without it is done.

    Raises:
        TooHardError: the limit was reached.

    Source: Clarke, Multipart pricing of public goods, Public Choice 11 (1971); Lehmann, Müller and Sandholm, The winner determination
    problem, in Combinatorial Auctions (2006).
    """
    budget = _Budget(nodes)
    bound = _Bound(bids, items)
    best = _search(bound, range(len(bids)), budget, in_order=True)
    welfare = sum(bids[index].value for index in best)
    without: list[int] = []
    for index in counted(best, progress):
        others = [other for other in range(len(bids)) if bids[other].bidder != bids[index].bidder]
        without.append(sum(bids[other].value for other in _search(bound, others, budget, in_order=False)))
    pays = tuple(alone - (welfare - bids[index].value) for index, alone in zip(best, without, strict=True))
    return Winners(best, welfare, pays, tuple(without))


class _Bound:
    """The linear relaxation of the choice among some of the bids, and the exact bound that item prices give."""

    def __init__(self, bids: Sequence[Package], items: int) -> None:
        self.bids = bids
        self.items = items
        self.scale = max((bid.value for bid in bids), default=1)
        self.bidders = max((bid.bidder for bid in bids), default=-1) + 1
        self.masks = [sum(1 << item for item in bid.items) for bid in bids]
        self.matrix = np.zeros((items + self.bidders, len(bids)))
        for column, bid in enumerate(bids):
            self.matrix[[*bid.items, items + bid.bidder], column] = 1.0

    def relaxed(self, among: Sequence[int]) -> _Relaxed:
        """Solve the relaxation of the choice among these bids; its prices make the bound as low as any prices can."""
        limits = np.ones(self.items + self.bidders)
        solved = scipy.optimize.linprog(
            -self._worth(among), A_ub=self.matrix[:, list(among)], b_ub=limits, bounds=(0, None), method="highs"
        )
        if solved.x is None:
            return _Relaxed((0,) * self.items, frozenset(), frozenset(among))
        prices = tuple(max(0, round(-float(dual) * self.scale * _FINE)) for dual in solved.ineqlin.marginals[: self.items])
        shares = list(zip(among, solved.x.tolist(), strict=True))
        wholly = frozenset(index for index, share in shares if share > 1 - _ROUGH)
        return _Relaxed(prices, wholly, frozenset(index for index, share in shares if share > _ROUGH))

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
        columns = list(among)
        solved = scipy.optimize.milp(
            -self._worth(columns),
            integrality=np.ones(len(columns), dtype=np.int64),
            bounds=scipy.optimize.Bounds(0, 1),
            constraints=scipy.optimize.LinearConstraint(self.matrix[:, columns], ub=np.ones(self.items + self.bidders)),
            options={"node_limit": _PROPOSAL_NODES, "mip_rel_gap": 0.0},
        )
        if solved.x is None:
            return ()
        chosen = tuple(index for index, taken in zip(columns, solved.x, strict=True) if taken > 1 - _ROUGH)
        used = [item for index in chosen for item in self.bids[index].items]
        whose = [self.bids[index].bidder for index in chosen]
        return chosen if len(set(used)) == len(used) and len(set(whose)) == len(whose) else ()

    def _worth(self, among: Sequence[int]) -> NDArray[np.float64]:
        return np.array([self.bids[index].value / self.scale for index in among])


def _search(bound: _Bound, among: Sequence[int], budget: _Budget, *, in_order: bool) -> tuple[int, ...]:
    """Return the best choice among these bids: any, or the first ``in_order``, by depth first, taking a bid before leaving it."""
    if not among:
        return ()
    best = bound.proposal(among)
    target = sum(bound.bids[index].value for index in best) + (not in_order)
    stack = [_Node((), 0, tuple(among), _Relaxed((0,) * bound.items, frozenset(), frozenset()), solved=False)]
    while stack:
        node = stack.pop()
        if not node.open:
            if node.value >= target:
                best, target = node.taken, node.value + 1
            continue
        if not node.solved:
            if node.value + bound.above(node.open, node.relaxed.prices) < target:
                continue
            budget.spend()
            node = replace(node, relaxed=bound.relaxed(node.open), solved=True)
        if node.value + bound.above(node.open, node.relaxed.prices) >= target:
            stack += _children(bound, node)
    return best


def _children(bound: _Bound, node: _Node) -> tuple[_Node, _Node]:
    """Return the part without the first open bid and the part with it; a part that the relaxation agrees with needs no new one."""
    first, later = node.open[0], node.open[1:]
    bid = bound.bids[first]
    compatible = tuple(index for index in later if bound.bids[index].bidder != bid.bidder and not bound.masks[index] & bound.masks[first])
    without = _Node(node.taken, node.value, later, node.relaxed, solved=first not in node.relaxed.partly)
    taking = _Node((*node.taken, first), node.value + bid.value, compatible, node.relaxed, solved=first in node.relaxed.wholly)
    return without, taking

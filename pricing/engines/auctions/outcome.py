"""The two shapes of every mechanism's result, so that one set of checkers can hold all of them to their promises."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """What each participant gets and pays where all copies are equal, in the order of the bids.

    Attributes:
        units: 1 for a copy bought, -1 for a copy sold, 0 for no trade; shape ``(n,)``.
        pays: minor units, not negative for a buyer; a seller's is what it receives, with a minus sign. Shape ``(n,)``.
    """

    units: tuple[int, ...]
    pays: tuple[int, ...]

    def trades(self, index: int) -> bool:
        """Say whether a participant got or gave anything."""
        return self.units[index] != 0

    def utility(self, index: int, value: int) -> int:
        """Return what one participant gains, in minor units, if a copy is worth ``value`` to it (or costs it that, as a seller)."""
        return self.units[index] * value - self.pays[index]


@dataclass(frozen=True, slots=True)
class Choice:
    """What each bidder gets and pays where a bidder names several exclusive alternatives, a value for each.

    Attributes:
        chosen: which of its own alternatives a bidder gets, -1 for none; shape ``(n,)``.
        pays: minor units, not negative; shape ``(n,)``.
    """

    chosen: tuple[int, ...]
    pays: tuple[int, ...]

    def trades(self, index: int) -> bool:
        """Say whether a bidder got anything."""
        return self.chosen[index] >= 0

    def utility(self, index: int, value: Sequence[int]) -> int:
        """Return what one bidder gains, in minor units, if its alternatives are worth ``value`` to it."""
        return (value[self.chosen[index]] if self.trades(index) else 0) - self.pays[index]


Mechanism = Callable[[Sequence[int]], Outcome]
"""A rule from bids in minor units to an outcome. Where there are sellers, their asks follow the buyers' bids in one list."""


def at_one_price(size: int, winners: Sequence[int], price: int) -> Outcome:
    """Return the outcome in which these buyers get a copy each and all pay the same price."""
    chosen = set(winners)
    return Outcome(tuple(int(index in chosen) for index in range(size)), tuple(price if index in chosen else 0 for index in range(size)))

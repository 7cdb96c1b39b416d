"""Menus of versions for buyers whose type is not known: who is meant to take which version, and the highest prices at which they do.

All in integer minor units. Version -1 stands for buying nothing, which is worth and costs nothing.

Source: Mussa and Rosen (1978); Maskin and Riley, RAND Journal of Economics 15 (1984); Rochet, Journal of Mathematical Economics 16 (1987).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import scipy

from pricing.engines.model import Progress, silent

NOTHING: Final = -1
MAX_NODES: Final = 10_000
Values = Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True)
class Market:
    """What each type thinks each version worth, shape (types, versions), how many buyers are of each type, and each version's cost."""

    values: Values
    buyers: Sequence[int]
    costs: Sequence[int]

    def worth(self, one: int, version: int) -> int:
        """Return what a type thinks a version worth."""
        return 0 if version == NOTHING else self.values[one][version]

    def cost(self, version: int) -> int:
        """Return what one buyer's copy of a version costs."""
        return 0 if version == NOTHING else self.costs[version]


@dataclass(frozen=True, slots=True)
class Menu:
    """By type, the version meant for it and what it pays; and what that earns beyond costs."""

    versions: tuple[int, ...]
    prices: tuple[int, ...]
    gain: int


def crossing_order(values: Values) -> list[int] | None:
    """Return the types from low to high if each step up in version is worth no less to a higher type, and otherwise None. O(n m log n).

    Then indifference curves cross once: whom a better version is worth more to, it is worth more to at every step.
    """
    order = sorted(range(len(values)), key=lambda one: (values[one][-1], tuple(values[one]), one))
    steps = [[after - before for before, after in pairwise((0, *values[one]))] for one in order]
    crossing = all(step <= higher for low, high in pairwise(steps) for step, higher in zip(low, high, strict=True))
    return order if crossing else None


def menu_by_virtual_values(market: Market, order: Sequence[int]) -> Menu:
    """Return the best menu where ``crossing_order`` gives an order. Exact, O(n m).

    A type's virtual value of a version is its value less what every higher type must be left for it. The best assignment maximises the sum
    of virtual values less costs among those that give a higher type no lower version; where the single best versions would fall, types
    are pooled (ironed) by dynamic programming. Each type then pays all of its gain over the version of the type below. Ties go to the
    lower version.
    """
    versions = _monotone_assignment(_virtual_gains(market, order))
    prices: list[int] = []
    paid, before = 0, NOTHING
    for one, version in zip(order, versions, strict=True):
        paid += market.worth(one, version) - market.worth(one, before)
        before = version
        prices.append(paid)
    place = {one: index for index, one in enumerate(order)}
    return _menu(
        market,
        [versions[place[one]] for one in range(len(order))],
        [prices[place[one]] for one in range(len(order))],
    )


def _virtual_gains(market: Market, order: Sequence[int]) -> list[list[int]]:
    """Return, by type in order and by version (nothing first), the virtual value less the cost, times the buyers."""
    gains: list[list[int]] = []
    above = sum(market.buyers)
    for index, one in enumerate(order):
        above -= market.buyers[one]
        higher = order[min(index + 1, len(order) - 1)]
        gains.append(
            [
                market.buyers[one] * (market.worth(one, version) - market.cost(version))
                - above * (market.worth(higher, version) - market.worth(one, version))
                for version in range(NOTHING, len(market.costs))
            ]
        )
    return gains


def _monotone_assignment(gains: Sequence[Sequence[int]]) -> list[int]:
    """Return the never falling choice of columns that maximises the sum of gains; columns count from -1."""
    total = [0] * len(gains[0])
    came_from: list[list[int]] = []
    for row in gains:
        best = 0
        origins = []
        for column in range(len(row)):
            best = column if total[column] > total[best] else best
            origins.append(best)
        came_from.append(origins)
        total = [total[origin] + gain for origin, gain in zip(origins, row, strict=True)]
    column = max(range(len(total)), key=lambda at: (total[at], -at))
    chosen = []
    for origins in reversed(came_from):
        chosen.append(column + NOTHING)
        column = origins[column]
    return chosen[::-1]


def menu_by_search(market: Market, progress: Progress = silent) -> Menu:
    """Return the best menu of any market, by a mixed-integer program; for a dozen types or so, which take some dozens of nodes.

    The program has one binary for each type and version and each type's rent, linear in which incentives and profit are. Its floats only
    pick who takes what: prices are recomputed exactly by ``least_rents``, and then single types are moved to another version, the lower one
    if equal, as long as that earns more. So the answer is at least as good as any that differs in one type's version, and that is all that
    is sure if the program should ever need more than ``MAX_NODES``.

    Progress has two steps, the program and the moves: the solver cannot be interrupted.
    """
    progress(0, 2)
    versions = _assignment(market)
    progress(1, 2)
    menu = _priced(market, versions)
    if menu is None:
        menu = _menu(market, [NOTHING] * len(versions), [0] * len(versions))
    while True:
        moved = _moved(market, menu)
        if moved is None:
            progress(2, 2)
            return menu
        menu = moved


def _moved(market: Market, menu: Menu) -> Menu | None:
    """Return the first menu that is better by moving one type, or as good with a lower version."""
    for one in range(len(menu.versions)):
        for version in range(NOTHING, len(market.costs)):
            tried = _priced(market, [*menu.versions[:one], version, *menu.versions[one + 1 :]])
            if tried is not None and (tried.gain, -version) > (menu.gain, -menu.versions[one]):
                return tried
    return None


def _priced(market: Market, versions: Sequence[int]) -> Menu | None:
    rents = least_rents(market, versions)
    if rents is None:
        return None
    return _menu(market, versions, [market.worth(one, version) - rents[one] for one, version in enumerate(versions)])


def _menu(market: Market, versions: Sequence[int], prices: Sequence[int]) -> Menu:
    gain = sum(count * (price - market.cost(version)) for count, price, version in zip(market.buyers, prices, versions, strict=True))
    return Menu(tuple(versions), tuple(prices), gain)


def least_rents(market: Market, versions: Sequence[int]) -> list[int] | None:
    """Return the least that each type must be left so that it takes the version meant for it; None if no prices do that. O(n^3).

    The rent of a type is the longest path to it of what types gain by posing as one another; without end if there is a cycle of gains.
    """
    count = len(versions)
    gain = [[market.worth(one, version) - market.worth(other, version) for one in range(count)] for other, version in enumerate(versions)]
    rents = [0] * count
    for _ in range(count + 1):
        raised = [max(rents[one], *(rents[other] + gain[other][one] for other in range(count))) for one in range(count)]
        if raised == rents:
            return rents
        rents = raised
    return None


def _assignment(market: Market) -> list[int]:
    """Solve for who takes what: a binary for each type and version, then each type's rent, money being counted in the largest value."""
    values = np.array(market.values, dtype=np.float64)
    types, versions = values.shape
    unit = max(float(np.abs(values).max()), 1.0)
    values, costs, buyers = values / unit, np.array(market.costs) / unit, np.array(market.buyers) / max(market.buyers)
    taken = types * versions
    objective = np.concatenate([-(buyers[:, None] * (values - costs)).ravel(), buyers])
    rows = []
    for one in range(types):
        for other in range(types):
            if one != other:
                row = np.zeros(taken + types)
                row[other * versions : (other + 1) * versions] = values[one] - values[other]
                row[taken + other], row[taken + one] = 1.0, -1.0
                rows.append(row)
    for one in range(types):
        row = np.zeros(taken + types)
        row[one * versions : (one + 1) * versions] = 1.0
        rows.append(row)
    most = np.concatenate([np.zeros(types * (types - 1)), np.ones(types)])
    solved = scipy.optimize.milp(
        objective,
        integrality=np.concatenate([np.ones(taken), np.zeros(types)]),
        bounds=scipy.optimize.Bounds(0.0, np.concatenate([np.ones(taken), np.full(types, float(versions + types))])),
        constraints=scipy.optimize.LinearConstraint(np.array(rows), -np.inf, most),
        options={"mip_rel_gap": 0.0, "node_limit": MAX_NODES},
    )
    if solved.x is None:
        return [NOTHING] * types
    chosen = solved.x[:taken].reshape(types, versions)
    return [int(np.argmax(row)) if row.max() > 0.5 else NOTHING for row in chosen]  # noqa: PLR2004

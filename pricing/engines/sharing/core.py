"""The core family, in exact rationals: least core, its egalitarian point, and the nucleolus, by linear programs over all coalitions.

Money moves by the answers, so no floating solver takes part: the programs have at most n columns beside 2^n rows, the most violated row is
found by adding up shares over coalitions, and a basis of n rows is small enough for fractions. Ties go to the lower coalition number.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from pricing.engines.sharing.games import Table, coalition_sums, exact_table, players_of
from pricing.engines.sharing.linear import Matrix, inverse, null_space, solve


@dataclass(frozen=True, slots=True)
class CorePoint:
    """Shares in the least core, with the proof that they are there.

    Attributes:
        shares: exact; they sum to what all are worth together.
        excess: least e such that some shares give every coalition S but the empty and the whole one at least v(S) - e; the core is empty
            where it is positive. Zero for a single player, who forms no such coalition.
        balance: coalition to weight; positive, sum to one, and weigh every player equally, so that no shares can do with a smaller e.
    """

    shares: list[Fraction]
    excess: Fraction = Fraction(0)
    balance: Mapping[int, Fraction] = field(default_factory=dict)


def least_core(values: Sequence[int]) -> CorePoint:
    """Return the egalitarian point of the least core of a game of 1 … 12 players: where the squares of the shares sum to least.

    Args:
        values: worth of each coalition by its bits; the empty one's is taken off the others.

    Source: Maschler, Peleg and Shapley (1979); Yan and Procaccia, If you like Shapley then you'll love the core (AAAI 2021).
    """
    table = _zeroed(values)
    whole = _Fixed.whole(players_of(table), table[-1])
    if not whole.directions():
        return CorePoint(whole.point())
    stage = _minimise_excess(table, whole)
    return CorePoint(_egalitarian(table, stage.excess), stage.excess, stage.balance)


def nucleolus(values: Sequence[int]) -> CorePoint:
    """Return the shares that make the greatest excess least, then the next, and so on, of a game of 1 … 12 players; unique.

    Shares are not forced above what a player is worth alone (the prenucleolus); where the core is not empty the two are equal.

    Args:
        values: worth of each coalition by its bits; the empty one's is taken off the others.

    Source: Schmeidler, The nucleolus of a characteristic function game (1969); the programs are Maschler, Peleg and Shapley's (1979).
    """
    table = _zeroed(values)
    fixed = _Fixed.whole(players_of(table), table[-1])
    stages: list[_Stage] = []
    while fixed.directions():
        stages.append(_minimise_excess(table, fixed))
        for coalition in stages[-1].balance:
            fixed = fixed.also(coalition, table[coalition] - stages[-1].excess)
    return CorePoint(fixed.point(), stages[0].excess, stages[0].balance) if stages else CorePoint(fixed.point())


def _zeroed(values: Sequence[int]) -> Table:
    table = exact_table(values)
    zeroed: Table = table - table[0]
    return zeroed


@dataclass(frozen=True, slots=True)
class _Fixed:
    """Coalitions whose shares are settled: independent rows of zeros and ones, and what each is to receive."""

    rows: Matrix
    sums: list[Fraction]

    @classmethod
    def whole(cls, players: int, worth: int) -> _Fixed:
        """Return the settlement in which only the whole is settled."""
        return cls([[Fraction(1)] * players], [Fraction(worth)])

    def also(self, coalition: int, receives: Fraction) -> _Fixed:
        """Return this and one coalition more, or this where its sum follows from the others."""
        row = [Fraction(coalition >> player & 1) for player in range(len(self.rows[0]))]
        if len(null_space([*self.rows, row])) == len(self.directions()):
            return self
        return _Fixed([*self.rows, row], [*self.sums, receives])

    def directions(self) -> Matrix:
        """Return a basis of the changes of shares that leave every settled sum as it is."""
        return null_space(self.rows)

    def point(self) -> list[Fraction]:
        """Return shares with the settled sums: the ones of least norm, rows' combination Aᵀ(AAᵀ)⁻¹b."""
        gram = [[sum((a * b for a, b in zip(one, other, strict=True)), Fraction(0)) for other in self.rows] for one in self.rows]
        weights = solve(gram, self.sums)
        return [
            sum((weight * row[player] for weight, row in zip(weights, self.rows, strict=True)), Fraction(0))
            for player in range(len(self.rows[0]))
        ]


@dataclass(frozen=True, slots=True)
class _Stage:
    excess: Fraction
    balance: Mapping[int, Fraction]


def _minimise_excess(table: Table, fixed: _Fixed) -> _Stage:
    """Minimise the greatest excess over the coalitions whose sum is not settled, and say which coalitions prove that it is least.

    Simplex on the dual: weights of coalitions that balance along every direction. The entering coalition is the one of greatest excess;
    after a step of length zero it is the first of positive reduced cost (Bland), so the method ends. Each coalition with a positive
    weight has the least excess in every optimal solution.
    """
    directions = [_whole(direction) for direction in fixed.directions()]
    start = fixed.point()
    reach = [coalition_sums(direction) for direction in directions]
    open_coalitions: NDArray[np.int64] = np.flatnonzero(np.any([sums != 0 for sums in reach], axis=0))

    def column(coalition: int) -> list[Fraction]:
        return [*(Fraction(sums[coalition]) for sums in reach), Fraction(1)]

    basis = _first_basis(reach, len(table) - 1)
    inverted = inverse([list(row) for row in zip(*(column(coalition) for coalition in basis), strict=True)])
    stalled = False
    while True:
        target = [table[coalition] - _sum_of(start, coalition) for coalition in basis]
        *along, excess = (
            sum((target[row] * inverted[row][place] for row in range(len(basis))), Fraction(0)) for place in range(len(basis))
        )
        entering = _entering(table, _moved(start, directions, along), excess, open_coalitions, first=stalled)
        weights = [row[-1] for row in inverted]
        if entering is None:
            return _Stage(excess, {coalition: weight for coalition, weight in sorted(zip(basis, weights, strict=True)) if weight})
        turned = [sum((a * b for a, b in zip(row, column(entering), strict=True)), Fraction(0)) for row in inverted]
        step, _, place = min((weights[row] / turned[row], basis[row], row) for row in range(len(basis)) if turned[row] > 0)
        stalled = step == 0
        basis[place] = entering
        _pivot(inverted, turned, place)


def _first_basis(reach: Sequence[Table], everyone: int) -> list[int]:
    """Return single players that span all directions, and all but the first of them: half and half they balance."""
    rows: Matrix = []
    chosen: list[int] = []
    for player in range(everyone.bit_length()):
        row = [Fraction(sums[1 << player]) for sums in reach]
        if len(null_space([*rows, row])) < len(reach) - len(rows):
            rows.append(row)
            chosen.append(1 << player)
    return [*chosen, everyone ^ chosen[0]]


def _entering(table: Table, shares: list[Fraction], excess: Fraction, among: NDArray[np.int64], *, first: bool) -> int | None:
    """Return the open coalition of greatest excess above ``excess``, or the first of them; None if there is none."""
    common = math.lcm(*(share.denominator for share in shares), excess.denominator)
    sums = coalition_sums([int(share * common) for share in shares])
    over = (table * common - sums)[among] - int(excess * common)
    place = int(np.argmax(over > 0)) if first else int(np.argmax(over))
    return int(among[place]) if over[place] > 0 else None


def _moved(start: Sequence[Fraction], directions: Sequence[Sequence[int]], along: Sequence[Fraction]) -> list[Fraction]:
    """Return the shares that lie so far along each direction from the start."""
    steps = list(zip(along, directions, strict=True))
    return [share + sum((step * direction[player] for step, direction in steps), Fraction(0)) for player, share in enumerate(start)]


def _whole(direction: Sequence[Fraction]) -> list[int]:
    """Return a direction stretched to whole numbers."""
    common = math.lcm(*(part.denominator for part in direction))
    return [int(part * common) for part in direction]


def _sum_of(shares: Sequence[Fraction], coalition: int) -> Fraction:
    return sum((share for player, share in enumerate(shares) if coalition >> player & 1), Fraction(0))


def _pivot(inverted: Matrix, turned: Sequence[Fraction], place: int) -> None:
    """Exchange one column of the basis: make ``turned`` the unit vector of ``place`` by row operations on the inverse."""
    pivot = [value / turned[place] for value in inverted[place]]
    for row, factor in enumerate(turned):
        if row != place and factor:
            inverted[row] = [value - factor * along for value, along in zip(inverted[row], pivot, strict=True)]
    inverted[place] = pivot


def _egalitarian(table: Table, excess: Fraction) -> list[Fraction]:
    """Return the point of least norm with v(N) in all and at least v(S) - excess for each other coalition S.

    The dual active-set method: start at the equal split, take in the most violated coalition, drop those whose multiplier would turn
    negative. The norm rises with every full step, so it ends.

    Source: Goldfarb and Idnani, A numerically stable dual method for solving strictly convex quadratic programs (1983).
    """
    players, everyone = players_of(table), len(table) - 1
    shares = [Fraction(table[everyone], players)] * players
    active, pressures = [everyone], [Fraction(0)]
    inner = np.arange(1, everyone)
    while (entering := _entering(table, shares, excess, inner, first=False)) is not None:
        pressure = Fraction(0)
        while entering not in active:
            common = [Fraction((one & entering).bit_count()) for one in active]
            pushed = solve([[Fraction((one & other).bit_count()) for other in active] for one in active], common)
            room = entering.bit_count() - sum((push * count for push, count in zip(pushed, common, strict=True)), Fraction(0))
            drops = [(pressures[at] / push, at) for at, push in enumerate(pushed) if at and push > 0]
            full = [((table[entering] - excess - _sum_of(shares, entering)) / room, 0)] if room else []
            step, dropped = min(full + drops)  # never empty, since some shares satisfy every coalition; place 0 stands for the full step
            shares = [share + step * ((entering >> at & 1) - _carried(pushed, active, at)) for at, share in enumerate(shares)]
            pressures = [had - step * push for had, push in zip(pressures, pushed, strict=True)]
            pressure += step
            if dropped:
                del active[dropped], pressures[dropped]
            else:
                active.append(entering)
                pressures.append(pressure)
    return shares


def _carried(weights: Sequence[Fraction], coalitions: Sequence[int], player: int) -> Fraction:
    """Return what the weights of the coalitions with this player sum to."""
    return sum((weight for weight, coalition in zip(weights, coalitions, strict=True) if coalition >> player & 1), Fraction(0))

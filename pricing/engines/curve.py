"""A tariff as a function on whole steps of quantity made of straight pieces, so that its properties can be decided and not only sampled."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Piece:
    """The charge ``base + slope * n`` for every whole step ``start <= n <= end``; ``end`` None means without end. ``slope`` >= 0."""

    start: int
    end: int | None
    base: Fraction
    slope: Fraction

    def at(self, step: int) -> Fraction:
        """Return the exact charge at a step of this piece."""
        return self.base + self.slope * step


@dataclass(frozen=True, slots=True)
class Curve:
    """Pieces that cover 0, 1, 2, … without gap or overlap; only the last is without end. Charges are exact, in major units."""

    pieces: tuple[Piece, ...]
    starts: tuple[int, ...]

    @classmethod
    def of(cls, pieces: Sequence[Piece]) -> Curve:
        """Return the curve made of these pieces, in order."""
        return cls(tuple(pieces), tuple(piece.start for piece in pieces))

    def at(self, step: int) -> Fraction:
        """Return the exact charge for ``step`` steps of quantity."""
        return self.pieces[bisect_right(self.starts, step) - 1].at(step)

    def whole_at(self) -> Callable[[int], int]:
        """Return ``at`` times one positive number that makes every charge whole: for comparing many charges, ten times as fast."""
        common = math.lcm(*[part.denominator for piece in self.pieces for part in (piece.base, piece.slope)])
        rows = [(int(piece.base * common), int(piece.slope * common)) for piece in self.pieces]
        starts = self.starts

        def charge(step: int) -> int:
            base, slope = rows[bisect_right(starts, step) - 1]
            return base + slope * step

        return charge

    def breaks(self) -> list[int]:
        """Return the first and the last step of every piece, ascending."""
        ends = (piece.end for piece in self.pieces if piece.end is not None)
        return sorted({*self.starts, *ends})

    def at_most(self, limit: Fraction) -> Curve:
        """Return this curve cut off above at ``limit``."""
        return Curve.of([part for piece in self.pieces for part in _cut_above(piece, limit)])

    def at_least(self, limit: Fraction) -> Curve:
        """Return this curve lifted to ``limit`` wherever it is lower."""
        return Curve.of([part for piece in self.pieces for part in _lift_below(piece, limit)])

    def lower_envelope(self) -> Curve:
        """Return the greatest non-decreasing curve that is nowhere above this one: the least charge for that quantity or more."""
        parts: list[Piece] = []
        least_later: Fraction | None = None
        for piece in reversed(self.pieces):
            parts[:0] = [piece] if least_later is None else _cut_above(piece, least_later)
            first = piece.at(piece.start)
            least_later = first if least_later is None else min(first, least_later)
        return Curve.of(parts)

    def cheapest_from(self, step: int) -> int:
        """Return the least step, at or after ``step``, where the lower envelope at ``step`` is attained."""
        later = [step, *(start for start in self.starts if start > step)]
        return min(later, key=lambda at: (self.at(at), at))


def _cut_above(piece: Piece, limit: Fraction) -> list[Piece]:
    """Split a piece at its last step not above the limit; beyond it the charge is the limit."""
    if piece.at(piece.start) > limit:
        return [Piece(piece.start, piece.end, limit, Fraction(0))]
    last = _last_at_most(piece, limit)
    if last is None:
        return [piece]
    return [Piece(piece.start, last, piece.base, piece.slope), Piece(last + 1, piece.end, limit, Fraction(0))]


def _lift_below(piece: Piece, limit: Fraction) -> list[Piece]:
    """Split a piece at its last step not above the limit; up to it the charge is the limit."""
    if piece.at(piece.start) > limit:
        return [piece]
    last = _last_at_most(piece, limit)
    if last is None:
        return [Piece(piece.start, piece.end, limit, Fraction(0))]
    return [Piece(piece.start, last, limit, Fraction(0)), Piece(last + 1, piece.end, piece.base, piece.slope)]


def _last_at_most(piece: Piece, limit: Fraction) -> int | None:
    """Return the last step whose charge is not above the limit, or None if that is so for the whole piece. The first step must be."""
    if piece.slope == 0:
        return None
    last = (limit - piece.base) // piece.slope
    return None if piece.end is not None and last >= piece.end else int(last)

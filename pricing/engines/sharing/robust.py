"""From a rule's values to parts of the amount, and the penalty for similarity under which copying one's own data gains nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Final

PENALTY_DIGITS: Final = 30
# exp and ln of decimal are correctly rounded by its specification, so these are the same digits on every machine
_EXACT: Final = Context(prec=60, rounding=ROUND_HALF_EVEN)
_LN_2: Final = _EXACT.ln(Decimal(2))

Similarity = Sequence[Sequence[Fraction]]
"""Symmetric, shape (n, n), entries from 0 to 1; the diagonal is not read."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What part of an amount each player receives; not negative, and at most one together.

    Attributes:
        parts: exact; what they lack to one is not distributed.
        raised: players whose value was negative; they receive nothing, since nobody pays in.
        scaled: the values exceeded the amount together and were scaled down to it.
    """

    parts: list[Fraction]
    raised: tuple[int, ...]
    scaled: bool


def parts_of(values: Sequence[Fraction], worth: Fraction) -> Parts:
    """Return values as parts of what all are worth together, which is positive: raised to zero, and scaled down where they exceed it."""
    kept = [max(Fraction(0), value / worth) for value in values]
    total = sum(kept, Fraction(0))
    raised = tuple(player for player, value in enumerate(values) if value / worth < 0)
    return Parts([part / total for part in kept] if total > 1 else kept, raised, total > 1)


def normalised(values: Sequence[Fraction], worth: Fraction) -> list[Fraction]:
    """Scale values so that the positive ones, the others raised to zero, sum to the worth of all; all zero if none is positive."""
    kept = [max(Fraction(0), value / worth) for value in values]
    total = sum(kept, Fraction(0))
    return [part / total * worth for part in kept] if total else kept


def penalised(values: Sequence[Fraction], similarity: Similarity) -> list[Fraction]:
    """Halve each value once for every other player exactly like this one, and in proportion for those partly alike: times 2^-(sum).

    With λ = ln 2 and a Shapley value of a game without negative contributions, k exact copies of a player receive at most what the player
    alone did: each copy at most the old value, times (k + 1) / 2^k <= 1.

    Source: Agarwal, Dahleh and Sarkar, A marketplace for data (EC 2019), Shapley-robust.
    """
    return [
        value * halved(sum((like for other, like in enumerate(row) if other != player), Fraction(0)))
        for player, (value, row) in enumerate(zip(values, similarity, strict=True))
    ]


def halved(times: Fraction) -> Fraction:
    """Return 2^-times for ``times`` >= 0: exact where ``times`` is whole, and otherwise to thirty digits rounded to even."""
    whole, part = divmod(times, 1)
    power = Fraction(1, 1 << int(whole))
    if not part:
        return power
    exponent = _EXACT.divide(Decimal(-part.numerator), Decimal(part.denominator))
    digits = _EXACT.exp(_EXACT.multiply(exponent, _LN_2))
    return power * Fraction(Context(prec=PENALTY_DIGITS, rounding=ROUND_HALF_EVEN).plus(digits))

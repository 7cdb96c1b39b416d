"""What every method of ``datum`` answers: the values of the points, and what it says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeVar

from pricing.engines.datum.exact import Values
from pricing.engines.result import Claim
from pricing.engines.shapes import JsonObject

_Number = TypeVar("_Number", int, float)


@dataclass(frozen=True, slots=True)
class Valuation:
    """What a method says of the points.

    Attributes:
        values: exact for exact methods, the exact mean of the samples for sampled ones.
        gained: what all points achieve beyond none, ``v(N) - v({})``.
        claims: what holds of the values.
        extras: what the method says of itself.
        per_point: further columns of text by name, one entry a point.
        per_holder: further columns of text by name, one entry a holder.
    """

    values: Values
    gained: Fraction
    claims: tuple[Claim, ...]
    extras: JsonObject
    per_point: Mapping[str, Sequence[str]] = field(default_factory=dict)
    per_holder: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def totals_of(values: Sequence[_Number], holders: Sequence[str]) -> dict[str, _Number]:
    """Return what the points of each holder sum to.

    Args:
        values: of each point.
        holders: of each point.
    """
    totals: dict[str, _Number] = dict.fromkeys(holders, 0)
    for holder, value in zip(holders, values, strict=True):
        totals[holder] += value
    return totals

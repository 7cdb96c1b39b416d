"""Dividing an amount among claims on it, where the claims may exceed it: the rule of the Talmud."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction


def equal_awards(claims: Sequence[Fraction], amount: Fraction) -> list[Fraction]:
    """Give everyone the same, but nobody more than the claim. O(n log n).

    Args:
        claims: not negative.
        amount: from 0 to the sum of the claims.
    """
    left, awards = amount, [Fraction(0)] * len(claims)
    ascending = sorted(range(len(claims)), key=lambda index: (claims[index], index))
    for done, index in enumerate(ascending):
        awards[index] = min(claims[index], left / (len(claims) - done))
        left -= awards[index]
    return awards


def talmud(claims: Sequence[Fraction], amount: Fraction) -> list[Fraction]:
    """Share equally up to half of each claim; beyond half of all claims, share what is lacking in the same way. O(n log n).

    It is the nucleolus of the game in which a coalition is worth what the others' claims leave it.

    Args:
        claims: not negative.
        amount: from 0 to the sum of the claims.

    Source: Mishnah, Ketubot 93a; Aumann and Maschler, Game theoretic analysis of a bankruptcy problem from the Talmud (1985).
    """
    halves = [claim / 2 for claim in claims]
    whole = sum(claims, Fraction(0))
    if amount * 2 <= whole:
        return equal_awards(halves, amount)
    lacking = equal_awards(halves, whole - amount)
    return [claim - loss for claim, loss in zip(claims, lacking, strict=True)]


def bankruptcy_game(claims: Sequence[int], amount: int) -> list[int]:
    """Return the table of what each coalition gets if the others' claims are paid first. O(2^n)."""
    count, whole = len(claims), sum(claims)
    held = [sum(claim for player, claim in enumerate(claims) if mask >> player & 1) for mask in range(1 << count)]
    return [max(0, amount - (whole - mine)) for mine in held]

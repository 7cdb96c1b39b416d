"""Decimals of fifty digits: their roots, logarithms and exponentials are correctly rounded, so they are the same on every machine."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Final

DIGITS: Final = 50


def context() -> Context:
    """Return the arithmetic, afresh: nobody else's settings or threads reach it."""
    return Context(prec=DIGITS, rounding=ROUND_HALF_EVEN, Emin=-999_999, Emax=999_999, traps=[])


def decimal(value: Fraction) -> Decimal:
    """Return an exact number to fifty digits."""
    return context().divide(Decimal(value.numerator), Decimal(value.denominator))


def log(value: Fraction) -> Decimal:
    """Return the natural logarithm of a positive number."""
    return context().ln(decimal(value))

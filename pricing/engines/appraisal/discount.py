"""The arithmetic of present values: exact discount factors, the tax benefit of amortisation, and the internal rate of return."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise
from typing import Final

from pricing.engines.appraisal.decimals import context, decimal

ROOT_PLACES: Final = 60
LEAST_RETURN: Final = Decimal("-0.99")
MOST_RETURN: Final = Decimal(10)
_HALVINGS: Final = 70


@dataclass(frozen=True, slots=True)
class Discounting:
    """How a year's amount becomes a present one.

    Attributes:
        rates: the rate of each year, so that year t is discounted over all years up to it: a flat rate repeats one number, and a curve is
            one of forward rates. Each above -1.
        mid_year: amounts come in the middle of their year, at τ = t - ½; otherwise at its end, at τ = t.
    """

    rates: tuple[Fraction, ...]
    mid_year: bool

    def factors(self, years: int) -> list[Fraction]:
        """Return the present value of 1 in each of the first ``years`` years, of which there must be rates.

        At the end of a year: Π 1/(1 + r), exactly. In its middle the half year's 1/√(1 + r) is rounded down at 60 decimal places by an
        integer square root, so it is the same on every machine; everything after it is exact again. O(years).
        """
        factors: list[Fraction] = []
        start = Fraction(1)
        for rate in self.rates[:years]:
            end = start / (1 + rate)
            factors.append(start * inverse_root(1 + rate) if self.mid_year else end)
            start = end
        return factors

    def shifted(self, by: Fraction) -> Discounting:
        """Return the same with every rate moved by so much."""
        return Discounting(tuple(rate + by for rate in self.rates), self.mid_year)


def inverse_root(value: Fraction) -> Fraction:
    """Return 1/√value, for a positive value, rounded down at ``ROOT_PLACES`` decimal places."""
    scale = 10**ROOT_PLACES
    return Fraction(math.isqrt(scale**2 * value.denominator // value.numerator), scale)


def present_value(flows: Sequence[Fraction], factors: Sequence[Fraction]) -> Fraction:
    """Return Σ CF_t · factor_t, exactly."""
    return sum((flow * factor for flow, factor in zip(flows, factors, strict=True)), Fraction(0))


def tab_factor(tax: Fraction, factors: Sequence[Fraction]) -> Fraction:
    """Return by how much the tax benefit of amortising the asset raises its value: 1 / (1 - t · Σ factors / n).

    The asset is amortised in n equal parts, one for each factor, and each part saves tax at the rate t, below 1. So the value V of flows
    worth PV solves V = PV + t · V · Σ factors / n.
    """
    return 1 / (1 - tax * sum(factors) / len(factors))


def value_of(flows: Sequence[Fraction], discounting: Discounting, *, tax: Fraction, amortised_over: int) -> Fraction:
    """Return the present value with the tax benefit of amortisation over so many years (0: none), exactly."""
    value = present_value(flows, discounting.factors(len(flows)))
    return value * tab_factor(tax, discounting.factors(amortised_over)) if amortised_over else value


def net_present_value(price: float, flows: Sequence[float], rate: float, *, mid_year: bool) -> float:
    """Return -price + Σ CF_t · (1 + rate)^-τ in floats, by which an internal rate of return is checked."""
    lag = 0.5 if mid_year else 0.0
    return -price + math.fsum(flow * (1 + rate) ** (lag - year) for year, flow in enumerate(flows, start=1))


def internal_return(price: Fraction, flows: Sequence[Fraction], *, mid_year: bool) -> float | None:
    """Return the one rate from -99 % to 1000 % a year at which the flows are worth the price paid now, or None.

    None where signs change more than once, so that the rate may not be unique (Descartes), or where no rate in that range does it.
    Bisection in decimals of fifty digits, to 1e-20, so that every machine finds the same; the answer is advice and enters no amount.
    O(flows).
    """
    signs = [number > 0 for number in (-price, *flows) if number]
    if sum(one != other for one, other in pairwise(signs)) != 1:
        return None
    with localcontext(context()):
        paid, received = decimal(price), [decimal(flow) for flow in flows]

        def pays(rate: Decimal) -> bool:
            value, growth = Decimal(0), 1 + rate
            for flow in reversed(received):
                value = (value + flow) / growth
            return (value * growth.sqrt() if mid_year else value) > paid

        low, high = LEAST_RETURN, MOST_RETURN
        pays_low = pays(low)
        if pays(high) == pays_low:
            return None
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if pays(middle) == pays_low else (low, middle)
        return float(low)

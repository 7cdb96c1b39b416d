"""The checkers of appraisals: how a value must move with what it is computed from. They speak of exact values, before rounding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Final

from pricing.engines.checkers.property import Property, Witness

Valuation = Callable[[Sequence[Fraction]], Fraction]
"""A value, in major units, of some amounts with everything else held fixed."""

INCOME_LINEAR: Final = "income_linear"
INCOME_DECREASING: Final = "income_decreasing"
INCOME_RETURN: Final = "income_return"
COST_HOMOGENEOUS: Final = "cost_homogeneous"
MARKET_EQUIVARIANT: Final = "market_equivariant"
AHP_CONSISTENT: Final = "ahp_consistent"

RETURN_TOLERANCE: Final = 1e-9
EQUIVARIANCE_TOLERANCE: Final = 1e-9


def linear(value: Valuation, one: Sequence[Fraction], other: Sequence[Fraction], scale: Fraction) -> Witness | None:
    """Check V(scale · one + other) = scale · V(one) + V(other), exactly."""
    mixed = value([scale * left + right for left, right in zip(one, other, strict=True)])
    apart = scale * value(one) + value(other)
    return None if mixed == apart else {"scale": str(scale), "together": str(mixed), "apart": str(apart)}


def decreasing(value: Callable[[Fraction], Fraction], rates: Sequence[Fraction]) -> Witness | None:
    """Check that the value does not rise from one rate to the next, for rates given in rising order."""
    values = [value(rate) for rate in rates]
    for lower, higher, at_lower, at_higher in zip(rates, rates[1:], values, values[1:], strict=False):
        if at_higher > at_lower:
            return {"lower": str(lower), "higher": str(higher), "at_lower": str(at_lower), "at_higher": str(at_higher)}
    return None


def returns_nothing(present_value: Callable[[float], float], size: float, rate: float) -> Witness | None:
    """Check that the present value at the internal rate of return is zero, relative to the size of the flows."""
    left = present_value(rate)
    return None if abs(left) <= RETURN_TOLERANCE * size else {"rate": str(rate), "left": str(left)}


def cost_homogeneous(value: Valuation, costs: Sequence[Fraction], scale: Fraction) -> Witness | None:
    """Check that no cost gives no value, V(0) = 0, and that costs scaled by one factor scale the value, V(λC) = λV(C), exactly."""
    nothing = value([Fraction(0)] * len(costs))
    if nothing != 0:
        return {"costs": "0", "value": str(nothing)}
    scaled, expected = value([scale * cost for cost in costs]), scale * value(costs)
    return None if scaled == expected else {"scale": str(scale), "scaled": str(scaled), "expected": str(expected)}


def market_equivariant(value: Valuation, prices: Sequence[Fraction], scale: Fraction) -> Witness | None:
    """Check V(λp) = λV(p), to 1e-9 relative since a regression takes logarithms."""
    scaled, expected = float(value([scale * price for price in prices])), float(scale * value(prices))
    if abs(scaled - expected) <= EQUIVARIANCE_TOLERANCE * abs(expected):
        return None
    return {"scale": str(scale), "scaled": str(scaled), "expected": str(expected)}


def ahp_consistent(matrix: Sequence[Sequence[Fraction]], weights: Sequence[Fraction], ratio: Fraction) -> Witness | None:
    """Check that weights are positive and sum to 1, and that a consistent matrix gives back exactly its own ratios and ratio 0.

    A reciprocal matrix is consistent where a_ij · a_jk = a_ik for all i, j, k; comparing with the first row decides it. O(n²).
    """
    if sum(weights) != 1 or min(weights) <= 0:
        return {"weights": str(sum(weights))}
    size = range(len(matrix))
    if any(matrix[0][j] * matrix[j][k] != matrix[0][k] for j in size for k in size):
        return None
    if ratio != 0:
        return {"consistency_ratio": str(ratio)}
    for i in size:
        for j in size:
            if matrix[i][j] * weights[j] != weights[i]:
                return {"row": i, "column": j, "given": str(matrix[i][j]), "recovered": str(weights[i] / weights[j])}
    return None


PROPERTIES: Final = (
    Property(34, INCOME_LINEAR, linear, ("The value is linear in the cash flows (before rounding)", "价值对现金流呈线性（取整前）")),
    Property(34, INCOME_DECREASING, decreasing, ("A higher discount rate never raises the value", "折现率上升，价值不增")),
    Property(
        34,
        INCOME_RETURN,
        returns_nothing,
        ("The present value at the internal rate of return is zero", "以内部收益率折现，净现值为零"),
    ),
    Property(
        35,
        COST_HOMOGENEOUS,
        cost_homogeneous,
        ("No cost gives no value, and the value scales with the costs (before rounding)", "零成本即零价值，价值与成本同比变动（取整前）"),
    ),
    Property(
        16,
        MARKET_EQUIVARIANT,
        market_equivariant,
        (
            "Comparables at a multiple of their prices give that multiple of the value (before rounding)",
            "可比价格同比变动，价值同比变动（取整前）",
        ),
    ),
    Property(
        36,
        AHP_CONSISTENT,
        ahp_consistent,
        ("The weights sum to 1, and comparisons without contradiction are recovered exactly", "权重之和为 1，无矛盾的判断可精确还原"),
    ),
)

"""The checkers of posted prices: best price, ironing, incentive-compatible menus, and the regulated ceiling."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Final, TypeAlias

from pricing.engines.checkers.property import Property, Witness
from pricing.engines.posted.ceiling_rules import Row

BEST_PRICE: Final = "best_price"
IRONED_MONOTONE: Final = "ironed_monotone"
IRONED_INTEGRAL: Final = "ironed_integral"
INCENTIVE_COMPATIBLE: Final = "incentive_compatible"
INDIVIDUALLY_RATIONAL: Final = "screening_rational"
CAPS_WITHIN_REVENUE: Final = "caps_within_revenue"
PRICE_WITHIN_CAP: Final = "price_within_cap"
PUBLIC_USE_FREE: Final = "public_use_free"
CLAW_BACK_CONSERVES: Final = "claw_back_conserves"

Number: TypeAlias = "float | Fraction"


def best_price(gain: Callable[[int], Number], candidates: Iterable[int], price: int, slack: Number = 0) -> Witness | None:
    """Check that no candidate price gains more than the chosen one, by more than ``slack``; prices in minor units."""
    chosen = gain(price)
    better = next((other for other in candidates if gain(other) > chosen + slack), None)
    return None if better is None else {"price": price, "gain": str(chosen), "better": better, "better_gain": str(gain(better))}


def ironed_monotone(ironed: Sequence[Number]) -> Witness | None:
    """Check that ironed virtual values, in ascending order of value, never fall."""
    for index, (one, other) in enumerate(pairwise(ironed)):
        if other < one:
            return {"index": index, "value": str(one), "next": str(other)}
    return None


def ironed_integral(
    raw: Sequence[Number], ironed: Sequence[Number], intervals: Sequence[tuple[int, int]], slack: Number = 0
) -> Witness | None:
    """Check that ironing moved nothing: over each interval ``[first, end)`` the virtual values sum to what they summed to before.

    Outside the intervals they must be unchanged. Sums are exact, of floats too.
    """
    parts = [*intervals, *((index, index + 1) for index in _outside(intervals, len(raw)))]
    for first, end in parts:
        before, after = (sum((Fraction(value) for value in values[first:end]), Fraction(0)) for values in (raw, ironed))
        if abs(before - after) > slack:
            return {"first": first, "end": end, "raw": str(before), "ironed": str(after)}
    return None


def _outside(intervals: Sequence[tuple[int, int]], count: int) -> list[int]:
    inside = {index for first, end in intervals for index in range(first, end)}
    return [index for index in range(count) if index not in inside]


def incentive_compatible(value: Callable[[int, int], Number], prices: Sequence[Number]) -> Witness | None:
    """Check that no type gains by choosing what is meant for another: v(i, x_i) - p_i >= v(i, x_j) - p_j.

    Args:
        value: from a type and another type, to what the former thinks the latter's allotment worth.
        prices: what each type pays, in the unit of the values.
    """
    for one, price in enumerate(prices):
        for other, asked in enumerate(prices):
            if value(one, other) - asked > value(one, one) - price:
                gain = (value(one, other) - asked) - (value(one, one) - price)
                return {"type": one, "prefers": other, "gain": str(gain)}
    return None


def individually_rational(value: Callable[[int, int], Number], prices: Sequence[Number]) -> Witness | None:
    """Check that no type pays more than its own allotment is worth to it."""
    for one, price in enumerate(prices):
        if value(one, one) < price:
            return {"type": one, "value": str(value(one, one)), "price": str(price)}
    return None


def caps_within_revenue(caps: Sequence[Fraction], volumes: Sequence[Fraction], allowed: Fraction) -> Witness | None:
    """Check that the forecast volumes at their caps bring in no more than allowed."""
    total = sum((cap * volume for cap, volume in zip(caps, volumes, strict=True)), Fraction(0))
    return None if total <= allowed else {"at_caps": str(total), "allowed": str(allowed)}


def price_within_cap(prices: Sequence[Fraction], caps: Sequence[Fraction]) -> Witness | None:
    """Check that each price is at or below its cap."""
    for index, (price, cap) in enumerate(zip(prices, caps, strict=True)):
        if price > cap:
            return {"product": index, "price": str(price), "cap": str(cap)}
    return None


def public_use_free(amount_minor: int, use: str) -> Witness | None:
    """Check that public governance and public welfare pay nothing."""
    return None if use == "industry" or amount_minor == 0 else {"use": use, "amount": amount_minor}


def claw_back_conserves(rows: Sequence[Row]) -> Witness | None:
    """Check that claw-back loses and invents no money.

    What was earned too much is deducted later or still carried; a period deducts no more than it was permitted; and what is kept of all
    revenue is no more than was permitted.
    """
    excess = deducted = kept = permitted = 0
    for index, row in enumerate(rows):
        excess, deducted = excess + row.excess, deducted + row.deducted
        kept, permitted = kept + row.realised, permitted + row.permitted
        if excess != deducted + row.carried or not 0 <= row.deducted <= row.permitted or min(row.excess, row.carried) < 0:
            return {"period": index, "excess": excess, "deducted": deducted, "carried": row.carried}
        if kept - row.carried > permitted:
            return {"period": index, "kept": kept - row.carried, "permitted": permitted}
    return None


_SENTENCES: Final[Mapping[str, tuple[int, Callable[..., Witness | None], str, str]]] = {
    BEST_PRICE: (17, best_price, "No other price earns more", "没有其他价格能带来更高收入"),
    IRONED_MONOTONE: (17, ironed_monotone, "Ironed virtual values rise with value", "熨平后的虚拟价值随价值不减"),
    IRONED_INTEGRAL: (17, ironed_integral, "Ironing keeps the revenue of each interval", "熨平不改变各区间的收入"),
    INCENTIVE_COMPATIBLE: (18, incentive_compatible, "Each buyer prefers its own version", "每类买方都偏好为其设计的版本"),
    INDIVIDUALLY_RATIONAL: (18, individually_rational, "Nobody pays more than it is worth to them", "没有买方支付超过其估值的价格"),
    CAPS_WITHIN_REVENUE: (21, caps_within_revenue, "Sales at the caps stay within the permitted revenue", "按最高价销售不超过准许收入"),
    PRICE_WITHIN_CAP: (21, price_within_cap, "Each price is at or below its cap", "各价格不高于最高限价"),
    PUBLIC_USE_FREE: (21, public_use_free, "Public governance and welfare use is free", "公共治理、公益用途免费"),
    CLAW_BACK_CONSERVES: (21, claw_back_conserves, "Excess revenue is deducted once and in full", "超额收入足额扣减且仅扣一次"),
}
PROPERTIES: Final = tuple(Property(number, name, check, (en, zh)) for name, (number, check, en, zh) in _SENTENCES.items())

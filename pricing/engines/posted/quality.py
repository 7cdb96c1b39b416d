"""One good in any quality, for buyers who differ in what quality is worth to them: Mussa and Rosen's menu, and its form in whole cents.

Source: Mussa and Rosen, Monopoly and Product Quality, Journal of Economic Theory 18 (1978).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from pricing.engines.posted.ironing import Ironed, iron


@dataclass(frozen=True, slots=True)
class QualityMenu:
    """By type from the lowest: quality and price, and what they earn beyond cost, all buyers together; in major units."""

    qualities: tuple[Fraction, ...]
    prices: tuple[Fraction, ...]
    gain: Fraction


def ironed_tastes(tastes: Sequence[Fraction], buyers: Sequence[int]) -> Ironed[Fraction]:
    """Return the virtual values of types, raw and ironed, from the highest type down.

    Args:
        tastes: what a unit of quality is worth to each type, ascending.
        buyers: how many are of each type, positive.
    """
    sold, revenues = [Fraction(0)], [Fraction(0)]
    for taste, count in zip(reversed(tastes), reversed(buyers), strict=True):
        sold.append(sold[-1] + count)
        revenues.append(sold[-1] * taste)
    return iron(sold, revenues)


def best_qualities(tastes: Sequence[Fraction], buyers: Sequence[int], curvature: Fraction) -> QualityMenu:
    """Return the best menu where quality q costs ``curvature * q^2 / 2``. Exact, O(n).

    Each type gets the quality whose marginal cost is its ironed virtual value, none if that is negative, and pays for it all of its gain
    over the quality of the type below.
    """
    virtual = reversed(ironed_tastes(tastes, buyers).ironed)
    qualities = [max(each, Fraction(0)) / curvature for each in virtual]
    prices: list[Fraction] = []
    paid = before = Fraction(0)
    for taste, quality in zip(tastes, qualities, strict=True):
        paid += taste * (quality - before)
        before = quality
        prices.append(paid)
    return _menu(qualities, prices, buyers, curvature)


def in_whole_units(
    menu: QualityMenu, tastes: Sequence[Fraction], buyers: Sequence[int], curvature: Fraction, grid: tuple[int, int]
) -> QualityMenu:
    """Return the menu with qualities on a grid and prices in whole minor units, at which each type still takes what is meant for it.

    Qualities go to the nearest point of the grid, or all to the next lower one if that earns more. On a coarse grid neither may earn
    anything: the gain can be zero or less.

    ``grid`` is the steps of quality in one unit of it, and the minor units in one major unit.
    """
    nearest, lower = (_on_grid(menu, tastes, buyers, curvature, (*grid, rounding)) for rounding in (Fraction(1, 2), Fraction(0)))
    return max(nearest, lower, key=lambda found: found.gain)


def _on_grid(
    menu: QualityMenu, tastes: Sequence[Fraction], buyers: Sequence[int], curvature: Fraction, grid: tuple[int, int, Fraction]
) -> QualityMenu:
    """Put a menu on a grid, adding a part of a step of quality before rounding down.

    A step up in quality costs the most whole units that the higher type pays gladly; where that is less than what the lower type would
    pay, the step is not offered and both types get the lower quality.
    """
    quality_scale, money_scale, rounding = grid
    qualities: list[Fraction] = []
    prices: list[Fraction] = []
    quality = price = lower = Fraction(0)
    for taste, exact in zip(tastes, menu.qualities, strict=True):
        wanted = Fraction(math.floor(exact * quality_scale + rounding), quality_scale)
        step = wanted - quality
        most = Fraction(math.floor(taste * step * money_scale), money_scale)
        if step > 0 and most >= lower * step:
            quality, price = wanted, price + most
        qualities.append(quality)
        prices.append(price)
        lower = taste
    return _menu(qualities, prices, buyers, curvature)


def _menu(qualities: Sequence[Fraction], prices: Sequence[Fraction], buyers: Sequence[int], curvature: Fraction) -> QualityMenu:
    gains = (count * (price - curvature * quality**2 / 2) for count, price, quality in zip(buyers, prices, qualities, strict=True))
    return QualityMenu(tuple(qualities), tuple(prices), sum(gains, Fraction(0)))

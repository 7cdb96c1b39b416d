"""The best price when what buyers would pay follows a known distribution."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import scipy
from numpy.typing import NDArray

from pricing.engines.posted.ironing import Ironed, iron

GRID: Final = 1_000
NOISE: Final = 1e-9
LARGEST_MINOR: Final = 1e15
TINY: Final = 1e-300
HUGE: Final = 1e250
RARE: Final = 1e-9
EDGE: Final = 1e-16
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Demand:
    """A distribution of what one buyer would pay; each function takes and gives arrays, or numbers for numbers.

    Attributes:
        above: the share of buyers who would pay a price or more; prices not negative.
        density: of the buyers at a price.
        price_at: the price that a given share would pay, the inverse of ``above``; shares in (0, 1].
    """

    above: Callable[[Any], Any]
    density: Callable[[Any], Any]
    price_at: Callable[[Any], Any]


def demand(family: str, numbers: Mapping[str, float]) -> Demand:
    """Return the demand of a named family; ``FAMILIES`` lists the names of its numbers."""
    return _MAKERS[family](*(numbers[name] for name in FAMILIES[family]))


def _uniform(lowest: float, highest: float) -> Demand:
    width = highest - lowest
    return Demand(
        above=lambda price: np.clip((highest - price) / width, 0.0, 1.0),
        density=lambda price: np.where((price >= lowest) & (price <= highest), 1.0 / width, 0.0),
        price_at=lambda share: highest - share * width,
    )


def _exponential(mean: float) -> Demand:
    return _weibull(1.0, mean)


def _weibull(shape: float, scale: float) -> Demand:
    def part_of(price: Any) -> Any:
        return np.clip(price / scale, TINY, HUGE ** min(1.0 / shape, 1.0))  # whose power of the shape is still a number

    def density(price: Any) -> Any:
        part = part_of(price)
        return shape / scale * part ** (shape - 1.0) * np.exp(-(part**shape))

    return Demand(
        above=lambda price: np.exp(-(part_of(price) ** shape)),
        density=density,
        price_at=lambda share: scale * (-np.log(share)) ** (1.0 / shape),
    )


def _normal(mean: float, sd: float) -> Demand:
    return Demand(
        above=lambda price: scipy.special.ndtr((mean - price) / sd),
        density=lambda price: np.exp(-(((price - mean) / sd) ** 2) / 2.0) / (sd * math.sqrt(2.0 * math.pi)),
        price_at=lambda share: mean - sd * scipy.special.ndtri(share),
    )


def _lognormal(log_mean: float, log_sd: float) -> Demand:
    normal = _normal(log_mean, log_sd)
    return Demand(
        above=lambda price: normal.above(np.log(np.maximum(price, TINY))),
        density=lambda price: normal.density(np.log(np.maximum(price, TINY))) / np.maximum(price, TINY),
        price_at=lambda share: np.exp(normal.price_at(share)),
    )


def _beta(first: float, second: float, highest: float) -> Demand:
    def density(price: Any) -> Any:
        part = np.clip(price / highest, TINY, 1.0 - EDGE)
        log = (first - 1.0) * np.log(part) + (second - 1.0) * np.log1p(-part) - scipy.special.betaln(first, second)
        return np.where((price >= 0) & (price <= highest), np.exp(log) / highest, 0.0)

    return Demand(
        above=lambda price: scipy.special.betainc(second, first, np.clip(1.0 - price / highest, 0.0, 1.0)),
        density=density,
        price_at=lambda share: highest * (1.0 - scipy.special.betaincinv(second, first, share)),
    )


_MAKERS: Final[Mapping[str, Callable[..., Demand]]] = {
    "uniform": _uniform,
    "exponential": _exponential,
    "lognormal": _lognormal,
    "weibull": _weibull,
    "normal": _normal,
    "beta": _beta,
}
FAMILIES: Final[Mapping[str, tuple[str, ...]]] = {
    "uniform": ("lowest", "highest"),
    "exponential": ("mean",),
    "lognormal": ("log_mean", "log_sd"),
    "weibull": ("shape", "scale"),
    "normal": ("mean", "sd"),
    "beta": ("a", "b", "highest"),
}


def shares() -> Floats:
    """Return the shares sold at which a demand is tabulated: the middles of a thousand equal parts, and everybody."""
    return np.append((np.arange(GRID) + 0.5) / GRID, 1.0)


def best_price(given: Demand, cost: float = 0.0) -> float:
    """Return the price p >= cost that maximises (p - cost) * above(p).

    The best of a thousand shares sold brackets it; in the bracket the first-order condition p - above(p) / density(p) = cost is solved, or
    the end taken that is best. So an irregular demand, which has several solutions, gives the best that is broader than one part of these.

    Returns:
        the price; the cost, if nobody would pay more.

    Source: Myerson (1981): the price is where the virtual value equals the cost.
    """
    prices = np.maximum(given.price_at(shares()), max(cost, 0.0))
    gains = (prices - cost) * given.above(prices)
    best = int(np.argmax(gains))
    low, high = float(prices[min(best + 1, GRID)]), float(prices[max(best - 1, 0)])
    if best == 0:
        sold = float(given.above(low))
        high = float(given.price_at(RARE / 1000 if sold > RARE else sold / 1000)) if sold else low
    if high <= low:
        return low
    return _stationary(given, cost, low, high)


def _stationary(given: Demand, cost: float, low: float, high: float) -> float:
    def excess(price: float) -> float:
        """Density times virtual value less cost: the slope of the gain, turned."""
        return float((price - cost) * given.density(price) - given.above(price))

    if not math.isfinite(excess(low)):
        low += (high - low) * NOISE
    if excess(low) >= 0:
        return low
    if excess(high) <= 0:
        return high
    return float(scipy.optimize.brentq(excess, low, high, xtol=1e-15 * high, rtol=1e-15))


def ironed_demand(given: Demand) -> tuple[Floats, Ironed[float]]:
    """Return the tabulated prices, falling, and the ironed virtual values between them.

    What the concave curve above adds by less than ``NOISE`` of the largest revenue is taken for rounding and not called ironed.
    """
    sold = shares()
    prices = np.maximum(given.price_at(sold), 0.0)
    revenues = prices * sold
    ironed = iron([0.0, *sold.tolist()], [0.0, *revenues.tolist()])
    tops = [0.0, *revenues.tolist()]
    least = NOISE * float(revenues.max())
    marks = [0.0, *sold.tolist()]
    real = tuple(
        (first, end)
        for first, end in ironed.intervals
        if max(tops[first] + ironed.ironed[first] * (marks[index] - marks[first]) - tops[index] for index in range(first, end)) > least
    )
    return prices, Ironed(ironed.raw, ironed.ironed, real)

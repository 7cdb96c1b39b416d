"""From what is known of buyers to the price that earns most: one function for each kind of evidence."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from pricing.engines.checkers import posted
from pricing.engines.errors import InputError
from pricing.engines.posted import choice, families, sample
from pricing.engines.posted.ironing import Ironed, iron
from pricing.engines.result import Claim, Standing, exact_text, shown
from pricing.engines.shapes import Json, JsonObject
from pricing.engines.validate import read_amount
from pricing.money import Currency, Money

FIELD: Final = "inputs.evidence"
CURVE_POINTS: Final = 40
IRONED_SHOWN: Final = 20
SLACK: Final = 1e-9
NOISE: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Found:
    """The best price in minor units, the share of buyers who then buy, what was checked, and what else is told."""

    price: int
    share: Fraction
    claims: tuple[Claim, ...]
    told: JsonObject


def observed(evidence: JsonObject, unit: Currency, cost: int) -> Found:
    """Take the amounts that buyers would pay as the whole market. Exact."""
    given = cast("Sequence[Json]", evidence["values"])
    values = np.array([int(read_amount(each, unit, f"{FIELD}.values.{index}") * unit.scale) for index, each in enumerate(given)])
    best = sample.best_of_values(values, cost)
    if best.gain <= 0:
        raise InputError("NO_GAIN", FIELD)
    falling = np.sort(values)[::-1].tolist()
    rising, count = falling[::-1], len(falling)
    points = [Fraction(index) for index in range(count + 1)]
    ironed = iron(points, [Fraction(0), *(Fraction((index + 1) * value) for index, value in enumerate(falling))])
    low, high = sample.likely_best_prices(values, cost)

    def gain(price: int) -> int:
        return (price - cost) * (count - bisect_left(rising, price))

    checked = posted.best_price(gain, sorted(set(rising)), best.price)
    shown_at = sorted({round(step * (count - 1) / CURVE_POINTS) for step in range(CURVE_POINTS + 1)} | {best.sold - 1})
    curve = [(price, count - bisect_left(rising, price)) for price in sorted({falling[index] for index in shown_at})]
    told: JsonObject = {
        "asked": count,
        "curve": [{"price": _money(price, unit), "sold": sold, "gain_minor": str((price - cost) * sold)} for price, sold in curve],
        "best_price_between": {"low": _money(low, unit), "high": _money(high, unit), "confidence": shown(sample.CONFIDENCE)},
        "ironed": _ironed_values(ironed, falling, unit),
    }
    claims = (_checked(posted.BEST_PRICE, checked, {"candidates": f"{len(set(rising))} stated amounts"}), *_ironing_claims(ironed))
    return Found(best.price, Fraction(best.sold, count), claims, told)


def _ironed_values(ironed: Ironed[Fraction], falling: Sequence[int], unit: Currency) -> Json:
    """Tell the widest stretches of buyers that ironing treats alike, by ascending price."""
    widest = sorted(ironed.intervals, key=lambda ends: (ends[0] - ends[1], ends[0]))[:IRONED_SHOWN]
    return [
        {
            "from": _money(falling[end - 1], unit),
            "to": _money(falling[first], unit),
            "buyers": end - first,
            "virtual_value_minor": exact_text(ironed.ironed[first]),
        }
        for first, end in sorted(widest, reverse=True)
    ]


def _ironing_claims(ironed: Ironed[Fraction]) -> tuple[Claim, ...]:
    monotone = posted.ironed_monotone(ironed.ironed[::-1])
    integral = posted.ironed_integral(ironed.raw, ironed.ironed, ironed.intervals)
    return _checked(posted.IRONED_MONOTONE, monotone, {}), _checked(posted.IRONED_INTEGRAL, integral, {})


def answers(evidence: JsonObject, unit: Currency, cost: int) -> Found:
    """Take the yes and no of buyers to offered amounts, with no assumed distribution or with a logistic one."""
    offers = []
    for index, row in enumerate(cast("Sequence[JsonObject]", evidence["offers"])):
        price = int(read_amount(row["price"], unit, f"{FIELD}.offers.{index}.price") * unit.scale)
        offers.append(sample.Offer(price, cast("int", row["yes"]), cast("int", row["no"])))
        if not offers[-1].yes + offers[-1].no:
            raise InputError("TOO_FEW", f"{FIELD}.offers.{index}.yes", limit=1)
    return _turnbull(offers, unit, cost) if evidence["method"] == "turnbull" else _logistic(offers, unit, cost)


def _turnbull(offers: Sequence[sample.Offer], unit: Currency, cost: int) -> Found:
    survival = sample.turnbull(offers)
    best = sample.best_offer(survival, cost)
    share = dict(zip(survival.prices, survival.shares, strict=True))
    checked = posted.best_price(lambda price: (price - cost) * share[price], survival.prices, survival.prices[best])
    low, high = sample.share_between(survival, best)
    told: JsonObject = {
        "curve": [
            {"price": _money(price, unit), "share": exact_text(part), "gain_minor": exact_text((price - cost) * part)}
            for price, part in share.items()
        ],
        "share_between": {"low": shown(low), "high": shown(high), "confidence": shown(sample.CONFIDENCE)},
        "least_mean_minor": exact_text(sample.least_mean(survival)),
    }
    claim = _checked(posted.BEST_PRICE, checked, {"candidates": f"{len(share)} offered amounts"})
    return Found(survival.prices[best], survival.shares[best], (claim,), told)


def _logistic(offers: Sequence[sample.Offer], unit: Currency, cost: int) -> Found:
    """Fit P(yes) = 1 / (1 + exp(-(a - b price))): a choice between the offer and nothing."""
    options = np.zeros((2 * len(offers), 2, 2))
    options[:, 0, 0] = 1.0
    options[:, 0, 1] = [offer.price / unit.scale for offer in offers for _ in range(2)]
    times = np.array([float(count) for offer in offers for count in (offer.yes, offer.no)])
    estimate = _estimate(options, np.tile(np.array([0, 1]), len(offers)), times, 1)
    found = _logit_price(float(estimate.coefficients[0]), -float(estimate.coefficients[1]), unit, cost)
    middle, half = choice.worth(estimate, 0, 1)
    told: JsonObject = {
        **found.told,
        "median": {"value": shown(middle), "half_width": shown(half), "confidence": shown(sample.CONFIDENCE)},
        "log_likelihood": shown(estimate.log_likelihood),
    }
    return Found(found.price, found.share, found.claims, told)


def choices(evidence: JsonObject, unit: Currency, cost: int) -> Found:
    """Take choices among options: estimate the conditional logit, and price the offer against what else there is."""
    names = cast("Sequence[str]", evidence["attributes"])
    for index, name in enumerate(names):
        if name in names[:index]:
            raise InputError("DUPLICATE", f"{FIELD}.attributes.{index}")
    if evidence["price"] not in names:
        raise InputError("NOT_ALLOWED", f"{FIELD}.price", allowed=", ".join(names))
    place = names.index(cast("str", evidence["price"]))
    options, chosen = _situations(cast("Sequence[JsonObject]", evidence["situations"]), len(names))
    estimate = _estimate(options, chosen, None, place)
    against = _rows(cast("Sequence[Sequence[float]]", evidence["against"]), len(names), f"{FIELD}.against")
    offer = _rows([cast("Sequence[float]", evidence["offer"])], len(names) - 1, FIELD, ["offer"])
    utilities = against @ estimate.coefficients
    highest = float(utilities.max())
    rest = highest + math.log(float(np.exp(utilities - highest).sum()))
    appeal = float((offer @ np.delete(estimate.coefficients, place))[0]) - rest
    found = _logit_price(appeal, -float(estimate.coefficients[place]), unit, cost)
    told: JsonObject = {
        **found.told,
        "coefficients": [_coefficient(estimate, index, place, name) for index, name in enumerate(names)],
        "log_likelihood": shown(estimate.log_likelihood),
        "situations": len(chosen),
    }
    return Found(found.price, found.share, found.claims, told)


def _situations(rows: Sequence[JsonObject], width: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the options of every situation, filled up with NaN to the longest, and the index chosen in each."""
    lists = [cast("Sequence[Sequence[float]]", row["options"]) for row in rows]
    options = np.full((len(rows), max(map(len, lists)), width), np.nan)
    for index, (row, given) in enumerate(zip(rows, lists, strict=True)):
        if cast("int", row["chosen"]) >= len(given):
            raise InputError("TOO_LARGE", f"{FIELD}.situations.{index}.chosen", limit=len(given) - 1)
        options[index, : len(given)] = _rows(given, width, f"{FIELD}.situations.{index}.options")
    return options, np.array([cast("int", row["chosen"]) for row in rows])


def _rows(rows: Sequence[Sequence[float]], width: int, field: str, names: Sequence[str] = ()) -> NDArray[np.float64]:
    for index, row in enumerate(rows):
        if len(row) != width:
            raise InputError("WRONG_LENGTH", f"{field}.{names[index] if names else index}", expected=width)
    return np.array(rows, dtype=np.float64).reshape(len(rows), width)


def _estimate(options: NDArray[np.float64], chosen: NDArray[np.int64], times: NDArray[np.float64] | None, place: int) -> choice.Estimate:
    try:
        estimate = choice.conditional_logit(options, chosen, times)
    except choice.NoEstimateError as error:
        raise InputError("NO_ESTIMATE", FIELD) from error
    if estimate.coefficients[place] >= 0:
        raise InputError("DEMAND_NOT_FALLING", FIELD)
    return estimate


def _coefficient(estimate: choice.Estimate, index: int, place: int, name: str) -> JsonObject:
    error = math.sqrt(max(float(estimate.covariance[index, index]), 0.0))
    told = {"attribute": name, "estimate": shown(float(estimate.coefficients[index])), "standard_error": shown(error)}
    if index == place:
        return told
    value, half = choice.worth(estimate, index, place)
    return {**told, "worth": shown(value), "worth_half_width": shown(half)}


def _logit_price(appeal: float, sensitivity: float, unit: Currency, cost: int) -> Found:
    best, _ = choice.best_logit_price(appeal, sensitivity, cost / unit.scale)
    return _smooth(lambda price: _logistic_share(appeal - sensitivity * price), best, unit, cost)


def _logistic_share(utility: float) -> float:
    return 1 / (1 + math.exp(-utility)) if utility >= 0 else math.exp(utility) / (1 + math.exp(utility))


def distribution(evidence: JsonObject, unit: Currency, cost: int) -> Found:
    """Take a known distribution of what buyers would pay."""
    family = cast("JsonObject", evidence["family"])
    name, numbers = cast("str", family["name"]), {key: cast("float", value) for key, value in family.items() if key != "name"}
    if name == "uniform" and numbers["highest"] <= numbers["lowest"]:
        raise InputError("LIMITS_CROSSED", f"{FIELD}.family.highest")
    demand = families.demand(name, numbers)
    found = _smooth(lambda price: float(demand.above(price)), families.best_price(demand, cost / unit.scale), unit, cost)
    prices, ironed = families.ironed_demand(demand)
    slack = SLACK * max(map(abs, ironed.raw))
    monotone = posted.ironed_monotone([round(value / slack) for value in ironed.ironed[::-1]])
    # the first step and the last are half as wide as the others, so revenue is compared and not virtual value
    widths = [0.5 / families.GRID, *[1 / families.GRID] * (families.GRID - 1), 0.5 / families.GRID]
    raw, smooth = ([value * width for value, width in zip(values, widths, strict=True)] for values in (ironed.raw, ironed.ironed))
    integral = posted.ironed_integral(raw, smooth, ironed.intervals, slack)
    told: JsonObject = {
        **found.told,
        "ironed": [
            {
                "from": shown(float(prices[end - 1])),
                "to": shown(float(prices[max(first - 1, 0)])),
                "virtual_value": shown(ironed.ironed[first]),
            }
            for first, end in reversed(ironed.intervals)
        ],
    }
    tabulated = {"tabulated": f"{families.GRID} shares"}
    claims = (_checked(posted.IRONED_MONOTONE, monotone, tabulated), _checked(posted.IRONED_INTEGRAL, integral, tabulated))
    return Found(found.price, found.share, (*found.claims, *claims), told)


def _smooth(share: Callable[[float], float], best: float, unit: Currency, cost: int) -> Found:
    """Put a best price on the minor unit that earns more, and check it against a range of others.

    Of prices that floats cannot tell apart, the one of nine digits is taken: else its last digits would depend on the processor.
    """

    def gain(price: int) -> float:
        return (price - cost) * share(price / unit.scale)

    if not 0 <= best * unit.scale < families.LARGEST_MINOR:
        raise InputError("OVERFLOW", FIELD)
    floor = int(best * unit.scale)
    near = (int(Fraction(shown(best * unit.scale))), floor, floor + 1)
    most = max(map(gain, near))
    price = next(minor for minor in near if gain(minor) >= most - NOISE * abs(most))
    others = sorted({step * 2 * (floor + 1) // families.GRID for step in range(families.GRID + 1)})
    checked = posted.best_price(gain, others, price, SLACK * max(gain(price), 1.0))
    shares = [price * step // (CURVE_POINTS // 2) for step in range(CURVE_POINTS + 1)]
    told: JsonObject = {
        "curve": [
            {"price": _money(other, unit), "share": shown(share(other / unit.scale)), "gain_minor": shown(gain(other))}
            for other in sorted(set(shares))
        ]
    }
    claim = _checked(posted.BEST_PRICE, checked, {"candidates": f"{len(others)} prices"})
    return Found(price, Fraction(shown(share(price / unit.scale))), (claim,), told)


def _checked(name: str, witness: Mapping[str, int | str] | None, of: Mapping[str, str]) -> Claim:
    if witness is None:
        return Claim(name, Standing.CHECKED, of)
    return Claim(name, Standing.NOT_HELD, {key: str(value) for key, value in witness.items()})


def _money(minor: int, unit: Currency) -> str:
    return Money(minor, unit).format()


KINDS: Final[Mapping[str, Callable[[JsonObject, Currency, int], Found]]] = {
    "observed": observed,
    "answers": answers,
    "choices": choices,
    "distribution": distribution,
}

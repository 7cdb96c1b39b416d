"""Reads a metered plan's parameters into exact numbers, and holds the schema of its form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, TypeAlias, cast

from pricing.engines import shapes
from pricing.engines.errors import InputError
from pricing.engines.shapes import Json, JsonObject, Schema
from pricing.engines.validate import exact, read_amount
from pricing.money import Currency, currency

MAX_TIERS: Final = 50
MAX_EVENTS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Tier:
    """One tier: its last whole step (None: without end), the price of one unit and the flat fee once entered, both in major units."""

    last: int | None
    unit_price: Fraction
    flat: Fraction


@dataclass(frozen=True, slots=True)
class Commitments:
    """Least and most that one period may cost, in major units."""

    minimum: Fraction
    maximum: Fraction | None

    def of_open_period(self) -> Commitments:
        """Return what applies before the period closes: the maximum alone."""
        return Commitments(Fraction(0), self.maximum)

    def apply(self, charge: Fraction, *, closes_period: bool) -> Fraction:
        """Return the charge within the commitments; the minimum is owed only when the period closes."""
        lifted = max(charge, self.minimum) if closes_period else charge
        return lifted if self.maximum is None else min(lifted, self.maximum)


@dataclass(frozen=True, slots=True)
class TierPlan:
    """Graduated or volume tiers. A quantity is counted in whole steps, ``steps_per_unit`` to one unit."""

    currency: Currency
    commitments: Commitments
    volume: bool
    tiers: tuple[Tier, ...]
    steps_per_unit: int
    lower_envelope: bool
    negative_is_zero: bool


@dataclass(frozen=True, slots=True)
class PackagePlan:
    """Whole packages of ``size`` steps beyond ``free`` steps, each at ``price``."""

    currency: Currency
    commitments: Commitments
    size: int
    price: Fraction
    free: int
    steps_per_unit: int
    negative_is_zero: bool


@dataclass(frozen=True, slots=True)
class PercentPlan:
    """A rate on each event's amount plus a fixed fee, within limits per event, after a free allowance.

    The first ``free_events`` events (all, if None) are free while their running total is within ``free_amount`` (no limit, if None); where
    an event crosses that limit only the rest of it is charged. With both None nothing is free.
    """

    currency: Currency
    commitments: Commitments
    rate: Fraction
    fixed: Fraction
    event_minimum: Fraction
    event_maximum: Fraction | None
    free_events: int | None
    free_amount: Fraction | None


Plan: TypeAlias = TierPlan | PackagePlan | PercentPlan


def read_plan(params: JsonObject) -> Plan:
    """Return validated parameters as a plan.

    Raises:
        InputError: TIERS_NOT_RISING, TIERS_NOT_OPEN, LIMITS_CROSSED, OVER_PRECISE, TOO_SMALL; names a field under ``params``.
    """
    return _READERS[cast("str", params["mode"])](params)


def whole_steps(value: Json, steps_per_unit: int, field: str) -> int:
    """Return a quantity, given as validated decimal text, in whole steps, refusing one that falls between two.

    ``steps_per_unit`` is a power of ten, so whole numbers do; reduced fractions would take four times as long.
    """
    whole, _, fraction = cast("str", value).partition(".")
    steps, rest = divmod(int(whole + fraction) * steps_per_unit, int(10 ** len(fraction)))
    if rest:
        raise InputError("OVER_PRECISE", field, limit=len(str(steps_per_unit)) - 1)
    return steps


def _graduated(params: JsonObject) -> Plan:
    return _tier_plan(params, volume=False)


def _volume(params: JsonObject) -> Plan:
    return _tier_plan(params, volume=True)


def _tier_plan(params: JsonObject, *, volume: bool) -> TierPlan:
    unit = currency(cast("str", params["currency"]))
    percent = params["mode"] == "graduated_percentage"
    steps = unit.scale if percent else 10 ** cast("int", params["decimals"])
    return TierPlan(
        currency=unit,
        commitments=_commitments(params, unit),
        volume=volume,
        tiers=_tiers(cast("Sequence[JsonObject]", params["tiers"]), steps),
        steps_per_unit=steps,
        lower_envelope=bool(params.get("lower_envelope")),
        negative_is_zero=params.get("negative_usage") == "zero",
    )


def _tiers(rows: Sequence[JsonObject], steps_per_unit: int) -> tuple[Tier, ...]:
    tiers: list[Tier] = []
    reached = 0
    for index, row in enumerate(rows):
        field = f"params.tiers.{index}.up_to"
        if ("up_to" in row) == (index == len(rows) - 1):
            raise InputError("TIERS_NOT_OPEN", field)
        last = whole_steps(row["up_to"], steps_per_unit, field) if "up_to" in row else None
        if last is not None and last <= reached:
            raise InputError("TIERS_NOT_RISING", field)
        reached = last or reached
        unit_price = exact(row["unit_price"]) if "unit_price" in row else exact(row["percent"]) / 100
        tiers.append(Tier(last, unit_price, exact(row["flat"])))
    return tuple(tiers)


def _package(params: JsonObject) -> Plan:
    unit = currency(cast("str", params["currency"]))
    steps = 10 ** cast("int", params["decimals"])
    size = whole_steps(params["size"], steps, "params.size")
    if size < 1:
        raise InputError("TOO_SMALL", "params.size", limit=least_quantity(steps))
    return PackagePlan(
        currency=unit,
        commitments=_commitments(params, unit),
        size=size,
        price=exact(params["price"]),
        free=whole_steps(params["free_units"], steps, "params.free_units"),
        steps_per_unit=steps,
        negative_is_zero=params.get("negative_usage") == "zero",
    )


def least_quantity(steps_per_unit: int) -> str:
    """Return the least positive quantity of a plan as text."""
    decimals = len(str(steps_per_unit)) - 1
    return f"0.{'1'.zfill(decimals)}" if decimals else "1"


def _percentage(params: JsonObject) -> Plan:
    unit = currency(cast("str", params["currency"]))
    least = read_amount(params["event_minimum"], unit, "params.event_minimum")
    most = read_amount(params["event_maximum"], unit, "params.event_maximum") if "event_maximum" in params else None
    if most is not None and most < least:
        raise InputError("LIMITS_CROSSED", "params.event_maximum")
    return PercentPlan(
        currency=unit,
        commitments=_commitments(params, unit),
        rate=exact(params["percent"]) / 100,
        fixed=exact(params["fixed"]),
        event_minimum=least,
        event_maximum=most,
        free_events=cast("int | None", params.get("free_events")),
        free_amount=read_amount(params["free_amount"], unit, "params.free_amount") if "free_amount" in params else None,
    )


def _commitments(params: JsonObject, unit: Currency) -> Commitments:
    minimum = read_amount(params["minimum"], unit, "params.minimum")
    maximum = read_amount(params["maximum"], unit, "params.maximum") if "maximum" in params else None
    if maximum is not None and maximum < minimum:
        raise InputError("LIMITS_CROSSED", "params.maximum")
    return Commitments(minimum, maximum)


_READERS: Final = {
    "graduated": _graduated,
    "graduated_percentage": _graduated,
    "volume": _volume,
    "package": _package,
    "percentage": _percentage,
}

_UP_TO: Final = shapes.quantity(("Last unit of the tier", "阶梯上限"))
_FLAT: Final[Schema] = {**shapes.price(("Flat fee once the tier is entered", "进入阶梯的固定费")), "default": "0"}
_PERCENT: Final = shapes.decimal(("Percent", "百分比"), digits=3, decimals=8)
_COMMON: Final[Mapping[str, Schema]] = {
    "currency": shapes.CURRENCY,
    "minimum": {**shapes.amount(("Least per period", "每期最低消费")), "default": "0"},
    "maximum": shapes.amount(("Most per period", "每期封顶")),
}
_COUNTED: Final[Mapping[str, Schema]] = {
    **_COMMON,
    "unit": shapes.text(("Unit", "计量单位"), pattern=r"^\S(.{0,30}\S)?$", longest=32),
    "decimals": shapes.integer(("Decimal places of a quantity", "数量的小数位数"), least=0, most=shapes.QUANTITY_DECIMALS, default=0),
    "negative_usage": shapes.choice(("If corrections make usage negative", "更正后用量为负时"), ["refuse", "zero"], default="refuse"),
}


def _tiered(mode: str, title: tuple[str, str], price_name: str, price: Schema, more: Mapping[str, Schema]) -> Schema:
    tier = shapes.record(("Tier", "阶梯"), {"up_to": _UP_TO, price_name: price, "flat": _FLAT}, required=[price_name])
    tiers = shapes.array(("Tiers", "阶梯"), tier, least=1, most=MAX_TIERS)
    properties = {"mode": shapes.constant(mode, title), "tiers": tiers, **more}
    return shapes.record(title, properties, required=["mode", "currency", "tiers"])


_UNIT_PRICE: Final = shapes.price(("Price of one unit", "单价"))
PARAMS: Final = shapes.one_of(
    ("Metered tariff", "计量计价"),
    "mode",
    [
        _tiered("graduated", ("Graduated: each unit at its tier's price", "阶梯计价"), "unit_price", _UNIT_PRICE, _COUNTED),
        _tiered(
            "volume",
            ("Volume: all units at the price of the tier reached", "总量计价"),
            "unit_price",
            _UNIT_PRICE,
            {
                **_COUNTED,
                "lower_envelope": shapes.boolean(("Never charge more than a larger quantity costs", "按下包络计费"), default=False),
            },
        ),
        shapes.record(
            ("Package: whole packages", "按包计价"),
            {
                "mode": shapes.constant("package", ("Package", "按包计价")),
                **_COUNTED,
                "size": shapes.quantity(("Units in a package", "每包数量")),
                "price": shapes.price(("Price of a package", "每包价格")),
                "free_units": {**shapes.quantity(("Free units", "免费数量")), "default": "0"},
            },
            required=["mode", "currency", "size", "price"],
        ),
        shapes.record(
            ("Percentage of each event's amount", "按金额比例计价"),
            {
                "mode": shapes.constant("percentage", ("Percentage", "按比例计价")),
                **_COMMON,
                "percent": _PERCENT,
                "fixed": {**shapes.price(("Fixed fee per event", "每次固定费")), "default": "0"},
                "event_minimum": {**shapes.amount(("Least per event", "每次最低")), "default": "0"},
                "event_maximum": shapes.amount(("Most per event", "每次封顶")),
                "free_events": shapes.integer(("Free events", "免费次数"), least=1, most=MAX_EVENTS),
                "free_amount": shapes.amount(("Free amount", "免费额度")),
            },
            required=["mode", "currency", "percent"],
        ),
        _tiered("graduated_percentage", ("Graduated percentage of the total amount", "按金额阶梯比例计价"), "percent", _PERCENT, _COMMON),
    ],
)

_EVENTS: Final = shapes.array(
    ("Amounts of the events, in order", "各次金额（按顺序）"), shapes.amount(("Amount", "金额")), least=0, most=MAX_EVENTS
)
QUOTE_INPUTS: Final = shapes.record(
    ("Usage of a whole period", "整期用量"), {"quantity": shapes.quantity(("Quantity used", "使用数量")), "events": _EVENTS}
)
"""What a buyer may state: its use, and nothing that it was billed before or that would pick another tier."""
RATE_INPUTS: Final = shapes.record(
    ("Usage, with what came before it in its period", "用量，及本期此前情况"),
    {
        "quantity": shapes.quantity(("Quantity used", "使用数量"), signed=True),
        "tier_quantity": shapes.quantity(("Quantity that picks the tier, where usage is prorated", "按比例折算时用于确定阶梯的数量")),
        "events": _EVENTS,
        "prior": shapes.record(
            ("Used and billed before in this period", "本期此前的用量与已计费金额"),
            {
                "quantity": shapes.quantity(("Quantity used before", "此前数量")),
                "events": _EVENTS,
                "billed": shapes.amount(("Billed before", "已计费金额")),
            },
        ),
        "closes_period": shapes.boolean(("This bill closes the period", "本次计费结束本期"), default=True),
    },
)

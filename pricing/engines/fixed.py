"""The fixed price: one amount for the thing, or one amount per period with the part of a last period charged by the day or second."""

from __future__ import annotations

import calendar
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Final, cast

from pricing.engines import shapes
from pricing.engines.checkers import charges
from pricing.engines.errors import InputError
from pricing.engines.model import Answer, Call, Example, Model, Operation, Text, Verb
from pricing.engines.result import Claim, Entry, Standing, exact_text, exact_total, rounded
from pricing.engines.shapes import JsonObject
from pricing.engines.validate import read_amount
from pricing.money import currency

MAX_COPIES: Final = 1_000_000
MAX_YEARS: Final = 100
_FIRST_YEAR: Final = 2000
_LAST_YEAR: Final = 2200


def _check_price(params: JsonObject) -> None:
    """Refuse, when the plan is made, a price that its currency cannot express, and free days where a started period is charged whole."""
    read_amount(params["price"], currency(cast("str", params["currency"])), "params.price")
    if params.get("trial_days") and params["proration"] == "none":
        raise InputError("NOT_FOR_THIS_PLAN", "params.trial_days")


def _quote(call: Call) -> Answer:
    return _one_off(call.params, call.inputs) if call.params["kind"] == "one_off" else _subscription(call.params, call.inputs)


def _one_off(params: JsonObject, inputs: JsonObject) -> Answer:
    """Return price times copies: linear, so more never costs less and splitting gains nothing."""
    for name in ("start", "end"):
        if name in inputs:
            raise InputError("NOT_FOR_THIS_PLAN", f"inputs.{name}")
    unit = currency(cast("str", params["currency"]))
    price = read_amount(params["price"], unit, "params.price")
    entry = Entry("PRICE", {}, Fraction(cast("int", inputs["copies"])), price)
    claims = (Claim(charges.MONOTONE, Standing.PROVEN), Claim(charges.SUBADDITIVE, Standing.PROVEN))
    return Answer(unit, rounded([entry], unit), claims)


def _subscription(params: JsonObject, inputs: JsonObject) -> Answer:
    """Return the whole periods from the start, and the part of the next one that the end reaches into.

    A trial makes the first days free: what they would cost alone is taken off. Monotone in the end, since a part never costs more than its
    period and what the trial takes off stays the same after it. Nothing is claimed of splitting: a day of February is a larger part
    of its month than a day of March.
    """
    unit = currency(cast("str", params["currency"]))
    price = read_amount(params["price"], unit, "params.price")
    copies = cast("int", inputs["copies"])
    start, end = _span(params, inputs)
    entries = _charged(params, copies, price, start, end)
    trial = cast("int", params["trial_days"])
    if trial:
        free = exact_total(_charged(params, copies, price, start, min(end, start + timedelta(days=trial))))
        entries.append(Entry("TRIAL", {"days": str(trial)}, Fraction(1), -free))
    return Answer(unit, rounded(entries, unit), (Claim(charges.MONOTONE, Standing.PROVEN),))


def _charged(params: JsonObject, copies: int, price: Fraction, start: datetime, end: datetime) -> list[Entry]:
    """Return the rows for a span: whole periods, and the part of the next one."""
    whole, used, of = _periods(params, start, end)
    entries = (
        [Entry("PERIODS", {"periods": str(whole), "copies": str(copies)}, Fraction(whole * copies), price)] if whole or not used else []
    )
    if used:
        share = Fraction(1) if params["proration"] == "none" else used / of
        words = {"used": exact_text(used), "of": exact_text(of), "copies": str(copies)}
        code = {"none": "PERIOD_STARTED", "day": "PERIOD_DAYS", "second": "PERIOD_SECONDS"}[cast("str", params["proration"])]
        entries.append(Entry(code, words, share * copies, price))
    return entries


def _span(params: JsonObject, inputs: JsonObject) -> tuple[datetime, datetime]:
    """Return the start and the end (exclusive), as dates at midnight or, when charged by the second, as moments with one common offset."""
    seconds = params["proration"] == "second"
    start, end = (_moment(inputs, name, seconds=seconds) for name in ("start", "end"))
    if start.utcoffset() != end.utcoffset():
        raise InputError("OFFSETS_DIFFER", "inputs.end")
    if end <= start:
        raise InputError("ENDS_BEFORE_START", "inputs.end")
    if end.year - start.year > MAX_YEARS:
        raise InputError("TOO_LARGE", "inputs.end", limit=f"{start.year + MAX_YEARS}-12-31")
    return start, end


def _moment(inputs: JsonObject, name: str, *, seconds: bool) -> datetime:
    field = f"inputs.{name}"
    if name not in inputs:
        raise InputError("REQUIRED", field)
    text = cast("str", inputs[name])
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InputError("BAD_FORMAT", field) from None
    if ("T" in text) != seconds:
        raise InputError("BAD_FORMAT", field)
    if moment.year < _FIRST_YEAR:
        raise InputError("TOO_SMALL", field, limit=f"{_FIRST_YEAR}-01-01")
    if moment.year > _LAST_YEAR:
        raise InputError("TOO_LARGE", field, limit=f"{_LAST_YEAR}-12-31")
    return moment


def _periods(params: JsonObject, start: datetime, end: datetime) -> tuple[int, Fraction, Fraction]:
    """Return how many whole periods fit, and then how much of the next one is used, of how much (in days or seconds)."""
    whole = _whole_periods(params, start, end)
    begun, ends = _after(params, start, whole), _after(params, start, whole + 1)
    second = timedelta(seconds=1) if params["proration"] == "second" else timedelta(days=1)
    return whole, Fraction((end - begun) // second), Fraction((ends - begun) // second)


def _whole_periods(params: JsonObject, start: datetime, end: datetime) -> int:
    """Return the largest number of periods that ends no later than ``end``: as many as the calendar has room for, or one less."""
    every = cast("int", params["every"])
    if params["period"] == "day":
        return (end - start).days // every
    months = 12 * (end.year - start.year) + end.month - start.month
    whole = months // (every if params["period"] == "month" else 12 * every)
    return whole if _after(params, start, whole) <= end else whole - 1


def _after(params: JsonObject, start: datetime, periods: int) -> datetime:
    """Return the moment so many periods after the start; a month too short for the start's day ends on its last day.

    Counting from the start each time keeps a subscription of the 31st on the 31st in long months.
    """
    count = periods * cast("int", params["every"])
    if params["period"] == "day":
        return start + timedelta(days=count)
    months = start.month - 1 + (count if params["period"] == "month" else 12 * count)
    year, month = start.year + months // 12, months % 12 + 1
    return start.replace(year=year, month=month, day=min(start.day, calendar.monthrange(year, month)[1]))


_COPIES: Final = shapes.integer(("Copies", "份数"), least=1, most=MAX_COPIES, default=1)
_MOMENT: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2}))?$"
_WHEN: Final = ("a day, or, charged by the second, an instant with its offset from UTC", "日期；按秒计费时为带时区偏移的时刻")

FIXED: Final = Model(
    key="fixed",
    version=1,
    name=Text("Fixed price", "固定价格"),
    help=Text(
        "One price for the product, or one price per day, month or year; a started period is charged whole, by the day or by the second.",
        "产品一口价，或按日、月、年订阅；不足一期可按整期、按日或按秒计费。",
    ),
    params_schema=shapes.one_of(
        ("Fixed price", "固定价格"),
        "kind",
        [
            shapes.record(
                ("One-off price", "一次性价格"),
                {
                    "kind": shapes.constant("one_off", ("One-off", "一次性")),
                    "currency": shapes.CURRENCY,
                    "price": shapes.amount(("Price", "价格")),
                },
                required=["kind", "currency", "price"],
            ),
            shapes.record(
                ("Subscription", "订阅"),
                {
                    "kind": shapes.constant("subscription", ("Subscription", "订阅")),
                    "currency": shapes.CURRENCY,
                    "price": shapes.amount(("Price of one period", "每期价格")),
                    "period": shapes.choice(("Period", "周期"), ["day", "month", "year"]),
                    "every": shapes.integer(("Length of a period", "周期长度"), least=1, most=366, default=1),
                    "proration": shapes.choice(
                        ("A part of a period is charged", "不足一期的计费"), ["none", "day", "second"], default="day"
                    ),
                    "trial_days": shapes.integer(("First days that are free", "试用天数"), least=0, most=366, default=0),
                },
                required=["kind", "currency", "price", "period"],
            ),
        ],
    ),
    operations={
        Verb.QUOTE: Operation(
            shapes.record(
                ("Purchase", "购买"),
                {
                    "copies": _COPIES,
                    "start": shapes.text((f"Start: {_WHEN[0]}", f"开始：{_WHEN[1]}"), pattern=_MOMENT, longest=32),
                    "end": shapes.text((f"End (exclusive): {_WHEN[0]}", f"结束（不含）：{_WHEN[1]}"), pattern=_MOMENT, longest=32),
                },
            ),
            _quote,
        )
    },
    sentences={
        "PRICE": ("Price", "价格"),
        "PERIODS": ("Whole periods: {periods}; copies: {copies}", "{periods} 个整期，{copies} 份"),
        "PERIOD_STARTED": ("A started period; copies: {copies}", "不足一期按一期计，{copies} 份"),
        "PERIOD_DAYS": ("{used} of the {of} days of a period; copies: {copies}", "一期 {of} 天中的 {used} 天，{copies} 份"),
        "TRIAL": ("Days that are free at first: {days}", "前 {days} 天免费试用"),
        "PERIOD_SECONDS": ("{used} of the {of} seconds of a period; copies: {copies}", "一期 {of} 秒中的 {used} 秒，{copies} 份"),
    },
    examples=(
        Example(
            title=Text("One file", "单个文件"),
            verb=Verb.QUOTE,
            params={"kind": "one_off", "currency": "CNY", "price": "1280.00"},
            inputs={},
            amount_minor=128_000,
        ),
        Example(
            title=Text("Two months and ten days of April's thirty", "两个月及四月的十天"),
            verb=Verb.QUOTE,
            params={"kind": "subscription", "currency": "CNY", "price": "300.00", "period": "month"},
            inputs={"start": "2026-02-01", "end": "2026-04-11"},
            amount_minor=70_000,
        ),
    ),
    check_params=_check_price,
)

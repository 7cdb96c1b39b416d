"""Reads the decimal texts that several families share: numbers within limits, percentages and amounts that may be negative."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from pricing.engines.errors import InputError, at_field
from pricing.engines.result import exact_text
from pricing.engines.shapes import Json
from pricing.engines.validate import exact
from pricing.money import Currency, Money, MoneyError

PERCENT: Final = Fraction(1, 100)
DAY: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
KEY: Final = r"^[A-Za-z0-9_.:-]+$"
KEY_LONGEST: Final = 64


def read_within(value: Json, field: str, *, least: Fraction, most: Fraction) -> Fraction:
    """Return validated decimal text as an exact number from ``least`` to ``most``.

    Raises:
        InputError: TOO_SMALL, TOO_LARGE, at ``field``.
    """
    number = exact(value)
    if number < least:
        raise InputError("TOO_SMALL", field, limit=exact_text(least))
    if number > most:
        raise InputError("TOO_LARGE", field, limit=exact_text(most))
    return number


def read_percent(value: Json, field: str, *, most: Fraction) -> Fraction:
    """Return a percentage from 0 to ``most`` (itself in percent) as an exact rate: ``12.5`` is 1/8.

    Raises:
        InputError: TOO_LARGE, at ``field``.
    """
    return read_within(value, field, least=Fraction(0), most=most) * PERCENT


def read_signed_amount(value: Json, unit: Currency, field: str) -> Fraction:
    """Return an amount in major units that may be negative, refusing more decimal places than its currency has.

    Raises:
        InputError: OVER_PRECISE, OVERFLOW, at ``field``.
    """
    try:
        return Fraction(Money.parse(value, unit, signed=True).minor, unit.scale)
    except MoneyError as error:
        raise at_field(error, field) from error


def refuse_twice(keys: list[str], field: str, name: str) -> None:
    """Refuse the first key that an earlier entry has already.

    Raises:
        InputError: DUPLICATE, at ``{field}.{index}.{name}``.
    """
    seen: set[str] = set()
    for index, key in enumerate(keys):
        if key in seen:
            raise InputError("DUPLICATE", f"{field}.{index}.{name}", key=key)
        seen.add(key)

"""Reads bids: whose they are, each once, and how many minor units."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final, cast

from pricing.engines import shapes
from pricing.engines.errors import InputError, at_field
from pricing.engines.result import Line
from pricing.engines.shapes import Json, JsonObject, Schema
from pricing.money import Currency, Money, MoneyError

MAX_BIDS: Final = 10_000
ASSUMPTIONS: Final = "private values; no collusion and no false names; before fees; amounts in whole minor units"
"""What every claim of truthfulness here rests on."""


def key(title: tuple[str, str]) -> Schema:
    """Return the schema of the key of a party or an item."""
    return shapes.text(title, pattern=r"^[A-Za-z0-9_.:-]+$", longest=64)


def bid_list(title: tuple[str, str], who: str, what: str, names: tuple[tuple[str, str], tuple[str, str]], *, least: int = 1) -> Schema:
    """Return the schema of a list of parties under ``who`` with one amount each under ``what``, in order of arrival."""
    row = shapes.record(title, {who: key(names[0]), what: shapes.amount(names[1])}, required=[who, what])
    return shapes.array(title, row, least=least, most=MAX_BIDS)


def one_sided() -> Schema:
    """Return the schema of the inputs of an auction: the bids, possibly none."""
    names = (("Bidder", "竞买人"), ("Bid", "出价"))
    bids = bid_list(("Bids, in order of arrival", "出价（按到达顺序）"), "bidder", "bid", names, least=0)
    return shapes.record(("Bids", "出价"), {"bids": bids}, required=["bids"])


def read_minor(value: Json, unit: Currency, field: str) -> int:
    """Return an amount in minor units, refusing more decimal places than its currency has.

    Raises:
        InputError: as ``validate.read_amount``, at ``field``.
    """
    try:
        return Money.parse(value, unit).minor
    except MoneyError as error:
        raise at_field(error, field) from error


def read_keys(rows: Sequence[JsonObject], word: str, field: str, *, taken: Sequence[str] = ()) -> list[str]:
    """Return the keys under ``word``, refusing the second use of one.

    Raises:
        InputError: DUPLICATE, at the row that repeats a key or uses one of ``taken``.
    """
    seen = set(taken)
    keys = [cast("str", row[word]) for row in rows]
    for index, each in enumerate(keys):
        if each in seen:
            raise InputError("DUPLICATE", f"{field}.{index}.{word}")
        seen.add(each)
    return keys


def read_amounts(rows: Sequence[JsonObject], word: str, unit: Currency, field: str) -> list[int]:
    """Return the amounts under ``word`` in minor units, in order.

    Raises:
        InputError: as ``read_minor``.
    """
    return [read_minor(row[word], unit, f"{field}.{index}.{word}") for index, row in enumerate(rows)]


def priced(code: str, count: int, price_minor: int, unit: Currency, **params: str) -> Line:
    """Return the row of so many copies at one price."""
    return Line(code, params, Fraction(count), Fraction(price_minor, unit.scale), count * price_minor)

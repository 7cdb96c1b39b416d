"""What every appraisal says in the same words: its method, its date, what it may be used for, and rows that sum to the value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Final

from pricing.engines import shapes
from pricing.engines.errors import InputError
from pricing.engines.reading import DAY
from pricing.engines.result import Entry, Line, rounded
from pricing.engines.shapes import Json, JsonObject, Schema
from pricing.money import Currency

USE: Final = "advice_not_book_value"
NOT_A_BOOK_VALUE: Final = (
    "An appraisal is advice; it is never posted as a book value (reported: 财会〔2025〕33号).",
    "评估结论仅供参考，不得作为入账价值（据报道：财会〔2025〕33号）。",
)
VALUATION_DATE: Final[Schema] = shapes.text(("Valuation date", "评估基准日"), pattern=DAY, longest=10, kind="date")
SHOWN_PLACES: Final = 24


def facts(method: str, inputs: JsonObject, sensitivity: Sequence[JsonObject]) -> dict[str, Json]:
    """Return the facts that every appraisal states: method, valuation date, permitted use and sensitivity table."""
    return {"method": method, "valuation_date": inputs["valuation_date"], "use": USE, "sensitivity": list(sensitivity)}


def minor_text(value: Fraction, unit: Currency) -> str:
    """Return an exact amount in major units as the text of its minor units, rounded half to even."""
    return str(round(value * unit.scale))


def value_lines(entries: Sequence[Entry], unit: Currency) -> tuple[Line, ...]:
    """Return the rows of a value, rounded once from exact numbers, each unit price written to 24 decimal places.

    Exact discount factors and subtotals have thousands of digits. Quantities stay exact and are below 10^16, so a row as written is within
    10^-5 of a minor unit of its exact amount.

    Raises:
        InputError: VALUE_NEGATIVE.
    """
    lines = tuple(replace(line, unit_price=round(line.unit_price, SHOWN_PLACES)) for line in rounded(entries, unit))
    if sum(line.amount_minor for line in lines) < 0:
        raise InputError("VALUE_NEGATIVE", "inputs")
    return lines

"""The four rules by which a forecast becomes the cash flows that belong to the data asset."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from pricing.engines import shapes
from pricing.engines.errors import InputError
from pricing.engines.reading import read_signed_amount
from pricing.engines.shapes import JsonObject, Schema
from pricing.money import Currency

MAX_YEARS: Final = 100

Year = Mapping[str, Fraction]


@dataclass(frozen=True, slots=True)
class Terms:
    """The rates that a rule needs: the royalty of the revenue, and the tax on income."""

    royalty: Fraction
    tax: Fraction


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: which columns of the forecast it reads, and the cash flow of a year from them; linear in the columns.

    Attributes:
        taxed: whether it takes the tax off; otherwise the columns are after tax.
    """

    columns: tuple[str, ...]
    flow: Callable[[Year, Terms], Fraction]
    taxed: bool


def _direct(year: Year, _terms: Terms) -> Fraction:
    return year["cash_flow"]


def _relief_from_royalty(year: Year, terms: Terms) -> Fraction:
    return year["revenue"] * terms.royalty * (1 - terms.tax)


def _excess_earnings(year: Year, terms: Terms) -> Fraction:
    return (year["revenue"] - year["operating_cost"]) * (1 - terms.tax) - year["contributory_charges"]


def _incremental(year: Year, _terms: Terms) -> Fraction:
    return year["with_asset"] - year["without_asset"]


RULES: Final[Mapping[str, Rule]] = {
    "direct": Rule(("cash_flow",), _direct, taxed=False),
    "relief_from_royalty": Rule(("revenue",), _relief_from_royalty, taxed=True),
    "excess_earnings": Rule(("revenue", "operating_cost", "contributory_charges"), _excess_earnings, taxed=True),
    "incremental": Rule(("with_asset", "without_asset"), _incremental, taxed=False),
}
COLUMNS: Final[Mapping[str, tuple[str, str]]] = {
    "cash_flow": ("Cash flow after tax", "税后现金流"),
    "revenue": ("Revenue", "收入"),
    "operating_cost": ("Operating cost", "运营成本"),
    "contributory_charges": ("Charges of contributory assets, after tax", "贡献资产回报（税后）"),
    "with_asset": ("Cash flow with the asset, after tax", "有该资产时的税后现金流"),
    "without_asset": ("Cash flow without the asset, after tax", "无该资产时的税后现金流"),
}
YEARS: Final[Schema] = shapes.array(
    ("Forecast, one row a year", "逐年预测"),
    shapes.record(("Year", "年度"), {name: shapes.decimal(title, digits=13, decimals=3, signed=True) for name, title in COLUMNS.items()}),
    least=1,
    most=MAX_YEARS,
)


def read_forecast(rows: Sequence[JsonObject], rule: Rule, unit: Currency) -> list[Year]:
    """Return the columns that a rule reads, in major units.

    Raises:
        InputError: REQUIRED, NOT_FOR_THIS_PLAN, OVER_PRECISE, naming the column of the year.
    """
    years: list[Year] = []
    for index, row in enumerate(rows):
        field = f"inputs.years.{index}"
        for name in COLUMNS:
            if (name in row) != (name in rule.columns):
                raise InputError("NOT_FOR_THIS_PLAN" if name in row else "REQUIRED", f"{field}.{name}")
        years.append({name: read_signed_amount(row[name], unit, f"{field}.{name}") for name in rule.columns})
    return years

"""The market approach: what comparable data sold for, adjusted to the asset by factors or by a regression on attributes."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Final, cast

from pricing.engines.appraisal.decimals import context, decimal, log
from pricing.engines.appraisal.hedonic import Decisive, Dependent, Fit, fit
from pricing.engines.appraisal.market_forms import ATTRIBUTE_DECIMALS, EXAMPLES, FACTORS, INPUTS, PARAMS
from pricing.engines.appraisal.price_index import read_index
from pricing.engines.appraisal.report import NOT_A_BOOK_VALUE, SHOWN_PLACES, facts, minor_text, value_lines
from pricing.engines.checkers import appraisal
from pricing.engines.errors import InputError
from pricing.engines.model import Answer, Call, Model, Operation, Text, Verb
from pricing.engines.reading import read_within, refuse_twice
from pricing.engines.result import SHOWN_DIGITS, Claim, Entry, Standing, shown
from pricing.engines.shapes import Json, JsonObject
from pricing.engines.validate import exact, read_amount
from pricing.money import Currency, currency

MOST_FACTOR: Final = Fraction(10)
ONE: Final = Fraction(1)
_MOST_LOG: Final = log(Fraction(10**16))


@dataclass(frozen=True, slots=True)
class Sale:
    """One comparable: its price carried to the valuation date and times its factors, in major units, and its weight."""

    key: str
    value: Fraction
    weight: Fraction


def summary(sales: Sequence[Sale], *, weighted: bool) -> list[tuple[Sale, Fraction]]:
    """Return which sales make the value and with what part each; the parts sum to 1.

    Weighted: each in proportion to its weight, of which one must be positive. Otherwise the median: the middle one, or the two middle ones
    by half. O(n log n).
    """
    if weighted:
        whole = sum(sale.weight for sale in sales)
        return [(sale, sale.weight / whole) for sale in sales if sale.weight]
    ranked = sorted(sales, key=lambda sale: sale.value)
    middle = (len(ranked) - 1) // 2, len(ranked) // 2
    return [(ranked[middle[0]], ONE)] if middle[0] == middle[1] else [(ranked[position], ONE / 2) for position in middle]


def summarised(sales: Sequence[Sale], *, weighted: bool) -> Fraction:
    """Return the value that sales give, in major units, exactly."""
    return sum((sale.value * part for sale, part in summary(sales, weighted=weighted)), Fraction(0))


def _appraise(call: Call) -> Answer:
    comparables = cast("Sequence[JsonObject]", call.inputs["comparables"])
    refuse_twice([cast("str", row["key"]) for row in comparables], "inputs.comparables", "key")
    return _adjusted(call, comparables) if call.params["method"] == "adjusted" else _hedonic(call, comparables)


def _adjusted(call: Call, comparables: Sequence[JsonObject]) -> Answer:
    unit = currency(cast("str", call.params["currency"]))
    weighted = call.params["summary"] == "weighted"
    _refuse(call.inputs, "inputs", "subject")
    for index, row in enumerate(comparables):
        _refuse(row, f"inputs.comparables.{index}", "attributes", *(() if weighted else ("weight",)))
    prices = _dated_prices(call.inputs, comparables, unit)
    sales = [
        Sale(cast("str", row["key"]), price * _factor(row, f"inputs.comparables.{index}"), exact(row.get("weight", "1")))
        for index, (row, price) in enumerate(zip(comparables, prices, strict=True))
    ]
    if not any(sale.weight for sale in sales):
        raise InputError("WEIGHTS_ALL_ZERO", "inputs.comparables")
    entries = [Entry("COMPARABLE", {"key": sale.key}, part, sale.value) for sale, part in summary(sales, weighted=weighted)]
    extras = {
        **facts(f"market.{call.params['summary']}", call.inputs, _without_each(sales, unit, weighted=weighted)),
        "comparables": [{"key": sale.key, "adjusted_minor": minor_text(sale.value, unit)} for sale in sales],
        "dispersion": _dispersion([sale.value for sale in sales], unit),
    }
    return Answer(unit, value_lines(entries, unit), (Claim(appraisal.MARKET_EQUIVARIANT, Standing.PROVEN),), extras)


def _without_each(sales: Sequence[Sale], unit: Currency, *, weighted: bool) -> list[JsonObject]:
    """Return the value with each comparable left out, where any weight is left. O(n²) comparisons, O(n) sums."""
    whole = sum((sale.weight for sale in sales), Fraction(0))
    total = sum((sale.weight * sale.value for sale in sales), Fraction(0))
    ranked = sorted(sales, key=lambda sale: sale.value)
    table: list[JsonObject] = []
    for sale in sales:
        left = whole - sale.weight
        if left:
            others = [other for other in ranked if other is not sale]
            value = (total - sale.weight * sale.value) / left if weighted else summarised(others, weighted=False)
            table.append({"without": sale.key, "amount_minor": minor_text(value, unit)})
    return table


def _dispersion(values: Sequence[Fraction], unit: Currency) -> JsonObject:
    """Return the least and greatest adjusted value, and the standard deviation (n - 1) in percent of the mean."""
    rough = [float(value) for value in values]
    mean = statistics.fmean(rough)
    variation = 100 * statistics.stdev(rough) / mean if len(rough) > 1 and mean else 0.0
    return {"low_minor": minor_text(min(values), unit), "high_minor": minor_text(max(values), unit), "variation_percent": shown(variation)}


def _hedonic(call: Call, comparables: Sequence[JsonObject]) -> Answer:
    unit = currency(cast("str", call.params["currency"]))
    columns = cast("Sequence[JsonObject]", call.params["attributes"])
    for index, row in enumerate(comparables):
        _refuse(row, f"inputs.comparables.{index}", "weight", *FACTORS)
    if len(comparables) < len(columns) + 3:
        raise InputError("TOO_FEW", "inputs.comparables", limit=len(columns) + 3)
    logs = [log(price) for price in _dated_prices(call.inputs, comparables, unit)]
    fields = [f"inputs.comparables.{index}" for index in range(len(comparables))]
    rows = [_attributes(row, columns, f"{field}.attributes", "attributes") for row, field in zip(comparables, fields, strict=True)]
    fitted = _fit(rows, logs, _attributes(call.inputs, columns, "inputs.subject", "subject"), columns)
    value = _money(fitted.subject, unit, "inputs.subject")
    keys = [cast("str", row["key"]) for row in comparables]
    left_out = [_money(each, unit, field) for each, field in zip(fitted.left_out, fields, strict=True)]
    without = [_money(each, unit, field) for each, field in zip(fitted.subject_without, fields, strict=True)]
    errors = _percent_errors(fitted.left_out, logs)
    table: list[JsonObject] = [
        {"without": key, "amount_minor": minor_text(amount, unit)} for key, amount in zip(keys, without, strict=True)
    ]
    extras: dict[str, Json] = {
        **facts("market.hedonic", call.inputs, table),
        "effects": [{"name": column["name"], "effect": _told(effect)} for column, effect in zip(columns, fitted.effects, strict=True)],
        "comparables": [
            {"key": key, "left_out_minor": minor_text(amount, unit), "left_out_error_percent": _told(error)}
            for key, amount, error in zip(keys, left_out, errors, strict=True)
        ],
        "left_out_median_error_percent": _told(statistics.median(abs(error) for error in errors)),
    }
    lines = value_lines([Entry("REGRESSION", {"comparables": str(len(keys))}, ONE, value)], unit)
    return Answer(unit, lines, (Claim(appraisal.MARKET_EQUIVARIANT, Standing.PROVEN, {"to_digits": str(SHOWN_DIGITS)}),), extras)


def _fit(rows: Sequence[Sequence[Decimal]], logs: Sequence[Decimal], subject: Sequence[Decimal], columns: Sequence[JsonObject]) -> Fit:
    try:
        return fit(rows, logs, subject)
    except Dependent as error:
        raise InputError("ATTRIBUTES_DEPENDENT", "params.attributes", count=len(columns)) from error
    except Decisive as error:
        raise InputError("COMPARABLE_DECISIVE", f"inputs.comparables.{error.index}") from error


def _percent_errors(left_out: Sequence[Decimal], logs: Sequence[Decimal]) -> list[Decimal]:
    """Return by how many percent of its price each comparable is predicted too high, from the logarithms of both."""
    with localcontext(context()):
        return [100 * ((predicted - price).exp() - 1) for predicted, price in zip(left_out, logs, strict=True)]


def _told(value: Decimal) -> str:
    """Return a number to nine digits; what is left of a zero after fifty digits of arithmetic is shown as zero."""
    return shown(float(round(Fraction(value), SHOWN_PLACES)))


def _money(log_price: Decimal, unit: Currency, field: str) -> Fraction:
    """Return a predicted price in whole minor units of nine significant digits at most: an estimate says no more than that.

    Raises:
        InputError: OVERFLOW, at ``field``.
    """
    if log_price > _MOST_LOG:
        raise InputError("OVERFLOW", field)
    return Fraction(round(Fraction(shown(float(context().exp(log_price)))) * unit.scale), unit.scale)


def _attributes(row: JsonObject, columns: Sequence[JsonObject], field: str, name: str) -> list[Decimal]:
    """Return the attributes as they were written, to twelve decimal places, or their logarithms where the plan says so."""
    if name not in row:
        raise InputError("REQUIRED", field)
    values = [round(Fraction(str(value)), ATTRIBUTE_DECIMALS) for value in cast("Sequence[float]", row[name])]
    if len(values) != len(columns):
        raise InputError("WRONG_LENGTH", field, expected=len(columns))
    for index, column in enumerate(columns):
        if column["log"] and values[index] <= 0:
            raise InputError("NOT_POSITIVE", f"{field}.{index}")
    return [log(value) if column["log"] else decimal(value) for value, column in zip(values, columns, strict=True)]


def _dated_prices(inputs: JsonObject, comparables: Sequence[JsonObject], unit: Currency) -> list[Fraction]:
    """Return each price at the price level of the valuation date, in major units."""
    index = read_index(inputs["index"], "inputs.index")
    valued = cast("str", inputs["valuation_date"])
    prices: list[Fraction] = []
    for position, row in enumerate(comparables):
        field = f"inputs.comparables.{position}"
        price = read_amount(row["price"], unit, f"{field}.price")
        if price == 0:
            raise InputError("NOT_POSITIVE", f"{field}.price")
        prices.append(price * index.ratio(cast("str", row["date"]), valued, f"{field}.date"))
    return prices


def _factor(row: JsonObject, field: str) -> Fraction:
    product = ONE
    for name in FACTORS:
        product *= read_within(row.get(name, "1"), f"{field}.{name}", least=Fraction(0), most=MOST_FACTOR)
    return product


def _refuse(given: JsonObject, field: str, *names: str) -> None:
    for name in names:
        if name in given:
            raise InputError("NOT_FOR_THIS_PLAN", f"{field}.{name}")


def _check_params(params: JsonObject) -> None:
    rows = cast("Sequence[JsonObject]", params.get("attributes", []))
    refuse_twice([cast("str", row["name"]) for row in rows], "params.attributes", "name")


MARKET: Final = Model(
    key="market",
    version=1,
    name=Text("Market approach", "市场法"),
    help=Text(
        "What comparable data sold for: each sale adjusted by factors and a price index, then their median or weighted mean; or regresses "
        f"log price on attributes, shown with its error on sales left out. Needs real, comparable sales. {NOT_A_BOOK_VALUE[0]}",
        "以可比数据的成交价评估：逐案按系数与价格指数调整后取中位数或加权平均；或以属性作对数线性回归，并列示留一误差。"
        f"须有真实可比的成交案例。{NOT_A_BOOK_VALUE[1]}",
    ),
    params_schema=PARAMS,
    operations={Verb.APPRAISE: Operation(INPUTS, _appraise)},
    sentences={
        "COMPARABLE": ("Comparable {key}, adjusted", "案例 {key}，调整后"),
        "REGRESSION": ("Regression over {comparables} comparables", "{comparables} 个案例回归"),
    },
    examples=EXAMPLES,
    check_params=_check_params,
)

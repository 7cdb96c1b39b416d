"""What a quote is for, as far as its plan says so: how many of which unit of sale, and for which class of use of public data."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Final, cast

from django.db.models import TextChoices

from pricing.engines.model import Verb
from pricing.engines.validate import exact, validate
from pricing.plans.pricing import model_of
from pricing.quotes.models import Quote


class UnitOfSale(TextChoices):
    """What one price may be for. Source: Public-data price notice (2025), which names product, service, time and data call. 计价单位"""

    DEAL = "DEAL", "每笔交易"
    COPY = "COPY", "每份"
    CALL = "CALL", "每次调用"
    ROW = "ROW", "每行"
    MONTH = "MONTH", "每月"


_WORDS: Final[Mapping[UnitOfSale, frozenset[str]]] = {
    UnitOfSale.COPY: frozenset({"copy", "copies", "份"}),
    UnitOfSale.CALL: frozenset({"call", "calls", "api call", "api calls", "次", "调用", "次调用"}),
    UnitOfSale.ROW: frozenset({"row", "rows", "record", "records", "行", "条"}),
    UnitOfSale.MONTH: frozenset({"month", "months", "月", "个月"}),
}
"""How the owner of a metered plan may word its unit; another word is a unit that nobody can compare."""
_PERIODS: Final = frozenset({"PERIODS", "PERIOD_STARTED", "PERIOD_DAYS", "PERIOD_SECONDS"})
_MONTHS: Final = {"month": 1, "year": 12}
_CAPPED: Final = {"product": UnitOfSale.COPY, "call": UnitOfSale.CALL}


def units_sold(quote: Quote) -> dict[UnitOfSale, Fraction]:
    """Return in which units a quote is measured, and how many of each it is for: one deal, and what its plan counts.

    Units are exact and positive. A plan that names no unit, a round's award and a use of nothing are measured by the deal alone.
    """
    counted = _COUNTED.get(quote.plan.model_key)
    found = {} if counted is None or quote.computation_id is not None else counted(quote, _inputs(quote))
    return {UnitOfSale.DEAL: Fraction(1), **{unit: count for unit, count in found.items() if count > 0}}


def unit_price_minor(quote: Quote, unit: UnitOfSale) -> int | None:
    """Return what one unit costs in minor units, rounded up, so that it is above a whole limit exactly if the exact price is.

    What costs nothing costs nothing in any unit; None where the quote is not measured in the unit.
    """
    count = units_sold(quote).get(unit)
    if quote.amount_minor == 0:
        return 0
    return None if count is None else -(-quote.amount_minor // count)


def use_stated(quote: Quote) -> str | None:
    """Return the class of use of public data that the buyer stated in asking, where the plan asks for it."""
    return str(_inputs(quote)["use"]).upper() if quote.plan.model_key == "ceiling" else None


def _inputs(quote: Quote) -> Mapping[str, Any]:
    """The inputs with the model's defaults."""
    filled = validate(model_of(quote.plan).operation(Verb(quote.verb)).inputs_schema, quote.inputs, "inputs")
    return cast("Mapping[str, Any]", filled)


def _fixed(quote: Quote, inputs: Mapping[str, Any]) -> dict[UnitOfSale, Fraction]:
    """Copies of a product; of a subscription by months or years, the months, a part of one as the bill counts it."""
    params = quote.plan.params
    if params["kind"] == "one_off":
        return {UnitOfSale.COPY: Fraction(inputs["copies"])}
    if params["period"] not in _MONTHS:
        return {}
    periods = sum((Fraction(line["quantity"]) for line in quote.answer["lines"] if line["code"] in _PERIODS), Fraction(0))
    return {UnitOfSale.MONTH: periods * params["every"] * _MONTHS[params["period"]]}


def _metered(quote: Quote, inputs: Mapping[str, Any]) -> dict[UnitOfSale, Fraction]:
    word = str(quote.plan.params.get("unit", "")).strip().casefold()
    return {unit: exact(inputs["quantity"]) for unit, words in _WORDS.items() if word in words and "quantity" in inputs}


def _ceiling(quote: Quote, inputs: Mapping[str, Any]) -> dict[UnitOfSale, Fraction]:
    named = {product["key"]: product["unit"] for product in quote.plan.params["products"]}
    unit = _CAPPED.get(named[inputs["product"]])
    return {} if unit is None else {unit: exact(inputs["quantity"])}


_COUNTED: Final[Mapping[str, Callable[[Quote, Mapping[str, Any]], dict[UnitOfSale, Fraction]]]] = {
    "fixed": _fixed,
    "metered": _metered,
    "ceiling": _ceiling,
}

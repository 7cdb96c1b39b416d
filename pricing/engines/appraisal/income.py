"""The income approach: the present value of the cash flows that the data asset brings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, cast

from pricing.engines.appraisal.cash_flows import MAX_YEARS, RULES, Rule, Terms, read_forecast
from pricing.engines.appraisal.discount import Discounting, internal_return, net_present_value, present_value, tab_factor, value_of
from pricing.engines.appraisal.income_forms import EXAMPLES, INPUTS, PARAMS
from pricing.engines.appraisal.report import NOT_A_BOOK_VALUE, facts, minor_text, value_lines
from pricing.engines.checkers import appraisal
from pricing.engines.errors import InputError
from pricing.engines.model import Answer, Call, Model, Operation, Text, Verb
from pricing.engines.reading import read_percent
from pricing.engines.result import SHOWN_DIGITS, Claim, Entry, Standing, exact_text, shown
from pricing.engines.shapes import JsonObject
from pricing.engines.validate import read_amount
from pricing.money import Currency, currency

MOST_RATE_PERCENT: Final = Fraction(1000)
MOST_TAX_PERCENT: Final = Fraction(99)
RATE_SHIFTS: Final = tuple(Fraction(points, 100) for points in (-2, -1, 0, 1, 2))
FLOW_CHANGES: Final = tuple(Fraction(percent, 100) for percent in (-10, 0, 10))


@dataclass(frozen=True, slots=True)
class Plan:
    """The parameters of the income approach as exact numbers; ``rates`` is one flat rate or one a year."""

    currency: Currency
    rule: Rule
    terms: Terms
    rates: tuple[Fraction, ...]
    flat: bool
    mid_year: bool
    amortised_over: int

    def discounting(self, years: int, field: str) -> Discounting:
        """Return the discounting of so many years and of the amortisation.

        Raises:
            InputError: CURVE_TOO_SHORT, at ``field``.
        """
        needed = max(years, self.amortised_over)
        if self.flat:
            return Discounting(self.rates * needed, self.mid_year)
        if len(self.rates) < needed:
            raise InputError("CURVE_TOO_SHORT", field, years=len(self.rates), needed=needed)
        return Discounting(self.rates, self.mid_year)


def read_plan(params: JsonObject) -> Plan:
    """Return validated parameters as a plan.

    Raises:
        InputError: TOO_LARGE, CURVE_TOO_SHORT, NOT_FOR_THIS_PLAN (a tax that nothing would be computed from, since the flows are after
            tax), naming a field under ``params``.
    """
    discount = cast("JsonObject", params["discount"])
    flat = discount["kind"] == "flat"
    given = (
        [("percent", discount["percent"])]
        if flat
        else [(f"percents.{i}", p) for i, p in enumerate(cast("Sequence[str]", discount["percents"]))]
    )
    plan = Plan(
        currency=currency(cast("str", params["currency"])),
        rule=RULES[cast("str", params["rule"])],
        terms=Terms(
            royalty=read_percent(params.get("royalty_percent", "0"), "params.royalty_percent", most=Fraction(100)),
            tax=read_percent(params["tax_percent"], "params.tax_percent", most=MOST_TAX_PERCENT),
        ),
        rates=tuple(read_percent(percent, f"params.discount.{name}", most=MOST_RATE_PERCENT) for name, percent in given),
        flat=flat,
        mid_year=params["timing"] == "mid_year",
        amortised_over=cast("int", params.get("amortised_over", 0)),
    )
    if plan.terms.tax and not plan.rule.taxed and not plan.amortised_over:
        raise InputError("NOT_FOR_THIS_PLAN", "params.tax_percent")
    plan.discounting(1, "params.discount.percents")
    return plan


def _appraise(call: Call) -> Answer:
    plan = cast("Plan", call.plan)
    unit = plan.currency
    forecast = read_forecast(cast("Sequence[JsonObject]", call.inputs["years"]), plan.rule, unit)
    flows = [plan.rule.flow(year, plan.terms) for year in forecast]
    discounting = plan.discounting(len(flows), "inputs.years")
    factors = discounting.factors(len(flows))
    entries = [Entry("YEAR", {"year": str(year)}, flow, factor) for year, (flow, factor) in enumerate(zip(flows, factors, strict=True), 1)]
    extras = {
        **facts(f"income.{call.params['rule']}", call.inputs, _sensitivity(plan, flows, discounting)),
        "years": _table(plan, flows, factors),
    }
    if plan.amortised_over:
        benefit = tab_factor(plan.terms.tax, discounting.factors(plan.amortised_over))
        words = {"years": str(plan.amortised_over), "percent": exact_text(plan.terms.tax * 100)}
        entries.append(Entry("TAX_BENEFIT", words, Fraction(1), present_value(flows, factors) * (benefit - 1)))
        extras["tax_benefit_factor"] = shown(float(benefit))
    claims = [Claim(appraisal.INCOME_LINEAR, Standing.PROVEN), _decreasing(plan, flows, discounting)]
    price = read_amount(call.inputs["price"], unit, "inputs.price")
    rate = internal_return(price, flows, mid_year=plan.mid_year)
    if rate is not None:
        extras["internal_return_percent"] = _percent(rate)
        claims += _return_claims(plan, price, flows, rate)
    return Answer(unit, value_lines(entries, unit), tuple(claims), extras)


def _decreasing(plan: Plan, flows: Sequence[Fraction], discounting: Discounting) -> Claim:
    """Say whether a higher rate never raises the value: a theorem without negative flows, and otherwise tried on the sensitivity's rates.

    Each factor falls as a rate rises, and so does the tax benefit, which rises with the factors.
    """
    if min(flows) >= 0:
        return Claim(appraisal.INCOME_DECREASING, Standing.PROVEN)

    def value(shift: Fraction) -> Fraction:
        return value_of(flows, discounting.shifted(shift), tax=plan.terms.tax, amortised_over=plan.amortised_over)

    shifts = [shift for shift in RATE_SHIFTS if _possible(discounting, shift)]
    found = appraisal.decreasing(value, shifts)
    if found is None:
        tried = {"points_from": exact_text(shifts[0] * 100), "points_to": exact_text(shifts[-1] * 100)}
        return Claim(appraisal.INCOME_DECREASING, Standing.CHECKED, tried)
    lower, higher = (Fraction(found[name]) for name in ("lower", "higher"))
    witness = {
        "points": exact_text(lower * 100),
        "more_points": exact_text(higher * 100),
        "value_minor": minor_text(value(lower), plan.currency),
        "more_value_minor": minor_text(value(higher), plan.currency),
    }
    return Claim(appraisal.INCOME_DECREASING, Standing.NOT_HELD, witness)


def _return_claims(plan: Plan, price: Fraction, flows: Sequence[Fraction], rate: float) -> list[Claim]:
    """Check on this very forecast that its present value at the internal rate of return is zero."""
    paid, received = float(price), [float(flow) for flow in flows]
    size = net_present_value(-paid, [abs(flow) for flow in received], rate, mid_year=plan.mid_year)
    found = appraisal.returns_nothing(lambda at: net_present_value(paid, received, at, mid_year=plan.mid_year), size, rate)
    return [Claim(appraisal.INCOME_RETURN, Standing.CHECKED, {"percent": _percent(rate)})] if found is None else []


def _percent(rate: float) -> str:
    """Return a rate in percent, to nine places and nine digits: a root at zero is found only to 1e-20."""
    return shown(round(100 * rate, SHOWN_DIGITS))


def _possible(discounting: Discounting, shift: Fraction) -> bool:
    return min(discounting.rates) + shift >= 0


def _sensitivity(plan: Plan, flows: Sequence[Fraction], discounting: Discounting) -> list[JsonObject]:
    """Return the value at rates up to two points lower and higher (none below zero) and flows a tenth smaller and larger."""
    table: list[JsonObject] = []
    for shift in RATE_SHIFTS:
        if not _possible(discounting, shift):
            continue
        value = value_of(flows, discounting.shifted(shift), tax=plan.terms.tax, amortised_over=plan.amortised_over)
        table.extend(
            {
                "rate_points": exact_text(shift * 100),
                "flows_percent": exact_text(change * 100),
                "amount_minor": minor_text(value * (1 + change), plan.currency),
            }
            for change in FLOW_CHANGES
        )
    return table


def _table(plan: Plan, flows: Sequence[Fraction], factors: Sequence[Fraction]) -> list[JsonObject]:
    """Return each year's cash flow, discount factor and present value."""
    return [
        {
            "year": year,
            "cash_flow": exact_text(flow),
            "factor": exact_text(round(factor, 12)),
            "present_minor": minor_text(flow * factor, plan.currency),
        }
        for year, (flow, factor) in enumerate(zip(flows, factors, strict=True), 1)
    ]


INCOME: Final = Model(
    key="income",
    version=1,
    name=Text("Income approach", "收益法"),
    help=Text(
        "Present value of what the data asset earns over its life: a direct forecast, royalties saved, excess earnings, or increments. "
        f"At most {MAX_YEARS} years, nothing after them; each year's rate discounts that year. {NOT_A_BOOK_VALUE[0]}",
        "以收益期内现金流现值评估数据资产：直接预测、权利金节省、多期超额收益或增量收益。"
        f"最多 {MAX_YEARS} 年，期后不计；各年折现率用于当年。{NOT_A_BOOK_VALUE[1]}",
    ),
    params_schema=PARAMS,
    operations={Verb.APPRAISE: Operation(INPUTS, _appraise)},
    sentences={
        "YEAR": ("Cash flow of year {year}, discounted", "第 {year} 年现金流折现"),
        "TAX_BENEFIT": ("Tax benefit of amortisation at {percent}%; years: {years}", "{years} 年摊销的税收收益，税率 {percent}%"),
    },
    examples=EXAMPLES,
    check_params=read_plan,
)

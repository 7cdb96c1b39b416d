"""The metered tariff: what measured usage costs under graduated, volume, package or percentage prices, with its arbitrage certificate.

The rules are the ones that Stripe Billing, Lago and OpenMeter share in their published documents and tests. Unlike them this model says
when a plan can be gamed: it decides whether more usage can cost less and whether two purchases can cost less than one, and shows the
counterexample.

Bills within a period are rounded on the running total (the charge for all usage so far, less what was billed), so the bills of a period
sum to exactly what one bill for the whole period would be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Final, cast

from pricing.engines import tariff
from pricing.engines.checkers import charges
from pricing.engines.curve import Curve
from pricing.engines.errors import InputError
from pricing.engines.metered_plan import (
    MAX_EVENTS,
    PARAMS,
    QUOTE_INPUTS,
    RATE_INPUTS,
    PackagePlan,
    PercentPlan,
    Plan,
    TierPlan,
    read_plan,
    whole_steps,
)
from pricing.engines.model import Answer, Call, Example, Model, Operation, Text, Verb
from pricing.engines.result import Claim, Entry, Line, Standing, exact_text, exact_total, rounded
from pricing.engines.shapes import JsonObject
from pricing.engines.validate import read_amount


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used: steps of quantity (negative after corrections), the steps that pick a volume tier, or the events' amounts."""

    steps: int = 0
    tier_steps: int = 0
    events: tuple[Fraction, ...] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """A plan with what all of its bills share.

    Attributes:
        claims: what holds of the plan for every usage of a closed period.
        open_claims: what holds before the period closes, while its minimum is not owed.
        rows: of a graduated plan, the rows of its tiers.
        curve: of a tiered plan, its charge; before lower envelope and commitments.
    """

    plan: Plan
    claims: tuple[Claim, ...]
    open_claims: tuple[Claim, ...]
    rows: tariff.TierRows | None
    curve: Curve | None


def read_terms(params: JsonObject) -> Terms:
    """Return validated parameters as terms; what the model's calls find as their ``plan``.

    Raises:
        InputError: as ``read_plan``.
    """
    plan = read_plan(params)
    claims = (claims_of(plan), claims_of(replace(plan, commitments=plan.commitments.of_open_period())))
    if not isinstance(plan, TierPlan):
        return Terms(plan, *claims, None, None)
    return Terms(plan, *claims, None if plan.volume else tariff.TierRows.of(plan), tariff.tier_curve(plan))


def _rate(call: Call) -> Answer:
    """Return the bill of a whole period, as a quote asks for it, or of a part of one."""
    terms, inputs = cast("Terms", call.plan), call.inputs
    plan, closes_period = terms.plan, bool(inputs.get("closes_period", True))
    usage = _usage(plan, inputs)
    lines = rounded(_bill(terms, usage, closes_period=closes_period), plan.currency)
    prior = cast("JsonObject | None", inputs.get("prior"))
    if prior is not None:
        lines = (*lines, _billed_before(terms, prior, sum(line.amount_minor for line in lines)))
    if "tier_quantity" in inputs:  # the charge then depends on two quantities, and nothing is claimed of it
        return Answer(plan.currency, lines)
    claims = terms.claims if closes_period else terms.open_claims
    return Answer(plan.currency, lines, claims, _offers(terms, usage, closes_period=closes_period))


def _billed_before(terms: Terms, prior: JsonObject, whole_minor: int) -> Line:
    """Return the row that takes off what was billed before: as stated, or else what the running total then came to."""
    plan = terms.plan
    if isinstance(plan, TierPlan) and plan.volume and not plan.lower_envelope:
        raise InputError("NEEDS_WHOLE_PERIOD", "inputs.prior")
    field = "inputs.prior.billed" if "billed" in prior else "inputs.quantity"
    if "billed" in prior:
        billed = read_amount(prior["billed"], plan.currency, field)
    else:
        before = _bill(terms, _prior_usage(plan, prior), closes_period=False)
        billed = Fraction(sum(line.amount_minor for line in rounded(before, plan.currency)), plan.currency.scale)
    minor = int(billed * plan.currency.scale)
    if minor > whole_minor:
        raise InputError("BILLED_EXCEEDS_CHARGE", field)
    return Line("BILLED_BEFORE", {}, Fraction(1), -billed, -minor)


def _bill(terms: Terms, usage: Usage, *, closes_period: bool) -> list[Entry]:
    """Return the exact rows for the whole usage of a period so far."""
    plan = terms.plan
    if isinstance(plan, PercentPlan):
        entries = tariff.percentage_entries(plan, usage.events)
    elif usage.steps < 0:
        entries = [Entry("NO_USAGE", {}, Fraction(0), Fraction(0))]
    elif isinstance(plan, PackagePlan):
        entries = tariff.package_entries(plan, usage.steps)
    elif terms.rows is not None:
        entries = tariff.graduated_entries(plan, terms.rows, usage.steps)
    else:
        entries = tariff.volume_entries(plan, cast("Curve", terms.curve), usage.steps, usage.tier_steps)
    return tariff.with_commitments(entries, plan.commitments, closes_period=closes_period)


def _usage(plan: Plan, inputs: JsonObject) -> Usage:
    """Return this call's usage together with what was used before in the period."""
    prior = cast("JsonObject", inputs.get("prior", {}))
    if isinstance(plan, PercentPlan):
        _refuse(inputs, "inputs", "quantity", "tier_quantity")
        before = _prior_usage(plan, prior).events if prior else ()
        events = (*before, *_events(plan, _needed(inputs, "inputs", "events"), "inputs.events"))
        if len(events) > MAX_EVENTS:
            raise InputError("TOO_MANY", "inputs.events", limit=MAX_EVENTS)
        return Usage(events=events)
    _refuse(inputs, "inputs", "events")
    given = whole_steps(_needed(inputs, "inputs", "quantity"), plan.steps_per_unit, "inputs.quantity")
    before_steps = _prior_usage(plan, prior).steps if prior else 0
    negative_is_zero = plan.negative_is_zero
    steps = given + before_steps
    if (steps < 0 or (given < 0 and prior)) and not negative_is_zero:
        raise InputError("NEGATIVE", "inputs.quantity")
    return Usage(steps=steps, tier_steps=_tier_steps(plan, inputs, steps))


def _tier_steps(plan: TierPlan | PackagePlan, inputs: JsonObject, steps: int) -> int:
    if "tier_quantity" not in inputs:
        return steps
    if not isinstance(plan, TierPlan) or not plan.volume or plan.lower_envelope:
        raise InputError("NOT_FOR_THIS_PLAN", "inputs.tier_quantity")
    tier_steps = whole_steps(inputs["tier_quantity"], plan.steps_per_unit, "inputs.tier_quantity")
    if tier_steps < steps:
        raise InputError("TOO_SMALL", "inputs.tier_quantity", limit=exact_text(Fraction(steps, plan.steps_per_unit)))
    return tier_steps


def _prior_usage(plan: Plan, prior: JsonObject) -> Usage:
    if isinstance(plan, PercentPlan):
        _refuse(prior, "inputs.prior", "quantity")
        return Usage(events=_events(plan, _needed(prior, "inputs.prior", "events"), "inputs.prior.events"))
    _refuse(prior, "inputs.prior", "events")
    steps = whole_steps(_needed(prior, "inputs.prior", "quantity"), plan.steps_per_unit, "inputs.prior.quantity")
    return Usage(steps=steps, tier_steps=steps)


def _events(plan: PercentPlan, given: object, field: str) -> tuple[Fraction, ...]:
    return tuple(read_amount(amount, plan.currency, f"{field}.{index}") for index, amount in enumerate(cast("list[str]", given)))


def _needed(inputs: JsonObject, field: str, name: str) -> str:
    if name not in inputs:
        raise InputError("REQUIRED", f"{field}.{name}")
    return cast("str", inputs[name])


def _refuse(inputs: JsonObject, field: str, *names: str) -> None:
    for name in names:
        if name in inputs:
            raise InputError("NOT_FOR_THIS_PLAN", f"{field}.{name}")


def _offers(terms: Terms, usage: Usage, *, closes_period: bool) -> JsonObject:
    """Offer the lower envelope where a volume tariff charges more for this quantity than for a larger one."""
    plan = terms.plan
    if not isinstance(plan, TierPlan) or not plan.volume or plan.lower_envelope or usage.steps < 0:
        return {}
    commitments = plan.commitments if closes_period else plan.commitments.of_open_period()
    curve = tariff.committed(cast("Curve", terms.curve), commitments)
    lower = curve.lower_envelope().at(usage.steps)
    if lower == curve.at(usage.steps):
        return {}
    cheapest = Fraction(curve.cheapest_from(usage.steps), plan.steps_per_unit)
    return {"lower_envelope": {"amount_minor": str(round(lower * plan.currency.scale)), "at_quantity": exact_text(cheapest)}}


@lru_cache(maxsize=256)
def claims_of(plan: Plan) -> tuple[Claim, ...]:
    """Return what holds of a plan for every usage of one closed period, before rounding. Decided, never sampled; unsaid if undecided."""
    if isinstance(plan, TierPlan):
        curve = tariff.tier_curve(plan)
        curve = tariff.committed(curve.lower_envelope() if plan.lower_envelope else curve, plan.commitments)
        return _monotone(curve, plan.steps_per_unit), _subadditive(curve, plan.steps_per_unit)
    proven = Claim(charges.MONOTONE, Standing.PROVEN)
    second = _package_subadditive(plan) if isinstance(plan, PackagePlan) else _percent_subadditive(plan)
    return (proven,) if second is None else (proven, second)


def _monotone(curve: Curve, steps_per_unit: int) -> Claim:
    found = charges.monotone(curve)
    if found is None:
        return Claim(charges.MONOTONE, Standing.PROVEN)
    return Claim(charges.MONOTONE, Standing.NOT_HELD, _priced(curve, found, steps_per_unit))


def _subadditive(curve: Curve, steps_per_unit: int) -> Claim:
    found = charges.subadditive(curve)
    if found is None:
        return Claim(charges.SUBADDITIVE, Standing.PROVEN)
    return Claim(
        charges.SUBADDITIVE,
        Standing.NOT_HELD,
        _priced(curve, {**found, "together": found["one"] + found["other"]}, steps_per_unit),
    )


def _priced(curve: Curve, found: Mapping[str, int], steps_per_unit: int) -> Mapping[str, str]:
    """Return a counterexample with each quantity and its charge, in major units."""
    quantities = {name: exact_text(Fraction(step, steps_per_unit)) for name, step in found.items()}
    return {**quantities, **{f"{name}_charge": exact_text(curve.at(step)) for name, step in found.items()}}


def _package_subadditive(plan: PackagePlan) -> Claim | None:
    """Decide the package tariff: whole packages are subadditive, free units break that, unless commitments hide it."""
    least, most = plan.commitments.minimum, plan.commitments.maximum
    if not plan.free or not plan.price or (most is not None and 2 * least >= most):
        return Claim(charges.SUBADDITIVE, Standing.PROVEN)
    curve = tariff.package_curve(plan)
    if curve is not None:
        return _subadditive(curve, plan.steps_per_unit)
    lot = plan.free + -(-least // plan.price) * plan.size
    alone, both = tariff.package_charge(plan, lot), tariff.package_charge(plan, 2 * lot)
    if both <= 2 * alone:
        return None
    quantity, together = (exact_text(Fraction(steps, plan.steps_per_unit)) for steps in (lot, 2 * lot))
    priced = {"one_charge": exact_text(alone), "other_charge": exact_text(alone), "together_charge": exact_text(both)}
    return Claim(charges.SUBADDITIVE, Standing.NOT_HELD, {"one": quantity, "other": quantity, "together": together, **priced})


def _percent_subadditive(plan: PercentPlan) -> Claim | None:
    """Without a free allowance each event costs the same in any bill; with one, show two bills that use it twice."""
    if plan.free_events is None and plan.free_amount is None:
        return Claim(charges.SUBADDITIVE, Standing.PROVEN)
    each = Fraction(1000) if plan.free_amount is None else plan.free_amount
    count = plan.free_events or 1 if plan.free_amount is None else 1
    alone, both = (
        exact_total(tariff.with_commitments(tariff.percentage_entries(plan, (each,) * events), plan.commitments, closes_period=True))
        for events in (count, 2 * count)
    )
    if both <= 2 * alone:
        return None
    priced = {"one_charge": exact_text(alone), "other_charge": exact_text(alone), "together_charge": exact_text(both)}
    return Claim(
        charges.SUBADDITIVE,
        Standing.NOT_HELD,
        {"events": str(count), "events_together": str(2 * count), "each": exact_text(each), **priced},
    )


METERED: Final = Model(
    key="metered",
    version=1,
    name=Text("Metered tariff", "计量计价"),
    help=Text(
        "Charges measured usage: calls, rows, bytes or amounts. Says whether the plan can be gamed by buying more or by splitting.",
        "按计量的用量收费：调用次数、行数、字节数或各次金额；并说明该方案是否可被多买或拆单套利。",
    ),
    params_schema=PARAMS,
    operations={Verb.RATE: Operation(RATE_INPUTS, _rate), Verb.QUOTE: Operation(QUOTE_INPUTS, _rate)},
    check_params=read_terms,
    sentences={
        "TIER_UNITS": ("Tier {tier}: units above {above}", "第 {tier} 阶梯：超过 {above} 的用量"),
        "TIER_FLAT": ("Tier {tier}: flat fee", "第 {tier} 阶梯：固定费"),
        "VOLUME_UNITS": ("All units at the price of tier {tier}", "全部用量按第 {tier} 阶梯价格"),
        "LOWER_ENVELOPE": ("Charged no more than {quantity} units would cost", "不高于 {quantity} 单位用量的费用"),
        "PACKAGES": ("Packages of {size}, after {free} free units", "每包 {size}，已扣除免费用量 {free}"),
        "PERCENT": ("{percent}% of the amount", "金额的 {percent}%"),
        "EVENT_FIXED": ("Fixed fee for each charged event, of {events} events", "共 {events} 次，应计费各次的固定费"),
        "EVENT_MINIMUM": ("Events raised to the least of {minimum}", "按每次最低 {minimum} 补足"),
        "EVENT_MAXIMUM": ("Events cut to the most of {maximum}", "按每次封顶 {maximum} 减免"),
        "MINIMUM_COMMITMENT": ("Up to the least of the period", "补足本期最低消费"),
        "MAXIMUM_COMMITMENT": ("Down to the most of the period", "按本期封顶减免"),
        "BILLED_BEFORE": ("Billed before in this period", "本期此前已计费"),
        "NO_USAGE": ("No usage after corrections", "更正后无用量"),
    },
    examples=(
        Example(
            title=Text("Graduated by call", "按调用次数阶梯计价"),
            verb=Verb.RATE,
            params={
                "mode": "graduated",
                "currency": "CNY",
                "unit": "call",
                "tiers": [
                    {"up_to": "10", "unit_price": "10", "flat": "2"},
                    {"up_to": "20", "unit_price": "5", "flat": "3"},
                    {"unit_price": "5", "flat": "3"},
                ],
            },
            inputs={"quantity": "12"},
            amount_minor=11_500,
        ),
        Example(
            title=Text("Volume, all units at the tier reached", "总量计价，全部按所达阶梯"),
            verb=Verb.RATE,
            params={
                "mode": "volume",
                "currency": "CNY",
                "unit": "call",
                "tiers": [
                    {"up_to": "10000", "unit_price": "0.0010", "flat": "10"},
                    {"up_to": "50000", "unit_price": "0.0008", "flat": "10"},
                    {"up_to": "100000", "unit_price": "0.0006", "flat": "10"},
                    {"unit_price": "0.0004", "flat": "10"},
                ],
            },
            inputs={"quantity": "65000"},
            amount_minor=4_900,
        ),
    ),
)

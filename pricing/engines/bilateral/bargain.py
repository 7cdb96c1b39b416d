"""A price agreed between one seller and one buyer by a stated rule, or a refusal where they have nothing to agree on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, cast

from pricing.engines.bilateral.bargain_forms import EXAMPLES, INPUTS, PARAMS
from pricing.engines.bilateral.bargaining import FIRST_BEST_GAIN, linear_equilibrium, price_between, sellers_share
from pricing.engines.checkers import bilateral
from pricing.engines.checkers.bilateral import Mechanism, Trade
from pricing.engines.errors import InputError
from pricing.engines.model import Answer, Call, Model, Operation, Text, Verb
from pricing.engines.reading import read_within
from pricing.engines.result import Claim, Entry, Standing, exact_text, rounded, shown
from pricing.engines.shapes import Json, JsonObject
from pricing.engines.validate import read_amount
from pricing.money import Currency, currency

MOST_DISCOUNT: Final = Fraction(999_999, 10**6)
ONE: Final = Fraction(1)
_READ_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "nash": ("valuation", "outside"),
    "rubinstein": ("valuation", "discount"),
    "double_auction": ("offer",),
}
_OPTIONAL: Final = frozenset({"outside"})


@dataclass(frozen=True, slots=True)
class Bargain:
    """One bargain, in major units: the least the seller takes, the most the buyer gives, and the seller's part of the gain."""

    least: Fraction
    most: Fraction
    part: Fraction

    @property
    def mechanism(self) -> Mechanism:
        """The rule as a function of the two statements, before rounding; the part of the gain is fixed by the plan and the discounts."""

        def trade(cost: Fraction, value: Fraction) -> Trade | None:
            price = price_between(cost, value, self.part)
            return Trade(price, price) if value >= cost else None

        return trade


def _quote(call: Call) -> Answer:
    unit = currency(cast("str", call.params["currency"]))
    rule = cast("str", call.params["rule"])
    _only(call.inputs, _READ_BY[rule])
    bargain = _RULES[rule](call.params, call.inputs, unit)
    if bargain.most < bargain.least:
        raise InputError("NO_AGREEMENT_ZONE", f"inputs.{_READ_BY[rule][0]}")
    entries = [
        Entry("SELLERS_SIDE", {"share": exact_text(1 - bargain.part)}, 1 - bargain.part, bargain.least),
        Entry("BUYERS_SIDE", {"share": exact_text(bargain.part)}, bargain.part, bargain.most),
    ]
    lines = rounded(entries, unit)
    minor = sum(line.amount_minor for line in lines)
    extras: dict[str, Json] = {
        "rule": rule,
        "sellers_share": exact_text(bargain.part),
        "seller_gains_minor": str(minor - int(bargain.least * unit.scale)),
        "buyer_gains_minor": str(int(bargain.most * unit.scale) - minor),
    }
    if "valuations" in call.params:
        extras["equilibrium"] = _equilibrium(call.params, unit)
    return Answer(unit, lines, claims_of(bargain), extras)


def _nash(params: JsonObject, inputs: JsonObject, unit: Currency) -> Bargain:
    outside = read_amount(inputs.get("outside", "0"), unit, "inputs.outside")
    value = read_amount(inputs["valuation"], unit, "inputs.valuation")
    least = _floor(params, unit) + read_amount(params["seller_outside"], unit, "params.seller_outside")
    return Bargain(least, value - outside, 1 - _fraction(params["buyer_power"], "params.buyer_power"))


def _rubinstein(params: JsonObject, inputs: JsonObject, unit: Currency) -> Bargain:
    seller = _discount(params["seller_discount"], "params.seller_discount")
    buyer = _discount(inputs["discount"], "inputs.discount")
    part = sellers_share(seller, buyer, seller_first=params["first"] == "seller")
    return Bargain(_floor(params, unit), read_amount(inputs["valuation"], unit, "inputs.valuation"), part)


def _double_auction(params: JsonObject, inputs: JsonObject, unit: Currency) -> Bargain:
    offer = read_amount(inputs["offer"], unit, "inputs.offer")
    return Bargain(_floor(params, unit), offer, 1 - _fraction(params["ask_weight"], "params.ask_weight"))


_RULES: Final = {"nash": _nash, "rubinstein": _rubinstein, "double_auction": _double_auction}


def claims_of(bargain: Bargain) -> tuple[Claim, ...]:
    """Return which three of the four properties hold, and who gains by misstating and how.

    A price between the stated cost and the stated value, paid in full to the seller, is efficient at those statements, individually
    rational and balanced; it depends on at least one side's statement, who therefore gains by shading it.
    """
    cost, value = bargain.least, bargain.least + 100
    found = bilateral.truthful(bargain.mechanism, cost, value, [cost, value])
    claims = [Claim(name, Standing.PROVEN) for name in (bilateral.EFFICIENT, bilateral.RATIONAL, bilateral.BALANCED)]
    if found is not None:
        claims.append(Claim(bilateral.TRUTHFUL, Standing.NOT_HELD, {name: str(part) for name, part in found.items()}))
    if bilateral.gives_up_one([claim.property for claim in claims if claim.standing is not Standing.NOT_HELD]) is None:
        claims.append(Claim(bilateral.GIVES_UP_ONE, Standing.CHECKED, {"given_up": bilateral.TRUTHFUL}))
    return tuple(claims)


def _equilibrium(params: JsonObject, unit: Currency) -> JsonObject:
    """Return how both sides shade their statements in the linear equilibrium on the stated range, and what that leaves of the gains."""
    low, high = _range(params, unit)
    width = high - low
    found = linear_equilibrium(_fraction(params["ask_weight"], "params.ask_weight"))
    return {
        "buyer_slope": exact_text(found.buyer_slope),
        "buyer_constant": exact_text((1 - found.buyer_slope) * low + found.buyer_constant * width),
        "seller_slope": exact_text(found.seller_slope),
        "seller_constant": exact_text((1 - found.seller_slope) * low + found.seller_constant * width),
        "expected_gain_minor": str(round(found.gain * width * unit.scale)),
        "of_possible_percent": shown(float(100 * found.gain / FIRST_BEST_GAIN)),
    }


def _range(params: JsonObject, unit: Currency) -> tuple[Fraction, Fraction]:
    given = cast("JsonObject", params["valuations"])
    low, high = (read_amount(given[name], unit, f"params.valuations.{name}") for name in ("low", "high"))
    if high <= low:
        raise InputError("LIMITS_CROSSED", "params.valuations.high")
    return low, high


def _floor(params: JsonObject, unit: Currency) -> Fraction:
    return read_amount(params["floor"], unit, "params.floor")


def _fraction(value: Json, field: str) -> Fraction:
    return read_within(value, field, least=Fraction(0), most=ONE)


def _discount(value: Json, field: str) -> Fraction:
    return read_within(value, field, least=Fraction(0), most=MOST_DISCOUNT)


def _only(inputs: JsonObject, names: Sequence[str]) -> None:
    """Refuse inputs that the rule does not read, and ask for those it needs."""
    for name in inputs:
        if name not in names:
            raise InputError("NOT_FOR_THIS_PLAN", f"inputs.{name}")
    for name in names:
        if name not in inputs and name not in _OPTIONAL:
            raise InputError("REQUIRED", f"inputs.{name}")


def _check_params(params: JsonObject) -> None:
    """Refuse, when the plan is made, amounts its currency cannot express and shares outside their range."""
    unit = currency(cast("str", params["currency"]))
    _floor(params, unit)
    if "seller_outside" in params:
        read_amount(params["seller_outside"], unit, "params.seller_outside")
    if "seller_discount" in params:
        _discount(params["seller_discount"], "params.seller_discount")
    if "valuations" in params:
        _range(params, unit)
    for name in ("buyer_power", "ask_weight"):
        if name in params:
            _fraction(params[name], f"params.{name}")


BARGAIN: Final = Model(
    key="bargain",
    version=1,
    name=Text("Bargain", "协商定价"),
    help=Text(
        "One seller and one buyer share the gain from trade by a stated rule: power, patience, or a point between ask and offer. "
        "Where the buyer's statement is below the floor there is no price. Either side may gain by misstating; the quote says how. "
        "A price follows from the floor by plain arithmetic, so whoever is told one can work out the floor.",
        "买卖双方按约定规则分享交易收益：议价能力、等待耐心，或要价与出价之间的约定点。"
        "买方申报低于底价则不成交。任何一方都可能因虚报获益，报价中列明。价格由底价直接算出，询价者可据以推知底价。",
    ),
    params_schema=PARAMS,
    operations={Verb.QUOTE: Operation(INPUTS, _quote)},
    sentences={
        "SELLERS_SIDE": ("{share} of the least that the seller takes", "卖方最低可接受额的 {share}"),
        "BUYERS_SIDE": ("{share} of the most that the buyer gives", "买方最高愿付额的 {share}"),
    },
    examples=EXAMPLES,
    check_params=_check_params,
)

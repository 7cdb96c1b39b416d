"""A posted price that learns: it proposes a price to all, is told how many bought, and carries what it knows as its state.

The state holds counts by price and nothing else; no input has a place for who a buyer is, so no price can depend on it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, cast

import numpy as np

from pricing.engines.bilateral import bandits
from pricing.engines.bilateral.learn_forms import EXAMPLES, MAX_PRICES, OBSERVED, PARAMS, PROPOSED
from pricing.engines.checkers import bilateral
from pricing.engines.draws import uniforms
from pricing.engines.errors import InputError
from pricing.engines.model import Answer, Call, Model, Operation, Text, Verb
from pricing.engines.result import Claim, Line, Standing, shown
from pricing.engines.shapes import Json, JsonObject
from pricing.engines.validate import read_amount
from pricing.money import Currency, Money, currency

LEAST_PRICES: Final = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """The policy, its horizon in offers, and the prices it may post, rising, in minor units."""

    currency: Currency
    policy: str
    horizon: int
    prices: tuple[int, ...]

    @property
    def gains(self) -> bandits.Floats:
        """What one sale at each price brings, over the greatest price."""
        return np.array(self.prices, dtype=np.float64) / self.prices[-1]


@dataclass(frozen=True, slots=True)
class State:
    """What was seen: offers and sales at each price, and for Exp3 the estimated gain of each (as decimal text, so that it replays)."""

    offers: tuple[int, ...]
    sales: tuple[int, ...]
    estimates: tuple[str, ...]

    @property
    def made(self) -> int:
        """Offers in all, where each offer was made at one price."""
        return sum(self.offers)

    def to_json(self) -> JsonObject:
        """Return the state as JSON; ``estimates`` only where the policy keeps them."""
        kept: dict[str, Json] = {"offers": list(self.offers), "sales": list(self.sales)}
        return {**kept, "estimates": list(self.estimates)} if self.estimates else kept


def read_plan(params: JsonObject) -> Plan:
    """Return validated parameters as a plan. Prices are low + (high - low) · i/K for i = 1 … K, each rounded to the minor unit.

    Raises:
        InputError: LIMITS_CROSSED, PRICES_TOO_CLOSE, OVER_PRECISE, naming a field under ``params``.
    """
    unit = currency(cast("str", params["currency"]))
    low, high = (int(read_amount(params[name], unit, f"params.{name}") * unit.scale) for name in ("low", "high"))
    if high <= low:
        raise InputError("LIMITS_CROSSED", "params.high")
    horizon = cast("int", params["horizon"])
    size = cast("int", params.get("prices", min(max(bandits.grid_size(horizon), LEAST_PRICES), MAX_PRICES)))
    if high - low < size:
        raise InputError("PRICES_TOO_CLOSE", "params.high", count=size)
    prices = tuple(low + round(Fraction((high - low) * step, size)) for step in range(1, size + 1))
    return Plan(unit, cast("str", params["policy"]), horizon, prices)


def chances(plan: Plan, state: State) -> bandits.Floats:
    """Return the chance with which each price is posted next; UCB1 puts all of it on one."""
    size = len(plan.prices)
    offers, sales = np.array(state.offers, dtype=np.int64), np.array(state.sales, dtype=np.int64)
    if plan.policy == "ucb1":
        choice = bandits.ucb1_choice(plan.gains, offers, sales, state.made)
        certain: bandits.Floats = np.eye(size)[int(choice)]
        return certain
    if plan.policy == "exp3":
        return bandits.exp3_chances(np.array([float(text) for text in state.estimates]), bandits.exp3_exploration(size, plan.horizon))
    return bandits.hedge_chances(plan.gains * sales, bandits.hedge_rate(size, plan.horizon))


def _propose(call: Call) -> Answer:
    """Return the price to post to everybody from now on; draws once, from the seed and the number of offers made so far."""
    plan = read_plan(call.params)
    state = _state(plan, call.inputs)
    likely = chances(plan, state)
    uniform = uniforms(cast("int", call.seed), f"learn-{plan.policy}-{_rounds(plan, state)}", 1)
    position = int(bandits.drawn(likely, uniform[0]))
    minor = plan.prices[position]
    line = Line("POSTED", {"offers": str(_rounds(plan, state))}, Fraction(1), Fraction(minor, plan.currency.scale), minor)
    extras = {
        "price": Money(minor, plan.currency).format(),
        "prices": [Money(price, plan.currency).format() for price in plan.prices],
        "chances": [shown(float(chance)) for chance in likely],
        "state": state.to_json(),
        **_regret(plan, state),
    }
    return Answer(plan.currency, (line,), (Claim(bilateral.ANONYMOUS, Standing.PROVEN, {"input": "counts only"}),), extras)


def _observe(call: Call) -> Answer:
    """Return the state with what was seen: at one price, or at every price where demand itself is known. The amount is zero."""
    plan = read_plan(call.params)
    state = _state(plan, call.inputs)
    offers = cast("int", call.inputs["offers"])
    left = plan.horizon - _rounds(plan, state)
    if offers > left:
        raise InputError("HORIZON_REACHED", "inputs.offers", left=left)
    seen = _whole_demand(plan, state, call.inputs, offers) if plan.policy == "weights" else _one_price(plan, state, call.inputs, offers)
    line = Line("OBSERVED", {"offers": str(offers)}, Fraction(offers), Fraction(0), 0)
    extras = {"state": seen.to_json(), **_regret(plan, seen)}
    return Answer(plan.currency, (line,), (Claim(bilateral.ANONYMOUS, Standing.PROVEN, {"input": "counts only"}),), extras)


def _one_price(plan: Plan, state: State, inputs: JsonObject, offers: int) -> State:
    """Add offers and sales at one price; Exp3 also adds the gain over the chance that the price had."""
    _only(inputs, ("price", "sales"), ("willing",))
    minor = int(read_amount(inputs["price"], plan.currency, "inputs.price") * plan.currency.scale)
    if minor not in plan.prices:
        allowed = ", ".join(Money(price, plan.currency).format() for price in plan.prices)
        raise InputError("NOT_ALLOWED", "inputs.price", allowed=allowed)
    sales = cast("int", inputs["sales"])
    if sales > offers:
        raise InputError("TOO_LARGE", "inputs.sales", limit=offers)
    position = plan.prices.index(minor)
    estimates = list(state.estimates)
    if plan.policy == "exp3":
        gained = float(plan.gains[position]) * sales / float(chances(plan, state)[position])
        estimates[position] = shown(float(estimates[position]) + gained)
    return State(_added(state.offers, position, offers), _added(state.sales, position, sales), tuple(estimates))


def _whole_demand(plan: Plan, state: State, inputs: JsonObject, offers: int) -> State:
    """Add, at every price, how many of the offered would have bought; no more at a higher price than at a lower one."""
    _only(inputs, ("willing",), ("price", "sales"))
    willing = cast("Sequence[int]", inputs["willing"])
    if len(willing) != len(plan.prices):
        raise InputError("WRONG_LENGTH", "inputs.willing", expected=len(plan.prices))
    most = offers
    for index, count in enumerate(willing):
        if count > most:
            raise InputError("TOO_LARGE", f"inputs.willing.{index}", limit=most)
        most = count
    return State(
        tuple(count + offers for count in state.offers),
        tuple(before + count for before, count in zip(state.sales, willing, strict=True)),
        state.estimates,
    )


def _added(counts: Sequence[int], position: int, more: int) -> tuple[int, ...]:
    return (*counts[:position], counts[position] + more, *counts[position + 1 :])


def _only(inputs: JsonObject, needed: Sequence[str], others: Sequence[str]) -> None:
    """Ask for the inputs that the policy reads, and refuse those it does not."""
    for name in needed:
        if name not in inputs:
            raise InputError("REQUIRED", f"inputs.{name}")
    for name in others:
        if name in inputs:
            raise InputError("NOT_FOR_THIS_PLAN", f"inputs.{name}")


def _rounds(plan: Plan, state: State) -> int:
    """Return how many offers were made; with whole demand each is counted at every price."""
    return state.offers[0] if plan.policy == "weights" else state.made


def _state(plan: Plan, inputs: JsonObject) -> State:
    """Return the state given, or a fresh one.

    Raises:
        InputError: WRONG_LENGTH, REQUIRED, NOT_FOR_THIS_PLAN, TOO_LARGE (more sales than offers), OFFERS_DIFFER, HORIZON_REACHED.
    """
    size = len(plan.prices)
    if "state" not in inputs:
        return State((0,) * size, (0,) * size, ("0",) * size if plan.policy == "exp3" else ())
    given = cast("JsonObject", inputs["state"])
    if ("estimates" in given) != (plan.policy == "exp3"):
        raise InputError("NOT_FOR_THIS_PLAN" if "estimates" in given else "REQUIRED", "inputs.state.estimates")
    for name in given:
        if len(cast("Sequence[Json]", given[name])) != size:
            raise InputError("WRONG_LENGTH", f"inputs.state.{name}", expected=size)
    state = State(
        tuple(cast("Sequence[int]", given["offers"])),
        tuple(cast("Sequence[int]", given["sales"])),
        tuple(cast("Sequence[str]", given.get("estimates", ()))),
    )
    for index, (offers, sales) in enumerate(zip(state.offers, state.sales, strict=True)):
        if sales > offers:
            raise InputError("TOO_LARGE", f"inputs.state.sales.{index}", limit=offers)
    if plan.policy == "weights" and len(set(state.offers)) > 1:
        raise InputError("OFFERS_DIFFER", "inputs.state.offers")
    if _rounds(plan, state) > plan.horizon:
        raise InputError("HORIZON_REACHED", "inputs.state.offers", left=plan.horizon)
    return state


def _regret(plan: Plan, state: State) -> dict[str, Json]:
    """Return what the price that looks best would have brought beyond what was sold, and that over √(T ln T).

    An estimate: the best price's mean is itself seen in its own offers only. Not for whole demand, where no price was posted.
    """
    made = state.made
    if plan.policy == "weights" or made == 0:
        return {}
    revenue = [price * sold for price, sold in zip(plan.prices, state.sales, strict=True)]
    best = max(Fraction(money, tried) for money, tried in zip(revenue, state.offers, strict=True) if tried)
    regret = best * made - sum(revenue)
    shape = float(regret) / plan.prices[-1] / math.sqrt(made * math.log(made)) if made > 1 else 0.0
    return {"regret_estimate_minor": str(round(regret)), "regret_over_sqrt_t_log_t": shown(shape)}


LEARN: Final = Model(
    key="learn",
    version=1,
    name=Text("Learning price", "学习定价"),
    help=Text(
        "Finds a good posted price by trying a few: UCB1 for steady demand, Exp3 for changing demand, weights where demand is known at "
        "every price. One price for everybody, from total offers and sales only. Store the state it returns and hand it back.",
        "通过试价寻找较优的公开价格：需求稳定用 UCB1，需求变动用 Exp3，各价位需求已知时用乘性权重。"
        "对所有买方同一价格，只依据总报价数与成交数。请保存返回的状态并在下次传回。",
    ),
    params_schema=PARAMS,
    operations={Verb.PROPOSE: Operation(PROPOSED, _propose, seeded=True), Verb.OBSERVE: Operation(OBSERVED, _observe)},
    sentences={
        "POSTED": ("Price posted after {offers} offers", "第 {offers} 次报价后的公开价格"),
        "OBSERVED": ("{offers} offers observed", "已观察 {offers} 次报价"),
    },
    examples=EXAMPLES,
    check_params=read_plan,
)

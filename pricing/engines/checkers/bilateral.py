"""The checkers of a price between one seller and one buyer, and of prices that learn from demand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from pricing.engines.checkers.property import Property, Witness


@dataclass(frozen=True, slots=True)
class Trade:
    """A trade, in any one unit of money: what the buyer pays and what the seller receives."""

    paid: Fraction
    received: Fraction


Mechanism = Callable[[Fraction, Fraction], "Trade | None"]
"""What follows from the seller's stated cost and the buyer's stated value: a trade, or none."""

EFFICIENT: Final = "bilateral_efficient"
TRUTHFUL: Final = "bilateral_truthful"
RATIONAL: Final = "bilateral_rational"
BALANCED: Final = "bilateral_balanced"
GIVES_UP_ONE: Final = "bilateral_gives_up_one"
ANONYMOUS: Final = "learn_anonymous"


def efficient(mechanism: Mechanism, cost: Fraction, value: Fraction) -> Witness | None:
    """Check, at true statements, that there is a trade exactly where the value is at least the cost."""
    traded = mechanism(cost, value) is not None
    return None if traded == (value >= cost) else {"cost": str(cost), "value": str(value), "traded": str(traded).lower()}


def rational(mechanism: Mechanism, cost: Fraction, value: Fraction) -> Witness | None:
    """Check, at true statements, that the buyer pays no more than the value and the seller receives no less than the cost."""
    trade = mechanism(cost, value)
    if trade is None or (trade.paid <= value and trade.received >= cost):
        return None
    return {"cost": str(cost), "value": str(value), "paid": str(trade.paid), "received": str(trade.received)}


def balanced(mechanism: Mechanism, cost: Fraction, value: Fraction) -> Witness | None:
    """Check that what the buyer pays is what the seller receives."""
    trade = mechanism(cost, value)
    if trade is None or trade.paid == trade.received:
        return None
    return {"cost": str(cost), "value": str(value), "paid": str(trade.paid), "received": str(trade.received)}


def truthful(mechanism: Mechanism, cost: Fraction, value: Fraction, statements: Sequence[Fraction]) -> Witness | None:
    """Check that neither side gains by making any of these statements in place of the truth, the other side being truthful.

    Returns:
        None, or who gains most, what it would state, and its gain over the truth.
    """
    buyer = {stated: _buyer_gain(mechanism(cost, stated), value) for stated in (value, *statements)}
    seller = {stated: _seller_gain(mechanism(stated, value), cost) for stated in (cost, *statements)}
    for side, truth, gains in (("buyer", value, buyer), ("seller", cost, seller)):
        stated = max(gains, key=lambda statement: gains[statement])
        if gains[stated] > gains[truth]:
            told = {"cost": str(cost), "value": str(value), "side": side, "states": str(stated)}
            return {**told, "gains": str(gains[stated] - gains[truth])}
    return None


def _buyer_gain(trade: Trade | None, value: Fraction) -> Fraction:
    return Fraction(0) if trade is None else value - trade.paid


def _seller_gain(trade: Trade | None, cost: Fraction) -> Fraction:
    return Fraction(0) if trade is None else trade.received - cost


def gives_up_one(claimed: Sequence[str]) -> Witness | None:
    """Refuse a set of claims that promises all four of efficient, truthful, rational and balanced.

    No mechanism between one seller and one buyer with private, independent and overlapping valuations has all four, even with truth only a
    Bayesian equilibrium.

    Source: Myerson and Satterthwaite, Efficient mechanisms for bilateral trading, Journal of Economic Theory 29 (1983).
    """
    four = (EFFICIENT, TRUTHFUL, RATIONAL, BALANCED)
    return {"claimed": ", ".join(four)} if set(four) <= set(claimed) else None


def anonymous(answer: Callable[[Sequence[bool]], object], bought: Sequence[bool]) -> Witness | None:
    """Check that an answer stays the same when the buyers of one period change places: who bought is not used, only how many."""
    expected = answer(bought)
    for shift in range(1, len(bought)):
        if answer([*bought[shift:], *bought[:shift]]) != expected:
            return {"places": shift}
    return None if answer(bought[::-1]) == expected else {"places": "reversed"}


PROPERTIES: Final = (
    Property(
        19,
        EFFICIENT,
        efficient,
        ("A trade takes place exactly where the value reaches the cost, both as stated", "按双方申报，价值不低于成本即成交"),
    ),
    Property(19, TRUTHFUL, truthful, ("Neither side gains by misstating", "任何一方均不因虚报而获益")),
    Property(
        19,
        RATIONAL,
        rational,
        (
            "The buyer never pays more than its stated value, the seller never receives less than its stated cost",
            "买方所付不超过其申报价值，卖方所得不低于其申报成本",
        ),
    ),
    Property(19, BALANCED, balanced, ("The seller receives what the buyer pays, before fees", "费用前，卖方所得等于买方所付")),
    Property(
        19,
        GIVES_UP_ONE,
        gives_up_one,
        (
            "Not all of efficient, truthful, rational and balanced are claimed, since no mechanism has all four",
            "不同时声称有效、如实、理性与平衡，因无机制能兼得",
        ),
    ),
    Property(16, ANONYMOUS, anonymous, ("The price follows total demand, never who the buyers are", "价格只取决于总需求，与买方身份无关")),
)

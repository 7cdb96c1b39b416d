"""The arithmetic of a bargain: who gets which part of the gain from trade, and what strategic statements lose of it. Exact fractions."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

FIRST_BEST_GAIN: Final = Fraction(1, 6)


def price_between(cost: Fraction, value: Fraction, sellers_part: Fraction) -> Fraction:
    """Return the price that gives the seller this part, from 0 to 1, of the gain value - cost.

    With α the buyer's power, 1 - α is the seller's part in Nash's bargain: α · cost + (1 - α) · value maximises
    (value - p)^α · (p - cost)^(1 - α). With k the weight of the ask, 1 - k is the part of the one who asks in a double auction.

    Source: Nash, The bargaining problem, Econometrica 18 (1950); with unequal powers, Roth, Axiomatic Models of Bargaining (1979).
    """
    return (1 - sellers_part) * cost + sellers_part * value


def proposers_share(proposer: Fraction, responder: Fraction) -> Fraction:
    """Return the proposer's part of the gain in alternating offers: (1 - δ₂)/(1 - δ₁·δ₂).

    Args:
        proposer: δ₁, what waiting one round leaves of a gain to the one who proposes first; below 1.
        responder: δ₂, the same for the other; below 1.

    Source: Rubinstein, Perfect equilibrium in a bargaining model, Econometrica 50 (1982).
    """
    return (1 - responder) / (1 - proposer * responder)


def sellers_share(seller: Fraction, buyer: Fraction, *, seller_first: bool) -> Fraction:
    """Return the seller's part of the gain when either side proposes first."""
    return proposers_share(seller, buyer) if seller_first else 1 - proposers_share(buyer, seller)


@dataclass(frozen=True, slots=True)
class LinearEquilibrium:
    """How both sides state their valuations in equilibrium: a slope times the valuation plus a constant.

    Attributes:
        gain: expected gain from trade, on valuations uniform on [0, 1]; all possible gains are 1/6.
    """

    buyer_slope: Fraction
    buyer_constant: Fraction
    seller_slope: Fraction
    seller_constant: Fraction
    gain: Fraction


def linear_equilibrium(ask_weight: Fraction) -> LinearEquilibrium:
    """Return the linear equilibrium of a k-double auction, cost and value independent and uniform on [0, 1].

    With b = 1 - k the weight of the bid: the buyer states v/(1 + b) + b(1 - b)/(2(1 + b)), the seller c/(2 - b) + (1 - b)/2. They trade
    where c <= m(v - s) with m = (2 - b)/(1 + b) and s = (1 - b)/2, so the expected gain is the integral over v from s to 1 of
    v·m(v - s) - m²(v - s)²/2, which is mL³/3 + smL²/2 - m²L³/6 with L = 1 - s. For k = 1/2 that is 9/64.

    Source: Chatterjee and Samuelson, Bargaining under incomplete information, Operations Research 31 (1983).
    """
    bid_weight = 1 - ask_weight
    buyer_slope, seller_slope = 1 / (1 + bid_weight), 1 / (2 - bid_weight)
    start = (1 - bid_weight) / 2
    length, slope = 1 - start, (2 - bid_weight) / (1 + bid_weight)
    gain = slope * length**3 / 3 + start * slope * length**2 / 2 - slope**2 * length**3 / 6
    return LinearEquilibrium(
        buyer_slope=buyer_slope,
        buyer_constant=bid_weight * (1 - bid_weight) / 2 * buyer_slope,
        seller_slope=seller_slope,
        seller_constant=(1 - bid_weight) / 2,
        gain=gain,
    )


def posted_price_gain(price: Fraction) -> Fraction:
    """Return the expected gain from trade at a posted price, cost and value independent and uniform on [0, 1]: p(1 - p)/2."""
    return price * (1 - price) / 2

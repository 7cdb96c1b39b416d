"""Policies that learn a price from how many bought at each: UCB1, Exp3 and multiplicative weights over a grid of prices.

Arrays have prices on their last axis, so that many independent runs go side by side. All numbers are advice: no amount is computed from
them but the choice of one price of the grid.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

EXPLORATION: Final = 2.0


def grid_size(horizon: int) -> int:
    """Return how many prices to try over so many offers: ⌈(T / ln T)^(1/4)⌉, for a horizon of at least 2.

    Source: Kleinberg and Leighton, The value of knowing a demand curve, FOCS 2003.
    """
    return math.ceil(math.pow(horizon / math.log(horizon), 0.25))


def ucb1_choice(gains: Floats, offers: Ints, sales: Ints, made: int) -> Ints:
    """Return the index of the price with the greatest upper confidence bound; one never offered goes first; ties to the lower index.

    An offer at gain g brings 0 or g, so its bound is g · (sales/offers + √(2 ln t / offers)): Hoeffding's inequality on [0, g]. (UCB1 as
    printed takes [0, 1] for every price and explores low prices more than they can be worth.)

    Args:
        gains: shape (K,), what a sale at each price brings, over the greatest price.
        offers: shape (…, K), how often each price was offered.
        sales: shape (…, K), how often it was bought.
        made: t, the offers in all, the same in every run.

    Source: Auer, Cesa-Bianchi and Fischer, Finite-time analysis of the multiarmed bandit problem, Machine Learning 47 (2002).
    """
    tried = np.maximum(offers, 1)
    bounds = gains * (sales / tried + np.sqrt(EXPLORATION * math.log(max(made, 1)) / tried))
    choice: Ints = np.argmax(np.where(offers == 0, np.inf, bounds), axis=-1)
    return choice


def exp3_exploration(arms: int, horizon: int) -> float:
    """Return Exp3's part of uniform exploration, min(1, √(K ln K / ((e - 1) T)))."""
    return min(1.0, math.sqrt(arms * math.log(arms) / ((math.e - 1) * horizon)))


def exp3_chances(estimates: Floats, exploration: float) -> Floats:
    """Return the chance of each price: weights exp(γ·Ĝ/K) mixed with uniform exploration γ.

    Args:
        estimates: shape (…, K), the sum of gains over the chance that each was offered with, in [0, ∞).
        exploration: γ, from 0 to 1.

    Source: Auer, Cesa-Bianchi, Freund and Schapire, The nonstochastic multiarmed bandit problem, SIAM Journal on Computing 32 (2002).
    """
    arms = estimates.shape[-1]
    mixed: Floats = (1 - exploration) * _softmax(exploration / arms * estimates) + exploration / arms
    return mixed


def hedge_rate(arms: int, horizon: int) -> float:
    """Return the learning rate √(8 ln K / T) of multiplicative weights."""
    return math.sqrt(8 * math.log(arms) / horizon)


def hedge_chances(gains: Floats, rate: float) -> Floats:
    """Return the chance of each price when the gain of every price is known in every round: weights exp(η·G).

    Source: Cesa-Bianchi and Lugosi, Prediction, Learning, and Games (2006), theorem 2.2.
    """
    return _softmax(rate * gains)


def drawn(chances: Floats, uniform: Floats) -> Ints:
    """Return the index that uniform numbers in [0, 1), shape (…), pick by the chances, shape (…, K)."""
    reached = np.cumsum(chances, axis=-1) > np.asarray(uniform)[..., None]
    picked: Ints = np.where(reached.any(axis=-1), np.argmax(reached, axis=-1), chances.shape[-1] - 1)
    return picked


def _softmax(scores: Floats) -> Floats:
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares: Floats = raised / raised.sum(axis=-1, keepdims=True)
    return shares

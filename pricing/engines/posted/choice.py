"""Estimates how buyers choose, and the best price of one more option, by the conditional logit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MAX_STEPS: Final = 100
TOLERANCE: Final = 1e-9
LARGEST: Final = 50.0
LOOSEST: Final = 1e5
NORMAL_QUANTILE: Final = 1.959963984540054


class NoEstimateError(ValueError):
    """The choices do not determine the coefficients: an attribute never differs, or predicts every choice."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Coefficients of a conditional logit, shape (k,), their covariance, shape (k, k), and the log-likelihood."""

    coefficients: Floats
    covariance: Floats
    log_likelihood: float


def conditional_logit(options: Floats, chosen: NDArray[np.int64], weights: Floats | None = None) -> Estimate:
    """Return the maximum likelihood estimate of P(choose j) = exp(x_j b) / sum over the options of exp(x_l b).

    Newton's method with halved steps on a concave function; a few steps of O(n j k^2). Only what differs within a situation counts, so
    attributes are taken from their mean there, in units of their spread. In these units a coefficient beyond ``LARGEST``, or of a variance
    beyond ``LOOSEST``, means that the likelihood rises without end.

    Args:
        options: attributes, shape (n, j, k); an option that was not offered is all NaN.
        chosen: index of the chosen option, shape (n,); it was offered.
        weights: how often each situation occurred, shape (n,); once, if None.

    Raises:
        NoEstimateError: as said there.

    Source: McFadden (1974); Greene, Econometric Analysis, on the choice of travel mode.
    """
    offered = ~np.isnan(options[:, :, 0])
    apart = np.where(offered[:, :, None], options - np.nanmean(options, axis=1, keepdims=True), 0.0)
    scale = np.sqrt((apart**2).sum(axis=(0, 1)) / offered.sum())
    if not np.all(scale > TOLERANCE * np.nanmax(np.abs(options), axis=(0, 1))):
        raise NoEstimateError
    scaled = apart / scale
    times = np.ones(len(options)) if weights is None else weights
    coefficients = np.zeros(options.shape[2])
    value, slope, curvature = _likelihood(scaled, offered, chosen, times, coefficients)
    for _ in range(MAX_STEPS):
        if np.max(np.abs(slope)) <= TOLERANCE * max(1.0, float(times.sum())):
            break
        step = _solve(curvature, slope)
        while True:
            tried = _likelihood(scaled, offered, chosen, times, coefficients + step)
            if tried[0] >= value or np.max(np.abs(step)) < TOLERANCE:
                break
            step = step / 2
        coefficients = coefficients + step
        value, slope, curvature = tried
        if np.max(np.abs(coefficients)) > LARGEST:
            raise NoEstimateError
    else:
        raise NoEstimateError
    covariance = _solve(curvature, np.eye(len(scale)))
    if np.max(np.diag(covariance)) > LOOSEST:
        raise NoEstimateError
    return Estimate(coefficients / scale, covariance / np.outer(scale, scale), value)


def _solve(curvature: Floats, right: Floats) -> Floats:
    if np.linalg.cond(curvature) > 1 / np.finfo(float).eps / 100:
        raise NoEstimateError
    return np.linalg.solve(curvature, right).astype(np.float64)


def _likelihood(
    options: Floats, offered: NDArray[np.bool_], chosen: NDArray[np.int64], times: Floats, coefficients: Floats
) -> tuple[float, Floats, Floats]:
    """Return the log-likelihood, its gradient and its negative Hessian."""
    utility = np.where(offered, options @ coefficients, -np.inf)
    utility -= utility.max(axis=1, keepdims=True)
    odds = np.exp(utility)
    total = odds.sum(axis=1)
    shares = odds / total[:, None]
    rows = np.arange(len(options))
    value = float(times @ (utility[rows, chosen] - np.log(total)))
    mean = np.einsum("nj,njk->nk", shares, options)
    slope = times @ (options[rows, chosen] - mean)
    away = options - mean[:, None, :]
    curvature = np.einsum("n,nj,njk,njl->kl", times, shares, away, away, optimize=True)
    return value, slope, curvature


def worth(estimate: Estimate, attribute: int, price: int) -> tuple[float, float]:
    """Return what one more unit of an attribute is worth, in units of the price, and the half-width of its 95% interval.

    Minus the ratio of the coefficients; the interval by the delta method.
    """
    ratio = estimate.coefficients[attribute] / estimate.coefficients[price]
    spread = estimate.covariance
    variance = spread[attribute, attribute] - 2 * ratio * spread[attribute, price] + ratio**2 * spread[price, price]
    return -float(ratio), NORMAL_QUANTILE * math.sqrt(max(float(variance), 0.0)) / abs(float(estimate.coefficients[price]))


def best_logit_price(appeal: float, sensitivity: float, cost: float = 0.0) -> tuple[float, float]:
    """Return the price that maximises (p - cost) * share(p), and the share that then buys.

    share(p) = 1 / (1 + exp(-(appeal - sensitivity * p))). The condition p - cost = 1 / (sensitivity * (1 - share)) has the solution
    share = w / (1 + w) with w e^w = exp(appeal - sensitivity * cost - 1), so w is Wright's omega.

    Args:
        appeal: utility of the option at price zero, less the log of the sum of the exponentials of the other options' utilities.
        sensitivity: positive, utility lost per unit of price.
        cost: of one copy, in the unit of the price.
    """
    odds = float(np.real(scipy.special.wrightomega(appeal - sensitivity * cost - 1.0)))
    return cost + (1.0 + odds) / sensitivity, odds / (1.0 + odds)

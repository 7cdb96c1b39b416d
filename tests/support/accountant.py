"""How much privacy a number of noisy counts of sampled points costs: what a test needs to hold a published noise against its guarantee.

Source: the privacy loss of the Poisson-subsampled Gaussian mechanism, composed by convolution on a grid; Koskela, Jälkö and Honkela,
AISTATS 2020.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

REACH = 8.0
CELLS = 2**20


def epsilon_spent(noise: float, sampled: float, steps: int, delta: float) -> float:
    """The epsilon that holds with this delta after so many counts.

    Args:
        noise: standard deviation, where one point changes a count by one.
        sampled: the chance with which a point is in a sample.
        steps: how many counts.
        delta: positive.
    """
    worst = 0.0
    for more_first in (True, False):
        losses, chances = _losses(noise, sampled, more_first=more_first)
        step = losses[1] - losses[0]
        total = np.fft.irfft(np.fft.rfft(np.fft.ifftshift(chances)) ** steps, CELLS)
        total = np.clip(np.fft.fftshift(total), 0.0, None)
        tail, weighted = np.cumsum(total[::-1])[::-1], np.cumsum((total * np.exp(-losses))[::-1])[::-1]
        deltas = tail - np.exp(losses) * weighted
        worst = max(worst, float(losses[np.argmax((deltas <= delta) & (losses >= 0))]) + steps * step / 2)
    return worst


def _losses(noise: float, sampled: float, *, more_first: bool) -> tuple[np.ndarray, np.ndarray]:
    """The grid of losses around zero, and the chance of each in one count with the point there (``more_first``) or away."""
    points = np.linspace(-12 * noise, 12 * noise + 1, 2_000_001)
    middles = (points[1:] + points[:-1]) / 2
    away = np.diff(norm.cdf(points, scale=noise))
    there = (1 - sampled) * away + sampled * np.diff(norm.cdf(points, loc=1, scale=noise))
    ratio = np.log1p(sampled * np.expm1((middles - 0.5) / noise**2))
    loss, chance = (ratio, there) if more_first else (-ratio, away)
    losses = (np.arange(CELLS) - CELLS // 2) * (2 * REACH / CELLS)
    cells = np.clip(np.rint(loss / (2 * REACH / CELLS)).astype(int) + CELLS // 2, 0, CELLS - 1)
    return losses, np.bincount(cells, weights=chance, minlength=CELLS)

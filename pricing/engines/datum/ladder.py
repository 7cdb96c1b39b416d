"""The one recursion behind every exact value of a nearest-neighbour classifier, written once for fractions and for floats.

Order the points by distance from a test point, nearest first, and let ``m_i`` be 1 where the label of the i-th equals the test's. A
semivalue of the classifier's accuracy is then a walk from the farthest point to the nearest,

    s_N = last * m_N + per_match * (m_1 + … + m_N) + constant,        s_i = s_(i+1) + step_i * (m_i - m_(i+1)),

because swapping two neighbours in rank changes the utility only through ``m_i - m_(i+1)``, and by an amount that depends on the rank alone.
With ``v(S) = (1/K) * (matches among the min(K, |S|) nearest of S)`` the step is ``P_i / K``, where ``P_i`` is the probability that fewer
than K of the i - 1 nearer points are in the random coalition that the semivalue averages over.

Each function takes ``ranks``, the numbers 1 … N as fractions (dtype object) or as float64, and answers in the same kind of number.

Source: Jia et al., PVLDB 12(11), 2019 (Shapley, N >= K); the rest, and N < K, derived here and held to brute force by property 30.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Numbers: TypeAlias = NDArray[Any]
"""Shape (n,): fractions (dtype object) or float64."""
_RAISE: Final = 2.0**512


@dataclass(frozen=True, slots=True)
class Ladder:
    """The coefficients of the walk.

    Attributes:
        steps: shape (n,); ``steps[i - 1]`` is ``step_i`` and the last is ``last``.
        per_match: added to the farthest point's value for every match in the whole set.
        constant: added to the farthest point's value.
    """

    steps: Numbers
    per_match: Any
    constant: Any


def exact_ranks(count: int) -> Numbers:
    """Return 1 … ``count`` as fractions."""
    ranks = np.empty(count, dtype=object)
    ranks[:] = [Fraction(rank) for rank in range(1, count + 1)]
    return ranks


def float_ranks(count: int) -> NDArray[np.float64]:
    """Return 1 … ``count`` as floats."""
    return np.arange(1, count + 1, dtype=np.float64)


def shapley(ranks: Numbers, k: int) -> Ladder:
    """Return the ladder of the Shapley value: ``P_i = min(K, i) / i``, so a step is ``1 / max(K, i)``; right for N < K too. O(N)."""
    return _plain(1 / np.maximum(ranks, ranks[0] * k), ranks)


def leave_one_out(ranks: Numbers, k: int) -> Ladder:
    """Return the ladder of leave-one-out: the coalition is everybody else, so ``P_i`` is 1 up to rank K and 0 beyond. O(N)."""
    steps = ranks * 0
    steps[:k] += ranks[0] / k
    return _plain(steps, ranks)


def banzhaf(ranks: Numbers, k: int) -> Ladder:
    """Return the ladder of the Banzhaf value: each other point is in by a fair coin, ``P_i = P(Bin(i - 1, 1/2) < K)``. O(N)."""
    half = ranks[0] / 2
    return _plain(_fewer_than(ranks, k, lambda _joined, _seen: half), ranks)


def beta_shapley(ranks: Numbers, k: int, alpha: int, beta: int) -> Ladder:
    """Return the ladder of the Beta(alpha, beta) semivalue: an urn; the chance to join is ``(beta + joined) / (alpha + beta + seen)``.

    ``alpha = beta = 1`` is Shapley; a larger alpha looks at smaller coalitions. O(N).

    Source: Kwon and Zou, Beta Shapley, AISTATS 2022, whose weight ``B(s + beta, n - 1 - s + alpha)`` is a mixture of coins.
    """
    one = ranks[0]
    return _plain(_fewer_than(ranks, k, lambda joined, seen: one * (beta + joined) / (alpha + beta + seen)), ranks)


def soft_shapley(ranks: Numbers, k: int, classes: int) -> Ladder:
    """Return the ladder of the Shapley value where the accuracy is the mean over the neighbours there are.

    ``v(S) = mean of the matches among the min(K, |S|) nearest``, and ``v({}) = 1 / classes``, a blind guess. O(N + K).

    Source: Wang and Jia, arXiv 2304.04258, for N > K; N <= K derived here.
    """
    count, one = len(ranks), ranks[0]
    guess = one / (classes * count)
    if count == 1:
        return Ladder(ranks * 1, one * 0, -guess)
    inside, pairs = min(k, count), count * (count - 1)
    before, harmonic = min(k, count - 1), (1 / ranks[:inside]).sum()
    short = (1 / ranks[:before]).sum()
    steps = (short + ((count - 1) * np.minimum(ranks, one * k) / ranks - before) / k) / (count - 1)
    steps[-1] = (count * harmonic - 1) / pairs
    return Ladder(steps, (1 - harmonic) / pairs, -guess)


def _plain(steps: Numbers, ranks: Numbers) -> Ladder:
    """Return a ladder of a utility that is zero without data: the farthest point only ever adds its own match."""
    return Ladder(steps, ranks[0] * 0, ranks[0] * 0)


def _fewer_than(ranks: Numbers, k: int, joins: Callable[[int, int], Any]) -> Numbers:
    """Return ``P_i / K`` where each nearer point in turn joins with the chance ``joins(joined, seen)``.

    ``full`` is the probability that exactly K - 1 have joined after i - 1 points; P falls by the chance that one more then joins. It may
    begin below the least float and rise again, so a float is kept ``raised`` times 2^512 larger, and P does not feel it until then.
    """
    one = ranks[0]
    chances = ranks * 0 + one
    full, raised = one, 0
    for joined in range(min(k, len(ranks)) - 1):
        full = full * joins(joined, joined)
        if isinstance(full, float) and full < 1 / _RAISE:
            full, raised = full * _RAISE, raised + 1
    for seen in range(k - 1, len(ranks) - 1):  # chances[seen] belongs to rank seen + 1, which has ``seen`` nearer points
        chances[seen + 1] = chances[seen] - (0 if raised else full * joins(k - 1, seen))
        # the next stays out, and which K - 1 of those seen had joined can be chosen in (seen + 1) / (seen + 2 - K) times as many ways
        full = full * (one - joins(k - 1, seen)) * (seen + 1) / (seen + 2 - k)
        if raised and full > 1:
            full, raised = full / _RAISE, raised - 1
    steps: Numbers = chances / k
    return steps

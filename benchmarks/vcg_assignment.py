"""Claim: the VCG payments of 1,000 bidders for 1,000 items come at least 100 times as fast as by solving again without each bidder."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from benchmarks.claim import Better, Claim, Contest, VersusPeer
from benchmarks.peers import PeerFailed
from pricing.engines import draws
from pricing.engines.auctions.assignment import Assignment, assign

SIZE: Final = 1_000
BELOW_MINOR: Final = 10**8
SOLVED: Final = 20
"""How many of the 1,001 solves of the naive way are timed in a round; the others are like them, each one bidder short."""


def table() -> NDArray[np.int64]:
    """Values in minor units, the same for every contestant and round."""
    return draws.integers(1, "vcg_assignment", SIZE * SIZE, BELOW_MINOR).reshape(SIZE, SIZE)


def pay_at_once(values: NDArray[np.int64]) -> float:
    """CPU seconds for the assignment, all payments, their proof and the rule for ties, in exact integers."""
    began = time.process_time()
    assign(values)
    return time.process_time() - began


def pay_one_by_one(values: NDArray[np.int64], ours: Assignment, round_number: list[int]) -> float:
    """CPU seconds that scipy takes for all 1,001 solves, from the first and those without 19 bidders, others in each round.

    Only the solver is timed, on floats made before; the payments it gives must be ours.
    """
    round_number[0] += 1
    floats = values.astype(np.float64)
    spent, whole = _solve(floats)
    for bidder in range(round_number[0], SIZE, SIZE // (SOLVED - 1))[: SOLVED - 1]:
        seconds, without = _solve(np.delete(floats, bidder, axis=0))
        spent += seconds
        item = ours.chosen[bidder]
        if without - (whole - int(values[bidder, item])) != ours.prices[item]:
            message = f"the payments of bidder {bidder} differ"
            raise PeerFailed(message)
    return spent / SOLVED * (SIZE + 1)


def _solve(floats: NDArray[np.float64]) -> tuple[float, int]:
    began = time.process_time()
    rows, columns = linear_sum_assignment(floats, maximize=True)
    return time.process_time() - began, int(floats[rows, columns].sum())


@contextmanager
def contest(_plain: str) -> Iterator[Contest]:
    """Our assignment with its payments, and the way of the definition with scipy's solver."""
    values = table()
    ours, rounds = assign(values), [0]
    yield Contest(ours=lambda: pay_at_once(values), peer=lambda: pay_one_by_one(values, ours, rounds))


CLAIM: Final = Claim(
    says=(
        "The VCG payments of 1,000 bidders for 1,000 items come at least 100 times as fast as by 1,001 solves with scipy"
        " (20 of them timed in each round, the sum scaled up to 1,001)."
    ),
    unit="CPU s",
    better=Better.LOWER,
    goal=VersusPeer(100),
    open=contest,
    peer=f"scipy {scipy.__version__} linear_sum_assignment, once for all and once without each bidder",
)

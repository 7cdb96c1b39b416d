"""Claim: one core rates 20,000 tiered bills a second, each with its lines, its claims and the digest that it is replayed by."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from benchmarks.claim import Absolute, Better, Claim, Contest
from pricing.engines.catalogue import model_at
from pricing.engines.model import Verb

BILLS: Final = 10_000


def rate_bills() -> float:
    """Bills a second of a graduated three-tier plan, prepared within the measured time; quantities of 0 to 999, across all tiers."""
    metered = model_at("metered")
    began = time.perf_counter()
    plan = metered.prepared(metered.examples[0].params)
    for number in range(BILLS):
        plan.run(Verb.RATE, inputs={"quantity": str(number % 1_000)})
    return BILLS / (time.perf_counter() - began)


@contextmanager
def contest(_plain: str) -> Iterator[Contest]:
    """The engine alone: no database, no peer that runs here."""
    yield Contest(ours=rate_bills)


CLAIM: Final = Claim(
    says="One core rates 20,000 tiered bills a second, each with its lines, its claims and the digest that it is replayed by.",
    unit="bills/s",
    better=Better.HIGHER,
    goal=Absolute(20_000, scaled_by="node_hashes_per_s"),
    open=contest,
)

"""Claim: of the look-ups under full load, ninety-nine in a hundred are answered within 100 ms."""

from __future__ import annotations

from typing import Final

from benchmarks.claim import Absolute, Better, Claim
from benchmarks.resolver_http import PEER, contest_of

CLAIM: Final = Claim(
    says="Under as many requests as the resolver can answer, on 16 connections, 99 of 100 are answered within 100 ms.",
    unit="ms",
    better=Better.LOWER,
    goal=Absolute(100.0, scaled_by="node_hashes_per_s"),
    open=contest_of("p99_ms"),
    peer=PEER,
)

"""Claim: the exact Shapley value of 20 players takes no more memory at its peak than shapiq's."""

from __future__ import annotations

from typing import Final

from benchmarks.claim import Better, Claim, VersusPeer
from benchmarks.shapley_exact import PEER, contest_of

CLAIM: Final = Claim(
    says="The exact Shapley value of 20 players takes no more memory at its peak, interpreter and libraries included, than shapiq's.",
    unit="MiB",
    better=Better.LOWER,
    goal=VersusPeer(1),
    open=contest_of("peak_mib"),
    peer=PEER,
)

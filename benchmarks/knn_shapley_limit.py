"""Claim: exact nearest-neighbour Shapley values take at most twice what this machine needs to multiply and sort the same pairs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.claim import Better, Claim, Contest, VersusPeer
from benchmarks.valuation import neighbour_data, ours


@contextmanager
def contest(_plain: str) -> Iterator[Contest]:
    """Us, and the bare multiplication in float32 and sort of 64-bit words in the same round."""
    with tempfile.TemporaryDirectory() as path:
        home = Path(path)
        neighbour_data(home / "given.npz")
        yield Contest(
            ours=lambda: float(ours("knn", home)["milliseconds"]),
            peer=lambda: float(ours("limit", home)["milliseconds"]),
        )


CLAIM: Final = Claim(
    says="Exact nearest-neighbour Shapley values take at most twice what this machine needs to multiply and sort the same pairs.",
    unit="ms of one processor",
    better=Better.LOWER,
    goal=VersusPeer(0.5),
    open=contest,
    peer="numpy: float32 matrix product and sort of distance and point in 64-bit words",
)

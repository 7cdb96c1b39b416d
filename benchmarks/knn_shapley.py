"""Claim: exact nearest-neighbour Shapley values of 10,000 points by 100 tests come a hundred times as fast as pyDVL's, and equal them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.claim import Better, Claim, Contest, VersusPeer
from benchmarks.peers import PeerFailed, python_of
from benchmarks.valuation import Side, neighbour_data, ours

TOLERANCE: Final = 1e-15
"""Values are near 1e-4; those of different summation order differ by a few 1e-18."""


def agree(home: Path) -> str:
    """How far our values are from the peer's; raises beyond the tolerance."""
    with np.load(home / "knn.npz") as one, np.load(home / "pydvl.npz") as other:
        gap = float(np.abs(one["values"] - other["values"]).max())
    if gap > TOLERANCE:
        message = f"values differ from the peer's by {gap:.2g}"
        raise RuntimeError(message)
    return f"values agree to {gap:.2g}"


@contextmanager
def contest(_plain: str) -> Iterator[Contest]:
    """Us, pyDVL where its environment can be made, and the multiplication and sort that any exact method needs."""
    with tempfile.TemporaryDirectory() as path:
        home = Path(path)
        neighbour_data(home / "given.npz")
        ours("knn", home)  # compiles the kernels on a fresh checkout, which is no part of the task
        side = Side("knn", home, agree)
        limit = lambda: float(ours("limit", home)["milliseconds"])  # noqa: E731 one expression, used once
        try:
            python_of("pydvl_values")
        except PeerFailed as error:
            yield Contest(ours=side.ours, limit=limit, not_measured=f"pyDVL: {error}")
        else:
            yield Contest(ours=side.ours, peer=side.theirs, limit=limit)


CLAIM: Final = Claim(
    says="Exact 5-nearest-neighbour Shapley values of 10,000 points by 100 tests in 32 dimensions take a hundredth of pyDVL's time.",
    unit="ms of one processor",
    better=Better.LOWER,
    goal=VersusPeer(100),
    open=contest,
    peer="pyDVL 0.10.0, KNNShapleyValuation, one job",
)

"""Claim: Monte Carlo Shapley values by logistic regression take a thirtieth of pyDVL's time for each model trained."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.claim import Better, Claim, Contest, VersusPeer
from benchmarks.peers import PeerFailed, python_of
from benchmarks.valuation import Side, cancer_data, ours

ALLOWED: Final = 0.02
"""Part of the accuracies that may differ, by tests so near the boundary that the solvers' tolerances decide."""


def agree(home: Path) -> str:
    """How many accuracies along two orders are scikit-learn's own; raises if too many are not."""
    with np.load(home / "logistic.npz") as one, np.load(home / "pydvl.npz") as other:
        same, of = int((one["counts"] == other["counts"]).sum()), len(other["counts"])
    if same < (1 - ALLOWED) * of:
        message = f"only {same} of {of} accuracies equal those of scikit-learn"
        raise RuntimeError(message)
    return f"{same} of {of} accuracies equal those of scikit-learn"


@contextmanager
def contest(_plain: str) -> Iterator[Contest]:
    """Us with 100 permutations, and pyDVL with 10 where its environment can be made; both per model trained."""
    with tempfile.TemporaryDirectory() as path:
        home = Path(path)
        cancer_data(home / "given.npz")
        ours("logistic", home)  # compiles the kernels on a fresh checkout, which is no part of the task
        side = Side("logistic", home, agree)
        try:
            python_of("pydvl_values")
        except PeerFailed as error:
            yield Contest(ours=side.ours, not_measured=f"pyDVL: {error}")
        else:
            yield Contest(ours=side.ours, peer=side.theirs)


CLAIM: Final = Claim(
    says="Monte Carlo Shapley by logistic regression, breast_cancer with 100 points, takes a thirtieth of pyDVL's time per model trained.",
    unit="ms of one processor per model",
    better=Better.LOWER,
    goal=VersusPeer(30),
    open=contest,
    peer="pyDVL 0.10.0, ShapleyValuation with PermutationSampler and scikit-learn's LogisticRegression",
)

"""What the claims about data values share: the data that both contestants are given, and the comparison of answers and memory."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from sklearn.datasets import load_breast_cancer  # type: ignore[import-untyped]  # published without types

from benchmarks.peers import measured_by, measured_here
from pricing.engines import draws

POINTS: Final = 10_000
TESTS: Final = 100
FEATURES: Final = 32
NEIGHBOURS: Final = 5
TRAINED: Final = 100
SCORED: Final = 200
SEED: Final = 20_190_708


def neighbour_data(path: Path) -> None:
    """Write 10,000 points and 100 tests of 32 standard normal features and two classes that one of them tells apart badly."""
    draw = np.random.default_rng(SEED)
    x, x_test = draw.normal(size=(POINTS, FEATURES)), draw.normal(size=(TESTS, FEATURES))
    y, y_test = ((rows[:, 0] + draw.normal(size=len(rows)) > 0).astype(np.int64) for rows in (x, x_test))
    np.savez(path, x=x, y=y, x_test=x_test, y_test=y_test, k=NEIGHBOURS)


def cancer_data(path: Path) -> None:
    """Write 100 training and 200 test points of breast_cancer, standardised, and two orders to compare accuracies along."""
    features, labels = load_breast_cancer(return_X_y=True)
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    order = draws.permutations(SEED, "split", 1, len(labels))[0]
    train, test = order[:TRAINED], order[TRAINED : TRAINED + SCORED]
    orders = draws.permutations(SEED, "compared", 2, TRAINED)
    np.savez(path, x=features[train], y=labels[train], x_test=features[test], y_test=labels[test], orders=orders)


def ours(task: str, home: Path) -> dict[str, Any]:
    """Measure us in a process of its own on ``given.npz`` in a directory."""
    return measured_here("benchmarks.valuation_run", task, str(home / "given.npz"), str(home / f"{task}.npz"))


def theirs(task: str, home: Path) -> dict[str, Any]:
    """Measure pyDVL on the same."""
    return measured_by("pydvl_values", task, str(home / "given.npz"), str(home / "pydvl.npz"))


class Side:
    """Both contestants of a claim: remembers what memory each took, and refuses a round in which we took more."""

    def __init__(self, task: str, home: Path, agree: Callable[[Path], str]) -> None:
        """Compare answers in ``home`` by ``agree``, which says how well they agree or raises."""
        self.task, self.home, self.agree = task, home, agree
        self.peaks: dict[str, float] = {}

    def ours(self) -> float:
        """Measure us, in milliseconds."""
        return self._told("ours", ours(self.task, self.home))

    def theirs(self) -> float:
        """Measure the peer, in milliseconds."""
        return self._told("peer", theirs(self.task, self.home))

    def _told(self, who: str, answer: dict[str, Any]) -> float:
        self.peaks[who] = answer["peak_mib"]
        if len(self.peaks) > 1:
            said = ", ".join(f"{each} {peak:.0f} MiB" for each, peak in sorted(self.peaks.items()))
            print(f"peak memory: {said}; {self.agree(self.home)}", file=sys.stderr, flush=True)
            if self.peaks["ours"] > self.peaks["peer"]:
                message = f"we took more memory than the peer: {said}"
                raise RuntimeError(message)
        return float(answer["milliseconds"])

"""Measures our data values in a process of its own, so that its memory is ours alone, and prints one JSON object.

``python -m benchmarks.valuation_run knn|limit|logistic GIVEN.npz ANSWER.npz``. Times are those of the processor, one thread; the best of
as many runs as the peer has, after one that is not counted, by either.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.peer_programs.peak import peak_mib
from pricing.engines.datum.knn import knn_shapley
from pricing.engines.datum.logistic import Regression
from pricing.engines.datum.sampling import permutation_shapley

PERMUTATIONS: Final = 100
RUNS: Final = 5


def _best(run: Callable[[], object]) -> float:
    """Milliseconds of the processor for the best of some runs, after one that is not counted."""
    run()
    times = []
    for _ in range(RUNS):
        began = time.process_time()
        run()
        times.append(time.process_time() - began)
    return min(times) * 1e3


def _limit(x: NDArray[np.float64], x_test: NDArray[np.float64]) -> float:
    """Milliseconds for the least there is to do: multiply in float32, and sort as many words of distance and point."""
    points, tests = x.astype(np.float32), x_test.astype(np.float32)
    words = np.empty((len(tests), len(points), 2), dtype=np.uint32)
    words[..., 0] = np.arange(len(points))
    words[..., 1] = (np.square(tests).sum(axis=1)[:, None] + np.square(points).sum(axis=1) - 2 * tests @ points.T).view(np.uint32)
    pairs = words.view("<u8")[..., 0]
    return _best(lambda: tests @ points.T) + _best(lambda: np.sort(pairs, axis=1))


def main() -> None:
    """Run one task and print what it took."""
    task, given, answer = sys.argv[1:]
    with np.load(given) as read:
        x, y, x_test, y_test = (read[name] for name in ("x", "y", "x_test", "y_test"))
        k, orders = (int(read["k"]), None) if "k" in read else (0, read["orders"])
    if task == "limit":
        took = _limit(x, x_test)
    elif orders is None:
        took = _best(lambda: knn_shapley(x, y, x_test, y_test, k))
        np.savez(answer, values=knn_shapley(x, y, x_test, y_test, k))
    else:
        game = Regression.of(x, y, x_test, y_test)
        took = _best(lambda: permutation_shapley(game, PERMUTATIONS, seed=0)) / (PERMUTATIONS * len(y))
        np.savez(answer, counts=game.prefixes(orders)[:, 1:].ravel())
    print(json.dumps({"milliseconds": took, "peak_mib": peak_mib()}))


if __name__ == "__main__":
    main()

"""Times pyDVL's values of training points; runs in pyDVL's own environment and prints one JSON object.

``pydvl_values.py knn|logistic GIVEN.npz ANSWER.npz``. Times are those of the processor, one thread; the best of some runs after
one that is not counted.
"""

import json
import sys
import time
import warnings
from typing import Any

import numpy as np
from peak import peak_mib  # type: ignore[import-not-found]  # the file beside this one

warnings.simplefilter("ignore")

from pydvl.valuation import (  # type: ignore[import-not-found]  # noqa: E402  only in the peer's own environment; it warns as it loads
    Dataset,
    KNNShapleyValuation,
    MinUpdates,
    ModelUtility,
    PermutationSampler,
    ShapleyValuation,
    SupervisedScorer,
)
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]  # noqa: E402
from sklearn.neighbors import KNeighborsClassifier  # type: ignore[import-untyped]  # noqa: E402
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # noqa: E402

RUNS = 5
PERMUTATIONS = 10


def main() -> None:
    """Value the given points and write the values, and for ``logistic`` also how many tests scikit-learn gets right with prefixes."""
    task, given, answer = sys.argv[1:]
    with np.load(given) as read, threadpool_limits(1):
        x, y, x_test, y_test = (read[name] for name in ("x", "y", "x_test", "y_test"))
        train, test = Dataset(x, y), Dataset(x_test, y_test)
        best, counts = float("inf"), np.zeros(0)
        for run in range(RUNS + 1):
            if task == "knn":
                valuation = KNNShapleyValuation(KNeighborsClassifier(n_neighbors=int(read["k"])), test, progress=False)
            else:
                utility = ModelUtility(LogisticRegression(), SupervisedScorer("accuracy", test, default=0.0))
                valuation = ShapleyValuation(utility, PermutationSampler(seed=run), MinUpdates(PERMUTATIONS), progress=False)
            began = time.process_time()
            valuation.fit(train)
            best = min(best, time.process_time() - began) if run else best
        peak = peak_mib()
        fits = 1 if task == "knn" else PERMUTATIONS * len(y)
        if task == "logistic":
            counts = np.array(
                [
                    prefix_count(x[seen], y[seen], x_test, y_test)
                    for order in read["orders"]
                    for seen in (order[:size] for size in range(1, len(order) + 1))
                ]
            )
    np.savez(answer, values=valuation.result.values, counts=counts)
    print(json.dumps({"milliseconds": best * 1e3 / fits, "peak_mib": peak}))


def prefix_count(x: Any, y: Any, x_test: Any, y_test: Any) -> int:
    """How many tests the regression gets right, fitted to the end; 0 on one class, the peer's default score."""
    if len(np.unique(y)) == 1:
        return 0
    return int((LogisticRegression(tol=1e-10, max_iter=10_000).fit(x, y).predict(x_test) == y_test).sum())


main()

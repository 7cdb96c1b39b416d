"""The exact nearest-neighbour methods of ``datum``: values of points as fractions, and what copying a point would do to a share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Final, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from pricing.engines.checkers import datum as checkers
from pricing.engines.datum import ladder
from pricing.engines.datum.exact import Whole, ladder_values, nearest_first, squared_distances, threshold_values
from pricing.engines.datum.ladder import Ladder, Numbers
from pricing.engines.datum.reading import SCALE, Given
from pricing.engines.datum.valuation import Valuation, totals_of
from pricing.engines.result import Claim, Standing, exact_text
from pricing.engines.shapes import JsonObject

MAX_COPY_PAIRS: Final = 3_000_000
_LEAST_GAIN: Final = Fraction(1, 10**9)
"""Of the amount: far above the error of the floats, so that what is shown as a gain is one."""
Steps: TypeAlias = Callable[[Numbers], Ladder]
Copied: TypeAlias = Callable[[Sequence[int]], NDArray[np.float64]]
"""Every point's value, as floats, when these points are entered a second time at the end of the list."""


def value_by_neighbours(params: JsonObject, given: Given) -> Valuation:
    """Return the exact values of one of the nearest-neighbour methods."""
    squares = squared_distances(given.points, given.tests)
    if params["method"] == "knn_threshold_shapley":
        return _within_radius(params, given, squares)
    steps = _steps(params, len(given.labels))
    order = nearest_first(squares)
    values = ladder_values(order, given.matches, steps(ladder.exact_ranks(len(given.points))))

    def copied(extra: Sequence[int]) -> NDArray[np.float64]:
        places = [*range(len(given.points)), *extra]
        again = nearest_first(squares[:, places]) if extra else order
        return float_values(again, given.matches[:, places], steps(ladder.float_ranks(len(places))))

    return Valuation(values, _gained(params, given, order), _claims(params, given, copied), {})


def float_values(order: Whole, matches: NDArray[np.bool_], rungs: Ladder) -> NDArray[np.float64]:
    """Return the mean of a ladder's walk over the test points as floats, shape (n,); rows are walked at once. O(M N)."""
    right = np.take_along_axis(matches, order, axis=1).astype(np.float64)
    climbs = (right - np.pad(right[:, 1:], ((0, 0), (0, 1)))) * rungs.steps
    climbs[:, -1] += rungs.per_match * right.sum(axis=1) + rungs.constant
    ranked = np.cumsum(climbs[:, ::-1], axis=1)[:, ::-1]
    return np.bincount(order.ravel(), weights=ranked.ravel(), minlength=order.shape[1]) / len(order)


def _steps(params: JsonObject, classes: int) -> Steps:
    """Return the ladder of a method, for any number of points and either kind of number."""
    k = cast("int", params["k"])
    alpha, beta = (cast("int", params.get(name, 1)) for name in ("alpha", "beta"))
    by_method: Mapping[str, Steps] = {
        "knn_shapley": lambda ranks: ladder.shapley(ranks, k),
        "knn_soft_shapley": lambda ranks: ladder.soft_shapley(ranks, k, classes),
        "knn_beta_shapley": lambda ranks: ladder.beta_shapley(ranks, k, alpha, beta),
        "knn_banzhaf": lambda ranks: ladder.banzhaf(ranks, k),
        "knn_leave_one_out": lambda ranks: ladder.leave_one_out(ranks, k),
    }
    return by_method[cast("str", params["method"])]


def _gained(params: JsonObject, given: Given, order: Whole) -> Fraction:
    """Return the accuracy of the classifier with all points, less that with none."""
    k, tests = cast("int", params["k"]), len(given.tests)
    right = int(np.take_along_axis(given.matches, order[:, :k], axis=1).sum())
    if params["method"] == "knn_soft_shapley":
        return Fraction(right, min(k, len(given.points)) * tests) - Fraction(1, len(given.labels))
    return Fraction(right, k * tests)


def _within_radius(params: JsonObject, given: Given, squares: Whole) -> Valuation:
    """Return the values of the threshold method; only points within the radius of a test are worth anything for it."""
    radius, classes = (Fraction(cast("str", params["radius"])) * SCALE) ** 2, len(given.labels)
    values = threshold_values(squares, given.matches, radius, classes)
    inside = squares <= int(radius)
    sizes, hits = inside.sum(axis=1), (inside & given.matches).sum(axis=1)
    found = sum(
        (Fraction(int(hit), int(size)) if size else Fraction(1, classes) for size, hit in zip(sizes, hits, strict=True)), Fraction(0)
    )

    def copied(extra: Sequence[int]) -> NDArray[np.float64]:
        places = [*range(len(given.points)), *extra]
        return float_threshold_values(inside[:, places], given.matches[:, places], classes)

    return Valuation(values, found / len(sizes) - Fraction(1, classes), _claims(params, given, copied), {})


def float_threshold_values(inside: NDArray[np.bool_], matches: NDArray[np.bool_], classes: int) -> NDArray[np.float64]:
    """Return ``threshold_values`` as floats, from which points are inside; shape (n,). O(M N)."""
    sizes, hits = inside.sum(axis=1)[:, None], (inside & matches).sum(axis=1)[:, None]
    right, wrong = (threshold_value(sizes, hits, match, classes) for match in np.array([True, False]))
    each = np.where(matches, right, wrong) * inside
    mean: NDArray[np.float64] = each.mean(axis=0)
    return mean


def threshold_value(sizes: Whole, hits: Whole, match: NDArray[np.bool_], classes: int) -> NDArray[np.float64]:
    """Return what a point within the radius of a test is worth for it, from counts alone; arrays that fit together.

    Args:
        sizes: how many points are within the radius; where it says none, one is meant.
        hits: how many of them have the test's label.
        match: whether this one has it.
        classes: labels in all.

    Source: Wang et al., NeurIPS 2023, arXiv 2308.15709; the closed form of ``exact.threshold_values``.
    """
    safe = np.maximum(sizes, 1)
    harmonics = np.cumsum(1.0 / np.arange(1, safe.max() + 1))
    harmonic = harmonics[safe - 1]
    others = np.where(safe > 1, (harmonic - 1) / (safe * np.maximum(safe - 1, 1)), 0.0)
    value: NDArray[np.float64] = match * harmonic / safe - others * (hits - match) - 1.0 / (safe * classes)
    return value


def _claims(params: JsonObject, given: Given, copied: Copied) -> tuple[Claim, ...]:
    """Return that the values are exact, and whether some holder gains by entering a point twice."""
    exact = Claim(checkers.POINTS_EXACT, Standing.PROVEN)
    count, tests = given.matches.shape[1], given.matches.shape[0]
    before = copied([])
    best_first = [int(point) for point in np.argsort(-before, kind="stable")]
    tried = best_first[: max(1, MAX_COPY_PAIRS // (count * tests))]

    def shares(extra: Sequence[int]) -> dict[str, Fraction]:
        holders = [*given.holders, *(given.holders[point] for point in extra)]
        return _float_shares(copied(extra).tolist(), holders, each_point=params["negative"] == "point")

    found = checkers.point_replication_robust(shares, given.holders, tried, _LEAST_GAIN)
    if found is not None:
        return exact, Claim(checkers.POINT_REPLICATION_ROBUST, Standing.NOT_HELD, {name: str(value) for name, value in found.items()})
    if len(tried) == count:
        told = {"copies_tried": str(count), "up_to_part": exact_text(_LEAST_GAIN)}
        return exact, Claim(checkers.POINT_REPLICATION_ROBUST, Standing.CHECKED, told)
    return (exact,)  # nothing is claimed of copies that were not tried


def _float_shares(values: Sequence[float], holders: Sequence[str], *, each_point: bool) -> dict[str, Fraction]:
    """Return each holder's part of the amount by the plan's rule for negative values, as floats say it."""
    totals = totals_of([max(value, 0.0) for value in values] if each_point else values, holders)
    positive = {holder: max(total, 0.0) for holder, total in totals.items()}
    whole = sum(positive.values())
    return {holder: Fraction(total / whole if whole > 0 else 0) for holder, total in positive.items()}

"""The logistic methods of ``datum``: sampled from the seed, with the uncertainty stated; leave-one-out is exact."""

from __future__ import annotations

from fractions import Fraction
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from pricing.engines.checkers import datum as checkers
from pricing.engines.datum.logistic import Regression, UnsettledError
from pricing.engines.datum.plan import MAX_LOGISTIC_POINTS
from pricing.engines.datum.reading import SCALE, Given
from pricing.engines.datum.sampling import (
    Estimate,
    beta_shapley,
    leave_one_out,
    permutation_shapley,
    sampled_banzhaf,
    standard_errors,
)
from pricing.engines.datum.valuation import Valuation
from pricing.engines.errors import InputError
from pricing.engines.model import Progress
from pricing.engines.result import Claim, Standing, shown
from pricing.engines.shapes import JsonObject

MAX_CLASSES: Final = 2
MAX_REACH: Final = 100
"""Largest size of a feature here, ample on one scale: beyond it, whether fits settle begins to depend on the machine's last digit."""
MAX_WORK: Final = 2_000_000_000
"""In multiply-adds, or what takes as long: about a second of a core where kernels are compiled, and two where they are not, or at most
twice that with features on different scales."""
_EACH_FIT: Final = 100_000
_FROM_AFAR: Final = 8
"""Regressions on random subsets start from that on all points and take so many times the steps, at worst, of one more point at a time."""


def value_by_regression(params: JsonObject, given: Given, seed: int | None, progress: Progress) -> Valuation:
    """Return the values of one of the logistic methods; the seed is there for those that draw.

    Raises:
        InputError: TWO_CLASSES_ONLY, TOO_MANY, TOO_LARGE, TOO_MUCH_WORK, FITS_UNSETTLED.
    """
    _check_size(params, given)
    _check_features(given)
    strength = float(cast("str", params["penalty"]))
    game = Regression.of(given.points / SCALE, given.point_labels, given.tests / SCALE, given.test_labels, strength=strength)
    try:
        gained = Fraction(int(game.subsets(np.ones((1, game.points), dtype=np.bool_))[0]), game.tests)
        if params["method"] == "logistic_leave_one_out":
            return Valuation(leave_one_out(game), gained, (Claim(checkers.POINTS_EXACT, Standing.PROVEN),), {})
        return _stated(params, given, _sampled(params, game, cast("int", seed), progress), gained)
    except UnsettledError as error:
        raise InputError("FITS_UNSETTLED", "inputs.points") from error


def _sampled(params: JsonObject, game: Regression, seed: int, progress: Progress) -> Estimate:
    rounds = cast("int", params["rounds"])
    if params["method"] == "logistic_banzhaf":
        return sampled_banzhaf(game, rounds, seed=seed, progress=progress)
    if params["method"] == "logistic_shapley":
        return permutation_shapley(game, rounds, seed=seed, progress=progress)
    return beta_shapley(game, rounds, cast("int", params["alpha"]), cast("int", params["beta"]), seed=seed, progress=progress)


def _stated(params: JsonObject, given: Given, estimate: Estimate, gained: Fraction) -> Valuation:
    """Return the estimate with its uncertainty: a proven half-width for each point, standard errors for points and holders."""
    confidence = float(cast("str", params["confidence"]))
    holders = sorted(set(given.holders))
    belongs = np.array([[holder == other for other in holders] for holder in given.holders])
    told = {"confidence": cast("str", params["confidence"]), "rounds": str(params["rounds"]), "assumes": "independent uniform draws"}
    return Valuation(
        estimate.values,
        gained,
        (Claim(checkers.POINT_INTERVALS, Standing.PROVEN, told),),
        {"confidence": params["confidence"], "rounds": params["rounds"]},
        {"half_width": _texts(estimate.half_widths(confidence)), "standard_error": _texts(estimate.standard_errors())},
        {"standard_error": dict(zip(holders, _texts(standard_errors(estimate.samples @ belongs)), strict=True))},
    )


def _texts(numbers: NDArray[np.float64]) -> list[str]:
    return [shown(number) for number in numbers.tolist()]


def _check_size(params: JsonObject, given: Given) -> None:
    """Refuse more than two classes, and what would take more than about two seconds.

    A division is worked out where people wait for it: when it is proposed, when a deal is settled by it, whenever its lines are shown.
    It is the same work each time, whatever the amount, so what this lets pass once never delays a settlement.
    """
    count = len(given.holders)
    if len(given.labels) > MAX_CLASSES:
        raise InputError("TWO_CLASSES_ONLY", "inputs.points")
    if count > MAX_LOGISTIC_POINTS:
        raise InputError("TOO_MANY", "inputs.points", limit=MAX_LOGISTIC_POINTS)
    rounds = cast("int", params.get("rounds", 1))
    subsets, width = params["method"] == "logistic_banzhaf", given.points.shape[1] + 1
    fits, fit = rounds * (2 if subsets else count), width * width * (count + 2 * width) * (_FROM_AFAR if subsets else 1)
    limit = MAX_WORK // (_EACH_FIT + fit)
    if fits > limit:
        raise InputError("TOO_MUCH_WORK", "inputs.points", work=fits, limit=limit)


def _check_features(given: Given) -> None:
    """Refuse a feature above ``MAX_REACH`` in size, which is not on one scale with others, or could be."""
    for name, rows in (("points", given.points), ("tests", given.tests)):
        far = np.argwhere(np.abs(rows) > MAX_REACH * SCALE)
        if len(far):
            raise InputError("TOO_LARGE", f"inputs.{name}.{far[0][0]}.x.{far[0][1]}", limit=MAX_REACH)

"""The logistic methods of ``datum``: sampled from the seed, with the uncertainty stated; leave-one-out is exact."""

from __future__ import annotations

from fractions import Fraction
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from pricing.engines.checkers import datum as checkers
from pricing.engines.datum.logistic import Regression
from pricing.engines.datum.plan import MAX_FITS, MAX_LOGISTIC_POINTS
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
from pricing.engines.result import Claim, Standing, shown
from pricing.engines.shapes import JsonObject

MAX_CLASSES: Final = 2


def value_by_regression(params: JsonObject, given: Given, seed: int) -> Valuation:
    """Return the values of one of the logistic methods.

    Raises:
        InputError: TWO_CLASSES_ONLY, TOO_MANY, TOO_MUCH_WORK.
    """
    _check_size(params, given)
    strength = float(cast("float", params["penalty"]))
    game = Regression.of(given.points / SCALE, given.point_labels, given.tests / SCALE, given.test_labels, strength=strength)
    gained = Fraction(int(game.subsets(np.ones((1, game.points), dtype=np.bool_))[0]), game.tests)
    if params["method"] == "logistic_leave_one_out":
        return Valuation(leave_one_out(game), gained, (Claim(checkers.POINTS_EXACT, Standing.PROVEN),), {})
    return _stated(params, given, _sampled(params, game, seed), gained)


def _sampled(params: JsonObject, game: Regression, seed: int) -> Estimate:
    rounds = cast("int", params["rounds"])
    if params["method"] == "logistic_banzhaf":
        return sampled_banzhaf(game, rounds, seed=seed)
    if params["method"] == "logistic_shapley":
        return permutation_shapley(game, rounds, seed=seed)
    return beta_shapley(game, rounds, cast("int", params["alpha"]), cast("int", params["beta"]), seed=seed)


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
    """Refuse more than two classes, and what would train more models than can be answered in time."""
    count = len(given.holders)
    if len(given.labels) > MAX_CLASSES:
        raise InputError("TWO_CLASSES_ONLY", "inputs.points")
    if count > MAX_LOGISTIC_POINTS:
        raise InputError("TOO_MANY", "inputs.points", limit=MAX_LOGISTIC_POINTS)
    rounds = cast("int", params.get("rounds", 1))
    work = rounds * (2 if params["method"] == "logistic_banzhaf" else count)
    if work > MAX_FITS:
        raise InputError("TOO_MUCH_WORK", "params.rounds", work=work, limit=MAX_FITS)

"""Reads what ``datum`` is given: decimal features to whole numbers, labels to class numbers, and the holders of the points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from pricing.engines.datum.exact import Whole
from pricing.engines.errors import InputError
from pricing.engines.shapes import JsonObject

DECIMALS: Final = 5
SCALE: Final = 10**DECIMALS
MAX_FEATURE: Final = 1_000
MAX_FEATURES: Final = 64
MAX_POINTS: Final = 2_000
MAX_TESTS: Final = 500
MAX_HOLDERS: Final = 999
_NOISE: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Given:
    """The points to be valued and the tests that they are valued by.

    Attributes:
        points: shape (n, d), features times ``SCALE``.
        tests: shape (m, d), in the same unit.
        point_labels: shape (n,), class numbers in the order of the sorted labels.
        test_labels: shape (m,).
        holders: of each point.
        labels: the different labels of points and tests together, sorted.
    """

    points: Whole
    tests: Whole
    point_labels: Whole
    test_labels: Whole
    holders: tuple[str, ...]
    labels: tuple[str, ...]

    @property
    def matches(self) -> NDArray[np.bool_]:
        """Whether each point has each test's label; shape (m, n)."""
        matches: NDArray[np.bool_] = self.test_labels[:, None] == self.point_labels[None, :]
        return matches


def read_given(inputs: JsonObject) -> Given:
    """Return the points and tests of validated inputs.

    Raises:
        InputError: FEATURES_DIFFER, OVER_PRECISE, HOLDERS_TOO_MANY.
    """
    points, tests = (cast("Sequence[JsonObject]", inputs[name]) for name in ("points", "tests"))
    width = len(cast("Sequence[float]", points[0]["x"]))
    holders = tuple(cast("str", point["holder"]) for point in points)
    if len(set(holders)) > MAX_HOLDERS:
        raise InputError("HOLDERS_TOO_MANY", "inputs.points", limit=MAX_HOLDERS)
    labels = tuple(sorted({cast("str", each["y"]) for each in (*points, *tests)}))
    return Given(
        points=_features(points, width, "inputs.points"),
        tests=_features(tests, width, "inputs.tests"),
        point_labels=_classes(points, labels),
        test_labels=_classes(tests, labels),
        holders=holders,
        labels=labels,
    )


def _classes(rows: Sequence[JsonObject], labels: Sequence[str]) -> Whole:
    numbers = {label: number for number, label in enumerate(labels)}
    return np.array([numbers[cast("str", row["y"])] for row in rows], dtype=np.int64)


def _features(rows: Sequence[JsonObject], width: int, field: str) -> Whole:
    """Return features as whole numbers of ``1 / SCALE``; noise in the last bits of a float is forgiven, a sixth decimal is not."""
    listed = [cast("Sequence[Any]", row["x"]) for row in rows]
    for index, row in enumerate(listed):
        if len(row) != width:
            raise InputError("FEATURES_DIFFER", f"{field}.{index}.x", expected=width)
    scaled = np.array(listed, dtype=np.float64) * SCALE
    whole = np.rint(scaled)
    fine = np.argwhere(np.abs(scaled - whole) > _NOISE)
    if len(fine):
        raise InputError("OVER_PRECISE", f"{field}.{fine[0][0]}.x.{fine[0][1]}", limit=DECIMALS)
    return whole.astype(np.int64)

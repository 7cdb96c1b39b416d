"""What a claim is and how its rounds are judged: pure arithmetic, so that a test can check it without measuring anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum
from statistics import median
from typing import Any, Final

ROUNDS: Final = 5
NEEDED: Final = 3
"""Rounds of the five in which a goal must hold."""

SCALE_LIMIT: Final = 3.0
"""A goal moves with the machine by at most this factor, up or down: a machine further off says nothing about the claim."""

REFERENCE: Final[Mapping[str, float]] = {"node_hashes_per_s": 2_000_000.0}
"""What the quiet reference machine measures; only a measure named here may scale a goal."""

DIGITS: Final = 4


class Better(Enum):
    """Which way a value improves."""

    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True, slots=True)
class Absolute:
    """A value to reach on the quiet reference machine; elsewhere it is scaled by the measure that the work depends on most.

    What no machine changes, such as a size, is scaled by nothing.
    """

    value: float
    scaled_by: str | None


@dataclass(frozen=True, slots=True)
class VersusPeer:
    """How many times as good as the peer, measured in the same rounds; nothing to scale."""

    ratio: float


@dataclass(frozen=True, slots=True)
class Contest:
    """The contestants of one claim, ready to run: each call measures once and returns a value in the claim's unit.

    Attributes:
        ours: what the claim is about.
        peer: the same task by the peer; None where it is not to be had here, and ``not_measured`` then says why.
        limit: the least that any program would have to do for this task.
        beside: what else the rounds found out, asked once at their end and printed with the verdict.
    """

    ours: Callable[[], float]
    peer: Callable[[], float] | None = None
    limit: Callable[[], float] | None = None
    beside: Callable[[], Mapping[str, Any]] = dict
    not_measured: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence with a number in it, and how to measure that number.

    Attributes:
        open: gets the address of an empty database, sets the contestants up and clears up after them.
    """

    says: str
    unit: str
    better: Better
    goal: Absolute | VersusPeer
    open: Callable[[str], AbstractContextManager[Contest]]
    peer: str | None = None


@dataclass(frozen=True, slots=True)
class Round:
    """What one round measured, and the state of the machine in that round."""

    value: float
    peer_value: float | None
    limit_value: float | None
    calibration: Mapping[str, float]


def scale(calibration: Mapping[str, float], measure: str) -> float:
    """How fast this machine is in this round, as a multiple of the reference machine, within ``SCALE_LIMIT``."""
    return min(SCALE_LIMIT, max(1 / SCALE_LIMIT, calibration[measure] / REFERENCE[measure]))


def goal_here(claim: Claim, measured: Round) -> float:
    """The goal as this machine must meet it in this round: in the claim's unit, or as a ratio to the peer."""
    if isinstance(claim.goal, VersusPeer):
        return claim.goal.ratio
    if claim.goal.scaled_by is None:
        return claim.goal.value
    factor = scale(measured.calibration, claim.goal.scaled_by)
    return claim.goal.value * factor if claim.better is Better.HIGHER else claim.goal.value / factor


def ratio(claim: Claim, measured: Round) -> float | None:
    """How many times as good as the peer: above 1 is better whichever way the unit improves. None without a peer."""
    if measured.peer_value is None:
        return None
    ours, theirs = measured.value, measured.peer_value
    return ours / theirs if claim.better is Better.HIGHER else theirs / ours


def holds(claim: Claim, measured: Round) -> bool | None:
    """Whether the goal holds in this round; None where the peer that it speaks of was not measured."""
    goal = goal_here(claim, measured)
    if isinstance(claim.goal, VersusPeer):
        reached = ratio(claim, measured)
        return None if reached is None else reached >= goal
    return measured.value >= goal if claim.better is Better.HIGHER else measured.value <= goal


def verdict(
    name: str, claim: Claim, rounds: Sequence[Round], *, beside: Mapping[str, Any] | None = None, not_measured: str = ""
) -> dict[str, Any]:
    """The claim's line: medians over the rounds, the spread of each, the goal here, and whether it held in enough of them."""
    answers = [holds(claim, each) for each in rounds]
    held = answers.count(True)
    absolute = isinstance(claim.goal, Absolute)
    line: dict[str, Any] = {
        "claim": name,
        "value": _median([each.value for each in rounds]),
        "unit": claim.unit,
        "peer": claim.peer,
        "peer_value": _median([each.peer_value for each in rounds]),
        "limit_value": _median([each.limit_value for each in rounds]),
        "ratio": _median([ratio(claim, each) for each in rounds]),
        "goal": claim.goal.value if isinstance(claim.goal, Absolute) else claim.goal.ratio,
        "holds": None if None in answers else held >= min(NEEDED, len(rounds)),
        "says": claim.says,
        "better": claim.better.value,
        "goal_is": "absolute" if absolute else "ratio to the peer",
        "goal_here": _median([goal_here(claim, each) for each in rounds]),
        "scaled_by": claim.goal.scaled_by if isinstance(claim.goal, Absolute) else None,
        "held": f"{held} of {len(rounds)}",
        "spread": _spread([each.value for each in rounds]),
        "peer_spread": _spread([each.peer_value for each in rounds]),
        "calibration": {measure: _median([each.calibration[measure] for each in rounds]) for measure in rounds[0].calibration},
        "reference": dict(REFERENCE),
    }
    return line | ({"beside": dict(beside)} if beside else {}) | ({"not_measured": not_measured} if not_measured else {})


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return significant(median(known)) if known else None


def _spread(values: Sequence[float | None]) -> list[float] | None:
    known = [value for value in values if value is not None]
    return [significant(min(known)), significant(max(known))] if known else None


def significant(value: float) -> float:
    """Four significant digits: more would pretend a precision that no stopwatch has."""
    return float(f"{value:.{DIGITS}g}")

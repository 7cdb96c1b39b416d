"""What a filing and an objection may become: the only tables of their transitions.

Source: Data Property-Rights Registration Guideline (trial, 2026), art. 14, 17, 22, 24-26.
"""

from collections.abc import Mapping
from typing import Final

from django.db.models import TextChoices


class State(TextChoices):
    """How far a filing is."""

    SUBMITTED = "SUBMITTED", "已提交"
    RETURNED_ONCE = "RETURNED_ONCE", "一次性告知补正"
    ACCEPTED = "ACCEPTED", "已受理"
    IN_REVIEW = "IN_REVIEW", "初审通过、待复核"
    PUBLICISED = "PUBLICISED", "公示中"
    OBJECTED = "OBJECTED", "异议处理中"
    DEPOSITED = "DEPOSITED", "已存证"
    CERTIFIED = "CERTIFIED", "已核发证书"
    REFUSED = "REFUSED", "不予登记"
    LAPSED = "LAPSED", "逾期未补正、视为未申请"


class ObjectionState(TextChoices):
    """What became of an objection."""

    OPEN = "OPEN", "处理中"
    UPHELD = "UPHELD", "异议成立"
    DISMISSED = "DISMISSED", "异议不成立"


TRANSITIONS: Final[Mapping[State, frozenset[State]]] = {
    State.SUBMITTED: frozenset({State.ACCEPTED, State.RETURNED_ONCE, State.REFUSED}),
    State.RETURNED_ONCE: frozenset({State.SUBMITTED, State.LAPSED}),
    State.ACCEPTED: frozenset({State.IN_REVIEW, State.REFUSED}),
    State.IN_REVIEW: frozenset({State.PUBLICISED, State.REFUSED}),
    # back to ACCEPTED when, at the end of the notice, the facts no longer support what was examined
    State.PUBLICISED: frozenset({State.OBJECTED, State.DEPOSITED, State.ACCEPTED}),
    State.OBJECTED: frozenset({State.OBJECTED, State.PUBLICISED, State.REFUSED}),
    State.DEPOSITED: frozenset({State.CERTIFIED}),
    State.CERTIFIED: frozenset(),
    State.REFUSED: frozenset(),
    State.LAPSED: frozenset(),
}
OBJECTION_TRANSITIONS: Final[Mapping[ObjectionState, frozenset[ObjectionState]]] = {
    ObjectionState.OPEN: frozenset({ObjectionState.UPHELD, ObjectionState.DISMISSED}),
    ObjectionState.UPHELD: frozenset(),
    ObjectionState.DISMISSED: frozenset(),
}

ON_NOTICE: Final = (State.PUBLICISED, State.OBJECTED, State.DEPOSITED, State.CERTIFIED)
"""States in which everybody in the market may read the filing."""
EXAMINED: Final = (State.IN_REVIEW, *ON_NOTICE)
DEPOSITED: Final = (State.DEPOSITED, State.CERTIFIED)

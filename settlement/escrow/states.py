"""What an escrow may become (PFMI principle 12: money and delivery are linked, so release and refund exclude each other)."""

from collections.abc import Mapping
from typing import Final

from django.db.models import TextChoices


class State(TextChoices):
    """Where the money of a deal is. 托管状态"""

    UNFUNDED = "UNFUNDED"
    FUNDING = "FUNDING"
    FUNDED = "FUNDED"
    RELEASED = "RELEASED"
    REFUNDED = "REFUNDED"


TRANSITIONS: Final[Mapping[State, frozenset[State]]] = {
    State.UNFUNDED: frozenset({State.FUNDING}),
    State.FUNDING: frozenset({State.FUNDED, State.UNFUNDED}),
    State.FUNDED: frozenset({State.RELEASED, State.REFUNDED}),
    State.RELEASED: frozenset(),
    State.REFUNDED: frozenset(),
}

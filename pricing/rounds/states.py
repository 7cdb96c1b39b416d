"""What a round may become, and on which side a bid stands."""

from collections.abc import Mapping
from typing import Final

from django.db.models import TextChoices


class State(TextChoices):
    """Where a round stands. 竞价场次状态"""

    OPEN = "OPEN"
    CLOSED = "CLOSED"
    CLEARED = "CLEARED"
    VOID = "VOID"


TRANSITIONS: Final[Mapping[State, frozenset[State]]] = {
    State.OPEN: frozenset({State.CLOSED, State.VOID}),
    State.CLOSED: frozenset({State.CLEARED, State.VOID}),
    State.CLEARED: frozenset(),
    State.VOID: frozenset(),
}


class Side(TextChoices):
    """A bid to buy or an ask to sell. 买方报价或卖方要价"""

    BUY = "BUY"
    SELL = "SELL"

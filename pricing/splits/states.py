"""What an agreement to divide may become."""

from collections.abc import Mapping
from typing import Final

from django.db.models import TextChoices


class State(TextChoices):
    """Where an agreement stands. 分成方案状态"""

    PROPOSED = "PROPOSED"
    AGREED = "AGREED"
    IN_FORCE = "IN_FORCE"
    REPLACED = "REPLACED"
    WITHDRAWN = "WITHDRAWN"
    FAILED = "FAILED"


TRANSITIONS: Final[Mapping[State, frozenset[State]]] = {
    State.PROPOSED: frozenset({State.AGREED, State.WITHDRAWN}),
    State.AGREED: frozenset({State.IN_FORCE, State.FAILED}),
    State.IN_FORCE: frozenset({State.REPLACED}),
    State.REPLACED: frozenset(),
    State.WITHDRAWN: frozenset(),
    State.FAILED: frozenset(),
}

"""What a deal may become. The database checks what stands behind SIGNED, IN_FORCE and SETTLED (see the migration)."""

from collections.abc import Mapping
from typing import Final

from django.db.models import TextChoices


class State(TextChoices):
    """Where a deal stands. 交易状态"""

    REQUESTED = "REQUESTED"
    CHECKED = "CHECKED"
    REFERRED = "REFERRED"
    SIGNED = "SIGNED"
    IN_FORCE = "IN_FORCE"
    FUNDED = "FUNDED"
    DELIVERED = "DELIVERED"
    ACCEPTED = "ACCEPTED"
    SETTLED = "SETTLED"
    CANCELLED = "CANCELLED"
    REFUNDED = "REFUNDED"


TRANSITIONS: Final[Mapping[State, frozenset[State]]] = {
    State.REQUESTED: frozenset({State.CHECKED, State.REFERRED, State.CANCELLED}),
    State.REFERRED: frozenset({State.CHECKED, State.CANCELLED}),
    State.CHECKED: frozenset({State.SIGNED, State.CANCELLED}),
    State.SIGNED: frozenset({State.IN_FORCE, State.FUNDED, State.CANCELLED}),
    State.IN_FORCE: frozenset(),
    State.FUNDED: frozenset({State.DELIVERED, State.REFUNDED}),
    State.DELIVERED: frozenset({State.ACCEPTED, State.REFUNDED}),
    State.ACCEPTED: frozenset({State.SETTLED}),
    State.SETTLED: frozenset(),
    State.CANCELLED: frozenset(),
    State.REFUNDED: frozenset(),
}


UNSIGNED: Final = frozenset({State.REQUESTED, State.REFERRED, State.CHECKED})
"""States in which the rules may still be asked whether these terms can be signed."""


class Side(TextChoices):
    """A side of the contract. 合同方"""

    SELLER = "seller"
    BUYER = "buyer"


class UseClass(TextChoices):
    """What public data is used for, by the classes of the public-data price notice. 公共数据使用类别"""

    GOVERNANCE = "GOVERNANCE"
    WELFARE = "WELFARE"
    INDUSTRY = "INDUSTRY"


class Consideration(TextChoices):
    """What the buyer gives. 对价"""

    FIXED = "FIXED"
    FREE = "FREE"
    INCOME_SHARE = "INCOME_SHARE"

"""What a complaint and an order may become."""

from collections.abc import Mapping
from typing import Final

from django.db.models import TextChoices


class Subject(TextChoices):
    """What may be complained about, by GraphQL type name. 投诉对象"""

    DEAL = "Deal", "a deal 交易"
    LISTING = "Listing", "a listing 挂牌"
    OBJECT = "RegisteredObject", "a registered object 登记客体"


class ComplaintState(TextChoices):
    """Whether a complaint was answered. 投诉状态"""

    RECEIVED = "RECEIVED", "received 已收到"
    ANSWERED = "ANSWERED", "answered 已答复"


class OrderKind(TextChoices):
    """What an order demands. 命令类型"""

    HALT = "HALT", "halt all trade in the object 停止交易"


class OrderState(TextChoices):
    """Whether an order binds. 命令状态"""

    IN_FORCE = "IN_FORCE", "in force 生效"
    LIFTED = "LIFTED", "lifted 已解除"


COMPLAINT_TRANSITIONS: Final[Mapping[ComplaintState, frozenset[ComplaintState]]] = {
    ComplaintState.RECEIVED: frozenset({ComplaintState.ANSWERED}),
    ComplaintState.ANSWERED: frozenset(),
}
ORDER_TRANSITIONS: Final[Mapping[OrderState, frozenset[OrderState]]] = {
    OrderState.IN_FORCE: frozenset({OrderState.LIFTED}),
    OrderState.LIFTED: frozenset(),
}

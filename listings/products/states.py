"""What a listing and an offer may become, and how an offer is delivered."""

from collections.abc import Mapping
from typing import Final

from django.db.models import TextChoices


class State(TextChoices):
    """Where a listing stands."""

    DRAFT = "DRAFT", "草稿"
    REFERRED = "REFERRED", "转人工审查"
    LISTED = "LISTED", "挂牌"
    SUSPENDED = "SUSPENDED", "暂停"
    DELISTED = "DELISTED", "摘牌"


class OfferState(TextChoices):
    """Whether an offer may be taken."""

    OPEN = "OPEN", "有效"
    WITHDRAWN = "WITHDRAWN", "撤回"


class Delivery(TextChoices):
    """How the buyer gets what the offer grants."""

    FILE = "FILE", "文件"
    API = "API", "接口"
    GRANT = "GRANT", "授权"


TRANSITIONS: Final[Mapping[State, frozenset[State]]] = {
    State.DRAFT: frozenset({State.REFERRED, State.LISTED, State.DELISTED}),
    State.REFERRED: frozenset({State.LISTED, State.DELISTED}),
    State.LISTED: frozenset({State.SUSPENDED, State.DELISTED}),
    # the regulator may put its order on what the owner suspended
    State.SUSPENDED: frozenset({State.REFERRED, State.LISTED, State.SUSPENDED, State.DELISTED}),
    State.DELISTED: frozenset(),
}
OFFER_TRANSITIONS: Final[Mapping[OfferState, frozenset[OfferState]]] = {
    OfferState.OPEN: frozenset({OfferState.WITHDRAWN}),
    OfferState.WITHDRAWN: frozenset(),
}

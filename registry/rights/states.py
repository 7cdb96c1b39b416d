"""What a right, an object, a hold and a revocation may be, and the only tables of their transitions."""

from collections.abc import Mapping
from typing import Final

from django.db.models import TextChoices


class Right(TextChoices):
    """The three rights, independent of each other. Source: Data Property-Rights Registration Guideline (trial, 2026), art. 3."""

    HOLD = "HOLD", "数据资源持有权"
    USE = "USE", "数据加工使用权"
    OPERATE = "OPERATE", "数据产品经营权"


class ObjectKind(TextChoices):
    """What is registered."""

    RESOURCE = "RESOURCE", "数据资源"
    PRODUCT = "PRODUCT", "数据产品"


class HoldKind(TextChoices):
    """Why no further right may be granted."""

    DISPUTE = "DISPUTE", "争议"
    PLEDGE = "PLEDGE", "质押"
    COURT = "COURT", "司法保全"
    NOTICE = "NOTICE", "异议提示"
    ORDER = "ORDER", "监管命令"


class HoldState(TextChoices):
    """Whether a hold still blocks."""

    ACTIVE = "ACTIVE", "生效"
    LIFTED = "LIFTED", "解除"


class RevocationState(TextChoices):
    """How far a revocation is."""

    PROPOSED = "PROPOSED", "拟撤销"
    DONE = "DONE", "已撤销"


HOLD_TRANSITIONS: Final[Mapping[HoldState, frozenset[HoldState]]] = {
    HoldState.ACTIVE: frozenset({HoldState.LIFTED}),
    HoldState.LIFTED: frozenset(),
}
REVOCATION_TRANSITIONS: Final[Mapping[RevocationState, frozenset[RevocationState]]] = {
    RevocationState.PROPOSED: frozenset({RevocationState.DONE}),
    RevocationState.DONE: frozenset(),
}

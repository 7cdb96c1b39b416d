"""What an entitlement may become, and the codes of delivery and metering."""

from collections.abc import Mapping
from typing import Final

from django.db.models import TextChoices


class State(TextChoices):
    """Whether the buyer may use what was bought now."""

    OPEN = "OPEN", "有效"
    SUSPENDED = "SUSPENDED", "暂停"
    ENDED = "ENDED", "终止"


class Cause(TextChoices):
    """Why an entitlement is suspended. What screening stopped only its own word resumes; the rest follows the registers."""

    SCREENING = "SCREENING", "合规审查未通过"
    HOLD = "HOLD", "权利受限"
    CONSENT = "CONSENT", "个人撤回同意"


class Mode(TextChoices):
    """How the data reaches the buyer."""

    FILE = "FILE", "文件"
    API = "API", "接口"
    GRANT = "GRANT", "仅授权"


class MeterKind(TextChoices):
    """What one use is."""

    FILE = "FILE", "文件下载"
    CALL = "CALL", "接口调用"


TRANSITIONS: Final[Mapping[State, frozenset[State]]] = {
    State.OPEN: frozenset({State.SUSPENDED, State.ENDED}),
    # to itself: one cause ended while another remains
    State.SUSPENDED: frozenset({State.OPEN, State.SUSPENDED, State.ENDED}),
    State.ENDED: frozenset(),
}

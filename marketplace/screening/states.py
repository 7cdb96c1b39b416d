"""What a flag and a referral may become, and the codes they carry."""

from collections.abc import Mapping
from typing import Final

from django.db.models import TextChoices


class Matter(TextChoices):
    """What a flag is about. 标记事项"""

    HARM = "HARM", "harm to national security, public interest or social stability 危害国家安全、公共利益或社会稳定"
    SECRECY = "SECRECY", "state or work secret 国家秘密、工作秘密"
    UNLAWFUL_SOURCE = "UNLAWFUL_SOURCE", "unlawful acquisition of a source 来源非法"
    DELIVERY = "DELIVERY", "objection to a delivery 交付异议"


class Degree(TextChoices):
    """How certain it is. 确定程度"""

    SUSPECTED = "SUSPECTED", "suspected 疑似"
    CONFIRMED = "CONFIRMED", "confirmed 已确认"


class FlagState(TextChoices):
    """Whether a flag still counts. 标记状态"""

    ACTIVE = "ACTIVE", "active 有效"
    LIFTED = "LIFTED", "lifted 已解除"


class ReferralState(TextChoices):
    """How far a referral is. 转审状态"""

    OPEN = "OPEN", "open 待审"
    PROPOSED = "PROPOSED", "decided by one person 已由一人提出决定"
    ALLOWED = "ALLOWED", "allowed 已放行"
    REFUSED = "REFUSED", "refused 不予放行"
    CLOSED = "CLOSED", "overtaken by a newer verdict 已被新结论取代"


FLAG_TRANSITIONS: Final[Mapping[FlagState, frozenset[FlagState]]] = {
    FlagState.ACTIVE: frozenset({FlagState.LIFTED}),
    FlagState.LIFTED: frozenset(),
}
REFERRAL_TRANSITIONS: Final[Mapping[ReferralState, frozenset[ReferralState]]] = {
    ReferralState.OPEN: frozenset({ReferralState.PROPOSED, ReferralState.CLOSED}),
    ReferralState.PROPOSED: frozenset({ReferralState.PROPOSED, ReferralState.ALLOWED, ReferralState.REFUSED, ReferralState.CLOSED}),
    ReferralState.ALLOWED: frozenset(),
    ReferralState.REFUSED: frozenset(),
    ReferralState.CLOSED: frozenset(),
}
UNDECIDED: Final = frozenset({ReferralState.OPEN, ReferralState.PROPOSED})

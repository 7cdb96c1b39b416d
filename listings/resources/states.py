"""What an asset, a sample and a report may be, and the only table of an asset's transitions."""

from collections.abc import Mapping
from typing import Final

from django.db.models import TextChoices


class AssetState(TextChoices):
    """How far an asset is."""

    STAGED = "STAGED", "待上传"
    UPLOADED = "UPLOADED", "已上传"
    READY = "READY", "可用"


class SampleMethod(TextChoices):
    """How the rows of a sample were chosen; either way the same file gives the same rows."""

    FIRST = "FIRST", "前若干行"
    SPREAD = "SPREAD", "等距抽取"


class ReportKind(TextChoices):
    """What an institution examined."""

    QUALITY = "QUALITY", "质量评价"
    COMPLIANCE = "COMPLIANCE", "合规评估"
    RISK = "RISK", "风险评估"
    ANONYMISATION = "ANONYMISATION", "匿名化检验"
    VALUE = "VALUE", "价值评估"


ASSET_TRANSITIONS: Final[Mapping[AssetState, frozenset[AssetState]]] = {
    AssetState.STAGED: frozenset({AssetState.UPLOADED}),
    AssetState.UPLOADED: frozenset({AssetState.UPLOADED, AssetState.READY}),  # other bytes may replace bytes that nobody vouched for
    AssetState.READY: frozenset(),
}

"""How far a public body opens its data. Source: Xiamen SEZ Data Regulation, on opening public data by list."""

from typing import Final

from django.db.models import TextChoices


class OpenType(TextChoices):
    """The open types of the list, the most open first."""

    UNCONDITIONAL = "UNCONDITIONAL", "无条件开放"
    CONDITIONAL = "CONDITIONAL", "有条件开放"
    AUTHORISED_ONLY = "AUTHORISED_ONLY", "仅授权运营"
    NOT_OPEN = "NOT_OPEN", "不予开放"


NOT_LISTED: Final = "NOT_LISTED"
"""What the rules call data that is on no open list."""

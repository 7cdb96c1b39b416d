"""The sentences for the lines and claims of a quote, in both languages: a line's belongs to its model, a claim's to its property."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pricing.engines.adjustments import SENTENCES
from pricing.engines.model import Model
from pricing.engines.properties import PROPERTIES
from pricing.engines.result import Claim, Line
from pricing.money import Language

STANDINGS: Final[Mapping[str, tuple[str, str]]] = {
    "proven": ("proven for every input", "对任何输入均已证明"),
    "checked": ("checked on this answer", "已就本次结果核验"),
    "not_held": ("does not hold", "不成立"),
}

_COLON: Final = (": ", "：")

SHARED: Final = {
    "ROUND_AWARD": ("Awarded by the round", "竞价成交"),
    "ROUND_AWARD_ITEMS": ("Awarded by the round: {items}", "竞价成交：{items}"),
    "ROUND_AWARD_GAIN": ("Awarded by the round: a gain of {gain}", "竞价成交：增益 {gain}"),
    **SENTENCES,
}
"""Lines that no model makes: a round's award, and a plan's adjustments."""


def line_text(model: Model, line: Line, language: Language) -> str:
    """Return the label, for a person, of a line that this model made."""
    return (SHARED.get(line.code) or model.sentences[line.code])[_column(language)].format(**line.params)


def claim_text(claim: Claim, language: Language) -> str:
    """Return a claim, and how firmly it stands, for a person."""
    column = _column(language)
    return PROPERTIES[claim.property].sentence[column] + _COLON[column] + STANDINGS[claim.standing][column]


def _column(language: Language) -> int:
    return 0 if language == "en" else 1

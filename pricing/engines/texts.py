"""The sentences for the lines and claims of a quote, in both languages, by the codes that the models use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pricing.engines.result import Claim, Line
from pricing.money import Language

LINES: Final[Mapping[str, tuple[str, str]]] = {
    "PRICE": ("Price", "价格"),
    "PERIODS": ("{periods} whole periods, {copies} copies", "{periods} 个整期，{copies} 份"),
    "PERIOD_STARTED": ("A started period, {copies} copies", "不足一期按一期计，{copies} 份"),
    "PERIOD_DAYS": ("{used} of the {of} days of a period, {copies} copies", "一期 {of} 天中的 {used} 天，{copies} 份"),
    "PERIOD_SECONDS": ("{used} of the {of} seconds of a period, {copies} copies", "一期 {of} 秒中的 {used} 秒，{copies} 份"),
    "TIER_UNITS": ("Tier {tier}: units above {above}", "第 {tier} 阶梯：超过 {above} 的用量"),
    "TIER_FLAT": ("Tier {tier}: flat fee", "第 {tier} 阶梯：固定费"),
    "VOLUME_UNITS": ("All units at the price of tier {tier}", "全部用量按第 {tier} 阶梯价格"),
    "LOWER_ENVELOPE": ("Charged no more than {quantity} units would cost", "不高于 {quantity} 单位用量的费用"),
    "PACKAGES": ("Packages of {size}, after {free} free units", "每包 {size}，已扣除免费用量 {free}"),
    "PERCENT": ("{percent}% of the amount", "金额的 {percent}%"),
    "EVENT_FIXED": ("Fixed fee for each charged event, of {events} events", "共 {events} 次，应计费各次的固定费"),
    "EVENT_MINIMUM": ("Events raised to the least of {minimum}", "按每次最低 {minimum} 补足"),
    "EVENT_MAXIMUM": ("Events cut to the most of {maximum}", "按每次封顶 {maximum} 减免"),
    "MINIMUM_COMMITMENT": ("Up to the least of the period", "补足本期最低消费"),
    "MAXIMUM_COMMITMENT": ("Down to the most of the period", "按本期封顶减免"),
    "BILLED_BEFORE": ("Billed before in this period", "本期此前已计费"),
    "NO_USAGE": ("No usage after corrections", "更正后无用量"),
    "NOTHING_UP_FRONT": ("Nothing now; {ppm} parts per million of later net income", "先期不付费；此后净收入的百万分之 {ppm}"),
    "INCOME_SHARE": ("{ppm} parts per million of the net income", "净收入的百万分之 {ppm}"),
}

CLAIMS: Final[Mapping[str, tuple[str, str]]] = {
    "monotone": ("Using more never costs less (before rounding)", "用量增加，费用不减（取整前）"),
    "subadditive": ("Splitting a purchase never costs less (before rounding)", "拆分购买不会更便宜（取整前）"),
    "lines_sum": ("The lines sum to the amount", "各行之和等于总额"),
    "share_within_income": ("The share never exceeds the income", "分成不超过收入"),
}

STANDINGS: Final[Mapping[str, tuple[str, str]]] = {
    "proven": ("proven for every usage", "对任意用量已证明"),
    "checked": ("checked for this quote", "已就本次报价核验"),
    "not_held": ("does not hold", "不成立"),
}


def line_text(line: Line, language: Language) -> str:
    """Return a line's label for a person."""
    return LINES[line.code][0 if language == "en" else 1].format(**line.params)


def claim_text(claim: Claim, language: Language) -> str:
    """Return a claim, and how firmly it stands, for a person."""
    column = 0 if language == "en" else 1
    return f"{CLAIMS[claim.property][column]}: {STANDINGS[claim.standing][column]}"

"""The forms of the income approach, and its worked examples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pricing.engines import shapes
from pricing.engines.appraisal.cash_flows import MAX_YEARS, YEARS
from pricing.engines.appraisal.report import VALUATION_DATE
from pricing.engines.model import Example, Text, Verb
from pricing.engines.shapes import Schema

_PERCENT: Final = shapes.decimal(("Percent a year, at most 1000", "年利率百分比（不超过 1000）"), digits=4, decimals=6)
_DISCOUNT: Final = shapes.one_of(
    ("Discount rate", "折现率"),
    "kind",
    [
        shapes.record(
            ("One rate for all years", "统一折现率"),
            {"kind": shapes.constant("flat", ("Flat", "统一")), "percent": _PERCENT},
            required=["kind", "percent"],
        ),
        shapes.record(
            ("A rate for each year", "逐年折现率"),
            {
                "kind": shapes.constant("curve", ("Curve", "逐年")),
                "percents": shapes.array(("Rate of each year", "各年折现率"), _PERCENT, least=1, most=MAX_YEARS),
            },
            required=["kind", "percents"],
        ),
    ],
)
_COMMON: Final[Mapping[str, Schema]] = {
    "currency": shapes.CURRENCY,
    "discount": _DISCOUNT,
    "timing": shapes.choice(("Cash flows come", "现金流发生时点"), ["end_year", "mid_year"], default="end_year"),
    "tax_percent": {**shapes.decimal(("Income tax, percent, at most 99", "所得税率（不超过 99）"), digits=2, decimals=6), "default": "0"},
    "amortised_over": shapes.integer(
        ("Years of amortisation for tax; none without it", "税收摊销年限；不填则不计"), least=1, most=MAX_YEARS
    ),
}


def _rule(word: str, title: tuple[str, str], more: Mapping[str, Schema], required: tuple[str, ...] = ()) -> Schema:
    properties = {"rule": shapes.constant(word, title), **_COMMON, **more}
    return shapes.record(title, properties, required=["rule", "currency", "discount", *required])


_ROYALTY: Final = shapes.decimal(("Royalty, percent of revenue", "权利金率（收入的百分比）"), digits=3, decimals=6)
PARAMS: Final = shapes.one_of(
    ("Income approach", "收益法"),
    "rule",
    [
        _rule("direct", ("Direct forecast of cash flows", "直接预测现金流"), {}),
        _rule(
            "relief_from_royalty",
            ("Relief from royalty: revenue × royalty × (1 - tax)", "权利金节省：收入×权利金率×（1-税率）"),
            {"royalty_percent": _ROYALTY},
            ("royalty_percent",),
        ),
        _rule(
            "excess_earnings",
            (
                "Multi-period excess earnings: (revenue - cost) × (1 - tax) - contributory charges",
                "多期超额收益：（收入-成本）×（1-税率）-贡献资产回报",
            ),
            {},
        ),
        _rule("incremental", ("Incremental: with the asset less without it", "增量收益：有该资产减无该资产"), {}),
    ],
)
INPUTS: Final = shapes.record(
    ("Forecast", "预测"),
    {
        "valuation_date": VALUATION_DATE,
        "years": YEARS,
        "price": {**shapes.amount(("Price paid now, for the internal rate of return", "现价，用于内部收益率")), "default": "0"},
    },
    required=["valuation_date", "years"],
)
EXAMPLES: Final = (
    Example(
        title=Text("100, 110 and 121 at 10%, each at its year's end", "100、110、121，折现率 10%，年末"),
        verb=Verb.APPRAISE,
        params={"rule": "direct", "currency": "CNY", "discount": {"kind": "flat", "percent": "10"}},
        inputs={
            "valuation_date": "2026-06-30",
            "years": [{"cash_flow": "100.00"}, {"cash_flow": "110.00"}, {"cash_flow": "121.00"}],
            "price": "250.00",
        },
        amount_minor=27_273,
    ),
    Example(
        title=Text("The same in the middle of each year", "同上，年中"),
        verb=Verb.APPRAISE,
        params={"rule": "direct", "currency": "CNY", "discount": {"kind": "flat", "percent": "10"}, "timing": "mid_year"},
        inputs={
            "valuation_date": "2026-06-30",
            "years": [{"cash_flow": "100.00"}, {"cash_flow": "110.00"}, {"cash_flow": "121.00"}],
        },
        amount_minor=28_604,
    ),
    Example(
        title=Text("Royalties of 5% saved for two years, 25% tax, with the tax benefit", "节省 5% 权利金两年，税率 25%，含税收摊销收益"),
        verb=Verb.APPRAISE,
        params={
            "rule": "relief_from_royalty",
            "currency": "CNY",
            "discount": {"kind": "curve", "percents": ["10", "25"]},
            "royalty_percent": "5",
            "tax_percent": "25",
            "amortised_over": 2,
        },
        inputs={"valuation_date": "2026-06-30", "years": [{"revenue": "1100000.00"}, {"revenue": "1100000.00"}]},
        amount_minor=8_485_714,
    ),
)

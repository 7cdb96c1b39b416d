"""The forms of the market approach, and its worked examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from pricing.engines import shapes
from pricing.engines.appraisal.price_index import INDEX
from pricing.engines.appraisal.report import VALUATION_DATE
from pricing.engines.model import Example, Text, Verb
from pricing.engines.reading import DAY, KEY, KEY_LONGEST
from pricing.engines.shapes import Json, Schema

MAX_COMPARABLES: Final = 200
MAX_ATTRIBUTES: Final = 12
MOST: Final = 1e12
ATTRIBUTE_DECIMALS: Final = 12

FACTORS: Final[Mapping[str, tuple[str, str]]] = {
    "quality": ("Quality", "质量调整系数"),
    "supply_demand": ("Supply and demand", "供求调整系数"),
    "scale": ("Capacity or scale", "容量（规模）调整系数"),
    "other": ("Other", "其他调整系数"),
}
_NO_ROWS: Final[Sequence[Json]] = []
_NAME: Final = shapes.text(("Name", "名称"), pattern=KEY, longest=KEY_LONGEST)
_FACTOR: Final[Mapping[str, Schema]] = {name: shapes.decimal(title, digits=2, decimals=6) for name, title in FACTORS.items()}
_VALUES: Final = shapes.array(
    ("Attributes, in the plan's order", "属性值（按方案顺序）"),
    shapes.number(("Attribute, read to 12 decimal places", "属性（取 12 位小数）"), least=-MOST, most=MOST),
    least=1,
    most=MAX_ATTRIBUTES,
)

PARAMS: Final = shapes.one_of(
    ("Market approach", "市场法"),
    "method",
    [
        shapes.record(
            ("Comparables, each adjusted by factors", "可比案例逐项调整"),
            {
                "method": shapes.constant("adjusted", ("Adjusted comparables", "案例调整")),
                "currency": shapes.CURRENCY,
                "summary": shapes.choice(("The value is", "评估值取"), ["median", "weighted"], default="median"),
            },
            required=["method", "currency"],
        ),
        shapes.record(
            ("Hedonic regression of log price on attributes", "特征价格回归（对数线性）"),
            {
                "method": shapes.constant("hedonic", ("Hedonic regression", "特征价格回归")),
                "currency": shapes.CURRENCY,
                "attributes": shapes.array(
                    ("Attributes", "属性"),
                    shapes.record(
                        ("Attribute", "属性"),
                        {"name": _NAME, "log": shapes.boolean(("Take its logarithm", "取对数"), default=False)},
                        required=["name"],
                    ),
                    least=1,
                    most=MAX_ATTRIBUTES,
                ),
            },
            required=["method", "currency", "attributes"],
        ),
    ],
)
INPUTS: Final = shapes.record(
    ("Comparables", "可比案例"),
    {
        "valuation_date": VALUATION_DATE,
        "comparables": shapes.array(
            ("Comparables", "可比案例"),
            shapes.record(
                ("Comparable", "案例"),
                {
                    "key": shapes.text(("Key", "代号"), pattern=KEY, longest=KEY_LONGEST),
                    "price": shapes.amount(("Price", "成交价")),
                    "date": shapes.text(("Day of the price", "成交日期"), pattern=DAY, longest=10, kind="date"),
                    "weight": shapes.decimal(("Weight, 1 if absent", "权重，缺省为 1"), digits=6, decimals=6),
                    **_FACTOR,
                    "attributes": _VALUES,
                },
                required=["key", "price", "date"],
            ),
            least=1,
            most=MAX_COMPARABLES,
        ),
        "index": {**INDEX, "default": _NO_ROWS},
        "subject": _VALUES,
    },
    required=["valuation_date", "comparables"],
)
_SALES: Final = (("a", 1, "150.00"), ("b", 2, "300.00"), ("c", 3, "600.00"), ("d", 4, "1200.00"))
EXAMPLES: Final = (
    Example(
        title=Text("The median of three sales, one of them two years old", "三个案例取中位数，其一为两年前成交"),
        verb=Verb.APPRAISE,
        params={"method": "adjusted", "currency": "CNY"},
        inputs={
            "valuation_date": "2026-06-30",
            "comparables": [
                {"key": "a", "price": "100000.00", "date": "2024-05-01", "quality": "1.1"},
                {"key": "b", "price": "120000.00", "date": "2026-05-01", "scale": "0.9"},
                {"key": "c", "price": "130000.00", "date": "2026-05-01", "supply_demand": "0.95"},
            ],
            "index": [{"from": "2024-01-01", "level": "100"}, {"from": "2026-01-01", "level": "105"}],
        },
        amount_minor=11_550_000,
    ),
    Example(
        title=Text("Four sales that double with each field, by regression", "四个案例，每增一字段价格翻倍，回归"),
        verb=Verb.APPRAISE,
        params={"method": "hedonic", "currency": "CNY", "attributes": [{"name": "fields"}]},
        inputs={
            "valuation_date": "2026-06-30",
            "comparables": [{"key": key, "price": price, "date": "2026-05-01", "attributes": [size]} for key, size, price in _SALES],
            "subject": [5],
        },
        amount_minor=240_000,
    ),
)

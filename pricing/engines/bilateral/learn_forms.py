"""The forms of the learning price, and its worked examples."""

from __future__ import annotations

from typing import Final

from pricing.engines import shapes
from pricing.engines.model import Example, Text, Verb
from pricing.engines.shapes import Schema

MAX_PRICES: Final = 64
MAX_HORIZON: Final = 100_000_000
_PRICE_COUNTS: Final = shapes.array(
    ("One a price", "每价位一项"), shapes.integer(("Count", "次数"), least=0, most=MAX_HORIZON), least=2, most=MAX_PRICES
)
STATE: Final[Schema] = shapes.record(
    ("State, as last returned", "上次返回的状态"),
    {
        "offers": _PRICE_COUNTS,
        "sales": _PRICE_COUNTS,
        "estimates": shapes.array(
            ("Estimated gains (Exp3)", "收益估计（Exp3）"),
            shapes.decimal(("Gain", "收益"), digits=18, decimals=18),
            least=2,
            most=MAX_PRICES,
        ),
    },
    required=["offers", "sales"],
)
PARAMS: Final = shapes.record(
    ("Learning price", "学习定价"),
    {
        "currency": shapes.CURRENCY,
        "policy": shapes.choice(("Policy", "策略"), ["ucb1", "exp3", "weights"], default="ucb1"),
        "horizon": shapes.integer(("Offers over which to learn", "学习期内的报价次数"), least=2, most=MAX_HORIZON),
        "low": {**shapes.amount(("Prices above", "价格高于")), "default": "0"},
        "high": shapes.amount(("Prices up to", "价格不超过")),
        "prices": shapes.integer(("How many prices; ⌈(T / ln T)^¼⌉ if absent", "价位数，缺省为 ⌈(T / ln T)^¼⌉"), least=2, most=MAX_PRICES),
    },
    required=["currency", "horizon", "high"],
)
PROPOSED: Final = shapes.record(("Next price", "下一价格"), {"state": STATE})
OBSERVED: Final = shapes.record(
    ("What was seen", "观察结果"),
    {
        "state": STATE,
        "offers": shapes.integer(("Buyers who were offered the price", "看到报价的人次"), least=1, most=MAX_HORIZON),
        "price": shapes.amount(("The price posted (UCB1, Exp3)", "公开价格（UCB1、Exp3）")),
        "sales": shapes.integer(("How many of them bought (UCB1, Exp3)", "其中成交次数（UCB1、Exp3）"), least=0, most=MAX_HORIZON),
        "willing": shapes.array(
            ("How many would have bought at each price (weights)", "各价位愿意购买的人次（乘性权重）"),
            shapes.integer(("Count", "人次"), least=0, most=MAX_HORIZON),
            least=2,
            most=MAX_PRICES,
        ),
    },
    required=["offers"],
)
EXAMPLES: Final = (
    Example(
        title=Text("The first price of four over a thousand offers", "一千次报价、四个价位的首个价格"),
        verb=Verb.PROPOSE,
        params={"currency": "CNY", "horizon": 1000, "high": "100.00"},
        inputs={},
        amount_minor=2_500,
        seed=1,
    ),
    Example(
        title=Text("Once each price was tried, the one that earned most is tried again", "各价位均试过后，再试收益最高者"),
        verb=Verb.PROPOSE,
        params={"currency": "CNY", "horizon": 1000, "high": "100.00"},
        inputs={"state": {"offers": [100, 100, 100, 100], "sales": [80, 60, 20, 0]}},
        amount_minor=5_000,
        seed=1,
    ),
    Example(
        title=Text("Ten offers at 50, six sales", "50 元报价十次，成交六次"),
        verb=Verb.OBSERVE,
        params={"currency": "CNY", "horizon": 1000, "high": "100.00"},
        inputs={"offers": 10, "price": "50.00", "sales": 6},
        amount_minor=0,
    ),
)

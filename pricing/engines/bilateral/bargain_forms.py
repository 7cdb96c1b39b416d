"""The forms of a bargain, and its worked examples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pricing.engines import shapes
from pricing.engines.model import Example, Text, Verb
from pricing.engines.shapes import Schema

_FLOOR: Final[Mapping[str, Schema]] = {
    "currency": shapes.CURRENCY,
    "floor": shapes.private(shapes.amount(("Least that the seller accepts", "卖方底价"))),
}


def _share(title: tuple[str, str]) -> Schema:
    return shapes.decimal(title, digits=1, decimals=6)


PARAMS: Final = shapes.one_of(
    ("Bargain", "协商定价"),
    "rule",
    [
        shapes.record(
            ("Nash: the gain is shared by bargaining power", "纳什议价：按议价能力分享收益"),
            {
                "rule": shapes.constant("nash", ("Nash", "纳什议价")),
                **_FLOOR,
                "buyer_power": {**_share(("Buyer's bargaining power, 0 to 1", "买方议价能力，0 至 1")), "default": "0.5"},
                "seller_outside": {
                    **shapes.private(shapes.amount(("Seller's gain without this deal", "卖方不成交时的收益"))),
                    "default": "0",
                },
            },
            required=["rule", "currency", "floor"],
        ),
        shapes.record(
            ("Rubinstein: alternating offers, waiting costs both sides", "鲁宾斯坦：轮流出价，等待有成本"),
            {
                "rule": shapes.constant("rubinstein", ("Rubinstein", "鲁宾斯坦")),
                **_FLOOR,
                "seller_discount": shapes.private(
                    _share(("What one round of waiting leaves of a gain to the seller, below 1", "卖方每轮贴现因子，小于 1"))
                ),
                "first": shapes.choice(("Who proposes first", "先出价方"), ["seller", "buyer"], default="seller"),
            },
            required=["rule", "currency", "floor", "seller_discount"],
        ),
        shapes.record(
            ("Double auction: a stated point between ask and offer", "双向竞价：取要价与出价之间的约定点"),
            {
                "rule": shapes.constant("double_auction", ("Double auction", "双向竞价")),
                **_FLOOR,
                "ask_weight": {**_share(("Weight of the ask in the price, 0 to 1", "要价在成交价中的权重，0 至 1")), "default": "0.5"},
                "valuations": shapes.record(
                    ("Range on which both sides believe valuations uniform", "双方认为估值均匀分布的区间"),
                    {"low": shapes.amount(("From", "下限")), "high": shapes.amount(("To", "上限"))},
                    required=["low", "high"],
                ),
            },
            required=["rule", "currency", "floor"],
        ),
    ],
)
INPUTS: Final = shapes.record(
    ("Buyer's side", "买方"),
    {
        "valuation": shapes.amount(("What it is worth to the buyer (Nash, Rubinstein)", "买方估值（纳什、鲁宾斯坦）")),
        "outside": shapes.amount(("Buyer's gain without this deal (Nash)", "买方不成交时的收益（纳什）")),
        "discount": _share(("What one round of waiting leaves to the buyer, below 1 (Rubinstein)", "买方每轮贴现因子，小于 1（鲁宾斯坦）")),
        "offer": shapes.amount(("Buyer's offer (double auction)", "买方出价（双向竞价）")),
    },
)
EXAMPLES: Final = (
    Example(
        title=Text("Worth 200 to the buyer, at least 100 to the seller, equal power", "买方估值 200，卖方底价 100，能力相等"),
        verb=Verb.QUOTE,
        params={"rule": "nash", "currency": "CNY", "floor": "100.00"},
        inputs={"valuation": "200.00"},
        amount_minor=15_000,
    ),
    Example(
        title=Text(
            "Rubinstein at 0.9 and 0.8: the seller proposes and takes 5/7 of the gain", "鲁宾斯坦 0.9 与 0.8：卖方先出价，得收益的 5/7"
        ),
        verb=Verb.QUOTE,
        params={"rule": "rubinstein", "currency": "CNY", "floor": "100.00", "seller_discount": "0.9"},
        inputs={"valuation": "800.00", "discount": "0.8"},
        amount_minor=60_000,
    ),
    Example(
        title=Text("Split the difference between an ask of 40 and an offer of 60", "要价 40、出价 60，各让一半"),
        verb=Verb.QUOTE,
        params={"rule": "double_auction", "currency": "CNY", "floor": "40.00", "valuations": {"low": "0.00", "high": "100.00"}},
        inputs={"offer": "60.00"},
        amount_minor=5_000,
    ),
)

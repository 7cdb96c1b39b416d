"""The auction of unlimited copies, the natural one for data: copies cost nothing, so the question is only what price the bids support."""

from __future__ import annotations

from typing import Final, cast

from pricing.engines import shapes
from pricing.engines.auctions import bids as reading
from pricing.engines.auctions.outcome import Outcome
from pricing.engines.auctions.rsop import MAX_ENUMERATED, best_revenue, expected_revenue, halves, offered, random_sampling
from pricing.engines.checkers import mechanisms
from pricing.engines.model import Answer, Call, Example, Model, Operation, Text, Verb
from pricing.engines.result import Claim, Line, Standing, exact_text
from pricing.engines.shapes import Json, JsonObject
from pricing.money import Currency, currency


def _clear(call: Call) -> Answer:
    unit = currency(cast("str", call.params["currency"]))
    rows = cast("list[JsonObject]", call.inputs["bids"])
    bidders = reading.read_keys(rows, "bidder", "inputs.bids")
    amounts = reading.read_amounts(rows, "bid", unit, "inputs.bids")
    in_b = halves(cast("int", call.seed), len(amounts))
    outcome = random_sampling(amounts, in_b)
    prices = offered(amounts, in_b)
    extras: dict[str, Json] = {
        "awards": [{"bidder": bidders[index], "minor": str(outcome.pays[index])} for index in range(len(amounts)) if outcome.trades(index)],
        "receipts": [],
        "halves": {name: [key for key, b in zip(bidders, in_b, strict=True) if b is side] for name, side in (("a", False), ("b", True))},
        "offered_minor": {name: None if price is None else str(price) for name, price in zip(("a", "b"), prices, strict=True)},
        "best_single_price_revenue_minor": str(best_revenue(amounts)),
    }
    if len(amounts) <= MAX_ENUMERATED:
        extras["expected_minor"] = exact_text(expected_revenue(amounts))
    return Answer(unit, _lines(outcome, in_b, prices, unit), _CLAIMS, extras)


def _lines(outcome: Outcome, in_b: list[bool], prices: tuple[int | None, int | None], unit: Currency) -> tuple[Line, ...]:
    """Return one row for each half: how many copies it buys at the price that it is offered."""
    return tuple(
        reading.priced("HALF", sum(units for units, b in zip(outcome.units, in_b, strict=True) if b is side), price or 0, unit, half=name)
        for name, side, price in zip("AB", (False, True), prices, strict=True)
    )


_CLAIMS: Final = (
    Claim(
        mechanisms.TRUTHFUL,
        Standing.PROVEN,
        {"assumes": f"{reading.ASSUMPTIONS}; a seed chosen without regard to the bids", "for": "every seed"},
    ),
    Claim(mechanisms.INDIVIDUALLY_RATIONAL, Standing.PROVEN),
    Claim(mechanisms.THRESHOLD_PAYMENT, Standing.PROVEN),
    Claim(mechanisms.MONOTONE_ALLOCATION, Standing.PROVEN),
    Claim(mechanisms.SCALE_EQUIVARIANT, Standing.PROVEN),
)

DIGITAL: Final = Model(
    key="digital",
    version=1,
    name=Text("Auction of unlimited copies", "无限份数竞价"),
    help=Text(
        "Copies cost nothing and each bidder wants one. The bids are split into two halves by the seed, and each half is offered the price "
        "that brings the most from the other half, so no bid sets its own price. Needs no knowledge of demand; best with many bidders. The "
        "seed must be fixed without regard to the bids. Up to 10,000 bids; up to 12 also show the mean over all divisions.",
        "复制成本为零，每位竞买人要一份。按种子把出价分为两半，每一半以对另一半收入最高的价格成交，故无人能影响自己的价格。无需了解需求，竞买人越多越好。种子的选定须与出价无关。"
        "最多一万个出价；不超过十二个时另给出全部分法的平均收入。",
    ),
    params_schema=shapes.record(("Auction of unlimited copies", "无限份数竞价"), {"currency": shapes.CURRENCY}, required=["currency"]),
    operations={Verb.CLEAR: Operation(reading.one_sided(), _clear, seeded=True)},
    sentences={"HALF": ("Copies sold to half {half}", "{half} 半场成交份数")},
    examples=(
        Example(
            title=Text("Two bids in different halves: each is offered the other's", "两个出价分在两半：各以对方的出价为价格"),
            verb=Verb.CLEAR,
            params={"currency": "CNY"},
            inputs={"bids": [{"bidder": "ash", "bid": "2.00"}, {"bidder": "birch", "bid": "1.00"}]},
            amount_minor=100,
            seed=0,
        ),
        Example(
            title=Text("Six bids", "六个出价"),
            verb=Verb.CLEAR,
            params={"currency": "CNY"},
            inputs={
                "bids": [
                    {"bidder": "ash", "bid": "30.00"},
                    {"bidder": "birch", "bid": "12.00"},
                    {"bidder": "cedar", "bid": "9.00"},
                    {"bidder": "elm", "bid": "25.00"},
                    {"bidder": "fir", "bid": "10.00"},
                    {"bidder": "gum", "bid": "4.00"},
                ]
            },
            amount_minor=2_700,
            seed=4,
        ),
    ),
)

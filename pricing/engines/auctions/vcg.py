"""The Vickrey–Clarke–Groves auction of several different items: the best allocation, each winner paying what it costs the others."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final, cast

import numpy as np

from pricing.engines.auctions import bids as reading
from pricing.engines.auctions.assignment import assign
from pricing.engines.auctions.packages import TooHardError, vickrey_packages
from pricing.engines.auctions.vcg_bids import INPUTS, PARAMS, Bids, Sale, read_bids, read_sale
from pricing.engines.checkers import mechanisms
from pricing.engines.errors import InputError
from pricing.engines.model import Answer, Call, Example, Model, Operation, Progress, Text, Verb
from pricing.engines.result import Claim, Line, Standing
from pricing.engines.shapes import Json, JsonObject


def _clear(call: Call) -> Answer:
    sale = read_sale(call.params)
    packages = call.params["kind"] == "packages"
    bids = read_bids(sale, cast("list[JsonObject]", call.inputs["bids"]), packages=packages)
    return _clear_packages(sale, bids, call.progress) if packages else _clear_single(sale, bids)


def _clear_single(sale: Sale, bids: Bids) -> Answer:
    """Assign at most one item to each bidder; the prices are the proof."""
    values = bids.table(len(sale.items))
    solved = assign(values)
    awards = [
        _award(sale, bids.bidders[bidder], (item,), int(values[bidder, item]), solved.prices[item])
        for bidder, item in enumerate(solved.chosen)
        if item >= 0
    ]
    extras: JsonObject = {
        **_told(awards, solved.welfare),
        "prices": [
            {"item": key, "minor": str(price + reserve)}
            for key, price, reserve in zip(sale.items, solved.prices, sale.reserves, strict=True)
        ],
    }
    prices = np.array(solved.prices, dtype=np.int64)
    gains = np.maximum((values - prices).max(axis=1), 0)
    envy = mechanisms.envy_free(values, solved.chosen, prices)
    lost = mechanisms.efficient(solved.welfare, int(prices.sum()) + int(gains.sum()))
    if envy or lost:
        message = f"prices that prove nothing: {envy or lost}"
        raise ValueError(message)
    claims = (
        Claim(mechanisms.EFFICIENT, Standing.CHECKED, {"by": "prices and gains of equal sum (linear programming duality)"}),
        Claim(mechanisms.ENVY_FREE, Standing.CHECKED),
        Claim(mechanisms.SMALLEST_PRICES, Standing.PROVEN),
        *_claims("; each wants one item"),
    )
    return Answer(sale.currency, _lines(sale, awards), claims, extras)


def _clear_packages(sale: Sale, bids: Bids, progress: Progress) -> Answer:
    """Accept the best set of bids on packages."""
    try:
        won = vickrey_packages(bids.packages, len(sale.items), progress=progress)
    except TooHardError:
        raise InputError("TOO_HARD", "inputs.bids") from None
    awards: list[JsonObject] = []
    for index, pays, without in zip(won.bids, won.pays, won.others_without, strict=True):
        bid = bids.packages[index]
        award = _award(sale, bids.bidders[bid.bidder], bid.items, bid.value, pays)
        awards.append({**award, "others_without_minor": str(without), "others_with_minor": str(won.welfare - bid.value)})
    claims = (
        Claim(
            mechanisms.EFFICIENT,
            Standing.CHECKED,
            {"by": "every subset of the items, or a search that leaves out only what an exact bound excludes"},
        ),
        *_claims("; a bidder's alternatives exclude each other"),
    )
    return Answer(sale.currency, _lines(sale, awards), claims, _told(awards, won.welfare))


def _award(sale: Sale, bidder: str, items: Sequence[int], above_reserve: int, pays: int) -> JsonObject:
    """Return who gets which items, what is paid, and what is gained by it; amounts include the reserves."""
    reserve = sum(sale.reserves[item] for item in items)
    return {
        "bidder": bidder,
        "minor": str(reserve + pays),
        "items": [sale.items[item] for item in items],
        "gain_minor": str(above_reserve - pays),
    }


def _told(awards: Sequence[JsonObject], welfare: int) -> dict[str, Json]:
    return {"awards": list(awards), "receipts": [], "value_above_reserves_minor": str(welfare)}


def _lines(sale: Sale, awards: Sequence[JsonObject]) -> tuple[Line, ...]:
    """Return one row for each winner, or the one that says there is none."""
    if not awards:
        return (reading.priced("NOT_SOLD", 0, 0, sale.currency),)
    return tuple(
        Line(
            "AWARD",
            {"bidder": cast("str", award["bidder"]), "items": ", ".join(cast("list[str]", award["items"]))},
            Fraction(1),
            Fraction(int(cast("str", award["minor"])), sale.currency.scale),
            int(cast("str", award["minor"])),
        )
        for award in awards
    )


def _claims(more: str) -> tuple[Claim, ...]:
    return (
        Claim(mechanisms.TRUTHFUL, Standing.PROVEN, {"assumes": reading.ASSUMPTIONS + more}),
        Claim(mechanisms.INDIVIDUALLY_RATIONAL, Standing.PROVEN),
    )


_SLOTS: Final[JsonObject] = {"currency": "CNY", "items": [{"item": "north"}, {"item": "south"}]}

VCG: Final = Model(
    key="vcg",
    version=1,
    name=Text("Auction of several items (VCG)", "多标的竞价（VCG）"),
    help=Text(
        "Different items are sold at once so that the stated values sum to the most; each winner pays what its presence costs the others, "
        "so true values are the best bids. One item for each bidder (up to 10,000 bids on 200 items): the payments are the smallest "
        "competitive prices. Or packages, up to 200 bids: on up to 16 items they always clear; on up to 50 that may take some ten "
        "seconds, and what would take longer is refused. "
        "A bid counts only above the reserve prices of its items; of equally good allocations earlier bidders and items win. "
        "Revenue can be low, and bidders must not collude or bid under several names.",
        "多个不同标的同时出售，使所报价值之和最大；每位成交者支付其参与给他人造成的损失，故如实报价最优。"
        "每人至多一件（最多 200 个标的、一万个出价）时，支付额即最低竞争价格；亦可按组合出价（最多 200 个出价）："
        "16 个标的以内必能出清；最多 50 个标的，计算可能需十余秒，更久者将被拒绝。"
        "出价须高于所含标的保留价之和方为有效；同优时先到的竞买人与靠前的标的优先。"
        "收入可能偏低；竞买人不得串通或以多个名义出价。",
    ),
    params_schema=PARAMS,
    operations={Verb.CLEAR: Operation(INPUTS, _clear)},
    sentences={
        "AWARD": ("{items} to {bidder}", "{items} 归 {bidder}"),
        "NOT_SOLD": ("No bid is above the reserve prices", "无出价高于保留价"),
    },
    examples=(
        Example(
            title=Text(
                "Two places for three bidders: both prices are what the loser would have paid", "三人竞买两个位置：价格均由落选者的出价决定"
            ),
            verb=Verb.CLEAR,
            params=_SLOTS,
            inputs={
                "bids": [
                    {"bidder": "ash", "items": ["north"], "value": "10.00"},
                    {"bidder": "ash", "items": ["south"], "value": "8.00"},
                    {"bidder": "birch", "items": ["north"], "value": "9.00"},
                    {"bidder": "birch", "items": ["south"], "value": "5.00"},
                    {"bidder": "cedar", "items": ["north"], "value": "6.00"},
                    {"bidder": "cedar", "items": ["south"], "value": "4.00"},
                ]
            },
            amount_minor=1_000,
        ),
        Example(
            title=Text("Two small bids beat one on both items, and pay little", "两个单项出价胜过一个组合出价，支付较少"),
            verb=Verb.CLEAR,
            params={**_SLOTS, "kind": "packages"},
            inputs={
                "bids": [
                    {"bidder": "ash", "items": ["north", "south"], "value": "12.00"},
                    {"bidder": "birch", "items": ["north"], "value": "10.00"},
                    {"bidder": "cedar", "items": ["south"], "value": "9.00"},
                ]
            },
            amount_minor=500,
        ),
    ),
    check_params=read_sale,
)

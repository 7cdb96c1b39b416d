"""The exchange of many buyers and many sellers, which says which of the four things that no exchange can have together it gives up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final, cast

from pricing.engines import shapes
from pricing.engines.auctions import bids as reading
from pricing.engines.auctions.outcome import Mechanism
from pricing.engines.auctions.two_sided import Cleared, clearing_interval, k_double_auction, mcafee
from pricing.engines.checkers import mechanisms
from pricing.engines.checkers.property import Witness
from pricing.engines.errors import InputError
from pricing.engines.model import Answer, Call, Example, Model, Operation, Text, Verb
from pricing.engines.result import Claim, Line, Standing
from pricing.engines.shapes import JsonObject
from pricing.engines.validate import exact
from pricing.money import Currency, currency

_STANDARD_BID: Final = 100_000_000


def _check_params(params: JsonObject) -> None:
    """Refuse, when the plan is made, a weight above 1."""
    if "k" in params and exact(params["k"]) > 1:
        raise InputError("TOO_LARGE", "params.k", limit="1")


def _clear(call: Call) -> Answer:
    unit = currency(cast("str", call.params["currency"]))
    buying, selling = (cast("list[JsonObject]", call.inputs[side]) for side in ("bids", "asks"))
    buyers = reading.read_keys(buying, "bidder", "inputs.bids")
    sellers = reading.read_keys(selling, "seller", "inputs.asks", taken=buyers)
    bids = reading.read_amounts(buying, "bid", unit, "inputs.bids")
    asks = reading.read_amounts(selling, "ask", unit, "inputs.asks")
    if call.params["rule"] == "mcafee":
        cleared = mcafee(bids, asks)
        claims = _mcafee_claims(cleared)
    else:
        weight = exact(call.params["k"])
        cleared = k_double_auction(bids, asks, weight)
        claims = _call_claims(bids, asks, weight, [*buyers, *sellers])
    surplus = len(cleared.trades) * (cleared.buyer_price - cleared.seller_price)
    extras: JsonObject = {
        "awards": [{"bidder": buyers[buyer], "minor": str(cleared.buyer_price)} for buyer, _ in cleared.trades],
        "receipts": [{"seller": sellers[seller], "minor": str(cleared.seller_price)} for _, seller in cleared.trades],
        "trades": [{"bidder": buyers[buyer], "seller": sellers[seller]} for buyer, seller in cleared.trades],
        "surplus_minor": str(surplus),
        "gives_up": "efficient" if call.params["rule"] == "mcafee" else "truthful",
        "gains_minor": str(cleared.gains),
        "most_gains_minor": str(cleared.most_gains),
        "efficient_trades": cleared.efficient_trades,
    }
    return Answer(unit, (_line(cleared, unit),), claims, extras)


def _line(cleared: Cleared, unit: Currency) -> Line:
    count = len(cleared.trades)
    return reading.priced("TRADES" if count else "NO_TRADE", count, cleared.buyer_price, unit)


_BOTH: Final = (
    Claim(mechanisms.INDIVIDUALLY_RATIONAL, Standing.PROVEN),
    Claim(mechanisms.MONOTONE_ALLOCATION, Standing.PROVEN),
    Claim(mechanisms.ANONYMOUS, Standing.PROVEN),
)


def _mcafee_claims(cleared: Cleared) -> tuple[Claim, ...]:
    """Return the claims of the truthful rule; what it loses is shown on this instance, or on the smallest one where it loses."""
    lost = mechanisms.efficient(cleared.gains, cleared.most_gains)
    witness = (
        {"reached_minor": str(cleared.gains), "most_minor": str(cleared.most_gains)}
        if lost
        else {"example": "one bid of 100 and one ask of 50 minor units", "reached_minor": "0", "most_minor": "50"}
    )
    return (
        Claim(mechanisms.EFFICIENT, Standing.NOT_HELD, witness),
        Claim(mechanisms.ONE_TRADE_LOST, Standing.PROVEN),
        Claim(mechanisms.TRUTHFUL, Standing.PROVEN, {"assumes": f"{reading.ASSUMPTIONS}; each wants or has one copy"}),
        Claim(mechanisms.THRESHOLD_PAYMENT, Standing.PROVEN),
        Claim(mechanisms.BUDGET_BALANCED, Standing.PROVEN, {"kind": "a surplus is possible, a deficit is not"}),
        *_BOTH,
    )


def _call_claims(bids: Sequence[int], asks: Sequence[int], weight: Fraction, keys: Sequence[str]) -> tuple[Claim, ...]:
    """Return the claims of the call market; the gain from a false report is shown on this instance, or on a standard one."""
    lie = _profitable_lie(bids, asks, weight)
    shown = (
        {"participant": keys[int(lie["participant"])]} if lie else {"example": f"one bid of {_STANDARD_BID} and one ask of 0 minor units"}
    )
    lie = lie or _profitable_lie([_STANDARD_BID], [0], weight)
    if lie is None:
        message = "a price between bid and ask that nobody could move"
        raise ValueError(message)
    witness = {**shown, "value_minor": str(lie["value"]), "report_minor": str(lie["report"]), "gain_minor": str(lie["gain"])}
    return (
        Claim(mechanisms.EFFICIENT, Standing.PROVEN, {"at": "the reported bids and asks"}),
        Claim(mechanisms.TRUTHFUL, Standing.NOT_HELD, witness),
        Claim(mechanisms.BUDGET_BALANCED, Standing.PROVEN),
        Claim(mechanisms.STRONGLY_BALANCED, Standing.PROVEN),
        *_BOTH,
    )


def _profitable_lie(bids: Sequence[int], asks: Sequence[int], weight: Fraction) -> Witness | None:
    """Look for a gain of the last buyer or the last seller that still trades: they bid up to the other end of the clearing prices."""
    interval = clearing_interval(bids, asks)
    if interval is None:
        return None
    low, high = interval
    buyer, seller = k_double_auction(bids, asks, weight).trades[-1]
    tried = {buyer: (low, low + 1), len(bids) + seller: (high, max(high - 1, 0))}
    return mechanisms.truthful(as_mechanism(weight, len(bids)), [*bids, *asks], lambda index: tried.get(index, ()))


def as_mechanism(weight: Fraction, buyers: int) -> Mechanism:
    """Return the call market as a mechanism of one list: the first ``buyers`` reports are bids, the others asks."""
    return lambda reports: k_double_auction(reports[:buyers], reports[buyers:], weight).outcome(buyers, len(reports) - buyers)


_CURRENCY: Final = {"currency": shapes.CURRENCY}
_SIDES: Final = {
    "bids": reading.bid_list(("In order of arrival", "按到达顺序"), "bidder", "bid", (("Buyer", "买方"), ("Bid", "买价")), least=0),
    "asks": reading.bid_list(("In order of arrival", "按到达顺序"), "seller", "ask", (("Seller", "卖方"), ("Ask", "卖价")), least=0),
}
_EXAMPLE: Final[Mapping[str, Sequence[JsonObject]]] = {
    "bids": [
        {"bidder": "ash", "bid": "9.00"},
        {"bidder": "birch", "bid": "8.00"},
        {"bidder": "cedar", "bid": "7.00"},
        {"bidder": "elm", "bid": "4.00"},
    ],
    "asks": [
        {"seller": "oak", "ask": "2.00"},
        {"seller": "pine", "ask": "3.00"},
        {"seller": "rowan", "ask": "5.00"},
        {"seller": "yew", "ask": "8.00"},
    ],
}

EXCHANGE: Final = Model(
    key="exchange",
    version=1,
    name=Text("Exchange", "双边交易"),
    help=Text(
        "Many buyers and many sellers of one equal copy each. No exchange can be efficient, truthful, voluntary and balanced at once "
        "(Myerson and Satterthwaite): McAfee's rule may give up the last trade, leaves a surplus with the market and stays truthful; the "
        "call market makes every trade worth making at one price, k times the lowest clearing price plus 1 - k times the highest, and is "
        "not truthful. Up to 10,000 on each side; equal offers go to the earlier one.",
        "多个买方与多个卖方，各买卖一份相同标的。任何规则都无法同时做到有效、激励相容、自愿参与和收支平衡（迈尔森－萨特思韦特）："
        "麦卡菲规则可能放弃最后一笔交易，差额留归市场，如实报价最优；集合竞价以统一价格（k 乘最低出清价加 1 - k 乘最高出清价）"
        "成交全部有利交易，但不保证如实报价最优。每边至多一万个报价；同价先到先得。",
    ),
    params_schema=shapes.one_of(
        ("Exchange", "双边交易"),
        "rule",
        [
            shapes.record(
                ("McAfee's rule", "麦卡菲规则"),
                {"rule": shapes.constant("mcafee", ("Truthful", "激励相容")), **_CURRENCY},
                required=["rule", "currency"],
            ),
            shapes.record(
                ("Call market", "集合竞价"),
                {
                    "rule": shapes.constant("call", ("One price", "统一价格")),
                    **_CURRENCY,
                    "k": {
                        **shapes.decimal(("Weight k of the lowest clearing price", "最低出清价的权重 k"), digits=1, decimals=6),
                        "default": "0.5",
                    },
                },
                required=["rule", "currency"],
            ),
        ],
    ),
    operations={Verb.CLEAR: Operation(shapes.record(("Offers", "报价"), _SIDES, required=["bids", "asks"]), _clear)},
    sentences={
        "TRADES": ("Copies traded, at the buyers' price", "成交份数，按买方价格"),
        "NO_TRADE": ("No trade", "无成交"),
    },
    examples=(
        Example(
            title=Text("Call market: three trades at the middle of 5 and 7", "集合竞价：三笔按 5 与 7 的中点成交"),
            verb=Verb.CLEAR,
            params={"rule": "call", "currency": "CNY"},
            inputs=_EXAMPLE,
            amount_minor=1_800,
        ),
        Example(
            title=Text("McAfee: bid 4 and ask 8 set the price 6 for all three trades", "麦卡菲：买价 4 与卖价 8 定出三笔的价格 6"),
            verb=Verb.CLEAR,
            params={"rule": "mcafee", "currency": "CNY"},
            inputs=_EXAMPLE,
            amount_minor=1_800,
        ),
        Example(
            title=Text("McAfee without a fourth offer: the third trade is lost and 4 remain", "麦卡菲：无第四个报价时放弃第三笔，结余 4"),
            verb=Verb.CLEAR,
            params={"rule": "mcafee", "currency": "CNY"},
            inputs={side: offers[:3] for side, offers in _EXAMPLE.items()},
            amount_minor=1_400,
        ),
    ),
    check_params=_check_params,
)

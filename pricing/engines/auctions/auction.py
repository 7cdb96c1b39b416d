"""The sealed-bid auction of one copy, or of k equal copies at one price: the seller picks the format, the reserve and the number."""

from __future__ import annotations

from typing import Final, cast

from pricing.engines import shapes
from pricing.engines.auctions import bids as reading
from pricing.engines.auctions.outcome import Outcome
from pricing.engines.auctions.single import first_price, least_winning_bid, uniform_price
from pricing.engines.checkers import mechanisms
from pricing.engines.errors import InputError
from pricing.engines.model import Answer, Call, Example, Model, Operation, Text, Verb
from pricing.engines.result import Claim, Line, Standing
from pricing.engines.shapes import JsonObject
from pricing.money import Currency, currency

FORMATS: Final = ("second_price", "english", "first_price", "dutch", "uniform_price")
PAY_OWN_BID: Final = frozenset({"first_price", "dutch"})
MAX_UNITS: Final = 10_000
_STANDARD_BIDS: Final = (200, 100)


def _check_params(params: JsonObject) -> None:
    """Refuse, when the plan is made, a reserve that its currency cannot express, and more than one copy where a format sells one."""
    reading.read_minor(params["reserve"], currency(cast("str", params["currency"])), "params.reserve")
    if params["units"] != 1 and params["format"] != "uniform_price":
        raise InputError("NOT_FOR_THIS_PLAN", "params.units")


def _clear(call: Call) -> Answer:
    unit = currency(cast("str", call.params["currency"]))
    rows = cast("list[JsonObject]", call.inputs["bids"])
    bidders = reading.read_keys(rows, "bidder", "inputs.bids")
    amounts = reading.read_amounts(rows, "bid", unit, "inputs.bids")
    reserve = reading.read_minor(call.params["reserve"], unit, "params.reserve")
    own = call.params["format"] in PAY_OWN_BID
    outcome = (
        first_price(amounts, reserve=reserve) if own else uniform_price(amounts, reserve=reserve, units=cast("int", call.params["units"]))
    )
    winners = [index for index in sorted(range(len(amounts)), key=lambda index: (-amounts[index], index)) if outcome.trades(index)]
    extras: JsonObject = {
        "awards": [{"bidder": bidders[index], "minor": str(outcome.pays[index])} for index in winners],
        "receipts": [],
        "regret_bound_minor": str(_regret(amounts, outcome, reserve) if own else 0),
    }
    claims = _first_price_claims(bidders, amounts, outcome, reserve) if own else _threshold_claims(cast("str", call.params["format"]))
    return Answer(unit, (_line(outcome, winners, unit),), (*claims, *_common_claims()), extras)


def _line(outcome: Outcome, winners: list[int], unit: Currency) -> Line:
    """Return the one row: how many copies went at the one price."""
    if not winners:
        return reading.priced("NOT_SOLD", 0, 0, unit)
    return reading.priced("COPIES_SOLD", len(winners), outcome.pays[winners[0]], unit)


def _regret(amounts: list[int], outcome: Outcome, reserve: int) -> int:
    """Return the most that anybody could have gained by another bid, if the bids were the true values: the winner's, who could shade."""
    winner = outcome.units.index(1) if 1 in outcome.units else None
    return 0 if winner is None else amounts[winner] - least_winning_bid(amounts, winner, reserve=reserve)


def _first_price_claims(bidders: list[str], amounts: list[int], outcome: Outcome, reserve: int) -> tuple[Claim, ...]:
    """Return the claims that paying the own bid breaks, with the winner's better bid of this auction or else of a standard one."""
    gain = _regret(amounts, outcome, reserve)
    if gain:
        winner = outcome.units.index(1)
        shown = {"bidder": bidders[winner], "value_minor": str(amounts[winner]), "report_minor": str(amounts[winner] - gain)}
    else:
        high, low = _STANDARD_BIDS
        gain = high - low
        shown = {"example": "bids of 200 and 100 minor units, no reserve", "value_minor": str(high), "report_minor": str(low)}
    witness = {**shown, "gain_minor": str(gain)}
    return (
        Claim(mechanisms.TRUTHFUL, Standing.NOT_HELD, witness),
        Claim(mechanisms.THRESHOLD_PAYMENT, Standing.NOT_HELD, witness),
    )


def _threshold_claims(format_: str) -> tuple[Claim, ...]:
    more = {"second_price": "", "english": "; a bid is the price at which its proxy drops out", "uniform_price": "; each wants one copy"}
    return (
        Claim(mechanisms.TRUTHFUL, Standing.PROVEN, {"assumes": reading.ASSUMPTIONS + more[format_]}),
        Claim(mechanisms.THRESHOLD_PAYMENT, Standing.PROVEN),
    )


def _common_claims() -> tuple[Claim, ...]:
    return (
        Claim(mechanisms.INDIVIDUALLY_RATIONAL, Standing.PROVEN),
        Claim(mechanisms.MONOTONE_ALLOCATION, Standing.PROVEN),
        Claim(mechanisms.EFFICIENT, Standing.PROVEN, {"at": "the reported bids, the reserve being what a copy is worth to the seller"}),
        Claim(mechanisms.ANONYMOUS, Standing.PROVEN),
        Claim(mechanisms.SCALE_EQUIVARIANT, Standing.PROVEN),
    )


AUCTION: Final = Model(
    key="auction",
    version=1,
    name=Text("Auction of sealed bids", "密封竞价"),
    help=Text(
        "Sealed bids for one copy, or for several equal copies at one price. Second price, English (cleared as its second-price outcome "
        "under private values) and uniform price reward true bids; first price and Dutch (the same outcome) charge the winner its own bid. "
        "One copy for each bidder; equal bids go to the earlier one; up to 10,000 bids.",
        "对一份或多份相同标的密封出价。第二价格、英式（按私有价值下的第二价格结果清算）与统一价格鼓励如实出价；第一价格与荷兰式（结果相同）按成交者自己的出价收费。"
        "每位竞买人至多一份；同价先到先得；最多一万个出价。",
    ),
    params_schema=shapes.record(
        ("Auction of sealed bids", "密封竞价"),
        {
            "currency": shapes.CURRENCY,
            "format": shapes.choice(("Format", "方式"), FORMATS, default="second_price"),
            "reserve": {**shapes.amount(("Reserve price", "保留价")), "default": "0"},
            "units": shapes.integer(("Copies, for the uniform price", "份数（统一价格）"), least=1, most=MAX_UNITS, default=1),
        },
        required=["currency"],
    ),
    operations={Verb.CLEAR: Operation(reading.one_sided(), _clear)},
    sentences={
        "COPIES_SOLD": ("Copies sold, at one price", "成交份数，统一单价"),
        "NOT_SOLD": ("No bid reached the reserve price", "无出价达到保留价"),
    },
    examples=(
        Example(
            title=Text("Second price: the winner pays the second highest bid", "第二价格：成交者按第二高出价支付"),
            verb=Verb.CLEAR,
            params={"currency": "CNY"},
            inputs={
                "bids": [
                    {"bidder": "ash", "bid": "120.00"},
                    {"bidder": "birch", "bid": "150.00"},
                    {"bidder": "cedar", "bid": "90.50"},
                ]
            },
            amount_minor=12_000,
        ),
        Example(
            title=Text("Two copies at the third highest bid", "两份按第三高出价成交"),
            verb=Verb.CLEAR,
            params={"currency": "CNY", "format": "uniform_price", "units": 2, "reserve": "50.00"},
            inputs={
                "bids": [
                    {"bidder": "ash", "bid": "120.00"},
                    {"bidder": "birch", "bid": "150.00"},
                    {"bidder": "cedar", "bid": "90.50"},
                    {"bidder": "elm", "bid": "40.00"},
                ]
            },
            amount_minor=18_100,
        ),
        Example(
            title=Text("First price: the winner pays its own bid", "第一价格：成交者按自己的出价支付"),
            verb=Verb.CLEAR,
            params={"currency": "CNY", "format": "first_price"},
            inputs={"bids": [{"bidder": "ash", "bid": "120.00"}, {"bidder": "birch", "bid": "150.00"}]},
            amount_minor=15_000,
        ),
    ),
    check_params=_check_params,
)

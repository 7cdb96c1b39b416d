"""The income share: nothing up front, then a stated part of what the licensee earns net from products derived under the licence."""

from __future__ import annotations

from fractions import Fraction
from typing import Final, cast

from pricing.engines import shapes
from pricing.engines.checkers import charges
from pricing.engines.model import Answer, Call, Example, Model, Operation, Text, Verb
from pricing.engines.result import Claim, Line, Standing
from pricing.engines.validate import read_amount
from pricing.money import PPM, currency, share_ppm


def _quote(call: Call) -> Answer:
    """Return zero: the price of the licence is paid from later income only."""
    unit = currency(cast("str", call.params["currency"]))
    line = Line("NOTHING_UP_FRONT", {"ppm": str(call.params["share_ppm"])}, Fraction(1), Fraction(0), 0)
    return Answer(unit, (line,), (Claim(charges.MONOTONE, Standing.PROVEN),), {"share_ppm": call.params["share_ppm"]})


def _rate(call: Call) -> Answer:
    """Return the share of one net income, rounded down; what rounding leaves stays with the licensee."""
    unit = currency(cast("str", call.params["currency"]))
    ppm = cast("int", call.params["share_ppm"])
    income = read_amount(call.inputs["net_income"], unit, "inputs.net_income")
    share = share_ppm(int(income * unit.scale), ppm)
    line = Line("INCOME_SHARE", {"ppm": str(ppm)}, income, Fraction(ppm, PPM), share)
    claims = (Claim(charges.MONOTONE, Standing.PROVEN), Claim(charges.SHARE_WITHIN_INCOME, Standing.PROVEN))
    return Answer(unit, (line,), claims)


INCOME_SHARE: Final = Model(
    key="income_share",
    version=1,
    name=Text("Income share", "收益分成"),
    help=Text(
        "The licensee pays nothing now and a share, in parts per million, of its net income from products derived under the licence.",
        "被许可方先期不付费，按百万分比从依该许可形成的衍生产品净收入中分成。",
    ),
    params_schema=shapes.record(
        ("Income share", "收益分成"),
        {
            "currency": shapes.CURRENCY,
            "share_ppm": shapes.integer(("Share, parts per million of net income", "净收入分成（百万分比）"), least=1, most=PPM),
        },
        required=["currency", "share_ppm"],
    ),
    operations={
        Verb.QUOTE: Operation(shapes.record(("Licence", "许可"), {}), _quote),
        Verb.RATE: Operation(
            shapes.record(
                ("Income", "收入"),
                {"net_income": shapes.amount(("Licensee's net income", "被许可方净收入"))},
                required=["net_income"],
            ),
            _rate,
        ),
    },
    sentences={
        "NOTHING_UP_FRONT": ("Nothing now; {ppm} parts per million of later net income", "先期不付费；此后净收入的百万分之 {ppm}"),
        "INCOME_SHARE": ("{ppm} parts per million of the net income", "净收入的百万分之 {ppm}"),
    },
    examples=(
        Example(
            title=Text("30% of a net income of CNY 1,190.55", "净收入 1190.55 元的 30%"),
            verb=Verb.RATE,
            params={"currency": "CNY", "share_ppm": 300_000},
            inputs={"net_income": "1190.55"},
            amount_minor=35_716,
        ),
        Example(
            title=Text("The licence itself", "许可本身"),
            verb=Verb.QUOTE,
            params={"currency": "CNY", "share_ppm": 300_000},
            inputs={},
            amount_minor=0,
        ),
    ),
)

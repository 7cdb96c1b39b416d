"""The two-part tariff: a fee to enter and a price per unit, set by its owner or found from what buyers would take."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final, cast

from pricing.engines import shapes
from pricing.engines.checkers import charges, posted
from pricing.engines.errors import InputError
from pricing.engines.model import Answer, Call, Example, Model, Operation, Text, Verb
from pricing.engines.posted.surplus import Tariff, Type, best_tariff, best_uniform_price
from pricing.engines.result import Claim, Entry, Standing, exact_text, rounded
from pricing.engines.shapes import JsonObject
from pricing.engines.validate import exact, read_amount
from pricing.money import Currency, currency

MAX_TYPES: Final = 40
MAX_BUYERS: Final = 10**6


def _check_entry(params: JsonObject) -> None:
    """Refuse, when the plan is made, a fee that its currency cannot express."""
    if params["kind"] == "set":
        read_amount(params["entry"], _unit(params), "params.entry")


def _unit(params: JsonObject) -> Currency:
    return currency(cast("str", params["currency"]))


def _require(params: JsonObject, kind: str, verb: Verb) -> None:
    if params["kind"] != kind:
        raise InputError("KIND_NOT_FOR_VERB", "params.kind", verb=verb.value, kind=kind)


def _quote(call: Call) -> Answer:
    """Return the fee plus the price of a quantity: T(q) = A + p q, monotone, and subadditive since the fee is not negative."""
    _require(call.params, "set", Verb.QUOTE)
    unit = _unit(call.params)
    quantity = exact(call.inputs["quantity"])
    entries = [
        Entry("ENTRY", {}, Fraction(1), read_amount(call.params["entry"], unit, "params.entry")),
        Entry("UNITS", {}, quantity, exact(call.params["unit_price"])),
    ]
    return Answer(unit, rounded(entries, unit), _TARIFF_CLAIMS)


def _optimise(call: Call) -> Answer:
    """Return the expected profit of the best tariff."""
    _require(call.params, "search", Verb.OPTIMISE)
    unit, cost = _unit(call.params), exact(call.params["cost"])
    scale = 10 ** cast("int", call.params["price_decimals"])
    types = _types(cast("Sequence[JsonObject]", call.inputs["types"]))
    best = best_tariff(types, cost, price_scale=scale, fee_scale=unit.scale)
    if not best.served:
        raise InputError("NO_GAIN", "inputs.types")
    buyers = sum(types[index].buyers for index in best.served)
    taken = sum((types[index].buyers * types[index].demand(best.price) for index in best.served), Fraction(0))
    entries = [Entry("ENTRIES", {}, Fraction(buyers), best.entry), Entry("UNITS", {}, taken, best.price)]
    if cost:
        entries.append(Entry("COST", {}, taken, -cost))
    alone = best_uniform_price(types, cost, price_scale=scale)
    return Answer(unit, rounded(entries, unit), (*_TARIFF_CLAIMS, *_choices_checked(types, best)), _told(types, best, alone, unit))


def _types(rows: Sequence[JsonObject]) -> list[Type]:
    types = [Type(cast("int", row["buyers"]), exact(row["most"]), exact(row["slope"])) for row in rows]
    for index, each in enumerate(types):
        for name, value in (("most", each.most), ("slope", each.slope)):
            if not value:
                raise InputError("TOO_SMALL", f"inputs.types.{index}.{name}", limit="0.000001")
    return types


def _choices_checked(types: Sequence[Type], best: Tariff) -> tuple[Claim, ...]:
    """Check that every type prefers its own quantity at this tariff, or none, to every other type's."""
    taken = [each.demand(best.price) if index in best.served else Fraction(0) for index, each in enumerate(types)]
    paid = [best.entry + best.price * quantity if index in best.served else Fraction(0) for index, quantity in enumerate(taken)]

    def worth(one: int, other: int) -> Fraction:
        return types[one].worth(taken[other])

    found = {
        posted.INCENTIVE_COMPATIBLE: posted.incentive_compatible(worth, paid),
        posted.INDIVIDUALLY_RATIONAL: posted.individually_rational(worth, paid),
    }
    return tuple(
        Claim(name, Standing.CHECKED)
        if witness is None
        else Claim(name, Standing.NOT_HELD, {key: str(value) for key, value in witness.items()})
        for name, witness in found.items()
    )


def _told(types: Sequence[Type], best: Tariff, alone: Tariff, unit: Currency) -> JsonObject:
    return {
        "entry": exact_text(best.entry),
        "unit_price": exact_text(best.price),
        "types": [
            {
                "served": index in best.served,
                "quantity": exact_text(each.demand(best.price) if index in best.served else Fraction(0)),
                "left_to_buyer_minor": exact_text(max(each.surplus(best.price) - best.entry, Fraction(0)) * unit.scale),
            }
            for index, each in enumerate(types)
        ],
        "without_entry": {"unit_price": exact_text(alone.price), "profit_minor": exact_text(alone.profit * unit.scale)},
    }


_TARIFF_CLAIMS: Final = (Claim(charges.MONOTONE, Standing.PROVEN), Claim(charges.SUBADDITIVE, Standing.PROVEN))
_SEARCH: Final[JsonObject] = {"kind": "search", "currency": "CNY", "cost": "2"}

TWO_PART: Final = Model(
    key="two_part",
    version=1,
    name=Text("Two-part tariff", "两部制收费"),
    help=Text(
        "A fee to enter plus a price per unit. Its owner sets both, or they are found for types of buyers whose demand falls linearly "
        "in the price, who know it, and who cannot resell.",
        "准入费加单价。可由权利人直接设定，也可按各类买方的线性需求求最优；假定买方了解自身需求且不能转售。",
    ),
    params_schema=shapes.one_of(
        ("Two-part tariff", "两部制收费"),
        "kind",
        [
            shapes.record(
                ("Set by its owner", "直接设定"),
                {
                    "kind": shapes.constant("set", ("Set", "设定")),
                    "currency": shapes.CURRENCY,
                    "entry": shapes.amount(("Entry fee", "准入费")),
                    "unit_price": shapes.price(("Price of one unit", "单价")),
                },
                required=["kind", "currency", "entry", "unit_price"],
            ),
            shapes.record(
                ("Found from demand", "按需求求解"),
                {
                    "kind": shapes.constant("search", ("Search", "求解")),
                    "currency": shapes.CURRENCY,
                    "cost": {**shapes.decimal(("Cost of one unit", "单位成本"), digits=9, decimals=6), "default": "0"},
                    "price_decimals": shapes.integer(("Decimal places of the unit price", "单价的小数位数"), least=0, most=6, default=2),
                },
                required=["kind", "currency"],
            ),
        ],
    ),
    operations={
        Verb.QUOTE: Operation(
            shapes.record(("Purchase", "购买"), {"quantity": shapes.quantity(("Quantity", "数量"))}, required=["quantity"]), _quote
        ),
        Verb.OPTIMISE: Operation(
            shapes.record(
                ("Buyers", "买方"),
                {
                    "types": shapes.array(
                        ("Types of buyers", "买方类别"),
                        shapes.record(
                            ("Type", "类别"),
                            {
                                "buyers": shapes.integer(("Buyers of this type", "该类买方数量"), least=1, most=MAX_BUYERS, default=1),
                                "most": shapes.decimal(("Quantity taken at price zero", "价格为零时的需求量"), digits=9, decimals=6),
                                "slope": {
                                    **shapes.decimal(
                                        ("Quantity lost for each major unit of price", "单价每升一元减少的数量"), digits=9, decimals=6
                                    ),
                                    "default": "1",
                                },
                            },
                            required=["most"],
                        ),
                        least=1,
                        most=MAX_TYPES,
                    )
                },
                required=["types"],
            ),
            _optimise,
        ),
    },
    sentences={
        "ENTRY": ("Entry fee", "准入费"),
        "ENTRIES": ("Entry fees", "准入费合计"),
        "UNITS": ("Units", "用量"),
        "COST": ("Cost of the units", "用量成本"),
    },
    examples=(
        Example(
            title=Text("One type, demand 10 - p, cost 2: price 2, fee 32", "需求 10 - p，成本 2：单价 2，准入费 32"),
            verb=Verb.OPTIMISE,
            params=_SEARCH,
            inputs={"types": [{"most": "10"}]},
            amount_minor=3_200,
        ),
        Example(
            title=Text("That tariff for eight units", "按该方案使用八个单位"),
            verb=Verb.QUOTE,
            params={"kind": "set", "currency": "CNY", "entry": "32", "unit_price": "2"},
            inputs={"quantity": "8"},
            amount_minor=4_800,
        ),
    ),
    check_params=_check_entry,
)

"""Reads what the Vickrey–Clarke–Groves auction is given: items with reserves, and exclusive bids on one item or on packages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from pricing.engines import shapes
from pricing.engines.auctions import bids as reading
from pricing.engines.auctions.packages import Package
from pricing.engines.errors import InputError
from pricing.engines.shapes import JsonObject
from pricing.money import Currency, Money, currency

MAX_ITEMS: Final = 200
MAX_PACKAGE_ITEMS: Final = 50
MAX_SINGLE_BIDS: Final = 10_000
MAX_PACKAGE_BIDS: Final = 200
MAX_VALUE_MINOR: Final = 10**11


@dataclass(frozen=True, slots=True)
class Sale:
    """What is sold: the items' keys and reserves in minor units, in the plan's order."""

    currency: Currency
    items: tuple[str, ...]
    reserves: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Bids:
    """The bids above their reserves.

    Attributes:
        bidders: keys in order of their first bid; a package's bidder is a place in it.
        packages: each bid with its value less the reserves of its items.
    """

    bidders: tuple[str, ...]
    packages: tuple[Package, ...]

    def table(self, items: int) -> NDArray[np.int64]:
        """Return bids on single items as a table of what each is worth above its reserve; shape ``(bidders, items)``."""
        values = np.zeros((len(self.bidders), items), dtype=np.int64)
        for bid in self.packages:
            values[bid.bidder, bid.items[0]] = bid.value
        return values


def read_sale(params: JsonObject) -> Sale:
    """Return the plan's items.

    Raises:
        InputError: DUPLICATE, TOO_MANY items for packages, TOO_LARGE, or an amount that the currency cannot express.
    """
    unit = currency(cast("str", params["currency"]))
    rows = cast("list[JsonObject]", params["items"])
    if params["kind"] == "packages" and len(rows) > MAX_PACKAGE_ITEMS:
        raise InputError("TOO_MANY", "params.items", limit=MAX_PACKAGE_ITEMS)
    keys = reading.read_keys(rows, "item", "params.items")
    reserves = [_read_value(row, "reserve", unit, f"params.items.{index}.reserve") for index, row in enumerate(rows)]
    return Sale(unit, tuple(keys), tuple(reserves))


def read_bids(sale: Sale, rows: list[JsonObject], *, packages: bool) -> Bids:
    """Return the bids, those not above the reserves of their items left out.

    Raises:
        InputError: TOO_MANY bids, or items in a bid on one item; UNKNOWN_ITEM; DUPLICATE, an item twice in a bid or a bidder's bid on the
            same items twice; TOO_LARGE, or an amount that the currency cannot express.
    """
    if packages and len(rows) > MAX_PACKAGE_BIDS:
        raise InputError("TOO_MANY", "inputs.bids", limit=MAX_PACKAGE_BIDS)
    places = {key: index for index, key in enumerate(sale.items)}
    bidders: dict[str, int] = {}
    seen: set[tuple[int, tuple[int, ...]]] = set()
    found: list[Package] = []
    for index, row in enumerate(rows):
        field = f"inputs.bids.{index}"
        bidder = bidders.setdefault(cast("str", row["bidder"]), len(bidders))
        items = _read_items(cast("list[str]", row["items"]), places, f"{field}.items", most=MAX_PACKAGE_ITEMS if packages else 1)
        value = _read_value(row, "value", sale.currency, f"{field}.value") - sum(sale.reserves[item] for item in items)
        if (bidder, items) in seen:
            raise InputError("DUPLICATE", f"{field}.items")
        seen.add((bidder, items))
        if value > 0:
            found.append(Package(bidder, items, value))
    return Bids(tuple(bidders), tuple(found))


def _read_items(keys: list[str], places: dict[str, int], field: str, *, most: int) -> tuple[int, ...]:
    if len(keys) > most:
        raise InputError("TOO_MANY", field, limit=most)
    for index, each in enumerate(keys):
        if each not in places:
            raise InputError("UNKNOWN_ITEM", f"{field}.{index}")
        if each in keys[:index]:
            raise InputError("DUPLICATE", f"{field}.{index}")
    return tuple(sorted(places[each] for each in keys))


def _read_value(row: JsonObject, word: str, unit: Currency, field: str) -> int:
    minor = reading.read_minor(row[word], unit, field)
    if minor > MAX_VALUE_MINOR:
        raise InputError("TOO_LARGE", field, limit=Money(MAX_VALUE_MINOR, unit).format())
    return minor


_KEY: Final = reading.key(("Item", "标的"))
PARAMS: Final = shapes.record(
    ("Items on sale", "待售标的"),
    {
        "currency": shapes.CURRENCY,
        "kind": shapes.choice(
            ("What a bidder may get: one item or a package", "竞买人可获得：一件或一个组合"),
            ["unit_demand", "packages"],
            default="unit_demand",
        ),
        "items": shapes.array(
            ("Items", "标的"),
            shapes.record(
                ("Item", "标的"),
                {"item": _KEY, "reserve": {**shapes.amount(("Reserve price", "保留价")), "default": "0"}},
                required=["item"],
            ),
            least=1,
            most=MAX_ITEMS,
        ),
    },
    required=["currency", "items"],
)
INPUTS: Final = shapes.record(
    ("Bids", "出价"),
    {
        "bids": shapes.array(
            ("In order of arrival; of one bidder's at most one wins", "按到达顺序；同一竞买人至多成交一个"),
            shapes.record(
                ("Bid", "出价"),
                {
                    "bidder": reading.key(("Bidder", "竞买人")),
                    "items": shapes.array(("Items wanted together", "一并竞买的标的"), _KEY, least=1, most=MAX_PACKAGE_ITEMS),
                    "value": shapes.amount(("Value", "价值")),
                },
                required=["bidder", "items", "value"],
            ),
            least=0,
            most=MAX_SINGLE_BIDS,
        )
    },
    required=["bids"],
)

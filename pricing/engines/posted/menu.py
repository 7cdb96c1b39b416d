"""The menu: versions and their prices such that each type of buyer picks the one that is meant for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, cast

from pricing.engines import shapes
from pricing.engines.checkers import posted
from pricing.engines.errors import InputError
from pricing.engines.model import Answer, Call, Example, Model, Operation, Progress, Text, Verb
from pricing.engines.posted import quality, screening
from pricing.engines.result import Claim, Entry, Standing, exact_text, rounded
from pricing.engines.shapes import Json, JsonObject, Schema
from pricing.engines.validate import exact, read_amount
from pricing.money import Currency, Money, currency

MAX_TYPES: Final = 200
MAX_VERSIONS: Final = 20
SEARCHED_TYPES: Final = 12
SEARCHED_VERSIONS: Final = 8
MAX_BUYERS: Final = 10**6
TASTE_DECIMALS: Final = 4


@dataclass(frozen=True, slots=True)
class Offer:
    """One row of a menu: its name, its price in minor units, and the exact cost of one copy in major units."""

    name: str
    price: int
    cost: Fraction


@dataclass(frozen=True, slots=True)
class Screened:
    """A menu and who takes what.

    Attributes:
        taken: by type, the index of its offer; None if it buys nothing.
        worths: by type and offer, what that is worth to it, in steps.
        steps: to one minor unit.
        method: how the menu was found.
    """

    offers: tuple[Offer, ...]
    taken: tuple[int | None, ...]
    buyers: tuple[int, ...]
    worths: tuple[tuple[int, ...], ...]
    steps: int
    method: str

    def left(self, one: int, at: int | None) -> int:
        """Return what an offer, or None for nothing, leaves to a type after its price, in steps."""
        return 0 if at is None else self.worths[one][at] - self.offers[at].price * self.steps


def _optimise(call: Call) -> Answer:
    """Return what the best menu earns beyond costs."""
    unit = currency(cast("str", call.params["currency"]))
    goods = cast("JsonObject", call.inputs["goods"])
    menu = _versions(goods, unit, call.progress) if goods["kind"] == "versions" else _qualities(goods, unit)
    if not menu.offers:
        raise InputError("NO_GAIN", "inputs.goods")
    entries: list[Entry] = []
    for index, offer in enumerate(menu.offers):
        count = Fraction(sum(buyers for buyers, at in zip(menu.buyers, menu.taken, strict=True) if at == index))
        entries.append(Entry("SALES", {"version": offer.name}, count, Fraction(offer.price, unit.scale)))
        if offer.cost:
            entries.append(Entry("COPIES", {"version": offer.name}, count, -offer.cost))
    return Answer(unit, rounded(entries, unit), _checked(menu), _told(menu, unit))


def _versions(goods: JsonObject, unit: Currency, progress: Progress) -> Screened:
    """Read versions and values, and find the menu by virtual values where types can be ordered, and otherwise by search."""
    market, names = _market(goods, unit)
    order = screening.crossing_order(market.values)
    if order is None and len(market.buyers) > SEARCHED_TYPES:
        raise InputError("NOT_ORDERED", "inputs.goods.types", types=SEARCHED_TYPES, versions=SEARCHED_VERSIONS)
    if order is None and len(market.costs) > SEARCHED_VERSIONS:
        raise InputError("NOT_ORDERED", "inputs.goods.versions", types=SEARCHED_TYPES, versions=SEARCHED_VERSIONS)
    found = screening.menu_by_search(market, progress) if order is None else screening.menu_by_virtual_values(market, order)
    sold = sorted({version for version in found.versions if version != screening.NOTHING})
    prices = dict(zip(found.versions, found.prices, strict=True))
    return Screened(
        offers=tuple(Offer(names[version], prices[version], Fraction(market.costs[version], unit.scale)) for version in sold),
        taken=tuple(sold.index(version) if version in sold else None for version in found.versions),
        buyers=tuple(market.buyers),
        worths=tuple(tuple(row[version] for version in sold) for row in market.values),
        steps=1,
        method="search" if order is None else "virtual_values",
    )


def _market(goods: JsonObject, unit: Currency) -> tuple[screening.Market, list[str]]:
    versions, types = (cast("Sequence[JsonObject]", goods[name]) for name in ("versions", "types"))
    names = [cast("str", row["name"]) for row in versions]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise InputError("DUPLICATE", f"inputs.goods.versions.{index}.name")
    costs = [_minor(row["cost"], unit, f"inputs.goods.versions.{index}.cost") for index, row in enumerate(versions)]
    values = []
    for index, row in enumerate(types):
        given, field = cast("Sequence[Json]", row["values"]), f"inputs.goods.types.{index}.values"
        if len(given) != len(names):
            raise InputError("WRONG_LENGTH", field, expected=len(names))
        values.append([_minor(value, unit, f"{field}.{at}") for at, value in enumerate(given)])
    return screening.Market(values, [cast("int", row["buyers"]) for row in types], costs), names


def _minor(value: Json, unit: Currency, field: str) -> int:
    return int(read_amount(value, unit, field) * unit.scale)


def _qualities(goods: JsonObject, unit: Currency) -> Screened:
    """Read tastes for quality and find the menu of Mussa and Rosen."""
    rows = cast("Sequence[JsonObject]", goods["types"])
    curvature = exact(goods["curvature"])
    if not curvature:
        raise InputError("TOO_SMALL", "inputs.goods.curvature", limit="0.000001")
    given = [exact(row["taste"]) for row in rows]
    order = sorted(range(len(rows)), key=lambda one: (given[one], one))
    tastes, buyers = [given[one] for one in order], [cast("int", rows[one]["buyers"]) for one in order]
    best = quality.best_qualities(tastes, buyers, curvature)
    grid = (10 ** cast("int", goods["quality_decimals"]), unit.scale)
    menu = quality.in_whole_units(best, tastes, buyers, curvature, grid)
    if menu.gain <= 0:
        raise InputError("NO_GAIN", "inputs.goods")
    levels = sorted({level for level in menu.qualities if level})
    prices = dict(zip(menu.qualities, menu.prices, strict=True))
    at = {one: levels.index(level) if level else None for one, level in zip(order, menu.qualities, strict=True)}
    tenths = 10**TASTE_DECIMALS
    worths = [[int(taste * tenths) * int(level * grid[0]) * unit.scale for level in levels] for taste in given]
    return Screened(
        offers=tuple(Offer(exact_text(level), int(prices[level] * unit.scale), curvature * level**2 / 2) for level in levels),
        taken=tuple(at[one] for one in range(len(rows))),
        buyers=tuple(cast("int", row["buyers"]) for row in rows),
        worths=tuple(map(tuple, worths)),
        steps=tenths * grid[0],
        method="virtual_values",
    )


def _checked(menu: Screened) -> tuple[Claim, ...]:
    """Run the screening checkers on this menu, with its whole prices."""
    prices = [0 if at is None else menu.offers[at].price * menu.steps for at in menu.taken]

    def worth(one: int, other: int) -> int:
        at = menu.taken[other]
        return 0 if at is None else menu.worths[one][at]

    checks = {posted.INCENTIVE_COMPATIBLE: posted.incentive_compatible, posted.INDIVIDUALLY_RATIONAL: posted.individually_rational}
    return tuple(_claim(name, check(worth, prices)) for name, check in checks.items())


def _claim(name: str, witness: Mapping[str, int | str] | None) -> Claim:
    if witness is None:
        return Claim(name, Standing.CHECKED)
    return Claim(name, Standing.NOT_HELD, {key: str(value) for key, value in witness.items()})


def _told(menu: Screened, unit: Currency) -> JsonObject:
    """Return the menu, and by type its choice, what it keeps, and by how much it prefers its choice to the next best."""
    rows: list[Json] = []
    for one, at in enumerate(menu.taken):
        others = [menu.left(one, other) for other in (None, *range(len(menu.offers))) if other != at]
        kept = menu.left(one, at)
        rows.append(
            {
                "takes": None if at is None else menu.offers[at].name,
                "keeps_minor": exact_text(Fraction(kept, menu.steps)),
                "prefers_by_minor": exact_text(Fraction(kept - max(others), menu.steps)),
            }
        )
    offers: list[Json] = [{"version": offer.name, "price": Money(offer.price, unit).format()} for offer in menu.offers]
    return {"menu": offers, "types": rows, "method": menu.method}


_AMOUNT: Final = shapes.decimal(("Amount", "金额"), digits=10, decimals=3)
_BUYERS: Final = shapes.integer(("Buyers of this type", "该类买方数量"), least=1, most=MAX_BUYERS, default=1)


def _types(properties: Mapping[str, Schema], required: Sequence[str]) -> Schema:
    record = shapes.record(("Type", "类别"), {"buyers": _BUYERS, **properties}, required=required)
    return shapes.array(("Types of buyers", "买方类别"), record, least=1, most=MAX_TYPES)


_GOODS: Final = shapes.one_of(
    ("What is sold", "所售产品"),
    "kind",
    [
        shapes.record(
            ("Given versions", "既定版本"),
            {
                "kind": shapes.constant("versions", ("Versions", "版本")),
                "versions": shapes.array(
                    ("Versions, from the lowest", "版本（由低到高）"),
                    shapes.record(
                        ("Version", "版本"),
                        {
                            "name": shapes.text(("Name", "名称"), pattern=r"^\S(.{0,30}\S)?$", longest=32),
                            "cost": {**_AMOUNT, "default": "0", "title": "Cost of one copy", "x-title-zh": "每份成本"},
                        },
                        required=["name"],
                    ),
                    least=1,
                    most=MAX_VERSIONS,
                ),
                "types": _types(
                    {"values": shapes.array(("What each version is worth", "各版本的估值"), _AMOUNT, least=1, most=MAX_VERSIONS)},
                    ["values"],
                ),
            },
            required=["kind", "versions", "types"],
        ),
        shapes.record(
            ("Any quality", "任意质量"),
            {
                "kind": shapes.constant("quality", ("Quality", "质量")),
                "curvature": shapes.decimal(
                    ("Quality q costs this times q squared over 2", "质量 q 的成本为该值乘 q²/2"), digits=6, decimals=6
                ),
                "quality_decimals": shapes.integer(("Decimal places of a quality", "质量的小数位数"), least=0, most=6, default=2),
                "types": _types(
                    {"taste": shapes.decimal(("Worth of one unit of quality", "每单位质量的估值"), digits=6, decimals=TASTE_DECIMALS)},
                    ["taste"],
                ),
            },
            required=["kind", "curvature", "types"],
        ),
    ],
)
_PLAIN: Final[JsonObject] = {"currency": "CNY"}
_EDITIONS: Final[JsonObject] = {
    "kind": "versions",
    "versions": [{"name": "basic"}, {"name": "professional"}],
    "types": [{"buyers": 60, "values": ["30", "40"]}, {"buyers": 40, "values": ["50", "100"]}],
}

MENU: Final = Model(
    key="menu",
    version=1,
    name=Text("Menu of versions", "版本菜单"),
    help=Text(
        "Prices versions so that each type of buyer picks its own: exactly where every step up is worth more to a higher type, by search "
        "(12 types, 8 versions) elsewhere. Assumes that values are known by type, that each buyer takes one, and that none resells.",
        "为各版本定价，使各类买方各取所需：若高类型对每次升级估值更高则精确求解，否则搜索求解（至多 12 类、8 个版本）；"
        "假定各类估值已知、每位买方取一份且不转售。",
    ),
    params_schema=shapes.record(("Menu of versions", "版本菜单"), {"currency": shapes.CURRENCY}, required=["currency"]),
    operations={Verb.OPTIMISE: Operation(shapes.record(("Market", "市场"), {"goods": _GOODS}, required=["goods"]), _optimise)},
    sentences={
        "SALES": ("Expected sales of {version}", "{version} 的预期销售"),
        "COPIES": ("Cost of {version}", "{version} 的成本"),
    },
    examples=(
        Example(
            title=Text("Two editions: the higher type is left what the lower edition would leave it", "两个版本"),
            verb=Verb.OPTIMISE,
            params=_PLAIN,
            inputs={"goods": _EDITIONS},
            amount_minor=500_000,
        ),
        Example(
            title=Text("Two tastes for quality that costs q squared over 2", "两类质量偏好，成本 q²/2"),
            verb=Verb.OPTIMISE,
            params=_PLAIN,
            inputs={"goods": {"kind": "quality", "curvature": "1", "types": [{"taste": "2"}, {"taste": "3"}]}},
            amount_minor=500,
        ),
    ),
)

"""The regulated ceiling: what public data may cost under authorised operation, and what its operator then charges for one use.

The arithmetic and its source are in ``ceiling_rules``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, cast

from pricing.engines import shapes
from pricing.engines.checkers import charges, posted
from pricing.engines.errors import InputError
from pricing.engines.model import Answer, Call, Example, Model, Operation, Text, Verb
from pricing.engines.posted import ceiling_rules as rules
from pricing.engines.result import Claim, Entry, Standing, exact_text, rounded
from pricing.engines.shapes import JsonObject
from pricing.engines.validate import exact, read_amount
from pricing.money import Currency, currency

MAX_PRODUCTS: Final = 200
MAX_COSTS: Final = 100
MAX_PERIODS: Final = 60
KEYS_SHOWN: Final = 10
COST_KINDS: Final = ("platform", "processing", "staff", "acquisition", "period")
INDUSTRY: Final = "industry"


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What a ceiling comes to: the permitted revenue, the deduction, and each product's volume, cap and price, in major units."""

    currency: Currency
    permitted: rules.Permitted
    ledger: tuple[rules.Row, ...]
    deducted: Fraction
    keys: tuple[str, ...]
    volumes: tuple[Fraction, ...]
    caps: tuple[Fraction, ...]
    prices: tuple[Fraction, ...]
    trial: bool

    @property
    def allowed(self) -> Fraction:
        """What the period may bring in after the deduction."""
        return self.permitted.total - self.deducted


def read_ceiling(params: JsonObject) -> Ceiling:
    """Return validated parameters as a ceiling.

    Raises:
        InputError: OVER_PRECISE, TOO_LARGE (points above six, a subsidy above the cost), TOO_SMALL (a volume of zero), DUPLICATE,
            ABOVE_CEILING; names a field under ``params``.
    """
    unit = currency(cast("str", params["currency"]))
    permitted = _permitted(params, unit)
    history = cast("Sequence[JsonObject]", params.get("history", []))
    ledger = rules.claw_back(
        [(_minor(row, "permitted", unit, index), _minor(row, "realised", unit, index)) for index, row in enumerate(history)]
    )
    carried = Fraction(ledger[-1].carried, unit.scale) if ledger else Fraction(0)
    deducted = min(carried, permitted.total)
    products = cast("Sequence[JsonObject]", params["products"])
    volumes = [_volume(row, index) for index, row in enumerate(products)]
    weights = [cast("int", row["weight"]) for row in products]
    caps = rules.caps(permitted.total - deducted, weights, volumes, cast("int", params["price_decimals"]))
    return Ceiling(
        currency=unit,
        permitted=permitted,
        ledger=tuple(ledger),
        deducted=deducted,
        keys=_keys(products),
        volumes=tuple(volumes),
        caps=tuple(caps),
        prices=tuple(_price(row, cap, index) for index, (row, cap) in enumerate(zip(products, caps, strict=True))),
        trial=bool(params["trial"]),
    )


def _permitted(params: JsonObject, unit: Currency) -> rules.Permitted:
    costs = cast("Sequence[JsonObject]", params["costs"])
    cost = sum((read_amount(row["amount"], unit, f"params.costs.{index}.amount") for index, row in enumerate(costs)), Fraction(0))
    subsidy, tax = (read_amount(params[name], unit, f"params.{name}") for name in ("subsidy", "tax"))
    points = exact(params["points"])
    if points > rules.MOST_POINTS:
        raise InputError("TOO_LARGE", "params.points", limit=str(rules.MOST_POINTS))
    if subsidy > cost:
        raise InputError("TOO_LARGE", "params.subsidy", limit=exact_text(cost))
    return rules.permitted_revenue(cost, subsidy, exact(params["bond_yield_percent"]), points, tax)


def _minor(row: JsonObject, name: str, unit: Currency, index: int) -> int:
    return int(read_amount(row[name], unit, f"params.history.{index}.{name}") * unit.scale)


def _volume(row: JsonObject, index: int) -> Fraction:
    volume = exact(row["volume"])
    if not volume:
        raise InputError("TOO_SMALL", f"params.products.{index}.volume", limit="0.000001")
    return volume


def _keys(products: Sequence[JsonObject]) -> tuple[str, ...]:
    keys: list[str] = []
    for index, row in enumerate(products):
        key = cast("str", row["key"])
        if key in keys:
            raise InputError("DUPLICATE", f"params.products.{index}.key")
        keys.append(key)
    return tuple(keys)


def _price(row: JsonObject, cap: Fraction, index: int) -> Fraction:
    """Return the operator's price: as stated, at or below the cap; the cap if none is stated."""
    price = exact(row["price"]) if "price" in row else cap
    if price > cap:
        raise InputError("ABOVE_CEILING", f"params.products.{index}.price", cap=exact_text(cap))
    return price


def _quote(call: Call) -> Answer:
    """Return what one use costs: the operator's price for industry, nothing for public governance and public welfare."""
    ceiling = cast("Ceiling", call.plan)
    key, use = cast("str", call.inputs["product"]), cast("str", call.inputs["use"])
    if key not in ceiling.keys:
        more = ("…",) if len(ceiling.keys) > KEYS_SHOWN else ()
        raise InputError("NOT_ALLOWED", "inputs.product", allowed=", ".join((*ceiling.keys[:KEYS_SHOWN], *more)))
    quantity, index = exact(call.inputs["quantity"]), ceiling.keys.index(key)
    words = {"product": key, "cap": exact_text(ceiling.caps[index])}
    if use == INDUSTRY:
        entry = Entry("TRIAL_USE" if ceiling.trial else "INDUSTRY_USE", words, quantity, ceiling.prices[index])
    else:
        entry = Entry("GOVERNANCE_USE" if use == "governance" else "WELFARE_USE", words, quantity, Fraction(0))
    return Answer(ceiling.currency, rounded([entry], ceiling.currency), _CLAIMS, _told(ceiling))


def _told(ceiling: Ceiling) -> JsonObject:
    """Return the permitted revenue, the caps, the claw-back ledger and what the yearly review asks for."""
    scale, permitted = ceiling.currency.scale, ceiling.permitted
    parts = {"cost": permitted.cost, "subsidy": permitted.subsidy, "profit": permitted.profit, "tax": permitted.tax}
    told: dict[str, shapes.Json] = {
        "permitted": {
            **{f"{name}_minor": exact_text(part * scale) for name, part in parts.items()},
            "total_minor": exact_text(permitted.total * scale),
            "deducted_minor": exact_text(ceiling.deducted * scale),
            "allowed_minor": exact_text(ceiling.allowed * scale),
        },
        "caps": [
            {"product": key, "cap": exact_text(cap), "price": exact_text(price), "volume": exact_text(volume)}
            for key, cap, price, volume in zip(ceiling.keys, ceiling.caps, ceiling.prices, ceiling.volumes, strict=True)
        ],
        "ledger": [
            {f"{name}_minor": str(getattr(row, name)) for name in ("permitted", "deducted", "realised", "excess", "carried")}
            for row in ceiling.ledger
        ],
    }
    if ceiling.ledger:
        deviation, adjusts = rules.review(ceiling.ledger[-1])
        told["review"] = {"deviation": exact_text(deviation), "adjusts": adjusts}
    return told


# Theorems: caps are rounded down, a price above its cap is no plan, free use has price zero, the ledger only moves its excess forward.
_CLAIMS: Final = tuple(
    Claim(name, Standing.PROVEN)
    for name in (
        charges.MONOTONE,
        charges.SUBADDITIVE,
        posted.CAPS_WITHIN_REVENUE,
        posted.PRICE_WITHIN_CAP,
        posted.PUBLIC_USE_FREE,
        posted.CLAW_BACK_CONSERVES,
    )
)
_KEY: Final = shapes.text(("Product", "产品"), pattern=r"^[A-Za-z0-9_.:-]+$", longest=64)
_PARAMS: Final = shapes.record(
    ("Regulated ceiling", "政府指导价上限"),
    {
        "currency": shapes.CURRENCY,
        "costs": shapes.array(
            ("Operating cost of serving industry use", "面向产业用途的经营成本"),
            shapes.record(
                ("Cost", "成本项"),
                {
                    "kind": shapes.choice(("Kind", "类别"), COST_KINDS),
                    "amount": shapes.amount(("Amount in the period", "本期金额")),
                },
                required=["kind", "amount"],
            ),
            least=1,
            most=MAX_COSTS,
        ),
        "subsidy": {**shapes.amount(("Government subsidy within that cost", "其中的财政补贴")), "default": "0"},
        "bond_yield_percent": shapes.decimal(
            ("Average ten-year government bond yield of the year before, percent", "上一年度十年期国债平均收益率（%）"),
            digits=2,
            decimals=6,
        ),
        "points": shapes.decimal(("Percentage points on top, at most 6", "加点（百分点，不超过 6）"), digits=2, decimals=6),
        "tax": {**shapes.amount(("Tax", "税金")), "default": "0"},
        "period_years": shapes.integer(("Years of the review period", "监管周期（年）"), least=1, most=3, default=1),
        "trial": shapes.boolean(("Trial prices: no full year of operation yet", "试行价格：运营未满一年"), default=False),
        "price_decimals": shapes.integer(("Decimal places of a cap", "限价的小数位数"), least=0, most=6, default=2),
        "products": shapes.array(
            ("Products and services", "产品和服务"),
            shapes.record(
                ("Product", "产品"),
                {
                    "key": _KEY,
                    "unit": shapes.choice(("Charged by", "计费单位"), ["product", "service", "time", "call"]),
                    "volume": shapes.quantity(("Volume forecast for the period", "本期预计数量")),
                    "weight": shapes.integer(("Weight in the permitted revenue", "准许收入分摊权重"), least=1, most=1_000_000, default=1),
                    "price": shapes.price(("The operator's price, if below the cap", "运营机构实际价格（不高于限价）")),
                },
                required=["key", "unit", "volume"],
            ),
            least=1,
            most=MAX_PRODUCTS,
        ),
        "history": shapes.array(
            ("Past periods, oldest first", "以往各期（由远及近）"),
            shapes.record(
                ("Period", "期间"),
                {
                    "permitted": shapes.amount(("Most permitted revenue", "最高准许收入")),
                    "realised": shapes.amount(("Realised revenue", "实际收入")),
                },
                required=["permitted", "realised"],
            ),
            least=0,
            most=MAX_PERIODS,
        ),
    },
    required=["currency", "costs", "bond_yield_percent", "points", "products"],
)
_NOTICE: Final[JsonObject] = {
    "currency": "CNY",
    "costs": [{"kind": "platform", "amount": "5000000"}, {"kind": "staff", "amount": "3000000"}],
    "subsidy": "1000000",
    "bond_yield_percent": "2.2",
    "points": "6",
    "products": [{"key": "credit", "unit": "call", "volume": "7574000"}],
}

CEILING: Final = Model(
    key="ceiling",
    version=1,
    name=Text("Regulated ceiling", "政府指导价上限"),
    help=Text(
        "For public data under authorised operation: caps that keep forecast revenue within cost after subsidy, permitted profit and "
        "tax; free for public governance and welfare. Costs, tax and volumes are those of the whole review period.",
        "适用于公共数据授权运营：按补贴后经营成本、准许利润和税金核定各产品限价，使预计收入不超过最高准许收入；"
        "用于公共治理、公益事业的免费。成本、税金和数量均按整个监管周期填写。",
    ),
    params_schema=_PARAMS,
    operations={
        Verb.QUOTE: Operation(
            shapes.record(
                ("Use", "使用"),
                {
                    "product": _KEY,
                    "use": shapes.choice(("Use", "用途"), ["governance", "welfare", INDUSTRY]),
                    "quantity": {**shapes.quantity(("Quantity", "数量")), "default": "1"},
                },
                required=["product", "use"],
            ),
            _quote,
        )
    },
    sentences={
        "INDUSTRY_USE": ("{product} for industry use, capped at {cap} a unit", "{product}（产业用途），每单位限价 {cap}"),
        "TRIAL_USE": (
            "{product} for industry use at a trial price, capped at {cap} a unit",
            "{product}（产业用途，试行价格），每单位限价 {cap}",
        ),
        "GOVERNANCE_USE": ("{product} for public governance: free", "{product}（公共治理）：免费"),
        "WELFARE_USE": ("{product} for public welfare: free", "{product}（公益事业）：免费"),
    },
    examples=(
        Example(
            title=Text(
                "Cost 8 million with 1 million subsidy, bond 2.2%: 7.574 million over as many calls", "成本八百万、补贴一百万、国债 2.2%"
            ),
            verb=Verb.QUOTE,
            params=_NOTICE,
            inputs={"product": "credit", "use": INDUSTRY, "quantity": "1200"},
            amount_minor=120_000,
        ),
        Example(
            title=Text("The same for public welfare", "用于公益事业"),
            verb=Verb.QUOTE,
            params=_NOTICE,
            inputs={"product": "credit", "use": "welfare", "quantity": "1200"},
            amount_minor=0,
        ),
    ),
    check_params=read_ceiling,
)

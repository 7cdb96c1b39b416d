"""The posted price: the one price that earns most, from observed values, yes and no, choices among options, or a distribution."""

from __future__ import annotations

from fractions import Fraction
from typing import Final, cast

from pricing.engines import shapes
from pricing.engines.errors import InputError
from pricing.engines.model import Answer, Call, Example, Model, Operation, Text, Verb
from pricing.engines.posted.evidence import KINDS
from pricing.engines.result import Entry, rounded
from pricing.engines.shapes import JsonObject, Schema
from pricing.engines.validate import read_amount
from pricing.money import Currency, Money, currency

MAX_VALUES: Final = 20_000
MAX_OFFERS: Final = 1_000
MAX_SITUATIONS: Final = 1_000
MAX_OPTIONS: Final = 20
MAX_ATTRIBUTES: Final = 12
MAX_BUYERS: Final = 10**9
_MOST: Final = 1e9


def _cost(params: JsonObject) -> int:
    """Return the cost of a copy in minor units, refusing one that the currency cannot express."""
    unit = _unit(params)
    return int(read_amount(params["cost"], unit, "params.cost") * unit.scale)


def _unit(params: JsonObject) -> Currency:
    return currency(cast("str", params["currency"]))


def _optimise(call: Call) -> Answer:
    """Return the expected revenue, less the cost of copies, of the best price among so many buyers."""
    unit, cost = _unit(call.params), cast("int", call.plan)
    evidence = cast("JsonObject", call.inputs["evidence"])
    found = KINDS[cast("str", evidence["kind"])](evidence, unit, cost)
    if found.price <= cost or not found.share:
        raise InputError("NO_GAIN", "inputs.evidence")
    sold = cast("int", call.inputs["buyers"]) * found.share
    price = Money(found.price, unit).format()
    entries = [Entry("SALES", {"price": price}, sold, Fraction(found.price, unit.scale))]
    if cost:
        entries.append(Entry("COPIES", {}, sold, Fraction(-cost, unit.scale)))
    return Answer(unit, rounded(entries, unit), found.claims, {"price": price, **found.told})


def _money(title: tuple[str, str]) -> Schema:
    return shapes.decimal(title, digits=10, decimals=3)


def _family(name: str, title: tuple[str, str], numbers: dict[str, Schema]) -> Schema:
    return shapes.record(title, {"name": shapes.constant(name, title), **numbers}, required=["name", *numbers])


def _positive(title: tuple[str, str], *, most: float = _MOST) -> Schema:
    return shapes.number(title, least=1e-6, most=most)


_HIGHEST: Final = _positive(("Highest", "最高"))
_FAMILY: Final = shapes.one_of(
    ("Distribution, in major units", "分布（主货币单位）"),
    "name",
    [
        _family(
            "uniform", ("Uniform", "均匀分布"), {"lowest": shapes.number(("Lowest", "最低"), least=0, most=_MOST), "highest": _HIGHEST}
        ),
        _family("exponential", ("Exponential", "指数分布"), {"mean": _positive(("Mean", "均值"))}),
        _family(
            "lognormal",
            ("Lognormal", "对数正态分布"),
            {
                "log_mean": shapes.number(("Mean of the logarithm", "对数均值"), least=-20, most=20),
                "log_sd": shapes.number(("Standard deviation of the logarithm", "对数标准差"), least=0.01, most=4),
            },
        ),
        _family(
            "weibull",
            ("Weibull", "威布尔分布"),
            {"shape": shapes.number(("Shape", "形状"), least=0.2, most=50), "scale": _positive(("Scale", "尺度"))},
        ),
        _family(
            "normal",
            ("Normal", "正态分布"),
            {"mean": shapes.number(("Mean", "均值"), least=0, most=_MOST), "sd": _positive(("Standard deviation", "标准差"))},
        ),
        _family(
            "beta",
            ("Beta", "贝塔分布"),
            {
                "a": shapes.number(("First shape", "形状一"), least=0.1, most=1000),
                "b": shapes.number(("Second shape", "形状二"), least=0.1, most=1000),
                "highest": _HIGHEST,
            },
        ),
    ],
)
_NAME: Final = shapes.text(("Attribute", "属性"), pattern=r"^\S(.{0,30}\S)?$", longest=32)
_NUMBER: Final = shapes.number(("Number", "数值"), least=-_MOST, most=_MOST)
_OPTION: Final = shapes.array(("Attributes of an option", "选项的属性值"), _NUMBER, least=1, most=MAX_ATTRIBUTES)


def _evidence(kind: str, title: tuple[str, str], properties: dict[str, Schema], required: list[str]) -> Schema:
    return shapes.record(title, {"kind": shapes.constant(kind, title), **properties}, required=["kind", *required])


_EVIDENCE: Final = shapes.one_of(
    ("What is known of buyers", "对买方的了解"),
    "kind",
    [
        _evidence(
            "observed",
            ("Amounts that buyers would pay", "买方愿付金额"),
            {"values": shapes.array(("Amounts", "金额"), _money(("Amount", "金额")), least=1, most=MAX_VALUES)},
            ["values"],
        ),
        _evidence(
            "answers",
            ("Yes and no to offered amounts", "对报价的是否回答"),
            {
                "offers": shapes.array(
                    ("Offers", "报价"),
                    shapes.record(
                        ("Offer", "报价"),
                        {
                            "price": _money(("Amount", "金额")),
                            "yes": shapes.integer(("Said yes", "同意人数"), least=0, most=1_000_000),
                            "no": shapes.integer(("Said no", "拒绝人数"), least=0, most=1_000_000),
                        },
                        required=["price", "yes", "no"],
                    ),
                    least=1,
                    most=MAX_OFFERS,
                ),
                "method": shapes.choice(("Method", "方法"), ["turnbull", "logit"], default="turnbull"),
            },
            ["offers"],
        ),
        _evidence(
            "choices",
            ("Choices among options", "多选项选择"),
            {
                "attributes": shapes.array(("Attributes", "属性"), _NAME, least=1, most=MAX_ATTRIBUTES),
                "price": {**_NAME, "title": "Which attribute is the price, in major units", "x-title-zh": "哪个属性是价格（主货币单位）"},
                "situations": shapes.array(
                    ("Situations", "选择情境"),
                    shapes.record(
                        ("Situation", "选择情境"),
                        {
                            "chosen": shapes.integer(("Index of the chosen option", "所选选项序号"), least=0, most=MAX_OPTIONS - 1),
                            "options": shapes.array(("Options", "选项"), _OPTION, least=2, most=MAX_OPTIONS),
                        },
                        required=["chosen", "options"],
                    ),
                    least=1,
                    most=MAX_SITUATIONS,
                ),
                "offer": shapes.array(
                    ("The offer's attributes in order, without the price", "待定价产品的属性值（按顺序，不含价格）"),
                    _NUMBER,
                    least=0,
                    most=MAX_ATTRIBUTES - 1,
                ),
                "against": shapes.array(("What else there is", "其他选项"), _OPTION, least=1, most=MAX_OPTIONS),
            },
            ["attributes", "price", "situations", "offer", "against"],
        ),
        _evidence("distribution", ("A distribution", "已知分布"), {"family": _FAMILY}, ["family"]),
    ],
)
_PLAIN: Final[JsonObject] = {"currency": "CNY"}

POSTED: Final = Model(
    key="posted",
    version=1,
    name=Text("Posted price", "最优标价"),
    help=Text(
        "Finds the price that earns most, less the cost of a copy, when each buyer takes one copy or none. Assumes that the evidence "
        "speaks for the buyers to come; the answer is advice, not a quote.",
        "求收入（扣除每份成本）最高的标价，每位买方至多购买一份。假定所给证据能代表今后的买方；结果为建议，并非报价。",
    ),
    params_schema=shapes.record(
        ("Posted price", "最优标价"),
        {"currency": shapes.CURRENCY, "cost": {**_money(("Cost of one copy", "每份成本")), "default": "0"}},
        required=["currency"],
    ),
    operations={
        Verb.OPTIMISE: Operation(
            shapes.record(
                ("Market", "市场"),
                {"evidence": _EVIDENCE, "buyers": shapes.integer(("Buyers", "买方数量"), least=1, most=MAX_BUYERS)},
                required=["evidence", "buyers"],
            ),
            _optimise,
        )
    },
    sentences={
        "SALES": ("Expected sales at {price}", "按 {price} 的预期销售"),
        "COPIES": ("Cost of the copies", "副本成本"),
    },
    examples=(
        Example(
            title=Text("Five buyers, asked", "五位买方的愿付金额"),
            verb=Verb.OPTIMISE,
            params=_PLAIN,
            inputs={"evidence": {"kind": "observed", "values": ["100", "80", "60", "55", "10"]}, "buyers": 5},
            amount_minor=22_000,
        ),
        Example(
            title=Text("Uniform up to 1,000: half the buyers at 500", "0 至 1000 均匀分布"),
            verb=Verb.OPTIMISE,
            params=_PLAIN,
            inputs={"evidence": {"kind": "distribution", "family": {"name": "uniform", "lowest": 0, "highest": 1000}}, "buyers": 4},
            amount_minor=100_000,
        ),
        Example(
            title=Text("Exponential with mean 1,000: the price is the mean, and 1 in e buys", "均值 1000 的指数分布"),
            verb=Verb.OPTIMISE,
            params=_PLAIN,
            inputs={"evidence": {"kind": "distribution", "family": {"name": "exponential", "mean": 1000}}, "buyers": 1_000},
            amount_minor=36_787_944,
        ),
    ),
    check_params=_cost,
)

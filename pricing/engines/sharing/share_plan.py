"""What a sharing plan and its inputs look like: the rules to choose from, the forms a game comes in, and the reading of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Final, cast

from pricing.engines import shapes
from pricing.engines.errors import InputError
from pricing.engines.shapes import JsonObject, Schema
from pricing.engines.sharing import forms
from pricing.engines.sharing.games import EXACT_PLAYERS
from pricing.engines.validate import exact

MOST_CLAIMANTS: Final = 900
MOST_ITEMS: Final = 500
MOST_PAIRS: Final = forms.MOST_VOTERS * (forms.MOST_VOTERS - 1) // 2
SCALE: Final = 1_000_000
"""Worth and weights have at most six decimal places, so this many of their units are whole."""

RULES: Final[Mapping[str, tuple[str, str]]] = {
    "shapley": ("Shapley value", "夏普利值"),
    "banzhaf": ("Banzhaf value, the rest undistributed", "班扎夫值（余额不分配）"),
    "banzhaf_normalised": ("Banzhaf index, scaled to the whole", "归一化班扎夫指数"),
    "beta": ("Beta semivalue", "Beta 半值"),
    "leave_one_out": ("Leave one out", "留一法"),
    "robust_shapley": ("Shapley value, robust to copies", "抗复制夏普利值"),
    "least_core": ("Egalitarian least core", "均等最小核心"),
    "nucleolus": ("Prenucleolus: the nucleolus wherever the core is not empty", "预核仁（核非空时即核仁）"),
    "proportional": ("In proportion", "按比例"),
    "talmud": ("Talmud rule for claims", "塔木德债权分配"),
}
CORE_RULES: Final = ("least_core", "nucleolus")
GAME_FORMS: Final = ("table", "weighted_voting", "airport", "pairwise", "coverage")
_FORMS: Final[Mapping[str, Sequence[str]]] = {
    **dict.fromkeys(RULES, GAME_FORMS),
    "robust_shapley": ("table", "weighted_voting", "pairwise", "coverage"),
    "proportional": ("weights", "claims"),
    "talmud": ("claims",),
}


def key(title: tuple[str, str]) -> Schema:
    """Return the schema of a party's key."""
    return shapes.text(title, pattern="^[A-Za-z0-9_.:-]+$", longest=64)


def worth(title: tuple[str, str], *, signed: bool = False) -> Schema:
    """Return the schema of what a coalition is worth."""
    return shapes.decimal(title, digits=16, decimals=6, signed=signed)


_WEIGHT: Final = shapes.decimal(("Weight", "权重"), digits=9, decimals=6)
_EXTRA: Final[Mapping[str, Mapping[str, Schema]]] = {
    "shapley": {
        "sampling": shapes.record(
            ("Sampling, where weights are too fine to count", "抽样（权重过细无法精确计数时）"),
            {
                "pairs": shapes.integer(("Pairs of an order and its reverse", "正反排列对数"), least=100, most=20_000, default=10_000),
            },
        )
    },
    "beta": {
        "alpha": shapes.decimal(("Alpha: stress on small groups", "α：侧重小联盟"), digits=2, decimals=2),
        "beta": shapes.decimal(("Beta: stress on large groups", "β：侧重大联盟"), digits=2, decimals=2),
    },
}


def _rule(rule: str, title: tuple[str, str]) -> Schema:
    extra = _EXTRA.get(rule, {})
    return shapes.record(
        title,
        {
            "rule": shapes.constant(rule, title),
            "currency": shapes.CURRENCY,
            "residual_to": key(("Who receives what the rule leaves", "余额归属方")),
            **extra,
        },
        required=["rule", "currency", *(name for name in extra if name != "sampling")],
    )


PARAMS: Final = shapes.one_of(("Revenue share", "收益分配"), "rule", [_rule(rule, title) for rule, title in RULES.items()])


def check_params(params: JsonObject) -> None:
    """Refuse Beta parameters that are not positive."""
    for name in ("alpha", "beta"):
        if name in params and not exact(params[name]):
            raise InputError("TOO_SMALL", f"params.{name}", limit="0.01")


_SIMILARITY: Final = shapes.array(
    ("Similarity of two holders' data; 0 if not stated", "两方数据相似度（未列为 0）"),
    shapes.record(
        ("Similarity", "相似度"),
        {
            "one": key(("One", "一方")),
            "other": key(("Other", "另一方")),
            "similarity": shapes.decimal(("Similarity, 0 to 1", "相似度（0 至 1）"), digits=1, decimals=6),
        },
        required=["one", "other", "similarity"],
    ),
    least=0,
    most=MOST_PAIRS,
)


def _form(form: str, title: tuple[str, str], each: Mapping[str, Schema], more: Mapping[str, Schema], most: int) -> Schema:
    holder = shapes.record(("Holder", "权利人"), {"holder": key(("Holder", "权利人")), **each}, required=["holder", *each])
    alike: Mapping[str, Schema] = {"similarity": _SIMILARITY} if form in _FORMS["robust_shapley"] else {}
    return shapes.record(
        title,
        {
            "form": shapes.constant(form, title),
            "amount": shapes.amount(("Amount to divide", "待分配金额")),
            "holders": shapes.array(("Holders", "权利人"), holder, least=1, most=most),
            **more,
            **alike,
        },
        required=["form", "amount", "holders", *more],
    )


_VALUES: Final = shapes.array(
    ("Worth of every group: entry m is that of the holders whose bits are set in m", "各联盟价值：第 m 项对应 m 的二进制位所示成员"),
    worth(("Worth", "价值"), signed=True),
    least=2,
    most=1 << EXACT_PLAYERS,
)
_PAIRS: Final = shapes.array(
    ("What two holders add together, or take", "两方共同增减的价值"),
    shapes.record(
        ("Pair", "配对"),
        {"one": key(("One", "一方")), "other": key(("Other", "另一方")), "value": worth(("Value", "价值"), signed=True)},
        required=["one", "other", "value"],
    ),
    least=0,
    most=MOST_PAIRS,
)
_ITEMS: Final = shapes.array(
    ("Items, each counted once for whoever holds it", "项目（多方持有只计一次）"),
    shapes.record(
        ("Item", "项目"),
        {
            "value": worth(("Value", "价值")),
            "holders": shapes.array(("Its holders", "持有方"), key(("Holder", "权利人")), least=1, most=forms.MOST_VOTERS),
        },
        required=["value", "holders"],
    ),
    least=1,
    most=MOST_ITEMS,
)
INPUTS: Final = shapes.one_of(
    ("What is divided", "分配事项"),
    "form",
    [
        _form("table", ("Worth of every group", "各联盟价值表"), {}, {"values": _VALUES}, EXACT_PLAYERS),
        _form(
            "weighted_voting",
            ("A group is worth all if its weights reach a quota", "权重达到门槛的联盟获得全部价值"),
            {"weight": _WEIGHT},
            {"quota": shapes.decimal(("Quota", "门槛"), digits=11, decimals=6)},
            forms.MOST_VOTERS,
        ),
        _form(
            "airport",
            ("A group costs as much as its largest need", "联盟成本取最大需求"),
            {"need": worth(("Need", "需求"))},
            {},
            forms.MOST_VOTERS,
        ),
        _form(
            "pairwise",
            ("Worth of each alone and of each pair together", "单独价值与两两协同"),
            {"value": worth(("Worth alone", "单独价值"))},
            {"pairs": _PAIRS},
            forms.MOST_VOTERS,
        ),
        _form("coverage", ("Items that any holder contributes", "任一方持有即计的项目"), {}, {"items": _ITEMS}, forms.MOST_VOTERS),
        _form("weights", ("A weight for each", "各方权重"), {"weight": _WEIGHT}, {}, MOST_CLAIMANTS),
        _form("claims", ("A claim for each", "各方债权"), {"claim": shapes.amount(("Claim", "债权"))}, {}, MOST_CLAIMANTS),
    ],
)


def require_form(rule: str, inputs: JsonObject) -> None:
    """Refuse a form that the rule cannot divide by, and holders beyond what the core family decides exactly."""
    allowed = _FORMS[rule]
    if inputs["form"] not in allowed:
        raise InputError("NOT_ALLOWED", "inputs.form", allowed=", ".join(allowed))
    if rule in CORE_RULES and len(cast("Sequence[JsonObject]", inputs["holders"])) > EXACT_PLAYERS:
        raise InputError("TOO_MANY", "inputs.holders", limit=EXACT_PLAYERS)
    if "similarity" in inputs and rule != "robust_shapley":
        raise InputError("NOT_FOR_THIS_PLAN", "inputs.similarity")


def read_holders(inputs: JsonObject) -> list[str]:
    """Return the holders' keys, refusing one that comes twice."""
    holders = [cast("str", each["holder"]) for each in cast("Sequence[JsonObject]", inputs["holders"])]
    _refuse_twice(holders, "inputs.holders", ".holder")
    return holders


def read_numbers(inputs: JsonObject, name: str) -> list[Fraction]:
    """Return one number of each holder."""
    return [exact(each[name]) for each in cast("Sequence[JsonObject]", inputs["holders"])]


def read_game(inputs: JsonObject, holders: Sequence[str]) -> forms.Game | None:
    """Return the game, or None where weighted voting is too fine to count; in units of a millionth but for voting.

    Raises:
        InputError: TABLE_SIZE, UNKNOWN_HOLDER, DUPLICATE, WORTHLESS, at their fields.
    """
    form = inputs["form"]
    if form == "table":
        game: forms.Game | None = forms.table_game(_read_table(inputs, len(holders)))
    elif form == "weighted_voting":
        game = forms.weighted_voting(*read_voting(inputs))
    elif form == "airport":
        game = forms.airport(_whole(read_numbers(inputs, "need")))
    elif form == "pairwise":
        pairs = _read_pairs(inputs, "pairs", "value", holders)
        game = forms.pairwise(_whole(read_numbers(inputs, "value")), [(*pair, int(value * SCALE)) for pair, value in pairs.items()])
    else:
        game = forms.coverage(len(holders), _read_items(inputs, holders))
    if game is not None and game.worth <= 0:
        raise InputError("WORTHLESS", "inputs.values" if form == "table" else "inputs.holders")
    return game if game is None or form == "weighted_voting" else replace(game, unit=SCALE)


def read_voting(inputs: JsonObject) -> tuple[list[int], int]:
    """Return the weights and the quota of weighted voting, in whole units of a millionth."""
    quota = int(exact(inputs["quota"]) * SCALE)
    if not quota:
        raise InputError("TOO_SMALL", "inputs.quota", limit="0.000001")
    return _whole(read_numbers(inputs, "weight")), quota


def read_similarity(inputs: JsonObject, holders: Sequence[str]) -> list[list[Fraction]]:
    """Return the similarities as a symmetric matrix with ones on the diagonal."""
    matrix = [[Fraction(one == other) for other in range(len(holders))] for one in range(len(holders))]
    pairs = _read_pairs(inputs, "similarity", "similarity", holders) if "similarity" in inputs else {}
    for index, ((one, other), value) in enumerate(pairs.items()):
        if value > 1:
            raise InputError("TOO_LARGE", f"inputs.similarity.{index}.similarity", limit="1")
        matrix[one][other] = matrix[other][one] = value
    return matrix


def _read_table(inputs: JsonObject, holders: int) -> list[int]:
    values = cast("Sequence[str]", inputs["values"])
    if len(values) != 1 << holders:
        raise InputError("TABLE_SIZE", "inputs.values", expected=1 << holders)
    return _whole([Fraction(value) for value in values])


def _read_pairs(inputs: JsonObject, name: str, number: str, holders: Sequence[str]) -> dict[tuple[int, int], Fraction]:
    places = {holder: place for place, holder in enumerate(holders)}
    pairs: dict[tuple[int, int], Fraction] = {}
    for index, row in enumerate(cast("Sequence[Mapping[str, str]]", inputs[name])):
        one, other = (_place(places, row[side], f"inputs.{name}.{index}.{side}") for side in ("one", "other"))
        pair = min(one, other), max(one, other)
        if one == other or pair in pairs:
            raise InputError("DUPLICATE", f"inputs.{name}.{index}.other")
        pairs[pair] = Fraction(row[number])
    return pairs


def _read_items(inputs: JsonObject, holders: Sequence[str]) -> list[tuple[int, list[int]]]:
    places = {holder: place for place, holder in enumerate(holders)}
    items = []
    for index, item in enumerate(cast("Sequence[JsonObject]", inputs["items"])):
        held = cast("Sequence[str]", item["holders"])
        field = f"inputs.items.{index}.holders"
        _refuse_twice(held, field, "")
        items.append((int(exact(item["value"]) * SCALE), [_place(places, each, f"{field}.{at}") for at, each in enumerate(held)]))
    return items


def _place(places: Mapping[str, int], holder: str, field: str) -> int:
    if holder not in places:
        raise InputError("UNKNOWN_HOLDER", field)
    return places[holder]


def _refuse_twice(keys: Sequence[str], field: str, suffix: str) -> None:
    seen: set[str] = set()
    for index, each in enumerate(keys):
        if each in seen:
            raise InputError("DUPLICATE", f"{field}.{index}{suffix}")
        seen.add(each)


def _whole(values: Sequence[Fraction]) -> list[int]:
    return [int(value * SCALE) for value in values]

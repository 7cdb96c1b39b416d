"""The cost approach: what it would cost today to make the data asset again, less what it has lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, cast

from pricing.engines import shapes
from pricing.engines.appraisal.price_index import INDEX, read_index
from pricing.engines.appraisal.report import NOT_A_BOOK_VALUE, VALUATION_DATE, facts, minor_text, value_lines
from pricing.engines.checkers import appraisal
from pricing.engines.model import Answer, Call, Example, Model, Operation, Text, Verb
from pricing.engines.reading import DAY, read_percent, read_within
from pricing.engines.result import Claim, Entry, Standing, exact_text
from pricing.engines.shapes import Json, JsonObject
from pricing.engines.validate import read_amount
from pricing.money import Currency, currency

MAX_ITEMS: Final = 500
MAX_COEFFICIENTS: Final = 12
ONE: Final = Fraction(1)
MOST_PROFIT_PERCENT: Final = Fraction(1000)
MOST_COEFFICIENT: Final = Fraction(10)
STEP: Final = Fraction(1, 10)

KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "acquisition": ("Acquisition", "数据获取"),
    "cleaning": ("Cleaning", "清洗加工"),
    "storage": ("Storage", "存储"),
    "labour": ("Labour", "人工"),
    "indirect": ("Indirect costs", "间接成本"),
    "opportunity": ("Opportunity cost", "机会成本"),
    "other": ("Other costs", "其他成本"),
}
COEFFICIENTS: Final[Mapping[str, tuple[str, str]]] = {
    "quality": ("Quality", "质量"),
    "circulation": ("Circulation", "流通"),
    "exclusivity": ("Exclusivity", "排他性"),
    "obsolescence": ("Obsolescence", "贬值"),
    "realisation": ("Realisation risk", "价值实现风险"),
    "other": ("Other", "其他"),
}


@dataclass(frozen=True, slots=True)
class Effort:
    """One cost: how much was spent, in major units, and what one unit of it is worth today (index ratio times the part still of use)."""

    cost: Fraction
    worth: Fraction


def cost_value(efforts: Sequence[Effort], profit: Fraction, coefficients: Sequence[Fraction]) -> Fraction:
    """Return V = C · (1 + R) · Π δ, in major units, exactly.

    Args:
        efforts: C is the sum of cost times worth.
        profit: R, the normal profit as a rate of C.
        coefficients: δ, each non-negative.

    Replacement cost is one of the three approaches of the China Appraisal Society's 数据资产评估指导意见 (中评协〔2023〕17号).
    """
    value = sum((effort.cost * effort.worth for effort in efforts), Fraction(0)) * (1 + profit)
    for coefficient in coefficients:
        value *= coefficient
    return value


def _appraise(call: Call) -> Answer:
    unit = currency(cast("str", call.params["currency"]))
    profit, coefficients = cast("tuple[Fraction, list[tuple[str, Fraction]]]", call.plan)
    items = cast("Sequence[JsonObject]", call.inputs["items"])
    efforts = _efforts(items, call.inputs, unit)
    entries = [
        Entry(f"ITEM_{cast('str', item['kind']).upper()}", _item_words(item), effort.cost, effort.worth)
        for item, effort in zip(items, efforts, strict=True)
    ]
    value = sum((entry.quantity * entry.unit_price for entry in entries), Fraction(0))
    if profit:
        entries.append(Entry("PROFIT", {"percent": exact_text(profit * 100)}, profit, value))
        value *= 1 + profit
    for kind, factor in coefficients:
        entries.append(Entry(f"COEFFICIENT_{kind.upper()}", {"factor": exact_text(factor)}, factor - 1, value))
        value *= factor
    factors = [factor for _, factor in coefficients]
    table = _sensitivity(efforts, profit, factors, unit)
    amounts = [int(cast("str", row["amount_minor"])) for row in table]
    extras = {
        **facts("cost", call.inputs, table),
        "replacement_cost_minor": minor_text(cost_value(efforts, Fraction(0), []), unit),
        "range": {"low_minor": str(min(amounts)), "high_minor": str(max(amounts))},
    }
    return Answer(unit, value_lines(entries, unit), (Claim(appraisal.COST_HOMOGENEOUS, Standing.PROVEN),), extras)


def _sensitivity(efforts: Sequence[Effort], profit: Fraction, factors: Sequence[Fraction], unit: Currency) -> list[JsonObject]:
    """Return the value with the costs and the profit rate each moved by a tenth, down and up; a coefficient moves it as the costs do."""
    table: list[JsonObject] = []
    for percent, by in (("-10", ONE - STEP), ("10", ONE + STEP)):
        moved = {
            "costs": cost_value(efforts, profit, [*factors, by]),
            "profit": cost_value(efforts, profit * by, factors),
        }
        table.extend({"of": name, "percent": percent, "amount_minor": minor_text(value, unit)} for name, value in moved.items())
    return table


def _efforts(items: Sequence[JsonObject], inputs: JsonObject, unit: Currency) -> list[Effort]:
    index = read_index(inputs["index"], "inputs.index")
    valued = cast("str", inputs["valuation_date"])
    efforts: list[Effort] = []
    for position, item in enumerate(items):
        field = f"inputs.items.{position}"
        ratio = index.ratio(cast("str", item["date"]), valued, f"{field}.date")
        useful = read_percent(item["useful_percent"], f"{field}.useful_percent", most=Fraction(100))
        efforts.append(Effort(read_amount(item["amount"], unit, f"{field}.amount"), ratio * useful))
    return efforts


def _item_words(item: JsonObject) -> Mapping[str, str]:
    return {"date": cast("str", item["date"]), "useful": exact_text(Fraction(cast("str", item["useful_percent"])))}


def _plan(params: JsonObject) -> tuple[Fraction, list[tuple[str, Fraction]]]:
    """Return the profit rate and the coefficients, each with its kind.

    Raises:
        InputError: TOO_LARGE, naming a field under ``params``.
    """
    profit = read_percent(params["profit_percent"], "params.profit_percent", most=MOST_PROFIT_PERCENT)
    rows = cast("Sequence[JsonObject]", params["coefficients"])
    return profit, [
        (
            cast("str", row["kind"]),
            read_within(row["factor"], f"params.coefficients.{index}.factor", least=Fraction(0), most=MOST_COEFFICIENT),
        )
        for index, row in enumerate(rows)
    ]


_NO_ROWS: Final[Sequence[Json]] = []
_COEFFICIENT: Final = shapes.record(
    ("Coefficient", "调整系数"),
    {
        "kind": shapes.choice(("Kind", "种类"), list(COEFFICIENTS)),
        "factor": shapes.decimal(("Factor, at most 10", "系数（不超过 10）"), digits=2, decimals=6),
    },
    required=["kind", "factor"],
)
_ITEM: Final = shapes.record(
    ("Cost item", "成本项"),
    {
        "kind": shapes.choice(("Kind", "种类"), list(KINDS)),
        "date": shapes.text(("Day it was spent", "发生日期"), pattern=DAY, longest=10, kind="date"),
        "amount": shapes.amount(("Amount", "金额")),
        "useful_percent": {**shapes.decimal(("Percent still of use", "尚有效用的百分比"), digits=3, decimals=4), "default": "100"},
    },
    required=["kind", "date", "amount"],
)

COST: Final = Model(
    key="cost",
    version=1,
    name=Text("Cost approach", "成本法"),
    help=Text(
        "Replacement cost of the data asset: dated cost items at today's prices, a normal profit and adjustment coefficients, row by row. "
        f"Choose it where costs are known and income is not; it says nothing of demand. {NOT_A_BOOK_VALUE[0]}",
        "按重置成本评估数据资产：历史成本按价格指数调整，加合理利润，再乘调整系数，逐行列示。"
        f"适用于成本可核、收益难测的情形；不反映需求。{NOT_A_BOOK_VALUE[1]}",
    ),
    params_schema=shapes.record(
        ("Cost approach", "成本法"),
        {
            "currency": shapes.CURRENCY,
            "profit_percent": {
                **shapes.decimal(("Normal profit, percent of replacement cost", "合理利润率（重置成本的百分比）"), digits=4, decimals=6),
                "default": "0",
            },
            "coefficients": {
                **shapes.array(("Adjustment coefficients", "调整系数"), _COEFFICIENT, least=0, most=MAX_COEFFICIENTS),
                "default": _NO_ROWS,
            },
        },
        required=["currency"],
    ),
    operations={
        Verb.APPRAISE: Operation(
            shapes.record(
                ("Costs", "成本"),
                {
                    "valuation_date": VALUATION_DATE,
                    "items": shapes.array(("Cost items", "成本项"), _ITEM, least=1, most=MAX_ITEMS),
                    "index": {**INDEX, "default": _NO_ROWS},
                },
                required=["valuation_date", "items"],
            ),
            _appraise,
        )
    },
    sentences={
        **{
            f"ITEM_{kind.upper()}": (f"{en} on {{date}}, {{useful}}% still of use", f"{zh}，{{date}}，{{useful}}% 尚有效用")
            for kind, (en, zh) in KINDS.items()
        },
        **{f"COEFFICIENT_{kind.upper()}": (f"{en}: times {{factor}}", f"{zh}系数 {{factor}}") for kind, (en, zh) in COEFFICIENTS.items()},
        "PROFIT": ("Normal profit of {percent}%", "合理利润 {percent}%"),
    },
    examples=(
        Example(
            title=Text(
                "Two items at an index of 105, profit 10%, quality 0.9, obsolescence 0.8",
                "两项成本，指数 105，利润 10%，质量 0.9，贬值 0.8",
            ),
            verb=Verb.APPRAISE,
            params={
                "currency": "CNY",
                "profit_percent": "10",
                "coefficients": [{"kind": "quality", "factor": "0.9"}, {"kind": "obsolescence", "factor": "0.8"}],
            },
            inputs={
                "valuation_date": "2026-06-30",
                "items": [
                    {"kind": "acquisition", "date": "2024-03-15", "amount": "100000.00"},
                    {"kind": "labour", "date": "2025-05-01", "amount": "51000.00"},
                ],
                "index": [
                    {"from": "2024-01-01", "level": "100"},
                    {"from": "2025-01-01", "level": "102"},
                    {"from": "2026-01-01", "level": "105"},
                ],
            },
            amount_minor=12_474_000,
        ),
    ),
    check_params=_plan,
)

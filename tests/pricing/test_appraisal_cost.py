"""The cost approach adds up by hand, scales with its costs, and refuses what has no meaning."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.engines.appraisal.cost import COST, Effort, cost_value
from pricing.engines.checkers import appraisal
from pricing.engines.errors import InputError
from pricing.engines.model import Verb

PLAN = {"currency": "CNY", "profit_percent": "10", "coefficients": [{"kind": "quality", "factor": "0.9"}]}
ITEM = {"kind": "labour", "date": "2025-05-01", "amount": "51000.00"}
INDEX = [{"from": "2025-01-01", "level": "102"}, {"from": "2026-01-01", "level": "105"}]
USE = {"valuation_date": "2026-06-30", "items": [ITEM], "index": INDEX}


def thousandths(least, most):
    return st.integers(1000 * least, 1000 * most).map(lambda number: Fraction(number, 1000))


def appraise(params=None, **inputs):
    return COST.run(Verb.APPRAISE, params={**PLAN, **(params or {})}, inputs={**USE, **inputs})


def test_every_step_from_cost_to_value_is_a_row():
    quote = appraise()
    assert [(line.code, line.quantity, line.unit_price, line.amount_minor) for line in quote.lines] == [
        ("ITEM_LABOUR", Fraction(51_000), round(Fraction(105, 102), 24), 5_250_000),
        ("PROFIT", Fraction(1, 10), Fraction(52_500), 525_000),
        ("COEFFICIENT_QUALITY", Fraction(-1, 10), Fraction(57_750), -577_500),
    ]
    assert quote.amount_minor == 5_197_500
    assert quote.extras == {
        "method": "cost",
        "valuation_date": "2026-06-30",
        "use": "advice_not_book_value",
        "replacement_cost_minor": "5250000",
        "sensitivity": [
            {"of": "costs", "percent": "-10", "amount_minor": "4677750"},
            {"of": "profit", "percent": "-10", "amount_minor": "5150250"},
            {"of": "costs", "percent": "10", "amount_minor": "5717250"},
            {"of": "profit", "percent": "10", "amount_minor": "5244750"},
        ],
        "range": {"low_minor": "4677750", "high_minor": "5717250"},
    }


@pytest.mark.parametrize(
    ("change", "amount_minor"),
    [
        ({"index": []}, 5_049_000),
        ({"items": [{**ITEM, "useful_percent": "40"}]}, 2_079_000),
        ({"items": [{**ITEM, "date": "2026-06-30"}]}, 5_049_000),
        ({"items": [ITEM, {**ITEM, "amount": "0.00"}]}, 5_197_500),
    ],
    ids=["no index", "partly of use", "spent on the day", "a free item"],
)
def test_prices_are_carried_to_the_valuation_date(change, amount_minor):
    assert appraise(**change).amount_minor == amount_minor


def test_thirds_of_a_fen_are_rounded_once():
    items = [{**ITEM, "amount": "0.01", "useful_percent": "33.3333"}] * 3
    quote = appraise({"profit_percent": "0", "coefficients": []}, items=items, index=[])
    assert [line.amount_minor for line in quote.lines] == [1, 0, 0]


MONEY = thousandths(0, 10**6)


@given(st.lists(st.tuples(MONEY, thousandths(0, 3)), min_size=1, max_size=5), MONEY, st.lists(thousandths(0, 2), max_size=3), MONEY)
def test_the_value_scales_with_the_costs_and_is_nothing_without_them(rows, profit, coefficients, scale):
    def value(costs):
        return cost_value([Effort(cost, worth) for cost, (_, worth) in zip(costs, rows, strict=True)], profit, coefficients)

    assert appraisal.cost_homogeneous(value, [cost for cost, _ in rows], scale) is None


@pytest.mark.parametrize(
    ("wrong", "witness"),
    [
        (lambda costs: sum(costs) + 1, {"costs": "0", "value": "1"}),
        (lambda costs: sum(costs) ** 2, {"scale": "2", "scaled": "36", "expected": "18"}),
    ],
    ids=["a value from nothing", "a value that grows with the square"],
)
def test_a_wrong_cost_approach_is_caught(wrong, witness):
    assert appraisal.cost_homogeneous(wrong, [Fraction(1), Fraction(2)], Fraction(2)) == witness


@pytest.mark.parametrize(
    ("params", "inputs", "code", "field"),
    [
        ({"currency": "XXQ"}, {}, "NOT_ALLOWED", "params.currency"),
        ({"currency": "JPY"}, {}, "OVER_PRECISE", "inputs.items.0.amount"),
        ({"profit_percent": "1000.1"}, {}, "TOO_LARGE", "params.profit_percent"),
        ({"profit_percent": "-1"}, {}, "NEGATIVE", "params.profit_percent"),
        ({"coefficients": [{"kind": "quality", "factor": "10.1"}]}, {}, "TOO_LARGE", "params.coefficients.0.factor"),
        ({"coefficients": [{"kind": "charm", "factor": "1"}]}, {}, "NOT_ALLOWED", "params.coefficients.0.kind"),
        ({"coefficients": [{"kind": "other", "factor": "1"}] * 13}, {}, "TOO_MANY", "params.coefficients"),
        ({}, {"items": []}, "TOO_FEW", "inputs.items"),
        ({}, {"items": [ITEM] * 501}, "TOO_MANY", "inputs.items"),
        ({}, {"items": [{**ITEM, "amount": "-1"}]}, "NEGATIVE", "inputs.items.0.amount"),
        ({}, {"items": [{**ITEM, "amount": "NaN"}]}, "NOT_FINITE", "inputs.items.0.amount"),
        ({}, {"items": [{**ITEM, "amount": "Infinity"}]}, "NOT_FINITE", "inputs.items.0.amount"),
        ({}, {"items": [{**ITEM, "amount": "1e9"}]}, "NOT_A_NUMBER", "inputs.items.0.amount"),
        ({}, {"items": [{**ITEM, "amount": "9999999999999999.99"}] * 100}, "OVERFLOW", "inputs"),
        ({}, {"items": [{**ITEM, "useful_percent": "100.0001"}]}, "TOO_LARGE", "inputs.items.0.useful_percent"),
        ({}, {"items": [{**ITEM, "date": "2026-07-01"}]}, "AFTER_VALUATION_DATE", "inputs.items.0.date"),
        ({}, {"items": [{**ITEM, "date": "2024-12-31"}]}, "NO_INDEX_LEVEL", "inputs.items.0.date"),
        ({}, {"items": [{**ITEM, "date": "2025-02-30"}]}, "BAD_FORMAT", "inputs.items.0.date"),
        ({}, {"index": [INDEX[1], INDEX[0]]}, "DATES_NOT_RISING", "inputs.index.1.from"),
        ({}, {"index": [{"from": "2025-01-01", "level": "0"}]}, "TOO_SMALL", "inputs.index.0.level"),
        ({}, {"index": INDEX * 121}, "TOO_MANY", "inputs.index"),
        ({}, {"valuation_date": "today"}, "BAD_FORMAT", "inputs.valuation_date"),
        ({}, {"book_value": "1"}, "UNKNOWN_FIELD", "inputs.book_value"),
    ],
)
def test_bad_input_of_the_cost_approach_is_refused_at_its_field(params, inputs, code, field):
    with pytest.raises(InputError) as refused:
        appraise(params, **inputs)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert refused.value.text("zh")


def test_the_longest_accepted_input_is_answered():
    days = [f"{1900 + number // 12}-{number % 12 + 1:02d}-01" for number in range(240)]
    index = [{"from": day, "level": f"{999983 - 7 * number}.9999"} for number, day in enumerate(days)]
    items = [{**ITEM, "date": days[number % 240], "amount": "9999999999.99", "useful_percent": "33.3333"} for number in range(500)]
    quote = appraise({"profit_percent": "33.333333"}, items=items, index=index)
    assert len(quote.lines) == 502
    assert max(len(str(line.to_json())) for line in quote.lines) < 400

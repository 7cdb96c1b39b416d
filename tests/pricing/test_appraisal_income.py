"""The income approach reproduces its textbook numbers, is linear in the flows, falls with the rate, and finds its rate of return."""

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.engines.appraisal.cash_flows import RULES, Terms
from pricing.engines.appraisal.discount import (
    Discounting,
    internal_return,
    inverse_root,
    net_present_value,
    present_value,
    tab_factor,
    value_of,
)
from pricing.engines.appraisal.income import INCOME
from pricing.engines.checkers import appraisal
from pricing.engines.errors import InputError
from pricing.engines.model import Verb
from pricing.engines.result import Standing

TEN = {"kind": "flat", "percent": "10"}
DIRECT = {"rule": "direct", "currency": "CNY", "discount": TEN}
FLOWS = [{"cash_flow": "100"}, {"cash_flow": "110"}, {"cash_flow": "121"}]


def thousandths(least, most):
    return st.integers(1000 * least, 1000 * most).map(lambda number: Fraction(number, 1000))


def appraise(params=None, years=FLOWS, **inputs):
    return INCOME.run(Verb.APPRAISE, params={**DIRECT, **(params or {})}, inputs={"valuation_date": "2026-06-30", "years": years, **inputs})


def flat(rate, years, *, mid_year=False):
    return Discounting((Fraction(rate),) * years, mid_year)


def test_the_textbook_flows_are_worth_three_thousand_elevenths_at_the_end_of_the_year():
    flows = [Fraction(100), Fraction(110), Fraction(121)]
    assert present_value(flows, flat("0.1", 3).factors(3)) == Fraction(3000, 11)
    assert appraise().amount_minor == 27_273
    assert float(Fraction(3000, 11)) == pytest.approx(272.7273, abs=5e-5)


def test_the_textbook_flows_are_worth_286_0388_in_the_middle_of_the_year():
    flows = [Fraction(100), Fraction(110), Fraction(121)]
    value = present_value(flows, flat("0.1", 3, mid_year=True).factors(3))
    assert float(value) == pytest.approx(286.0388, abs=5e-5)
    assert abs(float(value) - 3000 / 11 * math.sqrt(1.1)) < 1e-12
    assert appraise({"timing": "mid_year"}).amount_minor == 28_604


def test_the_tax_benefit_of_ten_years_at_25_and_12_percent_is_1_16449():
    assert float(tab_factor(Fraction(1, 4), flat("0.12", 10).factors(10))) == pytest.approx(1.16449, abs=5e-6)


@given(thousandths(1, 1000))
def test_the_half_year_root_is_the_greatest_at_60_places(value):
    root, step = inverse_root(value), Fraction(1, 10**60)
    assert root**2 * value <= 1 < (root + step) ** 2 * value


def test_the_lines_show_the_forecast_year_by_year():
    quote = appraise({"tax_percent": "25", "amortised_over": 2})
    assert [(line.code, line.quantity, line.amount_minor) for line in quote.lines] == [
        ("YEAR", 100, 9_091),
        ("YEAR", 110, 9_091),
        ("YEAR", 121, 9_091),
        ("TAX_BENEFIT", 1, 7_555),
    ]
    assert quote.extras["tax_benefit_factor"] == "1.27704485"
    assert quote.extras["years"][2] == {"year": 3, "cash_flow": "121", "factor": "0.751314800902", "present_minor": "9091"}


def test_an_appraisal_states_its_method_its_date_and_that_it_is_no_book_value():
    extras = appraise().extras
    assert (extras["method"], extras["valuation_date"], extras["use"]) == ("income.direct", "2026-06-30", "advice_not_book_value")
    assert "never posted as a book value (reported: 财会〔2025〕33号)" in INCOME.help.en
    assert "不得作为入账价值（据报道：财会〔2025〕33号）" in INCOME.help.zh


def test_the_sensitivity_is_the_value_at_other_rates_and_flows():
    table = {(row["rate_points"], row["flows_percent"]): int(row["amount_minor"]) for row in appraise().extras["sensitivity"]}
    assert len(table) == 15
    assert table["0", "0"] == 27_273
    assert table["0", "10"] == round(Fraction(3000, 11) * 110)
    assert table["2", "0"] == round((100 / 1.12 + 110 / 1.12**2 + 121 / 1.12**3) * 100)
    near_zero = appraise({"discount": {"kind": "flat", "percent": "1"}}).extras["sensitivity"]
    assert {row["rate_points"] for row in near_zero} == {"-1", "0", "1", "2"}


@pytest.mark.parametrize(
    ("rule", "more", "year", "flow"),
    [
        ("direct", {}, {"cash_flow": "-12.50"}, "-12.5"),
        ("relief_from_royalty", {"royalty_percent": "5", "tax_percent": "25"}, {"revenue": "1000"}, "37.5"),
        (
            "excess_earnings",
            {"tax_percent": "25"},
            {"revenue": "1000", "operating_cost": "600", "contributory_charges": "120.50"},
            "179.5",
        ),
        ("incremental", {}, {"with_asset": "300", "without_asset": "120"}, "180"),
    ],
)
def test_each_rule_makes_its_cash_flow(rule, more, year, flow):
    params = {"rule": rule, "currency": "CNY", "discount": TEN, **more}
    later = {name: "1000" if name in {"revenue", "with_asset", "cash_flow"} else "0" for name in year}
    quote = INCOME.run(Verb.APPRAISE, params=params, inputs={"valuation_date": "2026-06-30", "years": [year, later]})
    assert quote.lines[0].quantity == Fraction(flow)


def test_a_curve_discounts_each_year_at_its_own_rate():
    quote = appraise({"discount": {"kind": "curve", "percents": ["10", "25", "0"]}}, [{"cash_flow": "110"}] * 3)
    assert [line.amount_minor for line in quote.lines] == [10_000, 8_000, 8_000]


FLOW = thousandths(-(10**6), 10**6)
LISTS = st.integers(1, 6).flatmap(lambda size: st.tuples(*(st.lists(FLOW, min_size=size, max_size=size) for _ in range(2))))
RATES = st.lists(thousandths(0, 2), min_size=6, max_size=6)


@settings(max_examples=30)
@given(LISTS, FLOW, RATES, st.booleans(), thousandths(0, 1).filter(lambda tax: tax < 1), st.integers(0, 6))
def test_the_value_is_linear_in_the_cash_flows(flows, scale, rates, mid_year, tax, amortised_over):
    discounting = Discounting(tuple(rates), mid_year)

    def value(series):
        return value_of(series, discounting, tax=tax, amortised_over=amortised_over)

    assert appraisal.linear(value, *flows, scale) is None


@given(
    st.lists(thousandths(0, 10**6), min_size=1, max_size=6),
    RATES,
    st.booleans(),
    thousandths(0, 1).filter(lambda tax: tax < 1),
    st.integers(0, 6),
)
def test_a_higher_rate_never_raises_the_value_of_flows_that_are_not_negative(flows, rates, mid_year, tax, amortised_over):
    discounting = Discounting(tuple(rates), mid_year)

    def value(shift):
        return value_of(flows, discounting.shifted(shift), tax=tax, amortised_over=amortised_over)

    assert appraisal.decreasing(value, [Fraction(step, 50) for step in range(6)]) is None


@given(
    st.lists(st.integers(0, 10**6), min_size=1, max_size=8).filter(any),
    st.integers(1, 10**6),
    st.booleans(),
)
def test_the_present_value_at_the_internal_rate_of_return_is_zero(flows, price, mid_year):
    rate = internal_return(Fraction(price), [Fraction(flow) for flow in flows], mid_year=mid_year)
    if rate is None:
        lowest, highest = (net_present_value(price, flows, at, mid_year=mid_year) for at in (-0.99, 10.0))
        assert lowest < 0 or highest > 0
        return

    def left(at):
        return net_present_value(price, flows, at, mid_year=mid_year)

    assert appraisal.returns_nothing(left, net_present_value(-price, flows, rate, mid_year=mid_year), rate) is None


def test_the_internal_rate_of_return_is_stated_with_its_check():
    quote = appraise(price="272.73")
    claim = next(claim for claim in quote.claims if claim.property == "income_return")
    assert (quote.extras["internal_return_percent"], claim.standing) == ("9.99945", Standing.CHECKED)
    assert internal_return(Fraction(3000, 11), [Fraction(100), Fraction(110), Fraction(121)], mid_year=False) == pytest.approx(
        0.1, abs=1e-13
    )


@pytest.mark.parametrize(
    ("price", "years", "timing"),
    [("100", [{"cash_flow": "100"}], "end_year"), ("221", [{"cash_flow": "110"}, {"cash_flow": "111"}], "mid_year")],
)
def test_flows_that_only_give_the_price_back_return_nothing(price, years, timing):
    quote = appraise({"timing": timing}, years, price=price)
    assert quote.extras["internal_return_percent"] == "0"


SIZES = st.sampled_from([10**power for power in range(17)])


@given(st.lists(SIZES, max_size=50), st.lists(st.sampled_from([0, 1]), max_size=49), SIZES, SIZES, st.booleans())
def test_a_rate_of_return_is_found_whatever_the_sizes_of_losses_and_gains(losses, gaps, last, price, mid_year):
    flows = [*(-Fraction(loss, 1000) for loss in losses), *(Fraction(gap, 1000) for gap in gaps), Fraction(last, 1000)]
    rate = internal_return(Fraction(price, 1000), flows, mid_year=mid_year)
    assert rate is None or -0.99 <= rate <= 10


@pytest.mark.parametrize("flows", [[-100, 230, -132], [100, 100], [0, 0]], ids=["two roots", "never negative", "nothing"])
def test_no_rate_of_return_is_stated_where_there_may_be_none_or_several(flows):
    assert internal_return(Fraction(0), [Fraction(flow) for flow in flows], mid_year=False) is None


def test_flows_that_end_in_a_loss_can_be_worth_more_at_a_higher_rate_and_the_witness_says_so():
    quote = appraise(years=[{"cash_flow": "1000"}, {"cash_flow": "-900"}])
    claim = next(claim for claim in quote.claims if claim.property == "income_decreasing")
    assert claim.standing is Standing.NOT_HELD
    assert claim.witness == {"points": "-2", "more_points": "-1", "value_minor": "15432", "more_value_minor": "15992"}
    rising = appraise(years=[{"cash_flow": "-100"}, {"cash_flow": "900"}])
    claim = next(claim for claim in rising.claims if claim.property == "income_decreasing")
    assert (claim.standing, claim.witness) == (Standing.CHECKED, {"points_from": "-2", "points_to": "2"})


def test_wrong_income_approaches_are_caught():
    one, other = [Fraction(1)], [Fraction(2)]
    assert appraisal.linear(lambda flows: flows[0] ** 2, one, other, Fraction(3)) == {"scale": "3", "together": "25", "apart": "7"}
    rates = [Fraction(1, 10), Fraction(1, 5)]
    assert appraisal.decreasing(lambda rate: rate, rates) == {"lower": "1/10", "higher": "1/5", "at_lower": "1/10", "at_higher": "1/5"}
    assert appraisal.returns_nothing(lambda rate: rate - 0.1, 1.0, 0.2) == {"rate": "0.2", "left": "0.1"}


@settings(max_examples=30)
@given(thousandths(0, 1), thousandths(0, 1), st.integers(0, 10**6))
def test_every_rule_is_linear_in_its_columns(royalty, tax, scale):
    terms = Terms(royalty, tax)
    for rule in RULES.values():
        one = {name: Fraction(position + 2) for position, name in enumerate(rule.columns)}
        assert rule.flow({name: scale * value for name, value in one.items()}, terms) == scale * rule.flow(one, terms)


CURVE = {"kind": "curve", "percents": ["10", "11"]}


@pytest.mark.parametrize(
    ("params", "years", "code", "field"),
    [
        ({"rule": "magic"}, FLOWS, "NOT_ALLOWED", "params.rule"),
        ({"discount": {"kind": "flat", "percent": "1000.1"}}, FLOWS, "TOO_LARGE", "params.discount.percent"),
        ({"discount": {"kind": "flat", "percent": "-1"}}, FLOWS, "NEGATIVE", "params.discount.percent"),
        ({"discount": {"kind": "curve", "percents": ["1", "1001"]}}, FLOWS, "TOO_LARGE", "params.discount.percents.1"),
        ({"discount": CURVE}, FLOWS, "CURVE_TOO_SHORT", "inputs.years"),
        ({"discount": CURVE, "amortised_over": 3}, FLOWS, "CURVE_TOO_SHORT", "params.discount.percents"),
        ({"tax_percent": "99.5"}, FLOWS, "TOO_LARGE", "params.tax_percent"),
        ({"royalty_percent": "5"}, FLOWS, "UNKNOWN_FIELD", "params.royalty_percent"),
        ({"tax_percent": "25"}, FLOWS, "NOT_FOR_THIS_PLAN", "params.tax_percent"),
        ({"amortised_over": 101}, FLOWS, "TOO_LARGE", "params.amortised_over"),
        ({"amortised_over": float("inf")}, FLOWS, "NOT_FINITE", "params.amortised_over"),
        ({"currency": "JPY"}, [{"cash_flow": "1.5"}], "OVER_PRECISE", "inputs.years.0.cash_flow"),
        ({}, [], "TOO_FEW", "inputs.years"),
        ({}, FLOWS * 34, "TOO_MANY", "inputs.years"),
        ({}, [{"revenue": "1"}], "REQUIRED", "inputs.years.0.cash_flow"),
        ({}, [{"cash_flow": "1", "revenue": "1"}], "NOT_FOR_THIS_PLAN", "inputs.years.0.revenue"),
        ({}, [{"cash_flow": "NaN"}], "NOT_FINITE", "inputs.years.0.cash_flow"),
        ({}, [{"cash_flow": "-Infinity"}], "NOT_FINITE", "inputs.years.0.cash_flow"),
        ({}, [{"cash_flow": "9" * 14}], "TOO_LARGE", "inputs.years.0.cash_flow"),
        ({}, [{"cash_flow": "-1"}], "VALUE_NEGATIVE", "inputs"),
        ({}, [{"cash_flow": "1", "note": "x"}], "UNKNOWN_FIELD", "inputs.years.0.note"),
    ],
)
def test_bad_input_of_the_income_approach_is_refused_at_its_field(params, years, code, field):
    with pytest.raises(InputError) as refused:
        appraise(params, years)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert refused.value.text("zh")


def test_the_longest_forecast_is_answered():
    percents = [f"{number}.{number:06d}" for number in range(1, 101)]
    years = [{"cash_flow": "9999999999999.99"}] * 100
    params = {"discount": {"kind": "curve", "percents": percents}, "timing": "mid_year", "tax_percent": "25", "amortised_over": 100}
    quote = appraise(params, years, price="9999999999999.99")
    assert len(quote.lines) == 101
    assert len(quote.canonical()) < 60_000

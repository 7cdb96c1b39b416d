"""The two-part tariff: the textbook case, brute force over its grid, and a charge that cannot be gamed."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.engines.checkers import charges, posted
from pricing.engines.curve import Curve, Piece
from pricing.engines.errors import InputError
from pricing.engines.model import Verb
from pricing.engines.posted.surplus import Type, best_tariff, best_uniform_price, outcome
from pricing.engines.posted.two_part import TWO_PART

SEARCH = {"kind": "search", "currency": "CNY", "cost": "2"}
SET = {"kind": "set", "currency": "CNY", "entry": "32", "unit_price": "2"}
TYPES = st.builds(
    Type, st.integers(1, 4), st.integers(1, 9).map(Fraction), st.sampled_from([Fraction(1), Fraction(1, 2), Fraction(2), Fraction(3)])
)


def optimise(*types, **more):
    return TWO_PART.run(Verb.OPTIMISE, params={**SEARCH, **more}, inputs={"types": list(types)})


def test_one_type_pays_cost_per_unit_and_its_whole_surplus_twice_what_a_single_price_earns():
    quote = optimise({"most": "10"})
    assert (quote.amount_minor, quote.extras["entry"], quote.extras["unit_price"]) == (3_200, "32", "2")
    assert quote.extras["without_entry"] == {"unit_price": "6", "profit_minor": "1600"}
    assert [(line.code, line.amount_minor) for line in quote.lines] == [("ENTRIES", 3_200), ("UNITS", 1_600), ("COST", -1_600)]
    assert quote.extras["types"] == [{"served": True, "quantity": "8", "left_to_buyer_minor": "0"}]


def test_two_types_share_a_fee_and_the_price_rises_above_cost():
    quote = optimise({"most": "10"}, {"most": "12"})
    assert (quote.amount_minor, quote.extras["entry"], quote.extras["unit_price"]) == (6_500, "24.5", "3")
    assert [row["left_to_buyer_minor"] for row in quote.extras["types"]] == ["0", "1600"]


def test_a_type_too_small_to_be_worth_serving_is_left_out():
    quote = optimise({"most": "4"}, {"most": "20", "buyers": 5})
    assert [row["served"] for row in quote.extras["types"]] == [False, True]
    assert (quote.extras["entry"], quote.extras["unit_price"]) == ("162", "2")
    assert {claim.property: claim.standing.value for claim in quote.claims} == {
        "monotone": "proven",
        "subadditive": "proven",
        "incentive_compatible": "checked",
        "screening_rational": "checked",
        "lines_sum": "checked",
    }


@settings(max_examples=30, deadline=None)
@given(st.lists(TYPES, min_size=1, max_size=4), st.integers(0, 3).map(Fraction))
def test_no_tariff_on_a_grid_earns_more(types, cost):
    best = best_tariff(types, cost, price_scale=2, fee_scale=4)
    assert best == outcome(types, cost, best.entry, best.price)
    fees = {Fraction(int(each.surplus(Fraction(step, 2)) * 4), 4) for each in types for step in range(38)}
    for fee in fees:
        for step in range(38):
            assert outcome(types, cost, fee, Fraction(step, 2)).profit <= best.profit


@settings(max_examples=30, deadline=None)
@given(st.lists(TYPES, min_size=1, max_size=3), st.integers(0, 3).map(Fraction), st.sampled_from([(20, 1), (10, 2), (1, 1)]))
def test_on_a_coarse_grid_of_fees_no_tariff_earns_more_by_a_step_of_the_fee_a_buyer(types, cost, scales):
    price_scale, fee_scale = scales
    best = best_tariff(types, cost, price_scale=price_scale, fee_scale=fee_scale)
    step = Fraction(sum(each.buyers for each in types), fee_scale)
    fees = {
        Fraction(int(each.surplus(Fraction(price, price_scale)) * fee_scale), fee_scale)
        for each in types
        for price in range(9 * price_scale)
    }
    for fee in fees:
        for price in range(9 * price_scale):
            assert outcome(types, cost, fee, Fraction(price, price_scale)).profit <= best.profit + step


def test_where_the_surplus_is_less_than_a_minor_unit_a_price_without_a_fee_is_found():
    quote = optimise({"most": "1", "buyers": 1_000}, currency="JPY", cost="0")
    assert (quote.amount_minor, quote.extras["entry"], quote.extras["unit_price"]) == (250, "0", "0.5")
    assert quote.extras["without_entry"]["profit_minor"] == "250"


@settings(max_examples=30, deadline=None)
@given(st.lists(TYPES, min_size=1, max_size=4), st.integers(0, 3).map(Fraction))
def test_no_single_price_on_a_grid_earns_more(types, cost):
    best = best_uniform_price(types, cost, price_scale=4)
    gain = {step: outcome(types, cost, Fraction(0), Fraction(step, 4)).profit for step in range(80)}
    assert posted.best_price(gain.__getitem__, range(80), int(best.price * 4)) is None
    assert all(best_tariff(types, cost, price_scale=4, fee_scale=scale).profit >= best.profit for scale in (1, 100))


@given(st.integers(0, 500), st.integers(0, 500))
def test_the_charge_is_monotone_and_subadditive(entry, price):
    curve = Curve.of([Piece(0, None, Fraction(entry, 100), Fraction(price, 100))])
    assert charges.monotone(curve) is None
    assert charges.subadditive(curve) is None
    params = {**SET, "entry": f"{entry // 100}.{entry % 100:02d}", "unit_price": f"{price // 100}.{price % 100:02d}"}
    assert TWO_PART.run(Verb.QUOTE, params=params, inputs={"quantity": "7"}).amount_minor == curve.at(7) * 100


def test_a_tariff_that_a_type_would_not_choose_is_caught():
    types = [Type(1, Fraction(10), Fraction(1)), Type(1, Fraction(12), Fraction(1))]

    def worth(one, other):
        return types[one].worth([Fraction(8), Fraction(10)][other])

    assert posted.incentive_compatible(worth, [Fraction(48), Fraction(70)]) == {"type": 1, "prefers": 0, "gain": "16"}
    assert posted.individually_rational(worth, [Fraction(49), Fraction(70)]) == {"type": 0, "value": "48", "price": "49"}


@pytest.mark.parametrize(
    ("verb", "params", "inputs", "code", "field"),
    [
        ("quote", SET, {"quantity": "NaN"}, "NOT_FINITE", "inputs.quantity"),
        ("quote", SET, {"quantity": "-1"}, "NEGATIVE", "inputs.quantity"),
        ("quote", SET, {}, "REQUIRED", "inputs.quantity"),
        ("quote", SEARCH, {"quantity": "1"}, "KIND_NOT_FOR_VERB", "params.kind"),
        ("optimise", SET, {"types": [{"most": "1"}]}, "KIND_NOT_FOR_VERB", "params.kind"),
        ("quote", {**SET, "entry": "1.001"}, {"quantity": "1"}, "OVER_PRECISE", "params.entry"),
        ("quote", {**SET, "entry": "-1"}, {"quantity": "1"}, "NEGATIVE", "params.entry"),
        ("quote", {**SET, "unit_price": "9" * 12}, {"quantity": "9" * 15}, "OVERFLOW", "inputs"),
        ("optimise", SEARCH, {"types": []}, "TOO_FEW", "inputs.types"),
        ("optimise", SEARCH, {"types": [{"most": "1"}] * 41}, "TOO_MANY", "inputs.types"),
        ("optimise", SEARCH, {"types": [{"most": "0"}]}, "TOO_SMALL", "inputs.types.0.most"),
        ("optimise", SEARCH, {"types": [{"most": "1", "slope": "0"}]}, "TOO_SMALL", "inputs.types.0.slope"),
        ("optimise", SEARCH, {"types": [{"most": "Infinity"}]}, "NOT_FINITE", "inputs.types.0.most"),
        ("optimise", SEARCH, {"types": [{"most": "1"}]}, "NO_GAIN", "inputs.types"),
        ("optimise", {**SEARCH, "currency": "ABC"}, {"types": [{"most": "9"}]}, "NOT_ALLOWED", "params.currency"),
        ("optimise", SEARCH, {"types": [{"most": "9", "name": "x"}]}, "UNKNOWN_FIELD", "inputs.types.0.name"),
    ],
)
def test_bad_input_is_refused_at_its_field(verb, params, inputs, code, field):
    with pytest.raises(InputError) as refused:
        TWO_PART.run(Verb(verb), params=params, inputs=inputs)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert refused.value.text("zh")

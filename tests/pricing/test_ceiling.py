"""The regulated ceiling follows the notice of 2025: permitted revenue, caps, free public use, and the claw-back of excess revenue."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.engines.checkers import charges, posted
from pricing.engines.errors import InputError
from pricing.engines.model import Verb
from pricing.engines.posted import ceiling_rules as rules
from pricing.engines.posted.ceiling import CEILING, read_ceiling

NOTICE = CEILING.examples[0].params
AMOUNTS = st.integers(0, 10**9)


def quote(params=NOTICE, **inputs):
    return CEILING.run(Verb.QUOTE, params=params, inputs={"product": "credit", "use": "industry", **inputs})


def ceiling_of(**more):
    return read_ceiling(CEILING.validated_params({**NOTICE, **more}))


def test_the_permitted_revenue_of_the_worked_case():
    assert quote(quantity="1").extras["permitted"] == {
        "cost_minor": "800000000",
        "subsidy_minor": "100000000",
        "profit_minor": "57400000",
        "tax_minor": "0",
        "total_minor": "757400000",
        "deducted_minor": "0",
        "allowed_minor": "757400000",
    }


def test_caps_share_the_permitted_revenue_by_weight_and_are_rounded_down():
    products = [
        {"key": "credit", "unit": "call", "volume": "3000000", "weight": 2},
        {"key": "maps", "unit": "product", "volume": "7", "weight": 1},
    ]
    ceiling = ceiling_of(products=products)
    assert ceiling.caps == (Fraction("1.68"), Fraction("360666.66"))
    assert posted.caps_within_revenue(ceiling.caps, ceiling.volumes, ceiling.allowed) is None
    finer = ceiling_of(products=products, price_decimals=6)
    assert finer.caps == (Fraction("1.683111"), Fraction("360666.666666"))


def test_industry_pays_the_operators_price_and_public_use_nothing():
    products = [{"key": "credit", "unit": "call", "volume": "7574000", "price": "0.80"}]
    params = {**NOTICE, "products": products}
    paid = quote(params, quantity="1200")
    assert (paid.amount_minor, [line.code for line in paid.lines]) == (96_000, ["INDUSTRY_USE"])
    for use, code in (("governance", "GOVERNANCE_USE"), ("welfare", "WELFARE_USE")):
        free = quote(params, use=use, quantity="1200")
        assert (free.amount_minor, [line.code for line in free.lines]) == (0, [code])
        assert posted.public_use_free(free.amount_minor, use) is None
    assert quote({**params, "trial": True}, quantity="1").lines[0].code == "TRIAL_USE"
    assert {claim.property for claim in paid.claims} == {
        "monotone",
        "subadditive",
        "caps_within_revenue",
        "price_within_cap",
        "public_use_free",
        "claw_back_conserves",
        "lines_sum",
    }


def test_a_price_at_the_cap_is_accepted_and_one_above_is_not():
    row = {"key": "credit", "unit": "call", "volume": "7574000"}
    assert ceiling_of(products=[{**row, "price": "1.00"}]).prices == (Fraction(1),)
    with pytest.raises(InputError) as refused:
        ceiling_of(products=[{**row, "price": "1.000000000001"}])
    assert (refused.value.code, refused.value.field, refused.value.params) == ("ABOVE_CEILING", "params.products.0.price", {"cap": "1"})


def test_excess_revenue_is_deducted_from_the_next_period_and_what_it_cannot_bear_from_those_after():
    rows = rules.claw_back([(100, 130), (20, 20), (50, 40), (60, 60)])
    assert rows == [
        rules.Row(permitted=100, deducted=0, realised=130, excess=30, carried=30),
        rules.Row(permitted=20, deducted=20, realised=20, excess=20, carried=30),
        rules.Row(permitted=50, deducted=30, realised=40, excess=20, carried=20),
        rules.Row(permitted=60, deducted=20, realised=60, excess=20, carried=20),
    ]


def test_the_carried_excess_lowers_this_periods_caps():
    history = [{"permitted": "7000000.00", "realised": "7757400.00"}]
    ceiling = ceiling_of(history=history)
    assert ceiling.deducted == 757_400
    assert ceiling.caps == (Fraction("0.90"),)
    told = quote({**NOTICE, "history": history}).extras
    assert told["permitted"]["allowed_minor"] == "681660000"
    assert told["ledger"] == [
        {
            "permitted_minor": "700000000",
            "deducted_minor": "0",
            "realised_minor": "775740000",
            "excess_minor": "75740000",
            "carried_minor": "75740000",
        }
    ]
    assert told["review"] == {"deviation": "0.1082", "adjusts": "ceiling"}


def test_an_excess_above_the_whole_permitted_revenue_leaves_nothing_to_charge():
    ceiling = ceiling_of(history=[{"permitted": "0", "realised": "9000000"}])
    assert (ceiling.allowed, ceiling.caps) == (0, (0,))


@pytest.mark.parametrize(
    ("permitted", "realised", "expected"),
    [
        (1000, 1000, (Fraction(0), "nothing")),
        (1000, 900, (Fraction(0), "nothing")),
        (1000, 1100, (Fraction(1, 10), "price")),
        (1000, 1101, (Fraction(101, 1000), "ceiling")),
        (0, 1, (Fraction(1), "ceiling")),
    ],
)
def test_the_yearly_review_adjusts_the_price_up_to_a_tenth_and_the_ceiling_beyond(permitted, realised, expected):
    assert rules.review(rules.claw_back([(permitted, realised)])[0]) == expected


@given(st.lists(st.tuples(AMOUNTS, AMOUNTS), max_size=12))
def test_claw_back_conserves_money(periods):
    rows = rules.claw_back(periods)
    assert posted.claw_back_conserves(rows) is None
    assert [(row.permitted, row.realised) for row in rows] == periods


@given(
    st.fractions(0, 10**9, max_denominator=1000),
    st.lists(st.tuples(st.integers(1, 100), st.fractions("1/1000", 10**6, max_denominator=1000)), min_size=1, max_size=8),
    st.integers(0, 6),
)
def test_forecast_sales_at_the_caps_stay_within_the_permitted_revenue(allowed, products, decimals):
    weights, volumes = zip(*products, strict=True)
    caps = rules.caps(allowed, weights, volumes, decimals)
    assert posted.caps_within_revenue(caps, volumes, allowed) is None
    short = allowed - sum(cap * volume for cap, volume in zip(caps, volumes, strict=True))
    assert short < sum(volumes) / 10**decimals


@given(st.integers(0, 10**7), st.integers(0, 6))
def test_a_price_is_taken_exactly_where_it_is_within_its_cap(millionths, decimals):
    price = Fraction(millionths, 10**6)
    products = [{"key": "credit", "unit": "call", "volume": "2222222", "price": f"{millionths // 10**6}.{millionths % 10**6:06d}"}]
    cap = rules.caps(Fraction(7_574_000), [1], [Fraction(2_222_222)], decimals)[0]
    if price > cap:
        with pytest.raises(InputError, match="above the ceiling"):
            ceiling_of(products=products, price_decimals=decimals)
    else:
        ceiling = ceiling_of(products=products, price_decimals=decimals)
        assert posted.price_within_cap(ceiling.prices, ceiling.caps) is None
        assert (ceiling.prices, ceiling.caps) == ((price,), (cap,))


@given(st.integers(0, 10**6))
def test_the_charge_of_a_use_is_monotone_and_splitting_gains_nothing_before_rounding(millionths):
    price = f"0.{millionths % 10**6:06d}"
    params = {**NOTICE, "products": [{"key": "credit", "unit": "call", "volume": "7574000", "price": price}]}
    charge = [sum(line.quantity * line.unit_price for line in quote(params, quantity=str(used)).lines) for used in range(13)]
    assert charge[12] == 12 * Fraction(price)
    assert charges.monotone_up_to(charge.__getitem__, 12) is None
    assert charges.subadditive_up_to(charge.__getitem__, 12) is None


def test_wrong_ceilings_are_caught():
    rows = rules.claw_back([(100, 130), (200, 150)])
    assert posted.claw_back_conserves([replace(rows[0], carried=29), rows[1]]) == {"period": 0, "excess": 30, "deducted": 0, "carried": 29}
    assert posted.claw_back_conserves([replace(rows[0], excess=0, carried=0)]) == {"period": 0, "kept": 130, "permitted": 100}
    assert posted.caps_within_revenue([Fraction(2)], [Fraction(3)], Fraction(5)) == {"at_caps": "6", "allowed": "5"}
    assert posted.price_within_cap([Fraction(2)], [Fraction(1)]) == {"product": 0, "price": "2", "cap": "1"}
    assert posted.public_use_free(1, "welfare") == {"use": "welfare", "amount": 1}
    assert posted.public_use_free(1, "industry") is None


def test_a_refusal_that_cannot_name_every_product_says_that_there_are_more():
    products = [{"key": f"p{at}", "unit": "call", "volume": "1"} for at in range(11)]
    for count, named in ((10, "p8, p9"), (11, "p8, p9, …")):
        with pytest.raises(InputError) as refused:
            quote({**NOTICE, "products": products[:count]})
        assert str(refused.value.params["allowed"]).endswith(named)


PRODUCT = {"key": "credit", "unit": "call", "volume": "10"}


@pytest.mark.parametrize(
    ("params", "inputs", "code", "field"),
    [
        ({"points": "6.000001"}, {}, "TOO_LARGE", "params.points"),
        ({"subsidy": "8000000.01"}, {}, "TOO_LARGE", "params.subsidy"),
        ({"bond_yield_percent": "NaN"}, {}, "NOT_FINITE", "params.bond_yield_percent"),
        ({"bond_yield_percent": "-1"}, {}, "NEGATIVE", "params.bond_yield_percent"),
        ({"costs": []}, {}, "TOO_FEW", "params.costs"),
        ({"costs": [{"kind": "staff", "amount": "1"}] * 101}, {}, "TOO_MANY", "params.costs"),
        ({"costs": [{"kind": "staff", "amount": "1.001"}]}, {}, "OVER_PRECISE", "params.costs.0.amount"),
        ({"costs": [{"kind": "lunch", "amount": "1"}]}, {}, "NOT_ALLOWED", "params.costs.0.kind"),
        ({"products": [PRODUCT, PRODUCT]}, {}, "DUPLICATE", "params.products.1.key"),
        ({"products": [{**PRODUCT, "volume": "0"}]}, {}, "TOO_SMALL", "params.products.0.volume"),
        ({"products": [{**PRODUCT, "key": "a b"}]}, {}, "BAD_FORMAT", "params.products.0.key"),
        ({"period_years": 4}, {}, "TOO_LARGE", "params.period_years"),
        ({"history": [{"permitted": "1", "realised": "-1"}]}, {}, "NEGATIVE", "params.history.0.realised"),
        ({"currency": "XXX"}, {}, "NOT_ALLOWED", "params.currency"),
        ({"cap": "1"}, {}, "UNKNOWN_FIELD", "params.cap"),
        ({}, {"product": "maps"}, "NOT_ALLOWED", "inputs.product"),
        ({}, {"use": "resale"}, "NOT_ALLOWED", "inputs.use"),
        ({}, {"quantity": "Infinity"}, "NOT_FINITE", "inputs.quantity"),
        ({}, {"quantity": "-1"}, "NEGATIVE", "inputs.quantity"),
        (
            {"costs": [{"kind": "staff", "amount": "9" * 16}], "products": [{**PRODUCT, "volume": "0.000001"}]},
            {"quantity": "9" * 15},
            "OVERFLOW",
            "inputs",
        ),
    ],
)
def test_bad_input_of_a_ceiling_is_refused_at_its_field(params, inputs, code, field):
    with pytest.raises(InputError) as refused:
        quote({**NOTICE, **params}, **inputs)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert refused.value.text("zh")

"""What a buyer pays is divided to the last minor unit, nothing is negative, and the chain of title says who shares."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.fees.arithmetic import Bearer, Division, Fee, FeeError, FeeSchedule, Parties, Rate, Role, TaxRule, divide
from pricing.fees.chain import ChainError, Derivation, IncomeShare, Licence, ShareTerm, apply_terms, income_shares, share_terms
from pricing.money import BIGINT_MAX, CNY, PPM, MoneyError

SCHEDULE = FeeSchedule(platform=Fee("platform", Rate(20_000)), institution=Fee("institution", Rate(5_000, minimum_minor=100)))
# A delay product made from flights (owned by the airport) and weather (owned by the weather firm).
DELAYS = {
    "delays": Derivation(
        "analyst",
        (Licence("licence-weather", "weather-firm", "weather", 150_000), Licence("licence-flights", "airport", "flights", 300_000)),
    )
}


def paid(division):
    return [(line.role.value, line.party, line.minor, line.borne_by) for line in division.lines]


def test_one_sale_of_a_derived_product_worked_to_the_fen():
    parties = Parties("analyst", share_terms("delays", DELAYS))
    division = divide(amount_minor=128_005, currency=CNY, schedule=SCHEDULE, parties=parties)
    # 2% of 1280.05 is 25.601 and 0.5% is 6.40025: together 32.00125, so 32.00 with 6.40 to the institution.
    assert division.net_minor == 124_805
    assert paid(division) == [
        ("platform_fee", "platform", 2_560, "analyst"),
        ("institution_fee", "institution", 640, "analyst"),
        ("share", "analyst", 68_644, "analyst"),
        ("share", "airport", 37_441, "analyst"),
        ("share", "weather-firm", 18_720, "analyst"),
    ]
    assert sum(line.minor for line in division.lines) == 128_005


def test_tax_is_withheld_from_what_each_holder_keeps_by_its_kind():
    parties = Parties(
        "analyst",
        share_terms("delays", DELAYS),
        kinds={"analyst": "person", "airport": "company", "weather-firm": "company"},
        taxes={"person": TaxRule("tax-office", 200_000), "company": TaxRule("tax-office", 0)},
    )
    division = divide(amount_minor=128_005, currency=CNY, schedule=SCHEDULE, parties=parties)
    assert paid(division)[2:] == [
        ("share", "analyst", 54_916, "analyst"),
        ("tax", "tax-office", 13_728, "analyst"),
        ("share", "airport", 37_441, "analyst"),
        ("share", "weather-firm", 18_720, "analyst"),
    ]
    assert division.total(Role.TAX) == division.paid_to("tax-office") == 13_728
    assert sum(line.minor for line in division.lines) == 128_005


def test_the_gateway_fee_is_the_platforms_unless_the_schedule_says_otherwise():
    gateway = Fee("gateway", Rate(29_000, fixed_minor=30))
    own = divide(amount_minor=10_000, currency=CNY, schedule=FeeSchedule(SCHEDULE.platform, None, gateway), parties=Parties("seller"))
    assert paid(own) == [("platform_fee", "platform", 200, "seller"), ("share", "seller", 9_800, "seller")]
    assert (own.gateway_fee_minor, own.gateway_borne_by) == (320, Bearer.PLATFORM)
    schedule = FeeSchedule(SCHEDULE.platform, None, gateway, Bearer.SELLER)
    passed_on = divide(amount_minor=10_000, currency=CNY, schedule=schedule, parties=Parties("seller"))
    assert paid(passed_on) == [
        ("platform_fee", "platform", 200, "seller"),
        ("gateway_fee", "gateway", 320, "seller"),
        ("share", "seller", 9_480, "seller"),
    ]


@pytest.mark.parametrize(
    ("rate", "amount", "fee"),
    [
        (Rate(20_000), 10_049, Fraction(20_098, 100)),
        (Rate(20_000, fixed_minor=50), 10_000, 250),
        (Rate(20_000, minimum_minor=500), 10_000, 500),
        (Rate(20_000, maximum_minor=100), 10_000, 100),
        (Rate(20_000, fixed_minor=50, minimum_minor=500), 0, 0),
    ],
)
def test_a_rate_with_fixed_part_and_limits(rate, amount, fee):
    assert rate.exact(amount) == fee


def test_least_fees_never_take_more_than_there_is():
    schedule = FeeSchedule(Fee("platform", Rate(0, minimum_minor=100)), Fee("institution", Rate(0, minimum_minor=80)))
    division = divide(amount_minor=100, currency=CNY, schedule=schedule, parties=Parties("seller"))
    assert paid(division) == [
        ("platform_fee", "platform", 20, "seller"),
        ("institution_fee", "institution", 80, "seller"),
        ("share", "seller", 0, "seller"),
    ]


def test_a_free_product_costs_nobody_anything():
    division = divide(amount_minor=0, currency=CNY, schedule=SCHEDULE, parties=Parties("analyst", share_terms("delays", DELAYS)))
    assert {line.minor for line in division.lines} == {0}


def test_the_division_as_json_is_exact_text():
    division = divide(amount_minor=BIGINT_MAX, currency=CNY, schedule=FeeSchedule(Fee("platform", Rate(0))), parties=Parties("seller"))
    assert division.to_json() == {
        "amount_minor": "9223372036854775807",
        "currency": "CNY",
        "net_minor": "9223372036854775807",
        "gateway_fee_minor": "0",
        "gateway_borne_by": "platform",
        "lines": [
            {"role": "platform_fee", "party": "platform", "minor": "0", "borne_by": "seller", "licence": ""},
            {"role": "share", "party": "seller", "minor": "9223372036854775807", "borne_by": "seller", "licence": ""},
        ],
    }


@pytest.mark.parametrize(
    ("make", "error", "code"),
    [
        (lambda: Rate(PPM + 1), MoneyError, "PPM_OUT_OF_RANGE"),
        (lambda: Rate(0.02), MoneyError, "PPM_OUT_OF_RANGE"),
        (lambda: Rate(1, fixed_minor=-1), MoneyError, "AMOUNT_NEGATIVE"),
        (lambda: Rate(1, minimum_minor=2, maximum_minor=1), FeeError, "FEE_LIMITS_CROSSED"),
        (lambda: FeeSchedule(Fee("a", Rate(600_000)), Fee("b", Rate(600_000))), FeeError, "FEES_EXCEED_AMOUNT"),
        (lambda: whole(-1), MoneyError, "AMOUNT_NEGATIVE"),
        (lambda: whole(1.5), MoneyError, "AMOUNT_NOT_INTEGER"),
        (lambda: whole(BIGINT_MAX + 1), MoneyError, "AMOUNT_OVERFLOW"),
        (lambda: whole(1, taxes={"person": TaxRule("t", 1)}), FeeError, "PARTY_KIND_UNKNOWN"),
        (lambda: whole(1, kinds={"seller": "club"}, taxes={"person": TaxRule("t", 1)}), FeeError, "TAX_KIND_UNKNOWN"),
        (lambda: whole(1, kinds={"seller": "club"}, taxes={"club": TaxRule("t", -1)}), MoneyError, "PPM_OUT_OF_RANGE"),
    ],
    ids=range(11),
)
def test_what_cannot_be_divided_is_refused(make, error, code):
    with pytest.raises(error) as refused:
        make()
    assert refused.value.code == code
    assert refused.value.text("zh")


def whole(amount, **more):
    return divide(amount_minor=amount, currency=CNY, schedule=SCHEDULE, parties=Parties("seller", **more))


THREE_LEVELS = {
    "app": Derivation("d", (Licence("l3", "c", "report", 500_000),)),
    "report": Derivation("c", (Licence("l2", "b", "table", 400_000), Licence("l1", "a", "raw-1", 100_000))),
    "table": Derivation("b", (Licence("l0", "a", "raw-2", 250_000),)),
}


def test_a_licensor_passes_on_what_its_own_licences_owe():
    kept, shares = income_shares(10_001, "app", "d", THREE_LEVELS)
    assert kept == 5_001
    assert [(share.payer, share.term.holder, share.term.licence, share.received_minor, share.kept_minor) for share in shares] == [
        ("d", "c", "l3", 5_000, 2_500),
        ("c", "a", "l1", 500, 500),
        ("c", "b", "l2", 2_000, 1_500),
        ("b", "a", "l0", 500, 500),
    ]
    assert kept + sum(share.kept_minor for share in shares) == 10_001


def test_an_object_reached_by_two_ways_is_paid_by_both_licensees():
    diamond = {
        "p": Derivation("s", (Licence("x", "m", "left", 200_000), Licence("y", "n", "right", 200_000))),
        "left": Derivation("m", (Licence("lx", "o", "root", 500_000),)),
        "right": Derivation("n", (Licence("ly", "o", "root", 500_000),)),
    }
    assert [(term.holder, term.upon) for term in share_terms("p", diamond)] == [("m", None), ("o", 0), ("n", None), ("o", 2)]
    kept, shares = income_shares(1_000, "p", "s", diamond)
    assert (kept, [share.kept_minor for share in shares]) == (600, [100, 100, 100, 100])


def test_the_order_in_which_licences_are_stored_changes_nothing():
    turned = {"delays": Derivation("analyst", tuple(reversed(DELAYS["delays"].licences)))}
    assert share_terms("delays", turned) == share_terms("delays", DELAYS)


def test_an_original_object_shares_with_nobody():
    assert income_shares(500, "flights", "airport", DELAYS) == (500, ())


def ladder(levels):
    return {f"o{index}": Derivation(f"h{index}", (Licence(f"l{index}", f"h{index + 1}", f"o{index + 1}", 1),)) for index in range(levels)}


def wide(count):
    return {"p": Derivation("s", tuple(Licence(f"l{index:05d}", "h", f"o{index}", 1) for index in range(count)))}


@pytest.mark.parametrize(
    ("product", "seller", "derivations", "code", "params"),
    [
        ("a", "x", {"a": Derivation("x", (Licence("l", "x", "a", 1),))}, "CHAIN_CYCLE", {"object": "a"}),
        (
            "a",
            "x",
            {"a": Derivation("x", (Licence("l", "y", "b", 1),)), "b": Derivation("y", (Licence("m", "x", "a", 1),))},
            "CHAIN_CYCLE",
            {"object": "a"},
        ),
        ("o0", "h0", ladder(17), "CHAIN_TOO_DEEP", {"limit": 16}),
        ("p", "s", wide(1_001), "CHAIN_TOO_WIDE", {"limit": 1_000}),
        (
            "app",
            "d",
            {**THREE_LEVELS, "report": Derivation("z", ())},
            "CHAIN_BROKEN",
            {"licence": "l3", "licensor": "c", "object": "report"},
        ),
        ("app", "z", THREE_LEVELS, "CHAIN_BROKEN", {"licence": "-", "licensor": "z", "object": "app"}),
        ("a", "x", {"a": Derivation("x", (Licence("l", "y", "b", 1),) * 2)}, "LICENCE_TWICE", {"object": "a", "licence": "l"}),
        (
            "a",
            "x",
            {"a": Derivation("x", (Licence("l", "y", "b", 600_000), Licence("m", "z", "c", 400_001)))},
            "SHARES_EXCEED_INCOME",
            {"object": "a", "ppm": 1_000_001},
        ),
    ],
)
def test_a_chain_that_cannot_be_walked_is_refused(product, seller, derivations, code, params):
    with pytest.raises(ChainError) as refused:
        income_shares(1_000, product, seller, derivations)
    assert (refused.value.code, refused.value.params) == (code, params)
    assert refused.value.text("zh")


def test_sixteen_levels_and_a_thousand_shares_are_accepted():
    assert len(share_terms("o0", ladder(16))) == 16
    assert len(share_terms("p", wide(1_000))) == 1_000


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ([ShareTerm("a", 1, 0, "l", "o")], "TERMS_INVALID"),
        ([ShareTerm("a", 1, None, "l", "o"), ShareTerm("b", 1, -1, "m", "p")], "TERMS_INVALID"),
        ([ShareTerm("a", 600_000, None, "l", "o"), ShareTerm("b", 600_000, None, "m", "p")], "SHARES_EXCEED_INCOME"),
        ([ShareTerm("a", 1, None, "l", "o")] * 1_001, "CHAIN_TOO_WIDE"),
    ],
)
def test_terms_that_no_walk_could_give_are_refused(terms, code):
    with pytest.raises(ChainError) as refused:
        apply_terms(1_000, "s", terms)
    assert refused.value.code == code


RATES = st.builds(Rate, st.integers(0, 333_333), st.integers(0, 500), st.integers(0, 500), st.one_of(st.none(), st.integers(500, 5_000)))
SCHEDULES = st.builds(
    FeeSchedule,
    st.builds(Fee, st.just("platform"), RATES),
    st.one_of(st.none(), st.builds(Fee, st.just("institution"), RATES)),
    st.one_of(st.none(), st.builds(Fee, st.just("gateway"), RATES)),
    st.sampled_from(Bearer),
)


@st.composite
def term_lists(draw):
    """Draw share terms that rest on the seller or on any earlier term, within the whole of each income."""
    terms = []
    left = {}
    for index in range(draw(st.integers(0, 7))):
        upon = draw(st.sampled_from([None, *range(index)]))
        ppm = draw(st.integers(0, left.get(upon, PPM)))
        left[upon] = left.get(upon, PPM) - ppm
        terms.append(ShareTerm(f"h{draw(st.integers(0, 3))}", ppm, upon, f"l{index}", f"o{index}"))
    return tuple(terms)


TAXES = st.one_of(st.none(), st.builds(lambda ppm: {"kind": TaxRule("tax-office", ppm)}, st.integers(0, PPM)))
KINDS = dict.fromkeys(("seller", "h0", "h1", "h2", "h3"), "kind")
AMOUNTS = st.one_of(st.integers(0, 3_000), st.integers(0, BIGINT_MAX - 1))


@given(AMOUNTS, SCHEDULES, term_lists(), TAXES)
def test_every_division_sums_to_the_amount_and_nothing_is_negative(amount, schedule, terms, taxes):
    division = divide(amount_minor=amount, currency=CNY, schedule=schedule, parties=Parties("seller", terms, KINDS, taxes))
    assert sum(line.minor for line in division.lines) == amount
    assert min(line.minor for line in division.lines) >= 0
    assert division.net_minor == amount - sum(division.total(role) for role in (Role.PLATFORM_FEE, Role.INSTITUTION_FEE, Role.GATEWAY_FEE))


@given(AMOUNTS, st.integers(1, 5_000), SCHEDULES, term_lists())
def test_a_higher_price_never_leaves_seller_institution_or_licensor_less(amount, more, schedule, terms):
    def at(each) -> tuple[Division, tuple[IncomeShare, ...]]:
        division = divide(amount_minor=each, currency=CNY, schedule=schedule, parties=Parties("seller", terms))
        return division, apply_terms(division.net_minor, "seller", terms)[1]

    (low, low_shares), (high, high_shares) = at(amount), at(min(amount + more, BIGINT_MAX))
    assert low.net_minor <= high.net_minor
    assert low.total(Role.INSTITUTION_FEE) <= high.total(Role.INSTITUTION_FEE)
    assert low.gateway_fee_minor <= high.gateway_fee_minor
    assert all(one.received_minor <= other.received_minor for one, other in zip(low_shares, high_shares, strict=True))


@given(AMOUNTS, SCHEDULES)
def test_the_seller_never_bears_more_than_the_exact_fees(amount, schedule):
    division = divide(amount_minor=amount, currency=CNY, schedule=schedule, parties=Parties("seller"))
    borne = [schedule.platform, schedule.institution, schedule.gateway if schedule.gateway_borne_by is Bearer.SELLER else None]
    exact = sum(fee.rate.exact(amount) for fee in borne if fee)
    assert 0 <= min(exact, amount) - (amount - division.net_minor) < 1

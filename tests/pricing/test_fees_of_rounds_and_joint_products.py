"""A surplus and the makers of a joint product in the division of an amount: exact sums, nothing negative, no fee on a surplus."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.fees.arithmetic import Fee, FeeError, FeeSchedule, Parties, Rate, Role, TaxRule, divide
from pricing.fees.chain import ShareTerm
from pricing.money import BIGINT_MAX, CNY, MoneyError, split_keyed

AMOUNTS = st.integers(0, 10**12)
RATES = st.builds(Rate, st.integers(0, 300_000), st.integers(0, 500), st.integers(0, 500))
SCHEDULES = st.builds(FeeSchedule, st.builds(Fee, st.just("platform"), RATES), st.none() | st.builds(Fee, st.just("institution"), RATES))
WEIGHTS = st.dictionaries(st.sampled_from(["seller", "camera", "radar", "lidar"]), st.integers(1, 10**6), min_size=1)
TERMS = st.lists(st.builds(ShareTerm, st.just("licensor"), st.integers(0, 250_000), st.none(), st.just("l"), st.just("o")), max_size=4)
PLAIN = FeeSchedule(Fee("platform", Rate(20_000)), Fee("institution", Rate(10_000)))


def parts(weights):
    return lambda kept: list(split_keyed(kept, weights).items())


def divided(amount, schedule=PLAIN, **parties):
    return divide(amount_minor=amount, currency=CNY, schedule=schedule, parties=Parties("seller", **parties))


@given(AMOUNTS, st.integers(0, 10**12), SCHEDULES, WEIGHTS, TERMS)
def test_lines_sum_to_the_amount_and_none_is_negative(amount, surplus, schedule, weights, terms):
    division = divided(amount, schedule, surplus=("charity", min(surplus, amount)), joint=parts(weights), terms=tuple(terms))
    assert sum(line.minor for line in division.lines) == amount
    assert min(line.minor for line in division.lines) >= 0
    assert sum(division.paid_to(maker) for maker in weights) == division.kept_minor


@given(AMOUNTS, st.integers(0, 10**12), SCHEDULES, WEIGHTS)
def test_a_surplus_changes_nothing_for_those_who_share_the_rest(amount, surplus, schedule, weights):
    with_it = divided(amount + surplus, schedule, surplus=("charity", surplus), joint=parts(weights))
    without = divided(amount, schedule, joint=parts(weights))
    assert with_it.paid_to("charity") == surplus
    assert [line for line in with_it.lines if line.party != "charity"] == list(without.lines)
    assert (with_it.net_minor, with_it.kept_minor, with_it.gateway_fee_minor) == (
        without.net_minor,
        without.kept_minor,
        without.gateway_fee_minor,
    )


@given(AMOUNTS, st.integers(0, 10**9), SCHEDULES, WEIGHTS)
def test_whoever_makes_it_alone_or_with_others_the_makers_together_get_the_same(amount, more, schedule, weights):
    alone, together = divided(amount, schedule), divided(amount, schedule, joint=parts(weights))
    assert together.kept_minor == alone.kept_minor == alone.paid_to("seller")
    assert [line for line in together.lines if line.role is not Role.SHARE] == [line for line in alone.lines if line.role is not Role.SHARE]
    assert divided(amount + more, schedule, joint=parts(weights)).kept_minor >= together.kept_minor


@given(st.integers(1, 10**12), st.integers(0, 10**12))
def test_a_greater_surplus_leaves_the_seller_no_more(amount, surplus):
    less, more = sorted((surplus % (amount + 1), amount // 2))
    first, second = (divided(amount, surplus=("charity", each)) for each in (less, more))
    assert first.kept_minor >= second.kept_minor
    assert second.paid_to("charity") - first.paid_to("charity") == more - less


def test_a_surplus_and_three_makers_worked_to_the_fen():
    division = divided(80_000, surplus=("charity", 1_000), joint=parts({"seller": 1, "camera": 1, "radar": 1}))
    assert [(line.role.value, line.party, line.minor, line.borne_by) for line in division.lines] == [
        ("platform_fee", "platform", 1_580, "seller"),
        ("institution_fee", "institution", 790, "seller"),
        ("share", "charity", 1_000, "buyer"),
        ("share", "camera", 25_544, "seller"),
        ("share", "radar", 25_543, "seller"),
        ("share", "seller", 25_543, "seller"),
    ]


def test_each_maker_is_taxed_by_its_own_kind_and_the_surplus_is_not():
    taxes = {"person": TaxRule("office", 200_000), "company": TaxRule("office", 0)}
    kinds = {"seller": "company", "camera": "person"}
    division = divided(11_000, surplus=("charity", 1_000), joint=parts({"seller": 1, "camera": 1}), kinds=kinds, taxes=taxes)
    assert [(line.role.value, line.party, line.minor, line.borne_by) for line in division.lines if line.minor][2:] == [
        ("share", "charity", 1_000, "buyer"),
        ("share", "camera", 3_880, "seller"),
        ("tax", "office", 970, "camera"),
        ("share", "seller", 4_850, "seller"),
    ]
    assert sum(line.minor for line in division.lines) == 11_000
    with pytest.raises(FeeError) as refused:
        divided(11_000, joint=parts({"seller": 1, "radar": 1}), kinds=kinds, taxes=taxes)
    assert refused.value.code == "PARTY_KIND_UNKNOWN"


def test_a_whole_amount_may_be_surplus():
    division = divided(500, surplus=("charity", 500), joint=parts({"camera": 1}))
    assert (division.net_minor, division.paid_to("charity"), division.total(Role.PLATFORM_FEE)) == (0, 500, 0)


@pytest.mark.parametrize(
    ("parties", "error", "code"),
    [
        ({"surplus": ("charity", 101)}, FeeError, "SURPLUS_EXCEEDS_AMOUNT"),
        ({"surplus": ("charity", -1)}, MoneyError, "AMOUNT_NEGATIVE"),
        ({"surplus": ("charity", 1.0)}, MoneyError, "AMOUNT_NOT_INTEGER"),
        ({"surplus": ("charity", BIGINT_MAX + 1)}, MoneyError, "AMOUNT_OVERFLOW"),
        ({"joint": parts({"camera": 1}), "surplus": ("charity", 200)}, FeeError, "SURPLUS_EXCEEDS_AMOUNT"),
    ],
    ids=["more than the amount", "negative", "not an integer", "beyond 64 bits", "with makers"],
)
def test_a_surplus_that_is_no_part_of_the_amount_is_refused(parties, error, code):
    with pytest.raises(error) as refused:
        divided(100, **parties)
    assert refused.value.code == code
    assert refused.value.text("zh")


@pytest.mark.parametrize("made", [[], [("camera", 96)], [("camera", 98)], [("camera", 90), ("radar", 8)]])
def test_makers_whose_parts_are_not_the_income_are_refused(made):
    with pytest.raises(FeeError) as refused:
        divided(100, joint=lambda _kept: made)
    assert refused.value.code == "JOINT_DOES_NOT_SUM"
    assert refused.value.text("zh")


def test_a_maker_owes_nothing():
    with pytest.raises(MoneyError) as refused:
        divided(100, joint=lambda kept: [("camera", kept + 1), ("radar", -1)])
    assert refused.value.code == "AMOUNT_NEGATIVE"

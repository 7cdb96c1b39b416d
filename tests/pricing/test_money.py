"""Money is exact, refuses what it cannot hold, and no split makes or loses a minor unit."""

import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.money import (
    BIGINT_MAX,
    CNY,
    CURRENCIES,
    PPM,
    Money,
    MoneyError,
    currency,
    require_currency,
    share_ppm,
    split,
    split_keyed,
    split_refund,
)

TOTALS = st.integers(0, 10**12)
WEIGHTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any)


@pytest.mark.parametrize(
    ("text", "code", "minor", "shown"),
    [
        ("12.5", "CNY", 1250, "12.50"),
        ("0", "CNY", 0, "0.00"),
        ("0.01", "USD", 1, "0.01"),
        ("007.10", "EUR", 710, "7.10"),
        ("1200", "JPY", 1200, "1200"),
        ("301.691", "KWD", 301_691, "301.691"),
        ("92233720368547758.07", "CNY", BIGINT_MAX, "92233720368547758.07"),
    ],
)
def test_decimal_text_becomes_exact_minor_units_and_back(text, code, minor, shown):
    money = Money.parse(text, currency(code))
    assert (money.minor, money.format(), str(money)) == (minor, shown, f"{code} {shown}")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1.005", "AMOUNT_OVER_PRECISE"),
        ("1.000", "AMOUNT_OVER_PRECISE"),
        ("NaN", "AMOUNT_NOT_FINITE"),
        ("-inf", "AMOUNT_NOT_FINITE"),
        ("Infinity", "AMOUNT_NOT_FINITE"),
        ("-0.01", "AMOUNT_NEGATIVE"),
        ("92233720368547758.08", "AMOUNT_OVERFLOW"),
        ("9" * 5000, "AMOUNT_OVERFLOW"),
        ("1e3", "AMOUNT_NOT_A_NUMBER"),
        ("", "AMOUNT_NOT_A_NUMBER"),
        (" 1", "AMOUNT_NOT_A_NUMBER"),
        ("1\n", "AMOUNT_NOT_A_NUMBER"),
        ("+1", "AMOUNT_NOT_A_NUMBER"),
        ("1,000", "AMOUNT_NOT_A_NUMBER"),
        ("١٢", "AMOUNT_NOT_A_NUMBER"),
        (".5", "AMOUNT_NOT_A_NUMBER"),
        (12.5, "AMOUNT_NOT_TEXT"),
        (12, "AMOUNT_NOT_TEXT"),
        (None, "AMOUNT_NOT_TEXT"),
    ],
)
def test_what_is_not_an_exact_amount_is_refused(text, code):
    with pytest.raises(MoneyError) as refused:
        Money.parse(text, CNY)
    assert refused.value.code == code


def test_a_negative_amount_is_read_only_where_it_is_wanted():
    assert Money.parse("-12.50", CNY, signed=True) == Money(-1250, CNY)
    assert Money(-5, CNY).format() == "-0.05"


def test_the_error_names_its_parameters_and_speaks_both_languages():
    with pytest.raises(MoneyError) as refused:
        Money.parse("1.5", currency("JPY"))
    assert refused.value.params == {"currency": "JPY", "digits": 0}
    assert refused.value.text("en") == "JPY has 0 decimal places; the amount has more."
    assert refused.value.text("zh") == "JPY 只有 0 位小数，金额超出此精度。"


@pytest.mark.parametrize("minor", [1.0, True, "1", None])
def test_minor_units_are_an_integer(minor):
    with pytest.raises(MoneyError) as refused:
        Money(minor, CNY)
    assert refused.value.code == "AMOUNT_NOT_INTEGER"


def test_sums_and_differences_stay_in_one_currency_and_within_a_bigint():
    assert Money(100, CNY) + Money(25, CNY) == Money(125, CNY)
    assert Money(100, CNY) - Money(125, CNY) == Money(-25, CNY)
    with pytest.raises(MoneyError) as mixed:
        Money(1, CNY) + Money.of(1, "USD")
    assert (mixed.value.code, mixed.value.params) == ("CURRENCY_MISMATCH", {"expected": "CNY", "currency": "USD"})
    with pytest.raises(MoneyError) as large:
        Money(BIGINT_MAX, CNY) + Money(1, CNY)
    assert large.value.code == "AMOUNT_OVERFLOW"
    assert require_currency(Money(1, CNY), CNY) == Money(1, CNY)


def test_an_unknown_currency_is_refused():
    with pytest.raises(MoneyError) as refused:
        currency("XXQ")
    assert refused.value.code == "CURRENCY_UNKNOWN"


def test_exponents_are_those_of_iso_4217():
    two = {code for code, each in CURRENCIES.items() if each.exponent == 2}
    assert {"CNY", "USD", "EUR", "HKD", "GBP", "SGD", "TWD", "MOP"} <= two
    assert {code for code, each in CURRENCIES.items() if each.exponent == 0} == {"JPY", "KRW", "VND"}
    assert {code for code, each in CURRENCIES.items() if each.exponent == 3} == {"BHD", "KWD"}


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (101, [1, 1, 1], [34, 34, 33]),
        (1, [1, 1], [1, 0]),
        (0, [3, 1], [0, 0]),
        (7, [0, 5, 0], [0, 7, 0]),
        (100, [Fraction(1, 3), Fraction(2, 3)], [33, 67]),
        (10, [Fraction(1, 6), Fraction(1, 3), Fraction(1, 2)], [2, 3, 5]),
        (BIGINT_MAX, [1, 2], [BIGINT_MAX // 3 + 0, BIGINT_MAX - BIGINT_MAX // 3]),
    ],
)
def test_largest_remainder_with_ties_to_the_lower_index(total, weights, shares):
    assert split(total, weights) == shares


@pytest.mark.parametrize(
    ("weights", "code", "params"),
    [
        ([], "WEIGHTS_EMPTY", {}),
        ([1] * 10_001, "WEIGHTS_TOO_MANY", {"limit": 10_000}),
        ([1, 0.5], "WEIGHT_NOT_EXACT", {"index": 1}),
        ([True], "WEIGHT_NOT_EXACT", {"index": 0}),
        ([1, 1, -1], "WEIGHT_NEGATIVE", {"index": 2}),
        ([0, 0], "WEIGHTS_ALL_ZERO", {}),
        ([1 << 5000], "WEIGHT_TOO_FINE", {}),
        ([Fraction(1, 3**1500), Fraction(1, 2**2500)], "WEIGHT_TOO_FINE", {}),
    ],
)
def test_weights_that_cannot_be_split_by_are_refused(weights, code, params):
    with pytest.raises(MoneyError) as refused:
        split(100, weights)
    assert (refused.value.code, refused.value.params) == (code, params)


@given(TOTALS, WEIGHTS)
def test_a_split_sums_to_the_total_and_each_share_is_within_one_unit(total, weights):
    shares = split(total, weights)
    assert sum(shares) == total
    assert min(shares) >= 0
    assert all(abs(share - Fraction(total * weight, sum(weights))) < 1 for share, weight in zip(shares, weights, strict=True))


@given(
    TOTALS,
    st.dictionaries(st.text(min_size=1, max_size=4), st.integers(0, 50), min_size=1, max_size=8).filter(lambda d: any(d.values())),
    st.randoms(),
)
def test_the_order_of_the_holders_changes_nobodys_share(total, weights, dice):
    shuffled = list(weights.items())
    random.Random(dice.random()).shuffle(shuffled)
    assert split_keyed(total, dict(shuffled)) == split_keyed(total, weights)


def test_a_tie_goes_to_the_smaller_key():
    assert split_keyed(1, {"b": 1, "a": 1}) == {"a": 1, "b": 0}


@given(TOTALS, WEIGHTS, st.lists(st.integers(0, PPM), max_size=6))
def test_partial_refunds_in_any_order_sum_to_the_original_split(total, weights, cuts):
    original = {str(index): share for index, share in enumerate(split(total, weights))}
    remaining = dict(original)
    for cut in [*cuts, PPM]:
        back = split_refund(share_ppm(sum(remaining.values()), cut), remaining)
        assert all(0 <= back[key] <= remaining[key] for key in remaining)
        remaining = {key: remaining[key] - back[key] for key in remaining}
    assert set(remaining.values()) == {0}


def test_no_more_is_refunded_than_remains():
    with pytest.raises(MoneyError) as refused:
        split_refund(11, {"a": 4, "b": 6})
    assert (refused.value.code, refused.value.params) == ("REFUND_TOO_LARGE", {"remaining": 10})


@given(TOTALS, st.integers(0, PPM))
def test_a_share_in_parts_per_million_is_rounded_down(amount, ppm):
    share = share_ppm(amount, ppm)
    assert 0 <= share <= amount
    assert 0 <= Fraction(amount * ppm, PPM) - share < 1


def test_shares_in_parts_per_million_worked():
    assert [share_ppm(119_055, ppm) for ppm in (0, 1, 300_000, PPM)] == [0, 0, 35_716, 119_055]


@pytest.mark.parametrize("ppm", [-1, PPM + 1, 0.5, True])
def test_parts_per_million_out_of_range_are_refused(ppm):
    with pytest.raises(MoneyError) as refused:
        share_ppm(100, ppm)
    assert refused.value.code == "PPM_OUT_OF_RANGE"

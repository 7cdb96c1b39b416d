"""Statutory days at their edges: holidays, make-up weekends, midnight in China, and years not yet announced."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.rules.calendar import (
    CHINA,
    DAYS_MAX,
    BadPeriod,
    CalendarUnknown,
    LastDay,
    add_calendar_days,
    add_working_days,
    china_date,
    deadline,
    is_announced,
    is_working_day,
)
from registry.rules.holidays import YEARS
from registry.rules.regimes import (
    NATIONAL_2026,
    PUBLIC_2025,
    REGIMES,
    Counting,
    NoRegime,
    Regime,
    expiry,
    months_before,
    regime_in_force,
    renewal_window,
)

SAME_DAY: Regime = replace(NATIONAL_2026, counting=Counting.SAME_DAY)
OFFICIAL_DAYS = st.dates(date(2023, 1, 1), date(2026, 10, 31))


def announced(day: date) -> LastDay:
    """A last day that rests on notices only."""
    return LastDay(day, provisional=False)


def test_notice_before_the_october_holiday_counts_the_make_up_saturday() -> None:
    thursday = date(2025, 9, 25)
    # 26 (Fri) 1, 28 (Sun, worked) 2, 29 3, 30 4, holiday 1-8 October, 9 (Thu) 5.
    assert add_working_days(thursday, 5, NATIONAL_2026) == announced(date(2025, 10, 9))
    # 10 (Fri) 6, 11 (Sat, worked) 7.
    assert add_working_days(thursday, 7, NATIONAL_2026) == announced(date(2025, 10, 11))


def test_the_day_before_the_october_holiday_of_2026() -> None:
    assert add_working_days(date(2026, 9, 30), 1, NATIONAL_2026) == announced(date(2026, 10, 8))
    assert add_working_days(date(2026, 9, 30), 3, NATIONAL_2026) == announced(date(2026, 10, 10))


def test_the_starting_day_is_left_out_unless_the_regime_counts_it() -> None:
    monday = date(2026, 11, 23)
    assert add_working_days(monday, 5, NATIONAL_2026) == announced(date(2026, 11, 30))
    assert add_working_days(monday, 5, SAME_DAY) == announced(date(2026, 11, 27))
    assert add_working_days(monday, 1, SAME_DAY) == announced(monday)
    assert add_working_days(date(2026, 11, 21), 1, SAME_DAY) == announced(monday)


def test_silence_for_three_working_days_is_acceptance_on_the_fourth() -> None:
    filed = date(2026, 11, 24)
    assert add_working_days(filed, NATIONAL_2026.acceptance_days, NATIONAL_2026).day == date(2026, 11, 27)
    assert add_working_days(filed, NATIONAL_2026.acceptance_days + 1, NATIONAL_2026).day == date(2026, 11, 30)


def test_a_last_calendar_day_on_a_holiday_moves_past_it() -> None:
    assert add_calendar_days(date(2026, 9, 1), 30) == announced(date(2026, 10, 8))
    assert add_calendar_days(date(2026, 8, 21), 30) == announced(date(2026, 9, 20))  # a Sunday that is worked
    assert add_calendar_days(date(2026, 11, 24), 4) == announced(date(2026, 11, 30))


def test_a_period_ends_at_midnight_in_china_whatever_the_zone_of_the_event() -> None:
    late_monday_in_china = datetime(2026, 11, 23, 15, 59, tzinfo=UTC)
    last = deadline(late_monday_in_china, 5, NATIONAL_2026)
    assert last.day == date(2026, 11, 30)
    assert last.ends_at == datetime(2026, 12, 1, tzinfo=CHINA) == datetime(2026, 11, 30, 16, tzinfo=UTC)
    assert deadline(late_monday_in_china + timedelta(minutes=1), 5, NATIONAL_2026).day == date(2026, 12, 1)


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="2026"):
        china_date(datetime(2026, 11, 24))  # noqa: DTZ001, the refusal is the point


def test_the_year_that_nobody_announced_is_refused_or_marked() -> None:
    with pytest.raises(CalendarUnknown) as refusal:
        add_working_days(date(2026, 12, 28), 5, NATIONAL_2026)
    assert refusal.value.year == 2027
    assert add_working_days(date(2026, 12, 28), 3, NATIONAL_2026) == announced(date(2026, 12, 31))
    # 1 January 2027 is a Friday and a festival fixed by regulation.
    assumed = add_working_days(date(2026, 12, 28), 5, NATIONAL_2026, assume_weekends=True)
    assert assumed == LastDay(date(2027, 1, 5), provisional=True)
    assert add_working_days(date(2026, 12, 1), 5, NATIONAL_2026, assume_weekends=True) == announced(date(2026, 12, 8))


@pytest.mark.parametrize("year", [2022, 2027, 2028])
def test_years_without_a_notice(year: int) -> None:
    assert not is_announced(date(year, 6, 1))
    with pytest.raises(CalendarUnknown):
        is_working_day(date(year, 6, 1))
    with pytest.raises(CalendarUnknown):
        add_calendar_days(date(year, 6, 1), 1)


@pytest.mark.parametrize("days", [0, -1, DAYS_MAX + 1])
def test_a_period_has_a_length(days: int) -> None:
    with pytest.raises(BadPeriod):
        add_working_days(date(2026, 11, 24), days, NATIONAL_2026)
    with pytest.raises(BadPeriod):
        add_calendar_days(date(2026, 11, 24), days)


@pytest.mark.parametrize(("year", "worked"), [(2023, 249), (2024, 251), (2025, 248), (2026, 248)])
def test_each_years_number_of_working_days(year: int, worked: int) -> None:
    days = (date(year, 1, 1) + timedelta(days=offset) for offset in range(366))
    assert sum(is_working_day(day) for day in days if day.year == year) == worked


def test_make_up_days_are_weekends_and_every_rest_is_outside_them() -> None:
    for year in YEARS.values():
        assert all(day.weekday() >= 5 for day in year.work)
        assert not year.work & year.rest


@given(OFFICIAL_DAYS, st.integers(1, 20))
def test_a_period_holds_exactly_its_working_days(start: date, days: int) -> None:
    last = add_working_days(start, days, NATIONAL_2026).day
    within = (start + timedelta(days=offset) for offset in range(1, (last - start).days + 1))
    assert sum(is_working_day(day) for day in within) == days
    assert is_working_day(last)


def test_regimes_carry_the_statutory_numbers() -> None:
    national, public = NATIONAL_2026, PUBLIC_2025
    assert (national.acceptance_days, national.finish_days, national.extension_days, national.notice_days) == (3, 10, 10, 5)
    assert (national.objection_days, national.validity_years, national.records_years) == (10, 5, 20)
    assert (public.acceptance_days, public.finish_days, public.notice_days, public.validity_years) == (3, 20, 10, 3)
    assert set(REGIMES) == {("NATIONAL", 1), ("PUBLIC_DATA", 1)}


def test_the_regime_in_force_depends_on_the_day() -> None:
    assert regime_in_force("NATIONAL", date(2026, 7, 1)) is NATIONAL_2026
    assert regime_in_force("PUBLIC_DATA", date(2030, 2, 28)) is PUBLIC_2025
    for code, day in (("NATIONAL", date(2026, 6, 30)), ("PUBLIC_DATA", date(2030, 3, 1)), ("XIAMEN", date(2026, 11, 24))):
        with pytest.raises(NoRegime):
            regime_in_force(code, day)


def test_a_renewal_is_too_early_the_day_before_the_window_and_too_late_on_the_day_of_expiry() -> None:
    window = renewal_window(NATIONAL_2026, date(2031, 11, 24))
    inside = [day in window for day in (date(2031, 5, 23), date(2031, 5, 24), date(2031, 11, 23), date(2031, 11, 24))]
    assert inside == [False, True, True, False]
    assert renewal_window(PUBLIC_2025, date(2029, 3, 2)).opens == date(2029, 1, 1)


def test_months_and_years_end_on_a_day_that_exists() -> None:
    assert months_before(date(2031, 8, 31), 6) == date(2031, 2, 28)
    assert months_before(date(2026, 1, 31), 1) == date(2025, 12, 31)
    assert expiry(NATIONAL_2026, date(2028, 2, 29)) == date(2033, 2, 28)
    assert expiry(PUBLIC_2025, date(2026, 11, 24)) == date(2029, 11, 24)


def test_a_regime_says_in_one_way_when_renewal_opens() -> None:
    with pytest.raises(ValueError, match="NATIONAL"):
        replace(NATIONAL_2026, renewal_opens_calendar_days=60)

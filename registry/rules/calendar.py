"""Statutory days: China time, official holidays, make-up working days, and candour about years nobody has announced yet.

Source: Civil Code 201 (the starting day is left out) and 203 (a period whose last day is a holiday ends on the day after it).
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Final

from registry.rules.holidays import YEARS
from registry.rules.regimes import Counting, Regime

CHINA: Final = timezone(timedelta(hours=8), "UTC+8")
DAYS_MAX: Final = 1000
SATURDAY: Final = 5


class CalendarUnknown(LookupError):
    """The official calendar of a year is not known, and nobody allowed assuming it."""

    def __init__(self, year: int) -> None:
        """Name the year."""
        super().__init__(f"the official calendar of {year} is not known")
        self.year = year


class BadPeriod(ValueError):
    """A period of no days, or of more than DAYS_MAX."""

    def __init__(self, days: int) -> None:
        """Name the count."""
        super().__init__(f"{days} days; a period has 1 to {DAYS_MAX}")
        self.days = days


@dataclass(frozen=True, slots=True)
class LastDay:
    """The last day of a period. ``provisional`` says that a day on the way was assumed, not announced."""

    day: date
    provisional: bool

    @property
    def ends_at(self) -> datetime:
        """The end of that day, China time: the first instant that is too late."""
        return datetime.combine(self.day + timedelta(days=1), time(), CHINA)


def china_date(instant: datetime) -> date:
    """The calendar day in China at an instant.

    Raises:
        ValueError: the instant has no time zone.
    """
    if instant.tzinfo is None:
        raise ValueError(instant)
    return instant.astimezone(CHINA).date()


def is_announced(day: date) -> bool:
    """Whether the State Council's notice for that year is known here."""
    return day.year in YEARS and YEARS[day.year].official


def is_working_day(day: date, *, assume_weekends: bool = False) -> bool:
    """Whether the day is worked.

    With ``assume_weekends``, a year without a notice counts Monday to Friday, less the festivals already fixed by regulation.

    Raises:
        CalendarUnknown: the year has no notice and nothing may be assumed.
    """
    if not (assume_weekends or is_announced(day)):
        raise CalendarUnknown(day.year)
    year = YEARS.get(day.year)
    if year is not None and day in year.rest | year.work:
        return day in year.work
    return day.weekday() < SATURDAY


def add_working_days(start: date, days: int, regime: Regime, *, assume_weekends: bool = False) -> LastDay:
    """The last day of a period of working days that an event on ``start`` sets running.

    Raises:
        BadPeriod: fewer than 1 or more than DAYS_MAX days.
        CalendarUnknown: the period reaches a year without a notice and nothing may be assumed.
    """
    _check(days)
    day = start if regime.counting is Counting.SAME_DAY else start + timedelta(days=1)
    provisional = not is_announced(day)
    left = days - is_working_day(day, assume_weekends=assume_weekends)
    while left:
        day += timedelta(days=1)
        provisional = provisional or not is_announced(day)
        left -= is_working_day(day, assume_weekends=assume_weekends)
    return LastDay(day, provisional)


def add_calendar_days(start: date, days: int, *, assume_weekends: bool = False) -> LastDay:
    """The last day of a period of calendar days, moved past a day of rest to the next working day (Civil Code 201, 203).

    Raises:
        BadPeriod: fewer than 1 or more than DAYS_MAX days.
        CalendarUnknown: the last day falls in a year without a notice and nothing may be assumed.
    """
    _check(days)
    day = start + timedelta(days=days)
    provisional = not is_announced(day)
    while not is_working_day(day, assume_weekends=assume_weekends):
        day += timedelta(days=1)
        provisional = provisional or not is_announced(day)
    return LastDay(day, provisional)


def deadline(published_at: datetime, working_days: int, regime: Regime, *, assume_weekends: bool = False) -> LastDay:
    """The last day, and through it the instant, of a period that an event at an instant sets running.

    Raises:
        BadPeriod, CalendarUnknown: as ``add_working_days``.
        ValueError: the instant has no time zone.
    """
    return add_working_days(china_date(published_at), working_days, regime, assume_weekends=assume_weekends)


def _check(days: int) -> None:
    if not 1 <= days <= DAYS_MAX:
        raise BadPeriod(days)

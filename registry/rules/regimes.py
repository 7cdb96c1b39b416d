"""The registration regimes as data: a filing keeps the version it was made under, so a change of law never moves its clocks."""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from registry.rules.texts import Text


class Counting(StrEnum):
    """Which working day is day 1 of a period."""

    NEXT_DAY = "next_day"
    """The first working day after the event: the starting day is left out (Civil Code 201)."""
    SAME_DAY = "same_day"
    """The day of the event, if it is a working day."""


@dataclass(frozen=True, slots=True)
class Regime:
    """One version of one regime. Days are working days unless the name says otherwise; None means that the text is silent."""

    code: str
    version: int
    title: Text
    effective_from: date
    effective_until: date | None
    counting: Counting
    acceptance_days: int
    silence_accepts: bool
    finish_days: int
    extension_days: int
    notice_days: int
    objection_days: int | None
    later_objection_days: int | None
    validity_years: int
    renewal_opens_months: int | None
    renewal_opens_calendar_days: int | None
    records_years: int | None

    def __post_init__(self) -> None:
        """A regime must say, in one way only, when renewal opens."""
        if (self.renewal_opens_months is None) == (self.renewal_opens_calendar_days is None):
            raise ValueError(self.code)


NATIONAL_2026: Final = Regime(
    code="NATIONAL",
    version=1,
    title=Text("Data Property-Rights Registration Guideline (trial)", "数据产权登记工作指引（试行）"),
    effective_from=date(2026, 7, 1),
    effective_until=None,
    counting=Counting.NEXT_DAY,
    acceptance_days=3,
    silence_accepts=True,
    finish_days=10,
    extension_days=10,
    notice_days=5,
    objection_days=10,
    later_objection_days=5,
    validity_years=5,
    renewal_opens_months=6,
    renewal_opens_calendar_days=None,
    records_years=20,
)

PUBLIC_2025: Final = Regime(
    code="PUBLIC_DATA",
    version=1,
    title=Text("Public Data Resource Registration Measures", "公共数据资源登记管理暂行办法"),
    effective_from=date(2025, 3, 1),
    effective_until=date(2030, 2, 28),
    counting=Counting.NEXT_DAY,
    acceptance_days=3,
    silence_accepts=False,
    finish_days=20,
    extension_days=0,
    notice_days=10,
    objection_days=None,
    later_objection_days=None,
    validity_years=3,
    renewal_opens_months=None,
    renewal_opens_calendar_days=60,
    records_years=None,
)

REGIMES: Final[Mapping[tuple[str, int], Regime]] = MappingProxyType(
    {(regime.code, regime.version): regime for regime in (NATIONAL_2026, PUBLIC_2025)},
)


class NoRegime(LookupError):
    """No version of the regime is in force that day."""

    def __init__(self, code: str, day: date) -> None:
        """Name both."""
        super().__init__(f"{code} on {day.isoformat()}")
        self.code = code
        self.day = day


def regime_in_force(code: str, day: date) -> Regime:
    """The newest version in force on a day.

    Raises:
        NoRegime: none is.
    """
    for key in sorted(REGIMES, reverse=True):
        regime = REGIMES[key]
        ended = regime.effective_until is not None and day > regime.effective_until
        if regime.code == code and day >= regime.effective_from and not ended:
            return regime
    raise NoRegime(code, day)


@dataclass(frozen=True, slots=True)
class Window:
    """Days from ``opens`` to ``closes``, both included."""

    opens: date
    closes: date

    def __contains__(self, day: date) -> bool:
        """Whether the day lies within."""
        return self.opens <= day <= self.closes


def renewal_window(regime: Regime, expires_on: date) -> Window:
    """When a renewal may be filed: up to the day before expiry.

    Source: Data Property-Rights Registration Guideline, art. 36; Public Data Resource Registration Measures.
    """
    if regime.renewal_opens_months is not None:
        opens = months_before(expires_on, regime.renewal_opens_months)
    else:
        opens = expires_on - timedelta(days=regime.renewal_opens_calendar_days or 0)
    return Window(opens, expires_on - timedelta(days=1))


def expiry(regime: Regime, deposited_on: date) -> date:
    """The longest validity's last day, counted from deposit: the same day so many years on, or that month's last."""
    return months_before(deposited_on, -12 * regime.validity_years)


def months_before(day: date, months: int) -> date:
    """The same day of an earlier month, or that month's last day where there is none (Civil Code 202)."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))

"""The statutory clocks of a filing, under the regime it was filed under.

Source: Data Property-Rights Registration Guideline (trial, 2026), art. 17, 24, 25, 26 and 28.
"""

from datetime import date, datetime
from typing import Final

from registry.rules.calendar import add_working_days, china_date, deadline
from registry.rules.regimes import REGIMES, Regime, expiry, regime_in_force

NATIONAL: Final = "NATIONAL"


def regime_on(day: date) -> Regime:
    """The regime for a filing submitted on a day.

    Raises:
        NoRegime: the guideline is not in force on that day.
    """
    return regime_in_force(NATIONAL, day)


def regime_of(code: str, version: int) -> Regime:
    """The regime that a filing keeps."""
    return REGIMES[code, version]


def ends_at(regime: Regime, start: datetime, working_days: int) -> datetime:
    """The first instant after a period that an event sets running.

    A year without an announced calendar is counted by weekdays and fixed festivals: a clock has to end some day.
    """
    return deadline(start, working_days, regime, assume_weekends=True).ends_at


def deemed_acceptance(regime: Regime, acceptance_due_at: datetime) -> date:
    """The day from which a filing counts as accepted by silence: the first working day from the end of the limit on."""
    last = china_date(acceptance_due_at).toordinal() - 1
    return add_working_days(date.fromordinal(last), 1, regime, assume_weekends=True).day


def finish_ends_at(regime: Regime, accepted_on: date) -> datetime:
    """When the registrar must have decided, supplements, notice and objections not counted."""
    return add_working_days(accepted_on, regime.finish_days, regime, assume_weekends=True).ends_at


def last_day(*, regime: Regime, deposited_on: date, asked: date | None, licences_end: list[date]) -> date:
    """The last day of the registered term: the longest the regime allows, what was asked, and what each licence leaves; the earliest."""
    return min([expiry(regime, deposited_on), *([asked] if asked else []), *licences_end])

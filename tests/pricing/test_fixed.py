"""Subscriptions over long spans: periods are counted as a calendar counts them, and a century is answered."""

import re
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.engines.catalogue import model_at
from pricing.engines.errors import InputError
from pricing.engines.fixed import _after, _whole_periods
from pricing.engines.model import Verb
from pricing.engines.texts import line_text

SUBSCRIPTION = {"kind": "subscription", "currency": "CNY", "price": "310.00"}


@pytest.mark.parametrize(
    ("more", "inputs", "amount_minor", "codes"),
    [
        ({"period": "year"}, {"start": "2026-03-01", "end": "2126-03-01"}, 3_100_000, ["PERIODS"]),
        ({"period": "year"}, {"start": "2028-02-29", "end": "2128-02-28"}, 3_099_915, ["PERIODS", "PERIOD_DAYS"]),
        ({"period": "month", "every": 366}, {"start": "2100-12-31", "end": "2200-12-31"}, 101_640, ["PERIODS", "PERIOD_DAYS"]),
        ({"period": "year", "every": 366}, {"start": "2100-01-01", "end": "2200-12-31"}, 8_554, ["PERIOD_DAYS"]),
        ({"period": "day", "every": 366}, {"start": "2100-01-01", "end": "2200-01-01"}, 3_093_563, ["PERIODS", "PERIOD_DAYS"]),
    ],
    ids=["years", "years from a leap day", "366 months", "366 years", "366 days"],
)
def test_a_subscription_may_run_a_century(more, inputs, amount_minor, codes):
    quote = model_at("fixed").run(Verb.QUOTE, params={**SUBSCRIPTION, **more}, inputs=inputs)
    assert (quote.amount_minor, [line.code for line in quote.lines]) == (amount_minor, codes)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 36_500), st.sampled_from(["day", "month", "year"]), st.integers(1, 366))
def test_whole_periods_are_those_that_a_calendar_counts_one_by_one(start, days, period, every):
    params, first = {"period": period, "every": every}, datetime.combine(start, datetime.min.time())
    end, whole = first + timedelta(days=days), 0
    while _after(params, first, whole + 1) <= end:
        whole += 1
    assert _whole_periods(params, first, end) == whole


@pytest.mark.parametrize("moment", ["2026-01-01", "2026-01-01T00:00:00Z", "2026-01-01T23:59:59+08:00"])
def test_the_form_of_start_and_end_asks_for_what_is_taken_and_for_no_other_format(moment):
    form = model_at("fixed").describe()["verbs"]["quote"]["properties"]
    for name in ("start", "end"):
        assert "format" not in form[name]
        assert re.search(form[name]["pattern"], moment)


@pytest.mark.parametrize("moment", ["2026-02-30", "2026-01-01T25:00:00Z", "2026-01-01T00:00:00+24:00", "0000-01-01"])
@pytest.mark.parametrize("proration", ["day", "second"])
def test_a_moment_that_no_calendar_has_is_refused(moment, proration):
    params = {**SUBSCRIPTION, "period": "month", "proration": proration}
    with pytest.raises(InputError) as refused:
        model_at("fixed").run(Verb.QUOTE, params=params, inputs={"start": moment, "end": moment})
    assert (refused.value.code, refused.value.field) == ("BAD_FORMAT", "inputs.start")


def test_one_period_of_one_copy_reads_as_well_as_several():
    params, inputs = {**SUBSCRIPTION, "period": "day", "trial_days": 1}, {"start": "2026-01-01", "end": "2026-01-02"}
    model = model_at("fixed")
    lines = model.run(Verb.QUOTE, params=params, inputs=inputs).lines
    assert [line_text(model, line, "en") for line in lines] == ["Whole periods: 1; copies: 1", "Days that are free at first: 1"]
    assert [line_text(model, line, "zh") for line in lines] == ["1 个整期，1 份", "前 1 天免费试用"]

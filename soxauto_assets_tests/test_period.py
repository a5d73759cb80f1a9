from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soxauto_assets.period import InvalidCutoffError, InvalidPeriodError, Period

periods = st.builds(Period, st.integers(1901, 9990), st.integers(1, 12))


def test_the_bounds_of_a_month_are_those_of_decision_d1():
    period = Period.parse("2024-09")
    assert (
        period.start,
        period.cutoff_date,
        period.next_start,
        period.year_start,
        period.opening_date,
    ) == (
        datetime(2024, 9, 1),
        date(2024, 9, 30),
        datetime(2024, 10, 1),
        datetime(2024, 1, 1),
        date(2023, 12, 31),
    )


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("2024-09-30", "2024-09"),
        ("2024-02-29", "2024-02"),
        ("2023-02-28", "2023-02"),
        ("2024-01-01", "2023-12"),
        ("2024-10-01", "2024-09"),
    ],
)
def test_a_cut_off_names_its_month_or_is_the_bound_after_it(text, period):
    assert str(Period.from_cutoff(text)) == period


@pytest.mark.parametrize(
    "text", ["2024-09-29", "2024-02-28", "2024-09-15", "20240930", "2024-W40-1", "", "soon"]
)
def test_any_other_cut_off_is_refused_with_both_accepted_forms(text):
    with pytest.raises(InvalidCutoffError, match=r"2024-09-30.*2024-10-01"):
        Period.from_cutoff(text)


@pytest.mark.parametrize(
    "text", ["2024-9", "2024-13", "2024-00", "202409", "2024-09-01", " 2024-09"]
)
def test_a_text_that_is_no_period_is_refused_by_name(text):
    with pytest.raises(InvalidPeriodError, match="YYYY-MM"):
        Period.parse(text)


def test_the_last_closed_month_depends_on_the_zone():
    now = datetime(2024, 9, 30, 23, 30, tzinfo=UTC)
    assert str(Period.last_closed(now, ZoneInfo("UTC"))) == "2024-08"
    assert str(Period.last_closed(now, ZoneInfo("Africa/Lagos"))) == "2024-09"


@given(periods)
def test_months_follow_each_other_without_gap_or_overlap(period):
    assert period.next.previous == period
    assert period.next_start == period.next.start
    assert period.start <= datetime.combine(period.cutoff_date, datetime.min.time())
    assert period < period.next
    assert Period.parse(str(period)) == period
    assert Period.from_cutoff(period.cutoff_date.isoformat()) == period
    assert Period.from_cutoff(period.next_start.date().isoformat()) == period


@given(periods, st.integers(0, 40))
def test_a_range_holds_each_month_once_in_order(first, length):
    last = first
    for _ in range(length):
        last = last.next
    months = list(first.through(last))
    assert len(months) == length + 1
    assert months == sorted(set(months))
    assert list(last.next.through(first)) == []

"""The plan of every ladder on the days that break calendars: clock changes, 29 February, Christmas, juhannus."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.deadlines import KINDS, again, plan
from yhteiso.lib.dates import HELSINKI, helsinki_date, is_working_day, start_of_day

YEARS = range(2026, 2031)
MINUTE = timedelta(minutes=1)


def last_sunday(year: int, month: int) -> date:
    day = date(year, month, 31)
    return day - timedelta(days=(day.weekday() + 1) % 7)


CLOCK_CHANGES = [last_sunday(year, month) for year in YEARS for month in (3, 10)]
HARD = [
    *CLOCK_CHANGES, date(2028, 2, 29),
    *[date(year, 12, 24) for year in YEARS], *[date(year, 6, 20) for year in YEARS], *[date(year, 4, 5) for year in YEARS],
]  # fmt: skip


@st.composite
def facts(draw: st.DrawFn) -> datetime:
    """A moment within three weeks of a hard day, to the second, also in the hour that comes twice."""
    day = draw(st.sampled_from(HARD)) + timedelta(days=draw(st.integers(-21, 2)))
    return datetime.combine(day, time(), tzinfo=UTC) + timedelta(seconds=draw(st.integers(0, 86_399)))


def late(code: str, fact_at: datetime, days: int) -> datetime:
    kind = KINDS[code]
    return kind.last(fact_at) if kind.last else start_of_day(helsinki_date(fact_at) + timedelta(days=days + 1))


@pytest.mark.parametrize("code", sorted(KINDS))
@settings(max_examples=150, deadline=None)
@given(fact_at=facts(), days=st.integers(0, 60))
def test_every_step_has_its_morning(code: str, fact_at: datetime, days: int) -> None:
    rungs, late_at = KINDS[code].rungs, late(code, fact_at, days)
    steps = plan(rungs, fact_at, late_at)
    assert [step.step for step in steps] == sorted(rung.step for rung in rungs)
    assert [step.due_at for step in steps] == sorted(step.due_at for step in steps)
    for step in steps:
        here = step.due_at.astimezone(HELSINKI)
        at_once = code == "help_request" and step.step == 1 and helsinki_date(fact_at) == here.date()
        assert here.time() == time(8) or (at_once and time(8) <= here.time() <= time(16) and step.due_at - fact_at < MINUTE)
        assert is_working_day(here.date())
        assert step.due_at > fact_at
    told = [helsinki_date(step.due_at) for step in steps if not step.merged]
    assert len(told) == len(set(told))
    assert set(told) == {helsinki_date(step.due_at) for step in steps}
    assert not steps[-1].merged
    if code == "meeting":  # only then is it late
        assert steps[-1].due_at >= late_at == start_of_day(helsinki_date(fact_at) + timedelta(days=15))
        assert all(step.due_at < late_at for step in steps[:-1])


@given(told_at=facts())
def test_again_is_a_later_working_morning(told_at: datetime) -> None:
    due_at = again(told_at).astimezone(HELSINKI)
    assert due_at.time() == time(8)
    assert is_working_day(due_at.date())
    assert due_at.date() > helsinki_date(told_at)


@pytest.mark.parametrize("night", CLOCK_CHANGES, ids=str)
def test_two_weeks_over_a_clock_change_are_fourteen_days_of_the_calendar(night: date) -> None:
    """Called a week before the night: an hour more or less, the same mornings."""
    fact_at = datetime.combine(night - timedelta(days=6), time(15, 30), tzinfo=HELSINKI)
    late_at = late("meeting", fact_at, 0)
    assert late_at.astimezone(HELSINKI) == datetime.combine(night + timedelta(days=9), time(), tzinfo=HELSINKI)
    last = plan(KINDS["meeting"].rungs, fact_at, late_at)[-1]
    assert helsinki_date(last.due_at) >= night + timedelta(days=9)


def test_a_call_of_14_and_15_february_of_a_leap_year() -> None:
    """Day 14 is 28 February, and 29 February: told on the next morning, Tuesday and Wednesday."""
    for called, told in ((date(2028, 2, 14), date(2028, 2, 29)), (date(2028, 2, 15), date(2028, 3, 1))):
        fact_at = datetime.combine(called, time(9), tzinfo=HELSINKI)
        assert helsinki_date(plan(KINDS["meeting"].rungs, fact_at, late("meeting", fact_at, 0))[-1].due_at) == told

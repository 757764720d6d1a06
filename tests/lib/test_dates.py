"""Working days, the two-week promise and the way days are written, over seven years and by property."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import pairwise

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from yhteiso.lib.dates import (
    HELSINKI,
    NoSuchTime,
    add_working_days,
    at_clock,
    at_helsinki,
    clock,
    clock_text,
    clock_time,
    closed_reason,
    day14,
    day_month,
    dots,
    helsinki_date,
    holiday_name,
    is_working_day,
    latest_meeting_day,
    long_date,
    path_days,
    period,
    short_date,
    start_of_day,
    weekday,
    weekday_fi,
    working_days_between,
)

YEARS = range(2024, 2031)
DAY = timedelta(days=1)
days = st.dates(date(2024, 1, 1), date(2030, 12, 31))
clock_times = st.times().map(lambda at: at.replace(fold=0))
# Easter Sundays, from the church's tables and not from the library under test.
EASTERS = {
    2024: date(2024, 3, 31),
    2025: date(2025, 4, 20),
    2026: date(2026, 4, 5),
    2027: date(2027, 3, 28),
    2028: date(2028, 4, 16),
    2029: date(2029, 4, 1),
    2030: date(2030, 4, 21),
}


def every_day(first: date, last: date) -> list[date]:
    return [first + i * DAY for i in range((last - first).days + 1)]


def closed_weekdays(year: int) -> set[date]:
    """Closed Mondays to Fridays of a year by the rules of the holiday act, written out here a second time."""
    easter = EASTERS[year]
    juhannus = next(day for day in every_day(date(year, 6, 20), date(year, 6, 26)) if day.weekday() == 5)
    closed = {date(year, m, d) for m, d in ((1, 1), (1, 6), (5, 1), (12, 6), (12, 24), (12, 25), (12, 26))}
    closed |= {easter - 2 * DAY, easter + DAY, easter + 39 * DAY, juhannus - DAY}
    return {day for day in closed if day.weekday() < 5}


def t0_on(day: date, at: time = time(9, 12)) -> datetime:
    return at_helsinki(day, at)


# -- working days ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("year", YEARS)
def test_each_day_of_the_year_is_open_or_closed_as_the_law_says(year: int) -> None:
    closed = {day for day in every_day(date(year, 1, 1), date(year, 12, 31)) if not is_working_day(day)}
    weekends = {day for day in every_day(date(year, 1, 1), date(year, 12, 31)) if day.weekday() >= 5}
    assert closed - weekends == closed_weekdays(year)
    assert weekends <= closed


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        (date(2026, 6, 19), "juhannusaatto"),
        (date(2026, 6, 20), "juhannuspäivä"),
        (date(2026, 12, 24), "jouluaatto"),
        (date(2026, 1, 6), "loppiainen"),
        (date(2026, 4, 3), "pitkäperjantai"),
        (date(2026, 4, 6), "toinen pääsiäispäivä"),
        (date(2026, 6, 13), "viikonloppu"),
        (date(2026, 6, 18), None),
    ],
)
def test_a_closed_day_says_why(day: date, reason: str | None) -> None:
    assert closed_reason(day, "fi") == reason


def test_reasons_follow_the_language() -> None:
    eve = date(2026, 6, 19)
    assert (closed_reason(eve, "sv"), closed_reason(eve, "en")) == ("midsommarafton", "Midsummer Eve")
    assert closed_reason(date(2026, 6, 13), "sv") == "veckoslut"
    with override("en"):
        assert closed_reason(eve) == "Midsummer Eve"
    assert holiday_name(date(2026, 6, 13), "fi") is None


@given(days)
def test_a_day_has_a_reason_exactly_when_it_is_closed(day: date) -> None:
    assert (closed_reason(day) is None) == is_working_day(day)


@given(days, st.integers(-40, 40))
def test_counting_working_days_undoes_adding_them(day: date, n: int) -> None:
    moved = add_working_days(day, n)
    assert working_days_between(day, moved) == n
    assert moved == day if n == 0 else is_working_day(moved)


def test_working_days_step_over_christmas() -> None:
    assert add_working_days(date(2026, 12, 23), 1) == date(2026, 12, 28)
    assert add_working_days(date(2026, 12, 28), -1) == date(2026, 12, 23)
    assert working_days_between(date(2026, 12, 23), date(2026, 12, 28)) == 1
    assert working_days_between(date(2026, 12, 23), date(2026, 12, 27)) == 0


# -- moments and days --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 6, 4, 20, 59, tzinfo=UTC), date(2026, 6, 4)),
        (datetime(2026, 6, 4, 21, 0, tzinfo=UTC), date(2026, 6, 5)),
        (datetime(2026, 1, 4, 21, 59, tzinfo=UTC), date(2026, 1, 4)),
        (datetime(2026, 1, 4, 22, 0, tzinfo=UTC), date(2026, 1, 5)),
        (datetime(2026, 6, 5, 6, 0, tzinfo=timezone(timedelta(hours=14))), date(2026, 6, 4)),
    ],
)
def test_a_day_is_a_day_in_finland(moment: datetime, day: date) -> None:
    assert helsinki_date(moment) == day


def test_moments_without_a_zone_and_times_with_one_are_refused() -> None:
    naive = datetime(2026, 6, 5, 9, 12)
    for function in (helsinki_date, clock_time, at_clock):
        with pytest.raises(ValueError, match="time zone"):
            function(naive)
    with pytest.raises(ValueError, match="time zone"):
        clock(naive, date(2026, 6, 5))
    with pytest.raises(ValueError, match="time zone"):
        at_helsinki(date(2026, 6, 5), time(9, tzinfo=UTC))


def test_a_moment_is_not_taken_for_a_day() -> None:
    moment = datetime(2026, 6, 5, 9, 12, tzinfo=UTC)
    for function in (day14, latest_meeting_day, is_working_day, start_of_day, holiday_name):
        with pytest.raises(TypeError, match="helsinki_date"):
            function(moment)


@pytest.mark.parametrize("at", [time(3, 0), time(3, 30), time(3, 59, 59)])
def test_the_hour_that_spring_skips_does_not_exist(at: time) -> None:
    with pytest.raises(NoSuchTime):
        at_helsinki(date(2026, 3, 29), at)
    assert at_helsinki(date(2026, 3, 28), at).tzinfo is UTC


def test_around_the_skipped_hour() -> None:
    night = date(2026, 3, 29)
    assert at_helsinki(night, time(2, 59)) == datetime(2026, 3, 29, 0, 59, tzinfo=UTC)
    assert at_helsinki(night, time(4, 0)) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


def test_the_hour_that_autumn_repeats_is_its_first_occurrence() -> None:
    night = date(2026, 10, 25)
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert at_helsinki(night, time(3, 30)) == at_helsinki(night, time(3, 30, fold=1)) == first
    assert at_helsinki(night, time(4, 0)) == datetime(2026, 10, 25, 2, 0, tzinfo=UTC)


def test_nights_of_clock_change_last_23_and_25_hours() -> None:
    hours = timedelta(hours=1)
    assert start_of_day(date(2026, 3, 30)) - start_of_day(date(2026, 3, 29)) == 23 * hours
    assert start_of_day(date(2026, 10, 26)) - start_of_day(date(2026, 10, 25)) == 25 * hours


@given(days, clock_times)
def test_a_clock_time_comes_back_as_it_was_said(day: date, at: time) -> None:
    try:
        moment = at_helsinki(day, at)
    except NoSuchTime:
        assert (day.month, day.weekday(), at.hour) == (3, 6, 3)
        return
    assert moment.utcoffset() == timedelta(0)
    assert moment.astimezone(HELSINKI).replace(tzinfo=None) == datetime.combine(day, at)
    assert start_of_day(day) <= moment < start_of_day(day + DAY)


# -- the two-week promise ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "last", "plan_by"),
    [
        (date(2026, 6, 5), date(2026, 6, 19), date(2026, 6, 18)),  # juhannus eve
        (date(2027, 6, 11), date(2027, 6, 25), date(2027, 6, 24)),
        (date(2025, 6, 6), date(2025, 6, 20), date(2025, 6, 19)),
        (date(2026, 12, 10), date(2026, 12, 24), date(2026, 12, 23)),  # Christmas eve
        (date(2026, 12, 12), date(2026, 12, 26), date(2026, 12, 23)),
        (date(2025, 12, 12), date(2025, 12, 26), date(2025, 12, 23)),
        (date(2024, 12, 12), date(2024, 12, 26), date(2024, 12, 23)),
        (date(2026, 12, 22), date(2027, 1, 5), date(2027, 1, 5)),  # the day before Epiphany
        (date(2026, 12, 23), date(2027, 1, 6), date(2027, 1, 5)),
        (date(2026, 3, 23), date(2026, 4, 6), date(2026, 4, 2)),  # Easter Monday, back over Good Friday
        (date(2026, 6, 10), date(2026, 6, 24), date(2026, 6, 24)),
    ],
)
def test_the_day_to_plan_by(call: date, last: date, plan_by: date) -> None:
    assert (day14(call), latest_meeting_day(call)) == (last, plan_by)


@given(days)
def test_the_day_to_plan_by_is_the_last_open_day_of_the_two_weeks(call: date) -> None:
    plan_by = latest_meeting_day(call)
    assert is_working_day(plan_by)
    assert call < plan_by <= day14(call)
    assert not any(is_working_day(day) for day in every_day(plan_by + DAY, day14(call)))


@given(days, st.integers(0, 40), clock_times)
def test_the_clock_keeps_its_promises(call: date, waited: int, at: time) -> None:
    if at.hour == 3:
        at = at.replace(hour=4)  # the hour that one night skips
    today = call + waited * DAY
    now = clock(t0_on(call, at), today)
    assert (now.day, now.day14, now.plan_by) == (waited, call + 14 * DAY, latest_meeting_day(call))
    assert now.left == (now.plan_by - today).days
    assert (now.state == "over") == (today > now.day14) == (now.late > 0)
    assert (now.state == "ok") == (now.left > 3)
    assert now.state != "kept"


@given(days, st.integers(0, 40), st.integers(0, 60))
def test_a_meeting_stops_the_clock(call: date, met: int, later: int) -> None:
    held = clock(t0_on(call), call + (met + later) * DAY, met_on=call + met * DAY)
    assert held.day == met
    assert held.state == ("kept" if met <= 14 else "over")
    assert held == clock(t0_on(call), call + met * DAY, met_on=call + met * DAY)


def test_a_meeting_on_day_14_keeps_the_promise_even_on_juhannus_eve() -> None:
    met = clock(t0_on(date(2026, 6, 5)), date(2026, 6, 22), met_on=date(2026, 6, 19))
    assert (met.state, met.day, met.late) == ("kept", 14, 0)
    late = clock(t0_on(date(2026, 6, 5)), date(2026, 6, 22), met_on=date(2026, 6, 20))
    assert (late.state, late.day, late.late) == ("over", 15, 1)


def test_a_meeting_ahead_keeps_nothing_yet() -> None:
    ahead = clock(t0_on(date(2026, 6, 5)), date(2026, 6, 10), met_on=date(2026, 6, 16))
    assert (ahead.state, ahead.day, ahead.met_on) == ("ok", 5, None)


def test_the_call_day_is_the_day_in_finland() -> None:
    late_evening = datetime(2026, 6, 4, 21, 30, tzinfo=UTC)  # 0.30 on Friday in Finland
    assert clock(late_evening, date(2026, 6, 5)).day == 0


@pytest.mark.parametrize(
    ("today", "text"),
    [
        (date(2026, 12, 14), "9\u00a0pv jäljellä"),
        (date(2026, 12, 22), "1\u00a0pv jäljellä"),
        (date(2026, 12, 23), "tänään viimeistään"),
        (date(2026, 12, 24), "viimeistään la\u00a026.12."),
        (date(2026, 12, 25), "huomenna viimeistään"),
        (date(2026, 12, 26), "tänään viimeistään"),
        (date(2026, 12, 27), "1\u00a0pv myöhässä"),
        (date(2026, 12, 28), "2\u00a0pv myöhässä"),
    ],
)
def test_the_clock_in_words_over_christmas(today: date, text: str) -> None:
    with override("fi"):
        assert clock(t0_on(date(2026, 12, 12)), today).text == text


def test_a_held_meeting_in_words() -> None:
    t0, after = t0_on(date(2026, 6, 5)), date(2026, 7, 1)
    with override("fi"):
        assert clock_text(clock(t0, after, met_on=date(2026, 6, 16))) == "ajoissa"
        assert clock_text(clock(t0, after, met_on=date(2026, 6, 21))) == "pidetty 2\u00a0pv myöhässä"
    with override("en"):
        assert clock_text(clock(t0, after, met_on=date(2026, 6, 20))) == "held 1 day late"
        assert clock_text(clock(t0, date(2026, 6, 17))) == "1 day left"


# -- the path ----------------------------------------------------------------------------------------------------------


def test_the_path_of_a_call_before_juhannus() -> None:
    with override("fi"):
        path = path_days(date(2026, 6, 5), date(2026, 6, 10), options=[date(2026, 6, 15)], meeting=date(2026, 6, 16))
    assert [stone.date for stone in path[:2]] == ["5.6.", "6.6."]
    assert [stone.wd for stone in path[:3]] == ["pe", "la", "su"]
    assert {i: stone.classes for i, stone in enumerate(path) if i in (0, 1, 5, 8, 10, 11, 13, 14)} == {
        0: ("is-past",),
        1: ("is-past", "is-rest"),
        5: ("is-today",),
        8: ("is-rest",),
        10: ("is-option",),
        11: ("is-meeting",),
        13: ("is-due",),
        14: ("is-off",),
    }
    assert {i: stone.flag for i, stone in enumerate(path) if stone.flag} == {
        0: "Puhelu",
        5: "Tänään",
        11: "Tapaaminen",
        13: "Viimeistään",
        14: "Juhannusaatto",
    }
    assert [i for i, stone in enumerate(path) if stone.minor] == [14]


def test_flags_that_would_meet_on_a_phone_are_minor() -> None:
    call = date(2026, 6, 5)
    assert path_days(call, date(2026, 6, 8))[0].minor
    assert not path_days(call, date(2026, 6, 9))[0].minor
    assert path_days(call, date(2026, 6, 15))[13].minor
    assert not path_days(call, date(2026, 6, 13))[13].minor


@given(days, st.integers(-5, 40))
def test_the_path_has_fifteen_stones_and_one_day_to_plan_by(call: date, offset: int) -> None:
    path = path_days(call, call + offset * DAY)
    assert len(path) == 15
    assert sum("is-due" in stone.classes for stone in path) == 1
    assert sum("is-today" in stone.classes for stone in path) == (0 <= offset <= 14)
    assert sum("is-past" in stone.classes for stone in path) == min(max(offset, 0), 15)
    for i, stone in enumerate(path):
        resting = {"is-rest", "is-off"} & set(stone.classes)
        assert len(resting) == (0 if is_working_day(call + i * DAY) else 1)


def test_the_dots_before_the_meeting() -> None:
    row = dots(date(2026, 6, 5), date(2026, 6, 10), meeting=date(2026, 6, 16))
    assert len(row) == 15
    assert (row[0], row[-1].cx) == ((6.0, 3.0, "p"), 194.0)
    assert (row[1].cls, row[5].cls, row[11].cls, row[14].cls) == ("p w", "t", "m", "w")
    assert [dot.r for dot in row if dot.r > 3] == [4.5, 4.5]


def test_the_dots_are_red_only_after_day_14() -> None:
    call = date(2026, 6, 5)
    assert dots(call, date(2026, 6, 19))[-1].cls == "t"  # juhannus eve is day 14
    assert dots(call, date(2026, 6, 20))[-1].cls == "over"
    assert len(dots(call, date(2026, 6, 20))) == 16


def test_the_dots_stop_at_the_meeting_and_never_run_into_each_other() -> None:
    call = date(2026, 6, 5)
    held = dots(call, date(2026, 9, 1), met_on=date(2026, 6, 16))
    assert (len(held), held[11].cls, held[12].cls) == (15, "m", "")
    late = dots(call, date(2026, 9, 1))
    assert (len(late), late[-1].cls) == (29, "over")
    assert min(b.cx - a.cx for a, b in pairwise(late)) > 6


# -- how days and times are written ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("fi", ("ke", "10.6.", "ke\u00a010.6.", "10.6.2026", "9.05", "klo\u00a09.05")),
        ("sv", ("on", "10.6.", "on\u00a010.6.", "10.6.2026", "9.05", "kl.\u00a09.05")),
        ("en", ("Wed", "10\u00a0Jun", "Wed\u00a010\u00a0Jun", "10\u00a0June\u00a02026", "9:05", "9:05")),
    ],
)
def test_days_and_times_are_written_by_language(language: str, expected: tuple[str, ...]) -> None:
    day, moment = date(2026, 6, 10), datetime(2026, 6, 10, 6, 5, tzinfo=UTC)
    dated = tuple(write(day, language) for write in (weekday, day_month, short_date, long_date))
    timed = tuple(write(moment, language) for write in (clock_time, at_clock))
    assert dated + timed == expected
    with override(language):
        assert tuple(write(day) for write in (weekday, day_month, short_date, long_date)) == expected[:4]
        assert tuple(write(moment) for write in (clock_time, at_clock)) == expected[4:]


def test_finnish_is_the_default() -> None:
    day = date(2026, 6, 10)
    with override(None):
        assert short_date(day) == "ke\u00a010.6."
    assert short_date(day, "se") == short_date(day, "fi-FI") == "ke\u00a010.6."
    with override("en"):
        assert weekday_fi(day) == "ke"


def test_days_from_the_first_to_the_last_say_the_year_once_where_it_is_one() -> None:
    first, last = date(2026, 6, 29), date(2026, 7, 24)
    assert period(first, last, "fi") == "29.6.–24.7.2026"
    assert period(first, last, "en") == "29\u00a0June–24\u00a0July\u00a02026"
    assert period(first, first, "sv") == "29.6.2026"
    assert period(date(2026, 12, 29), date(2027, 1, 3), "fi") == "29.12.2026–3.1.2027"

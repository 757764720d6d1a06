"""Each definition against examples worked out by hand, at the edges of days, months and clock changes."""

from datetime import UTC, date, datetime

import pytest

from metrics import figures
from metrics.figures import Contact, Family, LeadTime, Promise, Share
from tests.personas import at

MAY = date(2026, 5, 1)
MAY_FREEZES = at("2026-06-03 06:00")


def family(call: str, met: str | None = None, outcome: bool | None = None) -> Family:
    t0 = at(call)
    return Family(t0, date.fromordinal(t0.date().toordinal() + 14), at(met) if met else None, outcome)


# -- months ------------------------------------------------------------------------------------------------------------


def test_a_month_freezes_on_the_third_at_six() -> None:
    assert figures.freezes_at(MAY) == MAY_FREEZES
    assert figures.freezes_at(date(2026, 12, 1)) == at("2027-01-03 06:00")
    # Winter time ended between the months: six in Helsinki is three in UTC, four before.
    assert figures.freezes_at(date(2026, 3, 1)) == datetime(2026, 4, 3, 3, tzinfo=UTC)
    assert figures.freezes_at(date(2026, 2, 1)) == datetime(2026, 3, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("month", "by", "expected"),
    [(MAY, 1, date(2026, 6, 1)), (MAY, -5, date(2025, 12, 1)), (date(2025, 12, 1), 1, date(2026, 1, 1)), (MAY, 0, MAY)],
)
def test_months_shift_over_the_year(month: date, by: int, expected: date) -> None:
    assert figures.shift_month(month, by) == expected


def test_a_promise_that_ended_with_the_situation_before_its_day_is_not_counted() -> None:
    """The family stopped: what had not come due is nobody's broken promise; what had, was due like any other."""
    due, until = date(2026, 5, 20), MAY_FREEZES
    rows = [
        Promise("ecec", due, "kept", at("2026-05-19 12:00")),
        Promise("ecec", due, "lapsed", at("2026-05-20 23:00")),
        Promise("ecec", due, "lapsed", at("2026-05-21 09:00")),
    ]
    assert figures.promises_kept(rows, MAY, until) == {"ecec": Share(kept=1, total=2)}


# -- contacts ----------------------------------------------------------------------------------------------------------


def test_contacts_are_counted_once_by_route() -> None:
    began = at("2026-05-12 09:00")
    rows = [
        Contact(began, route="network", finished_at=began),
        Contact(began, route="network", finished_at=began, sent_at=at("2026-05-11 15:00")),  # answers a concern
        Contact(began, route="advice", finished_at=began),
        Contact(began, route="consultation", finished_at=began),
        Contact(began, route="guided", finished_at=began),
        Contact(began, route="advice"),  # chosen, never finished
        Contact(None, sent_at=began),  # nobody has called back
        Contact(began, route="network", finished_at=at("2026-06-03 06:01")),  # decided after the freezing
    ]
    assert figures.contacts(rows, MAY, MAY_FREEZES) == {
        "network": 2, "advice": 1, "consultation": 1, "guided": 1, "waiting": 3,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("contact", "counted"),
    [
        (Contact(at("2026-05-01 00:00")), True),
        (Contact(at("2026-04-30 23:59")), False),
        (Contact(at("2026-05-31 23:59")), True),
        (Contact(at("2026-06-01 00:00")), False),
        (Contact(datetime(2026, 4, 30, 21, 30, tzinfo=UTC)), True),  # half past midnight in Helsinki
        (Contact(at("2026-06-01 08:00"), sent_at=at("2026-05-31 22:00")), True),  # the concern came first
        (Contact(at("2026-05-31 08:00"), sent_at=at("2026-06-01 08:00")), True),  # the call came first
        (Contact(at("2026-05-31 08:00"), case_t0_at=at("2026-04-30 08:00")), False),  # its start was corrected
    ],
)
def test_a_contact_belongs_to_the_month_of_its_t0_in_helsinki(contact: Contact, counted: bool) -> None:
    assert sum(figures.contacts([contact], MAY, MAY_FREEZES).values()) == counted


# -- the two-week promise ----------------------------------------------------------------------------------------------


def test_the_promise_counts_everybody_whose_day_14_is_in_the_month() -> None:
    rows = [
        family("2026-05-04 12:00", "2026-05-18 15:00"),  # met on day 14
        family("2026-05-04 12:00", "2026-05-19 08:00"),  # on day 15
        family("2026-05-04 12:00"),  # never
        family("2026-04-17 12:00", "2026-04-20 09:00"),  # day 14 is 1 May
        family("2026-04-16 23:59", "2026-04-20 09:00"),  # day 14 is 30 April
        family("2026-05-17 23:59", "2026-05-20 09:00"),  # day 14 is 31 May
        family("2026-05-18 00:00", "2026-05-20 09:00"),  # day 14 is 1 June
    ]
    assert figures.two_weeks(rows, MAY) == Share(kept=3, total=5)


def test_a_written_outcome_stands_whatever_the_dates_say() -> None:
    in_time, late = "2026-05-10 09:00", "2026-05-25 09:00"
    rows = [family("2026-05-04 12:00", in_time, outcome=False), family("2026-05-04 12:00", late, outcome=True)]
    assert figures.two_weeks(rows, MAY) == Share(kept=1, total=2)


def test_a_meeting_just_before_midnight_of_day_14_keeps_the_promise_over_a_clock_change() -> None:
    march = date(2026, 4, 1)  # called in winter time, day 14 in summer time
    kept, missed = family("2026-03-20 23:30", "2026-04-03 23:59"), family("2026-03-20 23:30", "2026-04-04 00:00")
    assert figures.two_weeks([kept, missed], march) == Share(kept=1, total=2)
    october = figures.lead_time([family("2026-10-18 23:30", "2026-11-01 00:30")], date(2026, 11, 1), at("2026-12-03 06:00"))
    assert october.median == 14  # fourteen calendar days, though an hour longer


def test_a_month_without_families_has_nothing_to_tell() -> None:
    assert figures.two_weeks([], MAY) == Share(0, 0)
    assert figures.lead_time([], MAY, MAY_FREEZES) == LeadTime((0, 0, 0, 0, 0), None, None)


# -- lead time ---------------------------------------------------------------------------------------------------------


def met_after(*days: int) -> list[Family]:
    return [family("2026-05-04 12:00", f"2026-05-{4 + day:02} 09:00" if day else "2026-05-04 15:00") for day in days]


def test_lead_time_falls_into_buckets() -> None:
    found = figures.lead_time(met_after(0, 5, 6, 9, 10, 12, 13, 14, 15, 20), MAY, MAY_FREEZES)
    assert found.buckets == (2, 2, 2, 2, 2)


@pytest.mark.parametrize(
    ("days", "median", "p90"),
    [
        ((4,), 4, 4),
        ((3, 8), 3, 8),  # half had met on day 3
        ((3, 8, 9), 8, 9),
        ((1, 2, 3, 4, 5, 6, 7, 8, 9, 20), 5, 9),  # nine of ten on day 9
        ((1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 20), 6, 11),  # nine of eleven are not nine tenths
    ],
)
def test_quantiles_are_the_days_within_which_so_many_had_met(days: tuple[int, ...], median: int, p90: int) -> None:
    found = figures.lead_time(met_after(*days), MAY, MAY_FREEZES)
    assert (found.median, found.p90) == (median, p90)


def test_those_who_have_not_met_count_as_over_14() -> None:
    rows = met_after(3, 8) + [family("2026-05-04 12:00")] * 2
    assert figures.lead_time(rows, MAY, MAY_FREEZES) == LeadTime((1, 1, 0, 0, 2), median=8, p90=None)


def test_a_meeting_after_the_freezing_is_not_known_yet() -> None:
    row = family("2026-05-17 12:00", "2026-06-03 06:30")
    assert figures.lead_time([row], MAY, MAY_FREEZES) == LeadTime((0, 0, 0, 0, 1), None, None)
    assert figures.lead_time([row], MAY, at("2026-06-03 07:00")).median == 17


def test_the_first_four_buckets_are_the_promises_kept() -> None:
    rows = [*met_after(2, 9, 14, 16), family("2026-05-04 12:00", "2026-05-10 09:00", outcome=False)]
    found = figures.lead_time(rows, MAY, MAY_FREEZES)
    assert sum(found.buckets[:-1]) == figures.two_weeks(rows, MAY).kept == 3
    assert found.buckets == (1, 1, 0, 1, 2)


# -- promises ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "resolved", "kept"),
    [
        ("kept", "2026-05-12 23:59", 1),
        ("kept", "2026-05-19 23:59", 1),  # seven days after
        ("kept", "2026-05-20 00:00", 0),
        ("partly", "2026-05-12 12:00", 0),
        ("not_kept", "2026-05-12 12:00", 0),
        ("open", None, 0),
    ],
)
def test_a_promise_is_kept_in_time_when_so_marked_within_a_week(status: str, resolved: str | None, kept: int) -> None:
    row = Promise("ecec", date(2026, 5, 12), status, at(resolved) if resolved else None)
    assert figures.promises_kept([row], MAY, MAY_FREEZES) == {"ecec": Share(kept, 1)}


def test_a_mark_after_the_freezing_does_not_count() -> None:
    due = date(2026, 5, 31)
    marked = [Promise("ecec", due, "kept", at("2026-06-03 06:00")), Promise("ecec", due, "kept", at("2026-06-03 06:01"))]
    assert figures.promises_kept(marked, MAY, MAY_FREEZES) == {"ecec": Share(1, 2)}


def test_promises_are_grouped_by_sector_and_by_the_month_of_their_due_day() -> None:
    kept = at("2026-05-07 12:00")
    rows = [
        Promise("ecec", date(2026, 5, 1), "kept", kept),
        Promise("ecec", date(2026, 5, 31), "open"),
        Promise("health", date(2026, 5, 9), "kept", kept),
        Promise("health", date(2026, 4, 30), "kept", kept),
        Promise("health", date(2026, 6, 1), "kept", kept),
    ]
    assert figures.promises_kept(rows, MAY, MAY_FREEZES) == {"ecec": Share(1, 2), "health": Share(1, 1)}


def test_every_metric_has_its_definition() -> None:
    for metric in (figures.contacts, figures.two_weeks, figures.lead_time, figures.promises_kept):
        assert metric.__doc__
        assert "Unit:" in metric.__doc__
        assert "Source:" in metric.__doc__

"""Monday's summary: once a person and week, at the right hour of the right day, by choice; and the week that it leads to."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from cases.actions.digest import is_time, send_day, send_digests, week_of
from cases.models import Case, Message
from cases.senders import digest
from meetings.actions import meeting as meetings
from networks.models import MessageChoice, User
from tests.meetings.steps import a_case, approved, held, opened, promise, proposed
from tests.personas import World, at
from yhteiso.hats.wear import wearing
from yhteiso.lib.dates import at_helsinki
from yhteiso.outbox.models import Outgoing
from yhteiso.outbox.registry import Drop, Letter

MONDAY = at("2026-06-08 08:00")


@pytest.fixture
def case(world: World) -> Case:
    return world.case()


def sent() -> set[str]:
    rows = Outgoing.objects.filter(kind="digest").values_list("to_user_id", flat=True)
    return set(User.people.filter(pk__in=rows).values_list("name", flat=True))


def want_here(*people: User) -> None:
    MessageChoice.objects.bulk_create(
        MessageChoice(user=user, kind="digest", channel="here", wanted=True) for user in people
    )


@pytest.mark.parametrize(
    ("moment", "is_it"),
    [
        ("2026-06-08 07:59", False), ("2026-06-08 08:00", True), ("2026-06-08 23:59", True), ("2026-06-09 08:00", False),
        ("2026-04-06 08:00", False), ("2026-04-07 08:00", True),  # Easter Monday: Tuesday
        ("2026-12-28 08:00", True), ("2027-01-04 08:00", True),
        ("2026-03-30 07:59", False), ("2026-03-30 08:00", True),  # the clocks went forward on Sunday
        ("2026-10-26 07:59", False), ("2026-10-26 08:00", True),  # and back
        ("2026-06-07 12:00", False), ("2026-06-13 12:00", False),
    ],
)  # fmt: skip
def test_the_hour_is_a_finnish_one(moment: str, is_it: bool) -> None:
    assert is_time(at(moment)) is is_it


def test_eight_o_clock_is_another_moment_in_winter() -> None:
    assert at("2026-03-30 08:00").utctimetuple().tm_hour == 5
    assert at("2026-03-23 08:00").utctimetuple().tm_hour == 6
    assert is_time(at("2026-03-23 08:00"))


def test_each_week_has_one_day_and_its_own_name() -> None:
    assert send_day(date(2026, 4, 12)) == date(2026, 4, 7)
    assert send_day(date(2026, 6, 8)) == date(2026, 6, 8)
    assert week_of(at("2026-12-31 12:00")) == week_of(at("2027-01-02 12:00")) == "2026-W53"
    assert week_of(at("2027-01-04 00:30")) == "2027-W01"
    assert week_of(at("2026-06-07 23:59")) != week_of(at("2026-06-08 00:00"))


def test_whoever_has_something_is_told_once_a_week(world: World, case: Case) -> None:
    for moment in ("2026-06-08 08:00", "2026-06-08 09:00", "2026-06-08 17:30", "2026-06-09 08:00"):
        send_digests(now=at(moment))
    assert sent() == {world.coordinator.name, world.professional.name, world.member.name}
    assert Outgoing.objects.filter(kind="digest").count() == 3
    assert not Message.objects.exists()  # nobody has chosen it here
    send_digests(now=at("2026-06-15 08:00"))
    assert Outgoing.objects.filter(kind="digest").count() == 6


def test_a_monday_that_is_a_holiday_sends_on_tuesday(world: World) -> None:
    world.case(call="2026-04-01 12:00")
    send_digests(now=at("2026-04-06 08:00"))
    assert not sent()
    send_digests(now=at("2026-04-07 08:00"))
    assert len(sent()) == 3


def test_it_goes_where_it_is_wanted(world: World, case: Case) -> None:
    want_here(world.member, world.professional)
    MessageChoice.objects.create(user=world.professional, kind="digest", channel="email", wanted=False)
    send_digests(now=MONDAY)
    assert sent() == {world.coordinator.name, world.member.name}
    assert set(Message.objects.values_list("to__name", flat=True)) == {world.member.name, world.professional.name}
    assert {row.text for row in Outgoing.objects.filter(kind="digest")} == {"notice"}


def test_a_mail_waits_for_the_end_of_the_quiet_hours(world: World, case: Case) -> None:
    send_digests(now=at("2026-06-08 18:00"))
    assert {row.available_at for row in Outgoing.objects.filter(kind="digest")} == {at("2026-06-09 07:00")}


def test_nothing_to_tell_no_role_no_account_no_mail(world: World, case: Case) -> None:
    world.member.roles.update(ends_on=date(2026, 6, 1))
    User.objects.filter(pk=world.professional.pk).update(is_active=False)
    send_digests(now=MONDAY)
    assert sent() == {world.coordinator.name}


def test_it_is_looked_at_once_more_before_it_leaves(world: World, case: Case) -> None:
    want_here(world.member)
    send_digests(now=MONDAY)
    row = Outgoing.objects.get(kind="digest", to_user_id=world.member.pk)

    def answer(moment: str = "2026-06-08 08:05") -> Letter | Drop:
        with wearing("jobs"):
            return digest(row, at(moment))

    assert answer() == Letter(world.member.email, "fi", {})
    assert answer("2026-06-15 08:00") == Drop("over")
    MessageChoice.objects.create(user=world.member, kind="digest", channel="email", wanted=False)
    assert answer() == Drop("unwanted")
    Message.objects.update(seen_at=MONDAY)
    assert answer() == Drop("seen")
    Message.objects.update(seen_at=None)
    User.objects.filter(pk=world.member.pk).update(is_active=False)
    assert answer() == Drop("inactive")


def test_the_questions_do_not_grow_with_the_people(world: World) -> None:
    from django.test.utils import CaptureQueriesContext

    counts = []
    for child in ("Aatu", "Otso", "Eevi"):
        world.case(child=child)
        Outgoing.objects.all().delete()
        with CaptureQueriesContext(
            connection,
        ) as found:
            send_digests(now=MONDAY)
        counts.append(len(found))
    assert counts[0] == counts[2]


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_four_at_once_are_one(transactional_db: None) -> None:
    world = World()
    world.case()
    want_here(world.coordinator, world.member)

    def once(_n: int) -> int:
        try:
            gate.wait(timeout=10)
            return send_digests(now=MONDAY)
        finally:
            connection.close()

    gate = Barrier(4)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(once, range(4))) == [3] * 4
    assert Message.objects.filter(kind="digest").count() == 2
    assert Outgoing.objects.filter(kind="digest").count() == 3


# -- the week that it leads to


def text(client: Any, url: str = "/messages/week/") -> str:
    page = client.get(url).content.decode().split("<main")[1].split("</main")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).replace("\xa0", " ")


def test_the_week_shows_one_s_own(world: World) -> None:
    case = a_case(world, days_ago=12)
    logbook = opened(world, held(world, case))
    promise(logbook, world.professional, what="Teen kuvakortit", days=0)
    approved(world, logbook)
    page = text(world.client(world.professional))
    assert "Teen kuvakortit" in page
    assert "Aatu, 4 v" in page
    for user in (world.colleague, world.member, world.left):
        assert "Teen kuvakortit" not in text(world.client(user))
    assert "Aatu" not in text(world.client(world.colleague))


def test_meetings_and_last_days_of_the_week(world: World) -> None:
    case = a_case(world, days_ago=1)
    meeting = proposed(world, case)
    today = timezone.now()
    case.deadlines.filter(kind="meeting").update(late_at=today - timedelta(days=1))
    type(meeting).objects.filter(pk=meeting.pk).update(starts_at=today, ends_at=today + timedelta(hours=1))
    for user in (world.coordinator, world.professional):
        page = text(world.client(user))
        assert "aika ei ole vielä varma" in page or "Verkostotapaaminen" in page
        assert "Aatu, 4 v" in page
    assert "Verkosto ei ole kokoontunut kahdessa viikossa" in text(world.client(world.coordinator))
    assert "Aatu" not in text(world.client(world.second_coordinator))


def test_before_the_consent_the_week_has_no_meeting(world: World) -> None:
    case = world.case()
    case.consents.all().delete()
    case.persons.update(consent="unaware")
    meeting = meetings.propose(
        case=case, starts_at=at_helsinki(date(2099, 6, 16), at("2099-06-16 14:30").time()), minutes=75, place="",
        by=world.coordinator, now=timezone.now(),
    )  # fmt: skip
    type(meeting).objects.filter(pk=meeting.pk).update(starts_at=timezone.now(), ends_at=timezone.now() + timedelta(hours=1))
    page = text(world.client(world.member))
    assert "Ei tapaamisia tällä viikolla" in page
    assert "Aatu" not in page


@pytest.mark.parametrize("rows", [1, 3])
def test_queries_of_the_week(world: World, django_assert_num_queries: DjangoAssertNumQueries, rows: int) -> None:
    for n in range(rows):
        case = a_case(world, days_ago=1, child=f"Lapsi{n}")
        case.deadlines.update(late_at=timezone.now() - timedelta(days=1))
    client = world.client(world.coordinator)
    with django_assert_num_queries(16):
        assert client.get("/messages/week/").status_code == 200


def test_the_week_is_for_professionals_and_coordinators(world: World) -> None:
    for user in (world.unit_head, world.leader, world.officer, world.administrator):
        assert world.client(user).get("/messages/week/").status_code == 404
    want_here(world.member)
    Message.objects.create(key="digest:1:x", to=world.member, kind="digest", what="week", at=timezone.now())
    page = world.client(world.member).get("/messages/").content.decode()
    assert 'href="/messages/week/"' in page
    assert "Viikkosi" in page

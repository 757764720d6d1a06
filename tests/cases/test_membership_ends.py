"""Memberships that end by themselves, the two weeks' warning, and the whole history of a network."""

from datetime import datetime, timedelta

import pytest
from django.db import ProgrammingError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from cases.access import NotAllowed
from cases.actions.ladder import replan_moved
from cases.actions.membership import end_seats, keep_member, tell_of_quiet_seats
from cases.models import Case, Deadline, LadderChange, Membership, Message, Task
from meetings.actions import meeting as meetings
from networks.models import User
from tests.personas import World, at
from yhteiso.hats.wear import wearing

CALLED = "2026-06-05 12:46"
YEAR = timedelta(days=365)


@pytest.fixture
def case(world: World) -> Case:
    """Called in the summer; Sari has a seat of the unit, Kaisa made the call."""
    row = world.case(call=CALLED)
    Message.objects.filter(case=row).update(at=at(CALLED))
    return row


def seat(case: Case, user: User) -> Membership:
    return case.memberships.filter(user=user).latest("pk")


def night(now: datetime) -> int:
    with wearing("jobs"):
        tell_of_quiet_seats(now=now)
    return end_seats(now=now)


def quiet_tasks(case: Case) -> list[Task]:
    return list(Task.objects.filter(case=case, kind="seat_quiet").order_by("pk"))


# -- a year without contact


def test_a_year_without_contact_ends_a_seat_after_two_weeks_warning(world: World, case: Case) -> None:
    begun = at(CALLED)
    assert night(begun + timedelta(days=350)) == 0
    assert quiet_tasks(case) == []
    warned = begun + timedelta(days=352)
    assert night(warned) == 0
    assert {task.to_id for task in quiet_tasks(case)} == {world.coordinator.pk}
    assert len(quiet_tasks(case)) == 2  # Sari and Kaisa
    assert night(warned + timedelta(days=13)) == 0  # warned, and not yet two weeks ago
    assert len(quiet_tasks(case)) == 2
    end = warned + timedelta(days=14)
    assert night(end) == 2
    assert night(end) == 0  # twice is once
    row = seat(case, world.member)
    assert (row.ended_at, row.ended_by, row.end_reason) == (end, None, "quiet")
    assert case.events.filter(kind="member_ended", by=None).count() == 2
    assert world.client(world.member).get(reverse("case", args=[case.ref])).status_code == 404


def test_nobody_leaves_unwarned_though_the_jobs_stood_still(world: World, case: Case) -> None:
    late = at(CALLED) + 2 * YEAR
    assert night(late) == 0
    assert len(quiet_tasks(case)) == 2
    assert night(late + timedelta(days=14)) == 2


def test_the_lead_and_the_family_never_end_so(world: World, case: Case) -> None:
    late = at(CALLED) + 2 * YEAR
    night(late)
    night(late + timedelta(days=15))
    case.refresh_from_db()
    assert case.lead.ended_at is None
    assert sorted(case.memberships.current().values_list("role", flat=True)) == ["coordinator", "family", "family"]


@pytest.mark.parametrize("what", ["message", "event", "meeting", "promise"])
def test_any_contact_begins_the_year_anew(world: World, case: Case, what: str) -> None:
    sari, later = seat(case, world.member), at("2026-12-01 10:00")
    if what == "message":
        Message.objects.create(key="x", to=world.member, kind="meeting", what="moved", case=case, area=case.area, at=later)
    elif what == "event":
        case.events.create(kind="commitment_resolved", at=later, by=world.member)
    else:
        meeting = meetings.propose(
            case=case, starts_at=at("2026-06-10 14:30"), minutes=60, place="", by=world.coordinator, now=at(CALLED)
        )
        Message.objects.filter(case=case).update(at=at(CALLED))
        if what == "meeting":
            type(meeting).objects.filter(pk=meeting.pk).update(starts_at=later, ends_at=later + timedelta(hours=1))
        else:
            case.commitments.create(
                meeting=meeting, what="Teen kuvakortit", membership=sari, owner=world.member, unit=world.guidance,
                due_on=later.date(), form_key="018f7d3e-0000-7000-8000-000000000000", written_at=at(CALLED),
                written_by=world.member,
            )  # fmt: skip
    warned = at(CALLED) + timedelta(days=370)
    night(warned)
    assert f"quiet-{sari.pk}-" not in "".join(task.about for task in quiet_tasks(case))
    night(warned + timedelta(days=15))
    assert seat(case, world.member).ended_at is None
    assert night(later + YEAR - timedelta(days=3)) == 0
    assert night(later + YEAR + timedelta(days=15)) == (2 if what == "meeting" else 1)  # both were invited to it


def test_the_lead_keeps_a_member_in(world: World, case: Case) -> None:
    warned = timezone.now()
    Membership.objects.filter(case=case).update(started_at=warned - YEAR)
    Message.objects.filter(case=case).delete()
    with wearing("jobs"):
        tell_of_quiet_seats(now=warned + YEAR)
    sari = seat(case, world.member)
    client, history = world.client(world.coordinator), reverse("case-members", args=[case.ref])
    assert "Päättyy pian" in client.get(history).content.decode()
    keeping = reverse("network-keeping", args=[case.ref, sari.pk])
    assert world.client(world.professional).post(keeping).status_code == 403
    assert client.post(keeping).status_code == 302
    assert not Task.objects.open().filter(about__startswith=f"quiet-{sari.pk}-").exists()
    assert case.events.filter(kind="member_kept").count() == 1
    assert end_seats(now=timezone.now() + YEAR - timedelta(days=1)) in (0, 1)
    assert seat(case, world.member).ended_at is None


def test_only_a_professional_of_the_network_is_kept(world: World, case: Case) -> None:
    with pytest.raises(NotAllowed):
        keep_member(case=case, membership=case.lead, by=world.coordinator, now=at(CALLED))
    with pytest.raises(NotAllowed):
        keep_member(case=case, membership=seat(case, world.left), by=world.coordinator, now=at(CALLED))


# -- leaving the employer


def test_an_account_closed_for_good_ends_its_seats_and_a_suspended_one_does_not(world: World, case: Case) -> None:
    now = timezone.now()
    User.objects.filter(pk=world.member.pk).update(is_active=False)
    assert end_seats(now=now) == 0
    User.objects.filter(pk=world.member.pk).update(closed_at=now, closed_by=world.administrator)
    assert end_seats(now=now) == 1
    row = seat(case, world.member)
    assert (row.end_reason, row.ended_by) == ("unit", None)
    assert end_seats(now=now) == 0


def test_the_database_ends_nothing_else(world: World, case: Case) -> None:
    now, sari = timezone.now(), seat(case, world.member).pk
    with wearing("jobs"), connection.cursor() as cursor:
        for pk, why in [(case.lead_id, "quiet"), (sari, "unit"), (case.lead_id, "unit"), (sari, "because")]:
            cursor.execute("SELECT sec.end_seat(%s, %s, %s)", [pk, why, now])
            assert cursor.fetchone()[0] is False
    for hat, user in (("area", world.coordinator), ("member", world.member)):
        with pytest.raises(ProgrammingError), transaction.atomic(), wearing(hat, user.pk), connection.cursor() as cursor:
            cursor.execute("SELECT sec.end_seat(%s, 'quiet', %s)", [sari, now])


# -- the history


def test_the_history_tells_every_membership_to_the_coordinator_only(world: World, case: Case) -> None:
    page = reverse("case-members", args=[case.ref])
    body = world.client(world.coordinator).get(page).content.decode()
    for words in ("Antti Lumme", "siirtyi muualle", "Sari Hietaniitty", "Riikka Tuulenpää", "mukana nyt", "Hilla"):
        assert words in body
    assert world.client(world.member).get(page).status_code == 403
    assert world.client(world.other_coordinator).get(page).status_code == 404
    Membership.objects.filter(case=case, user=world.left).update(masked=True)
    assert "terveyspalvelut" in world.client(world.coordinator).get(page).content.decode()


# -- the ladder of a situation that has moved


def test_a_moved_situation_is_planned_by_its_new_area_s_ladder(world: World, case: Case) -> None:
    LadderChange.objects.create(
        area=world.other_area, kind="meeting", step=9, day=6, to=["coordinator"], reason="Meillä aiemmin.",
        from_on=at("2026-06-01 00:00").date(), made_at=at("2026-06-01 09:00"), made_by=world.other_responsible,
    )  # fmt: skip
    now = at("2026-06-06 09:00")
    before = Deadline.objects.get(case=case, kind="meeting", step=9).due_at
    with transaction.atomic():
        lead = Membership.objects.create(
            case=case, user=world.other_coordinator, unit=world.other_unit, role="coordinator", started_at=now,
            started_by=world.coordinator,
        )  # fmt: skip
        Case.objects.filter(pk=case.pk).update(area=world.other_area, coordinator=world.other_coordinator, lead=lead)
    assert replan_moved(now=now) > 0
    row = Deadline.objects.get(case=case, kind="meeting", step=9)
    assert row.due_at < before
    assert set(Deadline.objects.open().filter(case=case).values_list("area_id", flat=True)) == {world.other_area.pk}
    assert case.events.filter(kind="clock_replanned").count() == 1
    assert replan_moved(now=now) == 0

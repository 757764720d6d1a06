"""Precautions: set and lifted with a reason, the place told by phone, one guardian at a time, told by hand."""

from datetime import time, timedelta
from typing import Any

import pytest
from django.db import Error, transaction
from django.urls import reverse
from django.utils import timezone

from cases.access import NotAllowed
from cases.actions import protection as cases
from cases.actions.network import end_membership
from cases.models import Case, Person, Precaution, Task, TaskKind, may_message
from meetings.actions import meeting as meetings
from meetings.actions import protection
from meetings.models import Meeting, MeetingStatus, Participant
from networks.models import User
from tests.meetings.steps import a_case, proposed, working_day
from tests.personas import World
from yhteiso.hats.wear import wearing
from yhteiso.lib.dates import at_helsinki

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(world: World) -> Case:
    """A family with two guardians."""
    case = a_case(world)
    meetings.add_person(
        case=case,
        kind="guardian",
        name="Marko",
        family_name="Varjola",
        relation="isä",
        by=world.coordinator,
        now=timezone.now(),
    )
    return case


def person(case: Case, name: str) -> Person:
    return Person.objects.select_related("case").get(case=case, name=name)


def seat_of(case: Case, name: str) -> int:
    return case.memberships.get(person__name=name, ended_at=None).pk


def protect(world: World, case: Case, by: User | None = None, away: tuple[str, ...] = ()) -> None:
    ids = [person(case, name).pk for name in away]
    by = by or world.coordinator
    with wearing("area", by.pk):
        protection.protect(case=case, reason="Kerrottu puhelussa", by_hand=ids, by=by, now=timezone.now())


def propose(world: World, case: Case, **more: Any) -> Meeting:
    values = {"place": ""} | more
    return meetings.propose(
        case=Case.objects.get(pk=case.pk), starts_at=at_helsinki(working_day(4), time(14, 30)), minutes=60,
        by=world.coordinator, now=timezone.now(), **values,
    )  # fmt: skip


# -- setting and lifting


def test_who_is_told_by_hand_is_not_listed_as_invited(world: World, case: Case) -> None:
    url = reverse("meeting-new", args=[case.ref])
    assert "käsin" not in world.client(world.coordinator).get(url).content.decode().split("<main")[1]
    protect(world, case, away=("Marko",))
    page = world.client(world.coordinator).get(url)
    assert [row.person.name for row in page.context["by_hand"]] == ["Marko"]
    assert all(row.person is None or row.person.name != "Marko" for row in page.context["members"])
    assert "tavoitetaan käsin" in page.content.decode()


def test_protection_takes_effect_at_once(world: World, case: Case) -> None:
    coming = proposed(world, case)
    protect(world, case, away=("Marko",))
    fresh = Meeting.objects.get(pk=coming.pk)
    assert (fresh.place, fresh.by_phone) == ("", True)
    assert not coming.participants.filter(membership__person__name="Marko").exists()
    assert Task.objects.filter(case=case, to=world.coordinator, kind=TaskKind.PLACE_BY_PHONE, about=coming.ref).exists()
    assert Task.objects.filter(case=case, to=world.coordinator, kind=TaskKind.OTHER_GUARDIAN).exists()
    row = Precaution.objects.get(case=case)
    assert (row.kind, row.reason, row.by_id) == ("protected", "Kerrottu puhelussa", world.coordinator.pk)
    assert Case.objects.get(pk=case.pk).caller_label == ""


def test_whoever_protects_without_leading_loses_sight_of_it(world: World, case: Case) -> None:
    client = world.client(world.second_coordinator)
    url = reverse("case-protection", args=[case.ref])
    answer = client.post(url, {"protect-reason": "Kerrottu minulle"})
    assert answer.status_code == 302
    assert answer.url == reverse("board")
    assert Case.objects.get(pk=case.pk).protected
    assert client.get(url).status_code == 404
    assert world.client(world.coordinator).get(url).status_code == 200


def test_lifting_gives_names_and_sight_back(world: World, case: Case) -> None:
    coming = proposed(world, case)
    protect(world, case, away=("Marko",))
    client = world.client(world.coordinator)
    assert client.post(reverse("case-protection-end", args=[case.ref]), {"lift-reason": ""}).status_code == 422
    assert Case.objects.get(pk=case.pk).protected
    answer = client.post(reverse("case-protection-end", args=[case.ref]), {"lift-reason": "Ei enää tarvetta"})
    assert answer.status_code == 302
    fresh = Case.objects.get(pk=case.pk)
    assert not fresh.protected
    assert "Kaisa Koivupuro" in fresh.caller_label
    assert not fresh.persons.filter(by_hand=True).exists()
    assert not fresh.memberships.filter(named=True).exists()
    assert not Meeting.objects.get(pk=coming.pk).by_phone
    assert world.client(world.second_coordinator).get(reverse("case", args=[case.ref])).status_code == 200
    assert not Task.objects.open().filter(kind=TaskKind.PLACE_BY_PHONE).exists()


def test_a_reason_is_asked_and_what_was_typed_is_kept(world: World, case: Case) -> None:
    url = reverse("case-protection", args=[case.ref])
    away = person(case, "Marko").pk
    answer = world.client(world.coordinator).post(url, {"protect-reason": " ", "protect-by_hand": [away]})
    assert answer.status_code == 422
    assert not Case.objects.get(pk=case.pk).protected
    assert f'value="{away}"' in answer.content.decode()
    assert "checked" in answer.content.decode()
    with pytest.raises(NotAllowed):
        cases.protect(case=case, reason=" ", by_hand=[], by=world.coordinator, now=timezone.now())


def test_only_the_area_may_protect_also_in_sql(world: World, case: Case) -> None:
    from django.db import connection

    assert world.client(world.member).get(reverse("case-protection", args=[case.ref])).status_code == 403
    assert world.client(world.colleague).get(reverse("case-protection", args=[case.ref])).status_code == 404
    with wearing("area", world.other_coordinator.pk), connection.cursor() as cursor:
        cursor.execute("SELECT sec.set_protected(%s, true)", [case.pk])
        assert cursor.fetchone()[0] is None
    with pytest.raises(Error), transaction.atomic(), wearing("member", world.member.pk), connection.cursor() as cursor:
        cursor.execute("SELECT sec.set_protected(%s, true)", [case.pk])
    assert not Case.objects.get(pk=case.pk).protected


def test_naming_is_for_members_with_an_account_and_has_a_reason(world: World, case: Case) -> None:
    seat = case.memberships.get(user=world.member, ended_at=None)
    client, url = world.client(world.coordinator), reverse("case-named", args=[case.ref, seat.pk])
    data = {f"named-{seat.pk}-reason": "Tapaa perhettä", "named": "yes"}
    assert client.post(url, data).status_code == 422  # the family is not protected
    protect(world, case)
    assert client.post(url, data | {f"named-{seat.pk}-reason": ""}).status_code == 422
    assert client.post(url, data).status_code == 302
    seat.refresh_from_db()
    assert seat.named
    lead = case.memberships.get(pk=case.lead_id)
    with pytest.raises(NotAllowed):
        cases.name_member(case=case, membership=lead, named=False, reason="x", by=world.coordinator, now=timezone.now())
    assert set(Precaution.objects.values_list("kind", flat=True)) == {"protected", "named"}
    assert client.post(url, data | {"named": "no"}).status_code == 302
    seat.refresh_from_db()
    assert not seat.named


def test_somebody_let_in_for_a_day_is_out(world: World, case: Case) -> None:
    case.memberships.create(
        user=world.colleague, unit=world.day_care, role="exceptional", sections=["plan"], started_at=timezone.now(),
        started_by=world.colleague, expires_at=timezone.now() + timedelta(hours=20),
    )  # fmt: skip
    with wearing("member", world.colleague.pk):
        assert Case.objects.filter(pk=case.pk).exists()
    protect(world, case)
    with wearing("member", world.colleague.pk):
        assert not Case.objects.filter(pk=case.pk).exists()


def test_reasons_are_never_changed(world: World, case: Case) -> None:
    protect(world, case)
    with pytest.raises(Error), transaction.atomic():
        Precaution.objects.update(reason="muu")
    with pytest.raises(Error), transaction.atomic(), wearing("member", world.member.pk):
        Precaution.objects.exists()


# -- the place


def test_the_database_refuses_a_place(world: World, case: Case) -> None:
    protect(world, case)
    coming = propose(world, case)
    assert coming.by_phone
    assert coming.place == ""
    for change in ({"place": "Salapaikka"}, {"by_phone": False}, {"place": "Salapaikka", "by_phone": False}):
        with pytest.raises(Error), transaction.atomic():
            Meeting.objects.filter(pk=coming.pk).update(**change)
    Meeting.objects.filter(pk=coming.pk).update(status=MeetingStatus.CANCELLED)
    with pytest.raises(NotAllowed):
        propose(world, case, place="Salapaikka")
    with pytest.raises(Error), transaction.atomic():
        Meeting.objects.create(
            case=case, starts_at=coming.starts_at, ends_at=coming.ends_at, place="Salapaikka", proposed_by=world.coordinator,
            proposed_at=timezone.now(),
        )  # fmt: skip


def test_a_protected_colleague_takes_the_place_away_from_everybody(world: World, case: Case) -> None:
    coming = proposed(world, case)
    assert coming.place
    User.objects.filter(pk=world.colleague.pk).update(protected_identity=True)
    meetings.add_member(case=case, user=world.colleague, must_attend=False, by=world.coordinator, now=timezone.now())
    coming.refresh_from_db()
    assert (coming.place, coming.by_phone) == ("", True)
    assert Task.objects.filter(kind=TaskKind.PLACE_BY_PHONE, to=world.coordinator, about=coming.ref).count() == 1


def test_becoming_protected_takes_the_place_away_too(world: World, case: Case) -> None:
    coming, other = proposed(world, case), proposed(world, a_case(world, child="Onni"))
    seat = Case.objects.get(pk=other.case_id).memberships.get(user=world.member, ended_at=None)
    end_membership(case=other.case, membership=seat, reason="lähti", by=world.coordinator, now=timezone.now())
    with wearing("admin", world.administrator.pk):
        User.people.filter(pk=world.member.pk).update(protected_identity=True)
    coming.refresh_from_db()
    other.refresh_from_db()
    assert (coming.place, coming.by_phone) == ("", True)
    assert other.place
    assert not other.by_phone


def test_the_form_has_no_place_and_tells_why(world: World, case: Case) -> None:
    protect(world, case)
    url = reverse("meeting-new", args=[case.ref])
    page = world.client(world.coordinator).get(url).content.decode()
    assert 'name="place"' not in page
    assert "paikka kerrotaan kaikille puhelimessa" in page
    day = working_day(4)
    data = {"day": f"{day.day}.{day.month}.{day.year}", "clock": "14.30", "minutes": "60", "place": "Salapaikka"}
    assert world.client(world.coordinator).post(url, data).status_code == 302
    assert Meeting.objects.get(case=case).place == ""


def test_each_is_told_and_the_task_ends_with_the_last(world: World, case: Case) -> None:
    protect(world, case, away=("Marko",))
    coming = propose(world, case)
    client = world.client(world.coordinator)
    rows = list(protection.to_tell(coming))
    assert {row.membership.person.name for row in rows if row.membership.person} == {"Hilla"}
    for n, row in enumerate(rows):
        assert Task.objects.open().filter(kind=TaskKind.PLACE_BY_PHONE, about=coming.ref).exists(), n
        url = reverse("meeting-place-told", args=[case.ref, coming.ref, row.pk])
        assert client.post(url).status_code == 302
        row.refresh_from_db()
        assert row.place_told_by_id == world.coordinator.pk
        assert row.place_told_at
        first = row.place_told_at
        client.post(url)  # the second click of a double click
        row.refresh_from_db()
        assert row.place_told_at == first
    assert not Task.objects.open().filter(kind=TaskKind.PLACE_BY_PHONE).exists()
    assert "kerrottu" in client.get(reverse("meeting", args=[case.ref, coming.ref])).content.decode()


def test_a_member_can_not_tell_nor_see_who_was_told(world: World, case: Case) -> None:
    protect(world, case)
    coming = propose(world, case)
    row = protection.to_tell(coming).first()
    assert row is not None
    client = world.client(world.member)
    assert client.post(reverse("meeting-place-told", args=[case.ref, coming.ref, row.pk])).status_code == 403
    assert "Kerroin paikan" not in client.get(reverse("meeting", args=[case.ref, coming.ref])).content.decode()


def test_an_ordinary_place_is_not_told_by_phone(world: World, case: Case) -> None:
    coming = proposed(world, case)
    row = Participant.objects.select_related("case").filter(meeting=coming).first()
    assert row is not None
    with pytest.raises(NotAllowed):
        protection.tell_place(participant=row, by=world.coordinator, now=timezone.now())


def test_a_moved_meeting_asks_for_new_calls(world: World, case: Case) -> None:
    protect(world, case)
    first = propose(world, case)
    new = meetings.move_meeting(
        meeting=first, starts_at=first.starts_at + timedelta(hours=1), minutes=60, place="", reason="illness",
        by=world.coordinator, now=timezone.now(),
    )  # fmt: skip
    waiting = Task.objects.open().filter(kind=TaskKind.PLACE_BY_PHONE)
    assert [row.about for row in waiting] == [new.ref]


# -- messages, and told by hand


def test_nothing_is_sent_by_itself_to_whom_it_must_not(world: World, case: Case) -> None:
    assert may_message(person(case, "Hilla"))
    assert may_message(person(case, "Marko"))
    protect(world, case, away=("Marko",))
    assert not may_message(person(case, "Marko"))
    assert not may_message(person(case, "Hilla"))
    Task.objects.all().delete()
    coming = propose(world, case)
    told = Task.objects.get(kind=TaskKind.OTHER_GUARDIAN)
    assert told.to_id == world.coordinator.pk
    assert coming.ref in told.about
    assert not coming.participants.filter(membership__person__name="Marko").exists()


def test_the_database_invites_nobody_who_is_told_by_hand(world: World, case: Case) -> None:
    protect(world, case, away=("Marko",))
    coming = propose(world, case)
    with pytest.raises(Error), transaction.atomic():
        Participant.objects.create(meeting=coming, case=case, membership_id=seat_of(case, "Marko"))


# -- guardians apart


def apart(world: World, case: Case, **more: Any) -> None:
    protection.keep_apart(case=case, apart=True, reason="Pyydetty", by=world.coordinator, now=timezone.now(), **more)


def guardians_in(meeting: Meeting) -> set[str]:
    rows = meeting.participants.filter(membership__person__kind="guardian")
    return set(rows.values_list("membership__person__name", flat=True))


def test_a_meeting_has_one_guardian_at_a_time(world: World, case: Case) -> None:
    apart(world, case)
    with pytest.raises(NotAllowed):
        propose(world, case, place="Neuvola")
    meeting = propose(world, case, place="Neuvola", guardian=seat_of(case, "Marko"))
    assert guardians_in(meeting) == {"Marko"}
    with pytest.raises(Error), transaction.atomic():
        Participant.objects.create(meeting=meeting, case=case, membership_id=seat_of(case, "Hilla"))
    meetings.add_person(case=case, kind="guardian", name="Kolmas", by=world.coordinator, now=timezone.now())
    assert guardians_in(meeting) == {"Marko"}
    page = world.client(world.coordinator).get(reverse("meeting", args=[case.ref, meeting.ref])).content.decode()
    assert "Huoltajat tavataan yksi kerrallaan" in page
    assert "Hilla" not in page


def test_the_form_asks_which_guardian(world: World, case: Case) -> None:
    apart(world, case)
    url, day = reverse("meeting-new", args=[case.ref]), working_day(4)
    client = world.client(world.coordinator)
    data = {"day": f"{day.day}.{day.month}.{day.year}", "clock": "14.30", "minutes": "60", "place": "Neuvola"}
    answer = client.post(url, data)
    assert answer.status_code == 422
    assert "Valitse, kumman huoltajan" in answer.content.decode()
    assert client.post(url, data | {"guardian": seat_of(case, "Hilla")}).status_code == 302
    assert guardians_in(Meeting.objects.get(case=case)) == {"Hilla"}


def test_setting_it_takes_one_out_of_the_coming_meeting(world: World, case: Case) -> None:
    coming = proposed(world, case)
    url = reverse("case-apart", args=[case.ref])
    client = world.client(world.coordinator)
    assert client.post(url, {"apart-reason": "Pyydetty", "apart": "yes"}).status_code == 422
    assert guardians_in(coming) == {"Hilla", "Marko"}
    assert not Case.objects.get(pk=case.pk).guardians_apart
    data = {"apart-reason": "Pyydetty", "apart": "yes", "apart-guardian": person(case, "Hilla").pk}
    assert client.post(url, data).status_code == 302
    assert guardians_in(coming) == {"Hilla"}
    assert Case.objects.get(pk=case.pk).guardians_apart
    assert client.post(url, {"apart-reason": "Sovittu", "apart": "no"}).status_code == 302
    assert not Case.objects.get(pk=case.pk).guardians_apart
    Participant.objects.create(meeting=coming, case=case, membership_id=seat_of(case, "Marko"))
    with pytest.raises(NotAllowed):
        apart(world, Case.objects.get(pk=case.pk))


def test_a_closed_situation_takes_no_precautions(world: World, case: Case) -> None:
    from meetings.actions.closing import close

    close(case=case, by=world.coordinator, reason="everyday_works", now=timezone.now())
    for deed in (
        lambda: cases.protect(case=case, reason="x", by_hand=[], by=world.coordinator, now=timezone.now()),
        lambda: cases.keep_apart(case=case, apart=True, reason="x", by=world.coordinator, now=timezone.now()),
    ):
        with pytest.raises(NotAllowed):
            deed()

"""Siblings: one network, a logbook for each child, and nobody who learns of the other by one."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from cases.access import NotAllowed
from cases.actions.case import close
from cases.actions.sibling import Child, add_sibling, chosen, end_in_all, in_siblings
from cases.models import Case, Deadline, Person, Recusal, Sibling, siblings_of
from meetings.actions.siblings import add_in_all, to_meet_together
from meetings.models import Meeting
from networks.models import User
from tests.meetings.steps import a_case, fi, today, working_day
from tests.personas import World
from yhteiso.hats.wear import wearing
from yhteiso.lib.dates import day14


@pytest.fixture
def case(world: World) -> Case:
    return a_case(world)


def seats(case: Case, *users: User) -> list[int]:
    return list(case.memberships.current().filter(user__in=users).values_list("pk", flat=True))


def sibling(world: World, case: Case, *users: User, name: str = "Eino", family: bool = True) -> Case:
    along = seats(case, *users)
    if family:
        along += list(case.memberships.current().filter(person__kind="guardian").values_list("pk", flat=True))
    with wearing("area", world.coordinator.pk):
        return add_sibling(
            case=case, child=Child(name, "Suvilehto", 3), along=along, by=world.coordinator, now=timezone.now()
        )


def seen(user: User, case: Case) -> list[str]:
    with wearing(user.hat, user.pk):
        return [row.child_name for row in siblings_of(case)]


def body(world: World, user: User, case: Case, page: str = "case") -> str:
    text: str = world.client(user).get(reverse(page, args=[case.ref])).content.decode()
    return text


# -- a situation of its own


def test_a_sibling_has_a_situation_of_their_own_with_those_who_were_chosen(world: World, case: Case) -> None:
    eino = sibling(world, case, world.member)
    assert (eino.area, eino.coordinator, eino.lead.user) == (case.area, case.coordinator, world.coordinator)
    assert set(eino.memberships.filter(user__isnull=False).values_list("user", flat=True)) == {
        world.coordinator.pk, world.member.pk,
    }  # fmt: skip
    assert eino.status == "gathering"
    mother = eino.persons.get(kind="guardian")
    assert (mother.name, mother.consent) == ("Hilla", "")
    assert mother.pk != case.persons.get(kind="guardian").pk
    assert (eino.consent, eino.consents.count()) == ("", 0)
    assert not hasattr(eino, "text")
    assert Deadline.objects.open().filter(case=eino, kind="meeting").exists()
    assert Deadline.objects.open().filter(case=eino, kind="consent").exists()
    assert not Deadline.objects.open().filter(case=eino, kind="gathered").exists()


def test_the_two_weeks_begin_now_and_on_the_calls_day_from_the_call(world: World, case: Case) -> None:
    eino = sibling(world, case)
    assert (eino.t0_at.date(), eino.day14_on) == (timezone.now().date(), day14(today()))
    fresh = world.case(call=f"{today()} 00:05", child="Alli")
    again = sibling(world, fresh, world.professional, name="Onni")
    assert again.t0_at == fresh.t0_at
    assert again.memberships.get(user=world.professional).role == "caller"
    assert again.caller_label == fresh.caller_label


def test_a_second_press_opens_nothing(world: World, case: Case) -> None:
    eino = sibling(world, case)
    assert sibling(world, case, name="eino").pk == eino.pk
    assert Sibling.objects.count() == 2
    third = sibling(world, eino, name="Alli")
    assert {row.child_name for row in siblings_of(third)} == {"Aatu", "Eino"}
    assert len(set(Sibling.objects.values_list("family", flat=True))) == 1
    with pytest.raises(NotAllowed):
        sibling(world, case, name="aatu")


def test_what_keeps_one_safe_keeps_the_other(world: World, case: Case) -> None:
    from meetings.actions.protection import keep_apart, protect

    father = Person.objects.create(case=case, kind="guardian", name="Ilkka")
    case.memberships.create(person=father, role="family", started_at=timezone.now(), started_by=world.coordinator)
    Recusal.objects.create(
        case=case, user=world.colleague, reason="kin", marked_by=world.coordinator, marked_at=timezone.now()
    )
    with wearing("area", world.coordinator.pk):
        keep_apart(case=case, apart=True, reason="Ero.", by=world.coordinator, now=timezone.now())
        protect(case=case, reason="Turvakielto.", by_hand=[father.pk], by=world.coordinator, now=timezone.now())
    case.refresh_from_db()
    eino = sibling(world, case)
    assert (eino.protected, eino.guardians_apart) == (True, True)
    assert eino.persons.get(name="Ilkka").by_hand
    assert eino.tasks.open().filter(kind="other_guardian").exists()
    assert set(eino.precautions.values_list("kind", "reason")) == {("protected", "Turvakielto."), ("apart", "Ero.")}
    assert eino.recusals.get().user == world.colleague
    assert seen(world.second_coordinator, eino) == []
    with wearing("area", world.second_coordinator.pk):
        assert not Case.objects.filter(pk=eino.pk).exists()


def test_of_a_protected_family_only_the_lead_adds_a_sibling(world: World, case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(protected=True)
    with pytest.raises(NotAllowed):
        add_sibling(case=case, child=Child("Eino"), along=[], by=world.second_coordinator, now=timezone.now())
    close(case=case, by=world.coordinator, reason="declined", now=timezone.now())
    with pytest.raises(NotAllowed):
        add_sibling(case=case, child=Child("Eino"), along=[], by=world.coordinator, now=timezone.now())


# -- who learns of whom


def test_a_seat_with_one_child_opens_nothing_of_the_other(world: World, case: Case) -> None:
    eino = sibling(world, case, world.member)
    world.consent(eino)
    assert world.client(world.professional).get(reverse("case", args=[eino.ref])).status_code == 404
    assert seen(world.professional, case) == []
    page = body(world, world.professional, case)
    assert "Eino" not in page
    assert eino.ref not in page
    assert "Yksi verkosto" not in page


def test_a_member_of_both_learns_of_it_when_the_family_has_said_yes_to_both(world: World, case: Case) -> None:
    eino = sibling(world, case, world.member)
    assert seen(world.member, case) == []  # the family has said nothing of Eino yet
    assert "Eino" not in body(world, world.member, case)
    assert "Aatu" not in body(world, world.member, eino)
    world.consent(eino)
    assert seen(world.member, case) == ["Eino"]
    page = body(world, world.member, case)
    assert "Yksi verkosto, kaksi lasta." in page
    assert reverse("case", args=[eino.ref]) in page
    assert reverse("case-siblings", args=[case.ref]) not in page
    world.consent(case, world.member, answer="no", sections=["time"])
    assert seen(world.member, eino) == []


def test_the_area_s_coordinators_see_the_siblings_that_they_may_open(world: World, case: Case) -> None:
    eino = sibling(world, case)
    for page in ("case", "case-network"):
        assert "Yksi verkosto, kaksi lasta." in body(world, world.second_coordinator, case, page)
    assert seen(world.second_coordinator, case) == ["Eino"]
    assert seen(world.other_coordinator, case) == []
    Case.objects.filter(pk=eino.pk).update(protected=True)
    assert seen(world.second_coordinator, case) == []
    assert "Eino" not in body(world, world.second_coordinator, case)
    assert seen(world.coordinator, case) == ["Eino"]
    Case.objects.filter(pk=eino.pk).update(protected=False)
    Recusal.objects.create(
        case=eino, user=world.second_coordinator, reason="kin", marked_by=world.coordinator, marked_at=timezone.now()
    )
    assert seen(world.second_coordinator, case) == []


def test_the_link_is_written_into_the_log(world: World, case: Case) -> None:
    from yhteiso.audit.models import LogEntry

    eino = sibling(world, case)
    body(world, world.coordinator, case)
    assert any(eino.pk in (row.case_ids or []) for row in LogEntry.objects.filter(page="case", verb="list"))


@pytest.mark.parametrize("hat", ["area", "member", "family", "unit", "report", "officer", "admin", "jobs", "guest"])
def test_no_hat_reads_or_writes_the_rows_that_bind(world: World, case: Case, hat: str) -> None:
    eino = sibling(world, case, world.member)
    user = {"area": world.coordinator, "member": world.member}.get(hat, world.officer)
    for sql in (
        "SELECT * FROM cases_sibling",
        "INSERT INTO cases_sibling (case_id, family) SELECT case_id, family FROM cases_sibling",
        "DELETE FROM cases_sibling",
    ):
        with pytest.raises(ProgrammingError), transaction.atomic(), wearing(hat, user.pk), connection.cursor() as cursor:
            cursor.execute(sql)
    assert Sibling.objects.filter(case=eino).exists()


def test_another_area_binds_nothing(world: World, case: Case) -> None:
    other = world.case(call=f"{today() - timedelta(days=2)} 09:00", child="Vieno")
    with wearing("area", world.other_coordinator.pk), connection.cursor() as cursor:
        cursor.execute("SELECT sec.join_siblings(%s, %s)", [case.pk, other.pk])
        assert cursor.fetchone()[0] is False
    for user in (world.member, world.officer):
        with (
            pytest.raises(ProgrammingError), transaction.atomic(), wearing(user.hat, user.pk),
            connection.cursor() as cursor,
        ):  # fmt: skip
            cursor.execute("SELECT sec.join_siblings(%s, %s)", [case.pk, other.pk])
    assert not Sibling.objects.exists()


# -- changes that are about several children


def test_a_member_is_added_and_ended_for_all_who_are_chosen(world: World, case: Case) -> None:
    eino, alli = sibling(world, case), sibling(world, case, name="Alli")
    client, network = world.client(world.coordinator), reverse("case-network", args=[case.ref])
    assert "Koskeeko tämä myös sisaruksia?" in client.get(network).content.decode()
    data: dict[str, Any] = {"member-user": world.colleague.pk, "member-also": [eino.ref]}
    assert client.post(network, data).status_code == 302
    assert {row.pk for row in (case, eino, alli) if seats(row, world.colleague)} == {case.pk, eino.pk}
    member = case.memberships.get(user=world.colleague)
    assert [row.pk for row in in_siblings(case, member)] == [eino.pk]
    end = reverse("network-end", args=[case.ref, member.pk])
    page = client.get(end).content.decode()
    assert "Eino" in page
    assert "Alli" not in page.split("<form")[2] if page.count("<form") > 2 else True
    assert client.post(end, {"reason": "", "also": [eino.ref]}).status_code == 422
    assert client.post(end, {"reason": "Siirtyi muualle", "also": [eino.ref]}).status_code == 302
    assert not seats(case, world.colleague)
    assert not seats(eino, world.colleague)


def test_all_or_none(world: World, case: Case) -> None:
    eino = sibling(world, case)
    Recusal.objects.create(
        case=eino, user=world.colleague, reason="kin", marked_by=world.coordinator, marked_at=timezone.now()
    )
    now = timezone.now()
    with pytest.raises(NotAllowed):
        add_in_all(case=case, also=[eino.ref], user=world.colleague, must_attend=False, by=world.coordinator, now=now)
    assert not seats(case, world.colleague)
    member = add_in_all(case=case, user=world.colleague, must_attend=False, by=world.coordinator, now=now)
    assert end_in_all(case=case, membership=member, reason="x", also=[eino.ref], by=world.coordinator, now=now) == 1


def test_another_family_s_reference_does_nothing(world: World, case: Case) -> None:
    other = world.case(call=f"{today() - timedelta(days=2)} 09:00", child="Vieno")
    eino = sibling(world, case)
    assert [row.pk for row in chosen(case, [other.ref, eino.ref])] == [eino.pk]
    answer = world.client(world.coordinator).post(
        reverse("case-network", args=[case.ref]), {"member-user": world.colleague.pk, "member-also": [other.ref]}
    )
    assert answer.status_code == 422
    assert not seats(other, world.colleague)


def test_one_time_for_all_and_a_meeting_for_each(world: World, case: Case) -> None:
    eino, alli = sibling(world, case, world.member), sibling(world, case, name="Alli")
    client, target = world.client(world.coordinator), reverse("meeting-new", args=[case.ref])
    assert "samalla kertaa" in client.get(target).content.decode()
    data = {"day": fi(working_day(3)), "clock": "14.30", "minutes": "75", "place": "Pikkukäpy", "also": [eino.ref]}
    assert client.post(target, data | {"day": ""}).status_code == 422
    assert client.post(target, data).status_code == 302
    assert {row.case_id for row in Meeting.objects.all()} == {case.pk, eino.pk}
    assert len(set(Meeting.objects.values_list("starts_at", flat=True))) == 1
    own = Meeting.objects.get(case=eino)
    assert set(own.participants.values_list("membership__case_id", flat=True)) == {eino.pk}
    # Who has a meeting already is not offered another; who is closed neither.
    close(case=alli, by=world.coordinator, reason="other_help", now=timezone.now())
    assert to_meet_together(case) == []


# -- the page


def test_the_page_adds_a_sibling_and_keeps_what_was_written(world: World, case: Case) -> None:
    target, client = reverse("case-siblings", args=[case.ref]), world.client(world.coordinator)
    page = client.get(target).content.decode()
    assert "Sari Hietaniitty" in page
    assert "Riikka Tuulenpää" not in page.split("lisaa-sisarus")[1].split("</form>")[0]
    answer = client.post(target, {"name": "EINO-NIMI", "age": "99", "along": seats(case, world.member)})
    assert answer.status_code == 422
    assert "EINO-NIMI" in answer.content.decode()
    other = world.case(call=f"{today() - timedelta(days=2)} 09:00", child="Vieno")
    assert client.post(target, {"name": "Eino", "age": "3", "along": seats(other, world.member)}).status_code == 422
    answer = client.post(target, {"name": "Eino", "age": "3", "born_on": "", "along": seats(case, world.member)})
    assert answer.status_code == 302
    eino = Case.objects.get(heading__child_name="Eino")
    assert answer.url == reverse("case", args=[eino.ref])
    assert seats(eino, world.member)
    assert world.client(world.member).get(target).status_code == 403
    assert world.client(world.other_coordinator).get(target).status_code == 404

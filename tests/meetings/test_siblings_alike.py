"""What keeps one child safe keeps the siblings, also when it is found out later; and what is told of meetings at one time."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from cases.access import NotAllowed
from cases.actions.case import close
from cases.actions.known import index_child
from cases.actions.sibling import AlreadyHere, Child, add_sibling, bind_siblings
from cases.models import Case, Hiding, Person, PersonContact, Recusal, SafeContact, Sibling, Task, siblings_of
from meetings.actions import closing
from meetings.actions.meeting import move_meeting
from meetings.actions.protection import keep_apart, lift_protection, protect
from meetings.actions.siblings import propose_in_all, to_meet_together
from meetings.actions.standing import recuse
from meetings.models import Meeting, Participant
from meetings.senders import meeting as resolved
from networks.models import User
from tests.meetings.steps import a_case, today, working_day
from tests.personas import World, at
from yhteiso.hats.wear import wearing
from yhteiso.outbox.models import Outgoing
from yhteiso.outbox.registry import Drop

BORN = date(2021, 3, 4)


@pytest.fixture
def case(world: World) -> Case:
    row = a_case(world)
    guardian(row, "Ilkka", world)
    return row


def guardian(case: Case, name: str, world: World) -> Person:
    person = Person.objects.create(case=case, kind="guardian", name=name)
    case.memberships.create(person=person, role="family", started_at=timezone.now(), started_by=world.coordinator)
    return person


def sibling(world: World, case: Case, *users: User, name: str = "Eino", guardians: bool = True) -> Case:
    seats = case.memberships.current()
    along = [row.pk for row in seats.filter(user__in=users)]
    along += [row.pk for row in seats.filter(person__kind="guardian")] if guardians else []
    with wearing("area", world.coordinator.pk):
        return add_sibling(
            case=case, child=Child(name, "Suvilehto", 3), along=along, by=world.coordinator, now=timezone.now()
        )


def moment(days: int = 3) -> Any:
    return at(f"{working_day(days)} 14:30")


def both(world: World, case: Case, eino: Case, **more: Any) -> Meeting:
    with wearing("area", world.coordinator.pk):
        return propose_in_all(
            case=case, also=[eino.ref], starts_at=moment(), minutes=60, place="Kirjasto", by=world.coordinator,
            now=timezone.now(), **more,
        )  # fmt: skip


def protected(world: World, case: Case, by: User | None = None) -> None:
    father, by = case.persons.get(name="Ilkka"), by or world.coordinator
    with wearing("area", by.pk):
        protect(case=case, reason="Turvakielto.", by_hand=[father.pk], by=by, now=timezone.now())


# -- precautions that are set later


def test_protection_set_later_holds_for_every_open_sibling(world: World, case: Case) -> None:
    eino, alli = sibling(world, case), sibling(world, case, name="Alli")
    both(world, case, eino)
    close(case=alli, by=world.coordinator, reason="declined", now=timezone.now())
    SafeContact.objects.create(
        case=eino, person=eino.persons.get(name="Ilkka"), channel="sms", address="+358400000101", language="fi", way="phone",
        asked_at=timezone.now(), asked_by=world.coordinator,
    )  # fmt: skip
    protected(world, case)
    eino.refresh_from_db()
    father = eino.persons.get(name="Ilkka")
    assert (eino.protected, father.by_hand, eino.lead.named) == (True, True, True)
    assert not Participant.objects.filter(case=eino, membership__person=father).exists()
    assert Meeting.objects.get(case=eino).place == ""
    assert not SafeContact.objects.live().filter(case=eino).exists()
    assert eino.precautions.get().reason == "Turvakielto."
    assert eino.tasks.open().filter(kind="other_guardian", about=str(father.pk)).exists()
    assert not Case.objects.get(pk=alli.pk).protected
    with wearing("area", world.second_coordinator.pk):
        assert not Case.objects.filter(pk=eino.pk).exists()
    with wearing("area", world.coordinator.pk):  # lifting is for each child
        lift_protection(case=case, reason="Ohi.", by=world.coordinator, now=timezone.now())
    assert Case.objects.get(pk=eino.pk).protected


def test_where_nobody_can_say_which_guardian_it_is_the_siblings_lead_looks(world: World, case: Case) -> None:
    eino = sibling(world, case)
    eino.persons.filter(name="Ilkka").update(name="Ilari")
    Case.objects.filter(pk=eino.pk).update(protected=False)
    protected(world, case)
    task = Task.objects.get(case=eino, kind="precaution")
    assert task.to == world.coordinator
    assert not eino.persons.filter(by_hand=True).exists()


def test_whoever_does_not_lead_protects_the_siblings_too(world: World, case: Case) -> None:
    eino = sibling(world, case)
    protected(world, case, world.second_coordinator)
    assert Case.objects.get(pk=eino.pk).protected
    assert Task.objects.filter(case=eino, kind="precaution", to=world.coordinator).exists()


def test_guardians_met_apart_are_met_apart_for_every_child(world: World, case: Case) -> None:
    eino = sibling(world, case)
    both(world, case, eino)
    mother = case.persons.get(name="Hilla")
    with wearing("area", world.coordinator.pk):
        keep_apart(case=case, apart=True, reason="Ero.", guardian=mother.pk, by=world.coordinator, now=timezone.now())
    assert Case.objects.get(pk=eino.pk).guardians_apart
    invited = Participant.objects.filter(case=eino, membership__person__kind="guardian")
    assert [row.membership.person.name for row in invited if row.membership.person] == ["Hilla"]
    assert Task.objects.filter(case=eino, kind="precaution").exists()
    with wearing("area", world.coordinator.pk):
        keep_apart(case=case, apart=False, reason="Sopu.", by=world.coordinator, now=timezone.now())
    assert Case.objects.get(pk=eino.pk).guardians_apart


def test_a_disqualification_holds_for_every_sibling(world: World, case: Case) -> None:
    eino, alli = sibling(world, case, world.member), sibling(world, case, name="Alli")
    close(case=alli, by=world.coordinator, reason="declined", now=timezone.now())
    with wearing("member", world.member.pk):
        recuse(case=case, user=world.member, reason="kin", by=world.member, now=timezone.now())
    assert set(Recusal.objects.filter(user=world.member).values_list("case", flat=True)) == {case.pk, eino.pk, alli.pk}
    assert not eino.memberships.current().filter(user=world.member).exists()
    assert Task.objects.filter(case=eino, kind="recused", to=world.coordinator).exists()
    assert not Task.objects.filter(case=alli, kind="recused").exists()
    assert world.client(world.member).get(reverse("case", args=[eino.ref])).status_code == 404


def test_a_disqualified_lead_hands_over_every_sibling(world: World, case: Case) -> None:
    eino = sibling(world, case)
    Case.objects.filter(pk=case.pk).update(protected=False)
    other = world.other_coordinator
    with wearing("area", world.coordinator.pk), pytest.raises(NotAllowed):
        recuse(case=case, user=world.coordinator, reason="kin", by=world.coordinator, now=timezone.now())
    assert not Recusal.objects.exists()
    area = other.unit.area
    with wearing("area", world.coordinator.pk):
        recuse(
            case=case,
            user=world.coordinator,
            reason="kin",
            by=world.coordinator,
            now=timezone.now(),
            successor=other,
            area=area,
        )
    assert set(Case.objects.values_list("coordinator", flat=True)) == {other.pk}
    assert Recusal.objects.filter(user=world.coordinator).count() == 2
    assert Task.objects.filter(case=eino, kind="handed_over", to=other).exists()


# -- one time for all


@pytest.mark.parametrize("what", ["protected", "apart", "by_hand", "hiding"])
@pytest.mark.parametrize("here", [True, False])
def test_no_common_meeting_where_something_is_hidden(world: World, case: Case, what: str, here: bool) -> None:
    eino = sibling(world, case)
    row = case if here else eino
    father = row.persons.get(name="Ilkka")
    if what == "by_hand":
        Person.objects.filter(pk=father.pk).update(by_hand=True)
    elif what == "hiding":
        Hiding.objects.create(
            case=row, guardian=father, section="time", reason="x", written_by=world.coordinator, written_at=timezone.now()
        )
    else:
        Case.objects.filter(pk=row.pk).update(**{"protected" if what == "protected" else "guardians_apart": True})
    with wearing("area", world.coordinator.pk):
        assert to_meet_together(case) == []
    chosen = case.memberships.get(person__name="Hilla") if what == "apart" else None
    with pytest.raises(NotAllowed):
        both(world, case, eino, guardian=chosen.pk if chosen else None)
    assert not Meeting.objects.exists()


# -- what is told of two meetings at the same time


def told(case: Case, what: str) -> list[Outgoing]:
    return [row for row in Outgoing.objects.filter(case_id=case.pk, kind="meeting") if f":{what}:" in row.about]


def ready(world: World, case: Case) -> tuple[Case, Meeting]:
    """Two children's meetings at one time; the member is invited to both, the colleague to this one only."""
    eino = sibling(world, case, world.member)
    case.memberships.create(
        user=world.colleague,
        unit=world.colleague.unit,
        role="member",
        started_at=timezone.now(),
        started_by=world.coordinator,
    )
    for row in (case, eino):
        world.consent(row)
    return eino, both(world, case, eino)


@pytest.mark.parametrize("deed", ["close", "stop", "move"])
def test_who_is_invited_to_the_siblings_same_time_is_called_instead(world: World, case: Case, deed: str) -> None:
    case.memberships.filter(person__name="Ilkka").update(ended_at=timezone.now(), ended_by=world.coordinator, end_reason="x")
    eino, row = ready(world, case)
    by, now = world.coordinator, timezone.now()
    seat = case.memberships.get(user=world.member)
    with wearing("area", by.pk):
        if deed == "close":
            closing.close(case=case, by=by, reason="other_help", now=now)
        elif deed == "stop":
            closing.stop(case=case, told_by="Hilla", told_on=today(), by=by, now=now)
        else:
            move_meeting(meeting=row, starts_at=moment(4), minutes=60, place="", reason="family_later", by=by, now=now)
    what = "moved" if deed == "move" else "cancelled"
    off = told(case, what)
    assert world.member.pk not in {message.to_user_id for message in off}
    tasks = Task.objects.filter(case=case, kind="reach_by_phone", about__endswith=f"-{seat.pk}-same")
    if deed != "stop":
        assert tasks.get().to == by
        assert world.colleague.pk in {message.to_user_id for message in off}
    assert Meeting.objects.coming().filter(case=eino, starts_at=moment()).exists()


def test_a_message_that_waits_is_dropped_where_the_sibling_now_meets_then(world: World, case: Case) -> None:
    case.memberships.filter(person__name="Ilkka").update(ended_at=timezone.now(), ended_by=world.coordinator, end_reason="x")
    eino, _row = ready(world, case)
    Meeting.objects.filter(case=eino).update(status="cancelled")
    with wearing("area", world.coordinator.pk):
        closing.close(case=case, by=world.coordinator, reason="other_help", now=timezone.now())
    message = next(row for row in told(case, "cancelled") if row.to_user_id == world.member.pk)
    with wearing("jobs", 0):
        assert not isinstance(resolved(message, timezone.now()), Drop)
    Meeting.objects.filter(case=eino).update(status="proposed")
    with wearing("jobs", 0):
        assert resolved(message, timezone.now()) == Drop("sibling")


def test_the_page_of_moving_says_that_the_siblings_time_stays(world: World, case: Case) -> None:
    eino = sibling(world, case)
    row, client = both(world, case, eino), world.client(world.coordinator)
    target = reverse("meeting-move", args=[case.ref, row.ref])
    assert "Sisaruksen tapaaminen samaan aikaan pysyy." in client.get(target).content.decode()
    Meeting.objects.filter(case=eino).update(status="cancelled")
    assert "Sisaruksen tapaaminen" not in client.get(target).content.decode()


# -- adding a child who is here, or was


def test_a_closed_sibling_is_opened_again_and_an_old_one_is_a_new_situation(world: World, case: Case) -> None:
    eino = sibling(world, case)
    close(case=eino, by=world.coordinator, reason="declined", now=timezone.now())
    with pytest.raises(NotAllowed, match=eino.ref):
        sibling(world, case)
    Case.objects.filter(pk=eino.pk).update(close_reason="joined")
    again = sibling(world, case)
    assert again.pk != eino.pk
    assert again.status != "closed"
    assert sibling(world, case).pk == again.pk
    assert Sibling.objects.count() == 3


def known(world: World) -> Case:
    """An open situation of the area about the child who is about to be added."""
    row = world.case(call=f"{today() - timedelta(days=2)} 09:00", child="Vieno")
    with wearing("area", world.coordinator.pk):
        child = row.persons.get(kind="child")
        child.family_name = "Suvilehto"
        child.save(update_fields=["family_name"])
        index_child(child)
    PersonContact.objects.filter(person=child).update(born_on=BORN)
    return row


def test_a_child_who_has_a_situation_here_is_bound_and_not_opened_twice(world: World, case: Case) -> None:
    vieno, client = known(world), world.client(world.coordinator)
    data = {"name": "Vieno", "family_name": "Suvilehto", "age": "5", "born_on": "4.3.2021"}
    answer = client.post(reverse("case-siblings", args=[case.ref]), data)
    assert answer.status_code == 422
    assert vieno.ref in answer.content.decode()
    assert Case.objects.count() == 2
    with pytest.raises(AlreadyHere), wearing("area", world.coordinator.pk):
        add_sibling(
            case=case, child=Child("Vieno", "Suvilehto", 5, BORN), along=[], by=world.coordinator,
            now=timezone.now(),
        )  # fmt: skip
    target = reverse("case-sibling-bond", args=[case.ref])
    answer = client.post(target, {"bond-number": "ei-ole"})
    assert answer.status_code == 422
    assert "ei-ole" in answer.content.decode()
    assert client.post(target, {"bond-number": vieno.ref}).status_code == 302
    assert client.post(target, {"bond-number": vieno.ref}).status_code == 302
    assert [row.ref for row in siblings_of(case)] == [vieno.ref]
    assert world.client(world.member).post(target, {"bond-number": vieno.ref}).status_code == 403


def test_binding_carries_precautions_both_ways_and_takes_no_stranger(world: World, case: Case) -> None:
    vieno = world.case(call=f"{today() - timedelta(days=2)} 09:00", child="Vieno")
    Case.objects.filter(pk=vieno.pk).update(guardians_apart=True)
    Recusal.objects.create(
        case=case, user=world.colleague, reason="kin", marked_by=world.coordinator, marked_at=timezone.now()
    )
    protected(world, case)
    by, now = world.coordinator, timezone.now()
    for other, who in ((case.ref, by), ("aaaa-bbbb", by), (vieno.ref, world.second_coordinator)):
        with pytest.raises(NotAllowed), wearing("area", who.pk):
            bind_siblings(case=case, other=other, by=who, now=now)
    with wearing("area", by.pk):
        bind_siblings(case=case, other=vieno.ref, by=by, now=now)
    for row in Case.objects.all():
        assert (row.protected, row.guardians_apart, row.recusals.get().user) == (True, True, world.colleague)


def test_who_leads_one_and_is_disqualified_in_the_other_hands_over_first(world: World, case: Case) -> None:
    vieno = world.case(call=f"{today() - timedelta(days=2)} 09:00", child="Vieno")
    Recusal.objects.create(
        case=vieno, user=case.coordinator, reason="kin", marked_by=world.coordinator, marked_at=timezone.now()
    )
    Case.objects.filter(pk=vieno.pk).update(coordinator=vieno.coordinator)
    with pytest.raises(NotAllowed), wearing("area", world.second_coordinator.pk):
        bind_siblings(case=case, other=vieno.ref, by=world.second_coordinator, now=timezone.now())
    assert not Sibling.objects.exists()


def test_a_hand_over_to_another_area_says_that_the_siblings_stay(world: World, case: Case) -> None:
    target, client = reverse("case-hand-over", args=[case.ref]), world.client(world.coordinator)
    assert "Sisarusten tilanteet jäävät tänne" not in client.get(target).content.decode()
    sibling(world, case)
    assert "Sisarusten tilanteet jäävät tänne" in client.get(target).content.decode()

"""Disqualification, hand-over and the lead that can't be lost: each deed in the hat in which it is done."""

import uuid
from datetime import date
from typing import Any

import pytest
from django.db import Error, IntegrityError, ProgrammingError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from cases.access import NotAllowed
from cases.actions.standing import end_hand_over, propose_hand_over
from cases.actions.task import open_task
from cases.models import Call, Case, CaseText, Concern, HandOver, Membership, Recusal, Task
from meetings.actions import meeting as meetings
from meetings.actions.standing import accept_hand_over, recuse
from meetings.models import Commitment, Meeting
from networks.models import Role, RoleMembership, User
from tests.personas import World, at
from yhteiso.hats.wear import wearing


@pytest.fixture
def case(world: World) -> Case:
    return world.case()


def marks(case: Case, by: User, user: User | None = None, **more: Any) -> None:
    with wearing(by.hat, by.pk):
        recuse(case=case, user=user or by, reason="kin", by=by, now=timezone.now(), **more)


def sees(hat: str, user: User) -> int:
    with wearing(hat, user.pk):
        return sum(model.objects.count() for model in (Case, Meeting, Commitment))


def proposed(world: World, case: Case) -> Meeting:
    return meetings.propose(
        case=case, starts_at=at("2099-06-16 14:30"), minutes=75, place="", by=world.coordinator, now=timezone.now()
    )


def check_at_commit() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


# -- disqualification


def test_a_member_marks_themself_and_loses_it_all(world: World, case: Case) -> None:
    client = world.client(world.professional)
    url = reverse("case-recusal", args=[case.ref])
    assert client.get(url).status_code == 200
    assert client.post(url, {}).status_code == 422
    assert client.post(url, {"reason": "own"}).status_code == 302
    row = Recusal.objects.get()
    assert (row.user_id, row.marked_by_id, row.reason) == (world.professional.pk, world.professional.pk, "own")
    for name in ("case", "case-recusal"):
        assert client.get(reverse(name, args=[case.ref])).status_code == 404
    assert sees("member", world.professional) == 0
    with wearing("member", world.professional.pk):
        assert not Concern.objects.exists()  # not even the own text
    task = Task.objects.get(kind="recused")
    assert task.to_id == world.coordinator.pk
    event = case.events.get(kind="recused")
    shown = world.client(world.member).get(reverse("case", args=[case.ref])).content.decode()
    assert "Kaisa Koivupuro" not in shown.split('id="tapahtumat"')[1].split("</section>")[0].split(event.kind)[0]


def test_a_member_marks_nobody_else(world: World, case: Case) -> None:
    with pytest.raises(NotAllowed):
        marks(case, world.professional, world.member)
    client = world.client(world.professional)
    client.post(reverse("case-recusal", args=[case.ref]), {"reason": "own", "person": str(world.member.pk)})
    assert set(Recusal.objects.values_list("user_id", flat=True)) <= {world.professional.pk}
    # and the function itself, asked by hand
    with wearing("member", world.member.pk), connection.cursor() as cursor:
        cursor.execute("SELECT sec.recuse(%s, %s, 'own', NULL, NULL, now(), now())", [case.pk, world.coordinator.pk])
        assert cursor.fetchone()[0] is None
    with pytest.raises(ProgrammingError, match="permission denied"), wearing("area", world.coordinator.pk):
        Recusal.objects.create(
            case=case, user=world.member, reason="own", marked_by=world.coordinator, marked_at=timezone.now()
        )


def test_a_coordinator_marks_a_member_and_another_coordinator(world: World, case: Case) -> None:
    marks(case, world.coordinator, world.member)
    assert sees("member", world.member) == 0
    marks(case, world.coordinator, world.second_coordinator)
    assert sees("area", world.second_coordinator) == 0
    with wearing("area", world.second_coordinator.pk):
        assert not CaseText.objects.exists()
        assert not Call.objects.exists()
    assert world.client(world.second_coordinator).get(reverse("case", args=[case.ref])).status_code == 404
    names = world.client(world.coordinator).get(reverse("case-recusal", args=[case.ref])).content.decode()
    assert "Noora Lehtovaara" in names.split('id="esteelliset"')[1]


@pytest.mark.parametrize("who", ["self", "responsible"])
def test_a_disqualified_lead_passes_it_to_another_area_at_once(world: World, case: Case, who: str) -> None:
    meeting = proposed(world, case)
    open_task(kind="consent_withdrawn", case=case, to=world.coordinator.pk, due_at=timezone.now(), now=timezone.now())
    by = world.coordinator if who == "self" else world.responsible
    with pytest.raises(NotAllowed):
        marks(case, by, world.coordinator)
    with pytest.raises(NotAllowed):  # of the own area: no
        marks(case, by, world.coordinator, successor=world.second_coordinator, area=world.area)
    with pytest.raises(NotAllowed):  # not a coordinator there
        marks(case, by, world.coordinator, successor=world.professional, area=world.other_area)
    marks(case, by, world.coordinator, successor=world.other_coordinator, area=world.other_area)
    check_at_commit()
    case.refresh_from_db()
    assert (case.coordinator_id, case.area_id) == (world.other_coordinator.pk, world.other_area.pk)
    assert case.lead.user_id == world.other_coordinator.pk
    for user in (world.coordinator, world.second_coordinator):
        assert sees("area", user) == 0
        with wearing("area", user.pk):
            assert not Task.objects.exists()
    assert sees("area", world.other_coordinator) > 0
    assert meeting.participants.filter(membership_id=case.lead_id).count() == 1
    assert set(Task.objects.open().values_list("to_id", "kind")) == {
        (world.other_coordinator.pk, "consent_withdrawn"), (world.other_coordinator.pk, "handed_over"),
    }  # fmt: skip


def test_the_page_of_a_disqualified_lead_asks_for_the_successor(world: World, case: Case) -> None:
    client, url = world.client(world.coordinator), reverse("case-recusal", args=[case.ref])
    data = {"person": str(world.coordinator.pk), "reason": "own"}
    assert client.post(url, data).status_code == 422
    assert client.post(url, data | {"successor": str(world.second_coordinator.pk)}).status_code == 422
    response = client.post(url, data | {"successor": str(world.other_coordinator.pk)})
    assert response.status_code == 302
    assert client.get(reverse("case", args=[case.ref])).status_code == 404
    assert world.client(world.other_coordinator).get(reverse("case", args=[case.ref])).status_code == 200


def test_disqualified_in_every_hat_that_somebody_wears(world: World, case: Case) -> None:
    """One person with every role: after the mark no hat shows the situation, nor does a day's opening."""
    everybody = world.coordinator
    for role, more in [
        (Role.PROFESSIONAL, {}), (Role.UNIT_HEAD, {"unit": world.day_care}), (Role.OFFICER, {}),
        (Role.LEADERSHIP, {"area": world.area}), (Role.ADMINISTRATOR, {}),
    ]:  # fmt: skip
        RoleMembership.objects.create(user=everybody, role=role, starts_on=date(2020, 1, 1), **more)
    person = User.people.get(pk=everybody.pk)
    row = Commitment(
        case=case, meeting=proposed(world, case), kind="promise", what="Soitan", due_on=date(2026, 7, 1), unit=world.day_care,
        membership=case.memberships.get(user=world.professional), owner=world.professional, agreed_at=timezone.now(),
        form_key=uuid.uuid4(), written_at=timezone.now(), written_by=world.coordinator,
    )  # fmt: skip
    row.save()
    with wearing("unit", person.pk):
        assert Commitment.objects.values("pk").count() == 1
    marks(case, person, successor=world.other_coordinator, area=world.other_area)
    with wearing("unit", person.pk):
        assert Commitment.objects.values("pk").count() == 0
    with wearing("officer", person.pk):
        assert not Recusal.objects.exists()
    for hat in ("area", "member"):
        assert sees(hat, person) == 0
    roles = {role.role: role.pk for role in person.roles.all()}
    for chosen in roles.values():
        client = world.client(person)
        session = client.session
        session["role"] = chosen
        session.save()
        response = client.get(reverse("case", args=[case.ref]))
        assert response.status_code == 404
        for name in ("home", "board", "case-list", "meeting-list", "commitment-list", "unit-commitments", "task-list"):
            assert "Aatu" not in client.get(reverse(name), follow=True).content.decode(), name


def test_what_a_disqualified_member_promised_waits_for_the_unit(world: World, case: Case) -> None:
    Commitment.objects.create(
        case=case, meeting=proposed(world, case), kind="promise", what="Soitan", due_on=date(2099, 7, 1), unit=world.guidance,
        membership=case.memberships.get(user=world.member), owner=world.member, agreed_at=timezone.now(),
        form_key=uuid.uuid4(), written_at=timezone.now(), written_by=world.coordinator,
    )  # fmt: skip
    client, url = world.client(world.coordinator), reverse("case", args=[case.ref])
    assert "Siirrettävä" not in client.get(url).content.decode()
    marks(case, world.coordinator, world.member)
    assert "Siirrettävä" in client.get(url).content.decode()
    assert Commitment.objects.get().status == "open"


# -- hand-over


def offers(case: Case, to: User, by: User) -> HandOver:
    with wearing("area", by.pk):
        return propose_hand_over(case=case, to=to, reason="Jään lomalle.", by=by, now=timezone.now())


def accepts(row: HandOver, by: User) -> int:
    with wearing("area", by.pk):
        return accept_hand_over(hand_over=HandOver.objects.get(pk=row.pk), by=by, now=timezone.now())


def test_to_a_coordinator_of_another_area_who_sees_no_name_before(world: World, case: Case) -> None:
    meeting = proposed(world, case)
    own, other = world.client(world.coordinator), world.client(world.other_coordinator)
    response = own.post(
        reverse("case-hand-over", args=[case.ref]), {"to": str(world.other_coordinator.pk), "reason": "Perhe muutti."}
    )
    assert response.status_code == 302
    row = HandOver.objects.get()
    url = reverse("hand-over", args=[row.ref])
    shown = other.get(url).content.decode()
    assert "Perhe muutti." in shown
    for secret in ("Aatu", "Suvilehto", case.ref):
        assert secret not in shown
        assert secret not in other.get(reverse("task-list")).content.decode()
    assert url in other.get(reverse("task-list")).content.decode()
    for user in (world.professional, world.member, world.officer):
        assert world.client(user).get(url).status_code == 404
    assert other.post(reverse("hand-over-acceptance", args=[row.ref])).url == reverse("case", args=[case.ref])
    check_at_commit()
    case.refresh_from_db()
    assert (case.coordinator_id, case.area_id) == (world.other_coordinator.pk, world.other_area.pk)
    assert meeting.participants.filter(membership_id=case.lead_id).count() == 1
    assert own.get(reverse("case", args=[case.ref])).status_code == 404
    assert not Task.objects.open().filter(kind="hand_over").exists()


def test_asking_is_accepted_by_the_lead_or_who_answers_for_the_area_only(world: World, case: Case) -> None:
    third = world.person("Aino Kolmas", Role.COORDINATOR, world.guidance, area=world.area)
    row = offers(case, world.second_coordinator, world.second_coordinator)
    for user in (world.second_coordinator, third, world.other_coordinator):
        with pytest.raises(NotAllowed):
            accepts(row, user) if user != world.other_coordinator else accept_in(row, user)
    assert accepts(row, world.coordinator) == case.pk
    case.refresh_from_db()
    assert case.coordinator_id == world.second_coordinator.pk
    back = offers(case, world.coordinator, world.coordinator)
    responsible = world.person("Vastuu Henkilö", Role.RESPONSIBLE, world.guidance, area=world.area)
    assert accepts(back, responsible) == case.pk


def accept_in(row: HandOver, user: User) -> int:
    with wearing("area", user.pk):
        return accept_hand_over(hand_over=row, by=user, now=timezone.now())


def test_only_who_answers_offers_to_others(world: World, case: Case) -> None:
    with pytest.raises(NotAllowed):
        offers(case, world.other_coordinator, world.second_coordinator)
    client = world.client(world.second_coordinator)
    client.post(reverse("case-hand-over", args=[case.ref]), {"to": str(world.other_coordinator.pk), "reason": "x"})
    assert set(HandOver.objects.values_list("to_user_id", flat=True)) <= {world.second_coordinator.pk}


def test_no_and_taking_back_leave_the_lead(world: World, case: Case) -> None:
    for by in (world.other_coordinator, world.coordinator):
        row = offers(case, world.other_coordinator, world.coordinator)
        with pytest.raises(NotAllowed), wearing("area", world.second_coordinator.pk):
            end_hand_over(hand_over=row, by=world.second_coordinator, now=timezone.now())
        response = world.client(by).post(reverse("hand-over-refusal", args=[row.ref]))
        assert response.status_code == 302
        row.refresh_from_db()
        assert row.ended_by_id == by.pk
        with pytest.raises(NotAllowed):
            accept_in(row, world.other_coordinator)
        assert not Task.objects.open().filter(kind="hand_over").exists()
    case.refresh_from_db()
    assert case.coordinator_id == world.coordinator.pk
    assert case.events.filter(kind="hand_over_ended").count() == 2


def test_tasks_of_the_old_lead_move_and_promises_stay(world: World, case: Case) -> None:
    open_task(kind="recused", case=case, to=world.coordinator.pk, due_at=timezone.now(), now=timezone.now(), about="x")
    row = offers(case, world.second_coordinator, world.coordinator)
    accepts(row, world.second_coordinator)
    assert Task.objects.open().get(kind="recused").to_id == world.second_coordinator.pk


@pytest.mark.parametrize("how", ["suspended", "role ended"])
def test_a_situation_without_its_lead_is_told_and_can_be_asked_for(world: World, case: Case, how: str) -> None:
    world.area.responsible = responsible = world.person("Vastuu Henkilö", Role.RESPONSIBLE, world.guidance, area=world.area)
    world.area.save()
    client = world.client(world.second_coordinator)
    note = "Tilanne on ilman vastuuhenkilöä"
    assert note not in client.get(reverse("board")).content.decode()
    if how == "suspended":
        User.objects.filter(pk=world.coordinator.pk).update(is_active=False)
    else:
        world.coordinator.roles.update(ends_on="2021-01-01")
    for url in (reverse("board"), reverse("case", args=[case.ref]), reverse("case-hand-over", args=[case.ref])):
        assert note in client.get(url).content.decode(), url
    client.post(reverse("case-hand-over", args=[case.ref]), {"deed": "ask", "reason": "Otan tämän."})
    row = HandOver.objects.get()
    with pytest.raises(NotAllowed):
        accept_in(row, world.person("Aino Kolmas", Role.COORDINATOR, world.guidance, area=world.area))
    assert accepts(row, responsible) == case.pk
    assert note not in client.get(reverse("case", args=[case.ref])).content.decode()


# -- the lead, held by the database


def refused_at_commit(deed: Any) -> str:
    with pytest.raises(Error) as error, transaction.atomic():  # noqa: PT012  either may be refused
        deed()
        check_at_commit()
    return str(error.value)


def test_a_lead_is_never_empty_nor_of_another_situation_nor_somebody_else_s(world: World, case: Case) -> None:
    other = world.case(child="Otso")
    seat = case.memberships.get(user=world.member)
    with pytest.raises(IntegrityError, match="lead_id"), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(lead=None)
    assert "case_lead_is_its_coordinator" in refused_at_commit(
        lambda: Case.objects.filter(pk=case.pk).update(lead_id=other.lead_id)
    )
    assert "has a lead" in refused_at_commit(
        lambda: Case.objects.filter(pk=case.pk).update(lead=seat, coordinator=world.member)
    )
    Membership.objects.filter(pk=seat.pk).update(role="coordinator")  # a seat of that kind, but somebody else's
    assert "case_lead_is_its_coordinator" in refused_at_commit(lambda: Case.objects.filter(pk=case.pk).update(lead=seat))


def test_an_ended_lead_is_refused_at_commit_also_for_the_coordinator(world: World, case: Case) -> None:
    def end() -> None:
        with wearing("area", world.coordinator.pk):
            seats = Membership.objects.filter(pk=case.lead_id)
            assert seats.update(ended_at=timezone.now(), ended_by=world.coordinator, end_reason="x") == 1

    assert "has a lead" in refused_at_commit(end)
    assert Membership.objects.get(pk=case.lead_id).ended_at is None


def test_a_swap_passes(world: World, case: Case) -> None:
    accepts(offers(case, world.second_coordinator, world.coordinator), world.second_coordinator)
    check_at_commit()

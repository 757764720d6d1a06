"""A request for help in PostgreSQL: who adds one, who reads it, its clock, and the coordinator's call about it."""

import json
import uuid
from datetime import datetime
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, ProgrammingError, connection, transaction
from django.urls import reverse

from cases.access import NotAllowed
from cases.actions import help_request, intake
from cases.actions.sweep import sweep
from cases.actions.tick import tick
from cases.models import Call, Case, Deadline, EscalationTo, HelpRequest, Message
from networks.models import User
from tests.personas import World, at
from yhteiso.hats.roles import HATS, WEB_HATS
from yhteiso.hats.wear import wearing
from yhteiso.outbox.models import Outgoing

SECRET = "Poika itkee ovella yövuoron jälkeen."
FRIDAY = at("2026-06-05 12:46")  # the third working day after it is Wednesday the 10th


def send(world: World, *, now: datetime = FRIDAY, **fields: Any) -> HelpRequest:
    return world.help_request(now=now, **fields)


def steps(row: HelpRequest) -> list[tuple[int, str, str]]:
    found = Deadline.objects.filter(kind="help_request", about=str(row.pk)).order_by("step")
    return [(one.step, str(one.state), f"{one.due_at.astimezone(FRIDAY.tzinfo):%d.%m. %H:%M}") for one in found]


def answered(world: World, row: HelpRequest, route: str, *, by: User | None = None, now: datetime) -> Call:
    by = by or world.coordinator
    with wearing("area", by.pk):
        call = intake.begin_call(by=by, area=row.area, request=HelpRequest.objects.get(pk=row.pk), now=now)
        call = intake.save_call(call=call, version=call.version, now=now, route=route, consent="oral", child_name="Väinö")
        return intake.finish_call(call=call, by=by, now=now)


# -- the walls


def asked(hat: str, user: User | None, statement: str) -> int:
    with transaction.atomic(), wearing(hat, user.pk if user else None), connection.cursor() as cursor:
        cursor.execute(statement)
        return len(cursor.fetchall())


@pytest.mark.parametrize("hat", HATS)
def test_no_hat_but_the_area_reads_a_word_and_none_adds_by_itself(world: World, hat: str) -> None:
    row = send(world)
    user = {"area": world.coordinator, "member": world.member}.get(hat)
    for column in ("everyday", "ref", "phone"):
        if hat == "area":
            assert asked(hat, user, f"SELECT {column} FROM cases_helprequest") == 1
        else:
            with pytest.raises(ProgrammingError, match="permission denied"):
                asked(hat, user, f"SELECT {column} FROM cases_helprequest")
    for write in (f"DELETE FROM cases_helprequest WHERE id = {row.pk}", "INSERT INTO cases_helprequest DEFAULT VALUES"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            asked(hat, user, write)


def test_only_the_own_area_and_the_page_say_the_same(world: World) -> None:
    row = send(world)
    for user, hat, sees in (
        (world.coordinator, "area", True), (world.second_coordinator, "area", True), (world.other_coordinator, "area", False),
        (world.member, "member", False), (world.leader, "report", False),
    ):  # fmt: skip
        assert (row in HelpRequest.objects.visible_to(user)) == sees
        if hat == "area":
            with wearing(hat, user.pk):
                assert HelpRequest.objects.filter(pk=row.pk).exists() == sees


def test_the_area_changes_the_answer_and_nothing_that_was_asked_of_it(world: World) -> None:
    row = send(world)
    for column, value in (("source", "child"), ("sent_at", FRIDAY), ("ref", "x")):
        with pytest.raises(ProgrammingError, match="permission denied"), wearing("area", world.coordinator.pk):
            HelpRequest.objects.filter(pk=row.pk).update(**{column: value})
    with pytest.raises(ProgrammingError, match="row-level security"), wearing("area", world.coordinator.pk):
        HelpRequest.objects.filter(pk=row.pk).update(area_id=world.other_area.pk)  # never into another's area
    with wearing("area", world.other_coordinator.pk):
        assert HelpRequest.objects.filter(pk=row.pk).update(answered_at=FRIDAY, answered_by=world.other_coordinator) == 0
    with wearing("area", world.coordinator.pk):
        assert HelpRequest.objects.filter(pk=row.pk).update(answered_at=FRIDAY, answered_by=world.coordinator) == 1


@pytest.mark.parametrize("hat", WEB_HATS)
def test_a_known_form_key_gives_its_number_and_changes_nothing(world: World, hat: str) -> None:
    row = send(world)
    with wearing(hat, None):
        again = help_request.send(
            area=world.other_area, form_key=row.form_key, now=FRIDAY,
            **dict.fromkeys(help_request.FIELDS, "") | {"source": "child", "everyday": "x", "phone": "1"}
            | {"child_age": None, "interpreter": False, "protected": False},
        )  # fmt: skip
    assert again == row.ref
    assert HelpRequest.objects.get().everyday == SECRET


def test_the_function_writes_this_request_s_steps_only(world: World) -> None:
    """Even with rows made by hand: of another kind, of a situation, told already."""
    case = world.case()
    before = Deadline.objects.filter(case=case).count()
    row = {
        "id": str(uuid.uuid4()), "kind": "meeting", "case_id": case.pk, "step": 9, "state": "open", "late_at": "2026-07-01",
        "due_at": "2026-07-01",
    }  # fmt: skip
    told = dict.fromkeys(help_request.FIELDS, "") | {"source": "child", "child_age": None}
    told |= {"interpreter": False, "protected": False}
    with wearing("public"), connection.cursor() as cursor:
        rows = json.dumps([row, row | {"id": str(uuid.uuid4()), "state": "told", "step": 8}])
        cursor.execute(help_request.SEND, [uuid.uuid4(), world.area.pk, "A" * 12, FRIDAY, json.dumps(told), rows])
    assert Deadline.objects.filter(case=case).count() == before
    assert Deadline.objects.filter(kind="help_request").values_list("step", "case_id").get() == (9, None)


@pytest.mark.parametrize(
    "fields",
    [{"everyday": "x" * 2001}, {"source": "professional"}, {"child_age": 21}, {"phone": "1" * 41}],
    ids=lambda fields: next(iter(fields)),
)
def test_the_database_refuses_what_no_form_sends(world: World, fields: dict[str, Any]) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        send(world, **fields)
    assert not Deadline.objects.filter(kind="help_request").exists()


def test_a_call_answers_one_contact_and_an_answering_call_is_not_deleted(world: World) -> None:
    row, concern = send(world), world.concern(now=FRIDAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        Call.objects.create(
            area=world.area, taken_by=world.coordinator, began_at=FRIDAY, concern=concern, help_request=row
        )  # fmt: skip
    with wearing("area", world.coordinator.pk):
        call = intake.begin_call(by=world.coordinator, area=world.area, request=row, now=FRIDAY)
        with pytest.raises(NotAllowed):
            intake.discard_call(call=call, now=FRIDAY)
        assert Call.objects.filter(pk=call.pk).delete()[0] == 0


# -- the clock


def test_the_clock_begins_with_the_request_and_tells_the_coordinators_at_once(world: World) -> None:
    row, responsible = send(world), world.responsible
    assert steps(row) == [
        (1, "open", "05.06. 12:46"), (2, "open", "09.06. 08:00"), (3, "open", "10.06. 08:00"), (4, "open", "11.06. 08:00"),
    ]  # fmt: skip
    assert {one.late_at for one in Deadline.objects.filter(kind="help_request")} == {at("2026-06-10 16:00")}
    tick(now=at("2026-06-05 12:47"))
    told = EscalationTo.objects.filter(escalation__kind="help_request").values_list("to__name", "role")
    assert set(told) == {("Riikka Tuulenpää", "coordinators"), ("Noora Lehtovaara", "coordinators")}
    mails = Outgoing.objects.filter(about__in=[str(pk) for pk in Message.objects.values_list("pk", flat=True)])
    assert {(mail.text, mail.channel) for mail in mails} == {("notice", "email")}
    tick(now=at("2026-06-11 08:00"))
    assert responsible.pk in EscalationTo.objects.filter(escalation__step=4).values_list("to_id", flat=True)


def test_at_the_weekend_the_first_telling_waits_for_the_morning(world: World) -> None:
    row = send(world, now=at("2026-06-06 21:00"))
    assert steps(row)[0] == (1, "open", "08.06. 08:00")
    assert {one.late_at for one in Deadline.objects.filter(kind="help_request")} == {at("2026-06-10 16:00")}


def test_the_message_leads_to_the_board_and_names_nobody(world: World) -> None:
    send(world)
    tick(now=at("2026-06-05 12:47"))
    body = world.client(world.coordinator).get(reverse("messages")).content.decode()
    assert "Avunpyyntö" in body
    assert reverse("board") + "#odottaa" in body
    assert "Väinö" not in body
    assert SECRET not in body


def test_the_sweeper_misses_no_request_and_finds_nothing_to_mend_otherwise(world: World) -> None:
    row = send(world)
    found = sweep(repair=True, now=FRIDAY).found
    assert not [name for name in found if "help_request" in name]
    Deadline.objects.filter(kind="help_request").delete()
    assert sweep(repair=True, now=FRIDAY).mended["missing_help_request"] == 1
    assert [one[0] for one in steps(row)] == [1, 2, 3, 4]
    HelpRequest.objects.update(answered_at=FRIDAY, answered_by=world.coordinator)
    assert sweep(repair=True, now=FRIDAY).mended["stale_help_request"] == 4


# -- the coordinator's side


def test_the_board_tells_who_asks_and_the_press_opens_a_filled_in_call(world: World) -> None:
    row = send(world, source="child", interpreter=True)
    client = world.client(world.coordinator)
    board = client.get(reverse("board")).content.decode()
    assert "Nuori pyytää apua" in board
    assert "040 000 0122" in board
    assert SECRET not in board
    first = client.post(reverse("call-start"), {"request": row.ref})
    assert client.post(reverse("call-start"), {"request": row.ref}).url == first.url
    call = Call.objects.get()
    assert (call.source, call.child_name, call.child_age, call.everyday, call.around) == (
        "child", "Väinö", 4, SECRET, "Kuusiranta",
    )  # fmt: skip
    assert (call.caller_name, call.guardians) == ("nuori", "")
    body = client.get(first.url).content.decode()
    for text in ("Nuori pyytää apua", "Älä kerro kotiin.", "040 000 0122", "Tarvitsee tulkin", SECRET):
        assert text in body
    assert "Nuori pyytää apua" not in client.get(reverse("board")).content.decode()  # now it is an unfinished call


def test_a_guardian_s_call_carries_no_line_about_not_telling(world: World) -> None:
    row = send(world)
    client = world.client(world.coordinator)
    url = client.post(reverse("call-start"), {"request": row.ref}).url
    assert "Älä kerro kotiin." not in client.get(url).content.decode()


@pytest.mark.parametrize("ref", ["0000-0000-00", "x", "'"])
def test_a_request_of_another_area_or_none_is_404(world: World, ref: str) -> None:
    row = send(world)
    assert world.client(world.other_coordinator).post(reverse("call-start"), {"request": row.ref}).status_code == 404
    assert world.client(world.coordinator).post(reverse("call-start"), {"request": ref}).status_code == 404
    assert world.client(world.member).post(reverse("call-start"), {"request": row.ref}).status_code == 404
    assert not Call.objects.exists()


def test_the_two_weeks_run_from_the_request_and_the_answer_ends_its_clock(world: World) -> None:
    row = send(world, source="child")
    answered(world, row, "network", now=at("2026-06-09 10:00"))
    case, row = Case.objects.get(), HelpRequest.objects.get()
    assert (case.t0_at, case.caller_label) == (FRIDAY, "Perhe tai läheinen")
    assert (row.case_id, row.answered_by_id, row.answered_at) == (case.pk, world.coordinator.pk, at("2026-06-09 10:00"))
    assert row.everyday == SECRET
    assert {state for _step, state, _due in steps(row)} == {"ended"}
    with wearing("area", world.other_coordinator.pk):
        assert not HelpRequest.objects.exists()


def test_of_a_consultation_without_names_nothing_of_the_request_is_left(world: World) -> None:
    row = send(world)
    answered(world, row, "consultation", now=at("2026-06-09 10:00"))
    row = HelpRequest.objects.get()
    left = {row.everyday, row.strengths, row.child_name, row.place, row.phone, row.suits, row.language}
    assert (left, row.child_age) == ({""}, None)
    assert row.answered_at is not None
    assert Call.objects.get().everyday == ""


def test_advice_is_an_answer_that_opens_no_situation(world: World) -> None:
    row = send(world)
    answered(world, row, "advice", now=at("2026-06-09 10:00"))
    assert (HelpRequest.objects.get().case_id, Case.objects.count()) == (None, 0)


def test_whoever_takes_a_protected_request_goes_on_alone(world: World) -> None:
    row = send(world, protected=True, place="")
    board = world.client(world.second_coordinator).get(reverse("board")).content.decode()
    assert "Osoitetta ei saa näkyä" in board
    assert "040 000 0122" not in board
    assert "Väinö" not in board
    call = intake.begin_call(by=world.coordinator, area=world.area, request=row, now=FRIDAY)
    assert call.protected
    assert row not in HelpRequest.objects.visible_to(world.second_coordinator)
    assert row in HelpRequest.objects.visible_to(world.coordinator)
    with wearing("area", world.second_coordinator.pk):
        assert not HelpRequest.objects.exists()
        with pytest.raises(NotAllowed):
            intake.begin_call(by=world.second_coordinator, area=world.area, request=row, now=FRIDAY)
    with wearing("area", world.coordinator.pk):
        assert HelpRequest.objects.get() == row
    assert world.client(world.second_coordinator).post(reverse("call-start"), {"request": row.ref}).status_code == 404

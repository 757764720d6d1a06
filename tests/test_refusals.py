"""Every refusal of an action: the sentence is raised, and nothing has changed."""

import uuid
from datetime import date

import pytest

from cases.access import NotAllowed
from cases.actions import clock, intake, network
from cases.models import Case, Membership, TwoWeekOutcome
from meetings.actions import commitment, logbook, meeting, outcome
from meetings.models import Commitment, Logbook, LogbookTemplate, Meeting
from meetings.tasks import write_missed_outcomes
from tests.personas import World, at
from yhteiso.hats.wear import wearing

NOW = at("2026-06-08 09:00")


def proposed(world: World, case: Case, when: str = "2026-06-16 14:30") -> Meeting:
    return meeting.propose(case=case, starts_at=at(when), minutes=75, place="", by=world.coordinator, now=NOW)


def written(world: World, case: Case) -> tuple[Logbook, Commitment]:
    row = proposed(world, case)
    book = logbook.open_logbook(meeting=row, by=world.coordinator, now=NOW)
    member = case.memberships.get(user=world.member)
    promise = logbook.write_commitment(
        logbook=book, form_key=uuid.uuid4(), kind="promise", what="Soitan", membership=member, due_on=date(2026, 6, 20),
        by=world.coordinator, now=NOW,
    )  # fmt: skip
    return book, promise


def held(world: World, book: Logbook) -> Meeting:
    return meeting.hold(
        meeting=book.meeting,
        began_at=at("2026-06-16 14:30"),
        present=set(),
        by=world.coordinator,
        now=at("2026-06-16 16:00"),
    )


def test_a_masked_caller_is_named_by_nothing_of_theirs(world: World) -> None:
    concern = world.concern(now=NOW)
    call = intake.begin_call(by=world.coordinator, area=world.area, concern=concern, now=NOW)
    call = intake.save_call(call=call, version=0, now=NOW, caller_masked=True, consent="oral", route="network")
    case = intake.finish_call(call=call, by=world.coordinator, now=NOW).case
    assert case is not None
    assert "Kaisa" not in case.caller_label
    member = Membership.objects.get(case=case, user=world.professional)
    assert "Kaisa" not in member.name + member.title
    assert "Pikkukäpy" not in member.name + member.title


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Valitse, mitä tehdään"),
        ({"route": "network", "consent": "oral"}, "etunimi"),
        ({"route": "network", "child_name": "Aatu"}, "perhe tietää"),
        ({"route": "network", "child_name": "Aatu", "consent": "unaware"}, "perhe tietää"),
    ],
)
def test_a_call_is_not_finished_without_what_its_route_needs(world: World, fields: dict[str, str], sentence: str) -> None:
    call = intake.begin_call(by=world.coordinator, area=world.area, now=NOW)
    call = intake.save_call(call=call, version=call.version, now=NOW, **fields)
    with pytest.raises(NotAllowed, match=sentence):
        intake.finish_call(call=call, by=world.coordinator, now=NOW)
    assert not Case.objects.exists()


def test_an_anonymous_consultation_keeps_nothing_that_names_anybody(world: World) -> None:
    concern = world.concern(now=NOW, family_asked="thinking")
    call = intake.begin_call(by=world.coordinator, area=world.area, concern=concern, now=NOW)
    call = intake.save_call(
        call=call, version=0, now=NOW, guardians="Jenna Suvilehto", child_family_name="Suvilehto", route="consultation"
    )
    call = intake.finish_call(call=call, by=world.coordinator, now=NOW)
    concern.refresh_from_db()
    kept = " ".join(str(value) for row in (call, concern) for value in vars(row).values())
    for name in ("Suvilehto", "Jenna", "Aatu", "Pikkukäpy"):
        assert name not in kept.replace(concern.strengths, "").replace(concern.everyday, "")


def test_a_finished_call_is_not_saved_again(world: World) -> None:
    call = intake.begin_call(by=world.coordinator, area=world.area, now=NOW)
    call = intake.save_call(call=call, version=0, now=NOW, route="advice")
    call = intake.finish_call(call=call, by=world.coordinator, now=NOW)
    with pytest.raises(NotAllowed):
        intake.save_call(call=call, version=call.version, now=NOW, strengths="x")


def test_starts_that_change_nothing_or_have_been_overtaken(world: World) -> None:
    case = world.case()
    with pytest.raises(NotAllowed, match="jo puhelun aika"):
        clock.correct_start(case=case, new_at=case.t0_at, reason="x", by=world.coordinator, now=NOW)
    later = clock.correct_start(case=case, new_at=at("2026-06-07 10:00"), reason="x", by=world.coordinator, now=NOW)
    clock.correct_start(case=case, new_at=at("2026-06-04 10:00"), reason="x", by=world.coordinator, now=NOW)
    with pytest.raises(NotAllowed, match="muutettu"):
        clock.accept_correction(correction=later, by=world.second_coordinator, now=NOW)
    case.refresh_from_db()
    assert case.t0_at == at("2026-06-04 10:00")


def test_who_can_t_join_and_who_can_t_leave(world: World) -> None:
    case = world.case()
    world.colleague.is_active = False
    world.colleague.save()
    with pytest.raises(NotAllowed, match="ei ole enää käytössä"):
        network.add_member(case=case, user=world.colleague, must_attend=False, by=world.coordinator, now=NOW)
    with pytest.raises(NotAllowed, match="yhtä lasta"):
        network.add_person(case=case, kind="child", name="Toinen", by=world.coordinator, now=NOW)
    for member in (case.memberships.get(user=world.coordinator), case.memberships.get(person__kind="child")):
        with pytest.raises(NotAllowed):
            network.end_membership(case=case, membership=member, reason="x", by=world.coordinator, now=NOW)
    gone = case.memberships.get(user=world.left)
    assert network.end_membership(case=case, membership=gone, reason="x", by=world.coordinator, now=NOW) == gone
    assert case.memberships.get(user=world.left).end_reason == "siirtyi muualle"


@pytest.mark.parametrize(
    ("when", "sentence"),
    [("2026-06-19 09:00", "juhannusaatto"), ("2026-06-13 09:00", "viikonloppu"), ("2026-06-05 09:00", "edessä")],
)
def test_times_at_which_nobody_meets(world: World, when: str, sentence: str) -> None:
    with pytest.raises(NotAllowed, match=sentence):
        proposed(world, world.case(), when)
    assert not Meeting.objects.exists()


def test_a_time_is_not_confirmed_without_those_who_must_come_or_after_it_has_passed(world: World) -> None:
    case = world.case()
    row = proposed(world, case)
    seat = row.participants.get(membership__user=world.member)
    seat = meeting.answer(participant=seat, answer="no", by=world.coordinator, now=NOW)
    with pytest.raises(NotAllowed, match="Sari Hietaniitty"):
        meeting.confirm(meeting=row, by=world.coordinator, now=NOW)
    seat = meeting.answer(participant=seat, answer="none", by=world.coordinator, now=NOW)
    assert (seat.answered_at, seat.answered_by) == (None, None)
    with pytest.raises(NotAllowed, match="edessä"):
        meeting.confirm(meeting=row, by=world.coordinator, now=at("2026-06-16 15:00"))


def test_a_held_meeting_is_neither_held_moved_nor_answered_again(world: World) -> None:
    case = world.case()
    book, _ = written(world, case)
    row = held(world, book)
    with pytest.raises(NotAllowed):
        meeting.move_meeting(
            meeting=row, starts_at=at("2026-06-23 09:00"), minutes=60, place="", reason="illness", by=world.coordinator,
            now=at("2026-06-16 17:00"),
        )  # fmt: skip
    seat = row.participants.get(membership__user=world.member)
    with pytest.raises(NotAllowed):
        meeting.answer(participant=seat, answer="no", by=world.coordinator, now=at("2026-06-16 17:00"))
    with pytest.raises(NotAllowed):
        meeting.confirm(meeting=row, by=world.coordinator, now=at("2026-06-16 17:00"))


def test_a_moved_meeting_has_no_logbook_and_is_not_held(world: World) -> None:
    row = proposed(world, world.case())
    meeting.move_meeting(
        meeting=row, starts_at=at("2026-06-17 09:00"), minutes=60, place="", reason="illness", by=world.coordinator, now=NOW
    )
    row.refresh_from_db()
    with pytest.raises(NotAllowed, match="siirrettiin"):
        logbook.open_logbook(meeting=row, by=world.coordinator, now=NOW)
    with pytest.raises(NotAllowed):
        meeting.hold(
            meeting=row, began_at=at("2026-06-16 14:30"), present=set(), by=world.coordinator, now=at("2026-06-18 09:00")
        )


@pytest.mark.parametrize(
    ("began", "sentence"), [("2026-06-17 09:00", "tulevaisuudessa"), ("2026-06-01 09:00", "ennen puhelua")]
)
def test_a_meeting_began_between_the_call_and_now(world: World, began: str, sentence: str) -> None:
    row = proposed(world, world.case())
    with pytest.raises(NotAllowed, match=sentence):
        meeting.hold(meeting=row, began_at=at(began), present=set(), by=world.coordinator, now=at("2026-06-16 16:00"))
    assert not TwoWeekOutcome.objects.exists()


def test_a_logbook_needs_a_template(world: World) -> None:
    row = proposed(world, world.case())
    LogbookTemplate.objects.all().delete()
    with pytest.raises(NotAllowed, match="pohjaa"):
        logbook.open_logbook(meeting=row, by=world.coordinator, now=NOW)


def test_a_logbook_is_approved_only_with_the_child_heard_and_the_next_step_agreed(world: World) -> None:
    book, promise = written(world, world.case())
    by, after = world.coordinator, at("2026-06-16 16:10")

    def frame(version: int, **fields: object) -> Logbook:
        values = {"child_heard": "", "child_words": "", "next_on": None, "ends_here": False} | fields
        return logbook.save_frame(logbook=book, version=version, **values)  # type: ignore[arg-type]

    with pytest.raises(NotAllowed, match="pidetyksi"):
        logbook.approve(logbook=book, by=by, now=after)
    held(world, book)
    for version, fields, sentence in (
        (0, {}, "miten lasta kuultiin"),
        (0, {"child_heard": "not_asked"}, "miksi lapselta ei kysytty"),
        (1, {"child_heard": "present"}, "seuraava päivä"),
    ):
        frame(version, **fields)
        with pytest.raises(NotAllowed, match=sentence):
            logbook.approve(logbook=book, by=by, now=after)
    saved = frame(2, child_heard="present", ends_here=True)
    assert frame(0, child_heard="present", ends_here=True).version == saved.version  # the same again is no new version
    with pytest.raises(logbook.Stale):
        frame(0, child_heard="before", ends_here=True)
    assert logbook.approve(logbook=book, by=by, now=after).approved_at == after
    assert logbook.approve(logbook=book, by=by, now=at("2026-06-16 17:00")).approved_at == after
    promise.refresh_from_db()
    assert promise.agreed_at == after
    with pytest.raises(NotAllowed, match="hyväksytty"):
        frame(3, child_heard="before", ends_here=True)


def test_promises_belong_to_members_with_a_unit(world: World) -> None:
    case = world.case()
    book, _ = written(world, case)
    child = case.memberships.get(person__kind="child")
    gone = case.memberships.get(user=world.left)
    for member in (child, gone):
        with pytest.raises(NotAllowed):
            logbook.write_commitment(
                logbook=book, form_key=uuid.uuid4(), kind="promise", what="x", membership=member, due_on=date(2026, 6, 20),
                by=world.coordinator, now=NOW,
            )  # fmt: skip
    goal = logbook.write_commitment(
        logbook=book, form_key=uuid.uuid4(), kind="child_goal", what="Tulen kolmena aamuna", membership=child,
        due_on=date(2026, 6, 20), by=world.coordinator, now=NOW,
    )  # fmt: skip
    assert (goal.owner, goal.unit) == (None, None)


def test_only_the_owner_tells_how_a_promise_went(world: World) -> None:
    _, promise = written(world, world.case())
    with pytest.raises(NotAllowed, match="ei ole vielä sovittu"):
        commitment.resolve(commitment=promise, status="kept", remark="", by=world.member, now=NOW)
    Commitment.objects.update(agreed_at=NOW)
    with wearing("member", world.professional.pk), pytest.raises(NotAllowed):
        commitment.resolve(commitment=promise, status="kept", remark="", by=world.professional, now=NOW)
    with pytest.raises(NotAllowed, match="miten kävi"):
        commitment.resolve(commitment=promise, status="open", remark="", by=world.member, now=NOW)
    with wearing("member", world.member.pk):
        commitment.resolve(commitment=promise, status="partly", remark="kerran", by=world.member, now=NOW)
    promise.refresh_from_db()
    assert (promise.status, promise.note, promise.resolved_by) == ("partly", "kerran", world.member)


def test_nobody_answers_for_another(world: World) -> None:
    row = proposed(world, world.case())
    seat = row.participants.get(membership__user=world.member)
    with wearing("member", world.professional.pk), pytest.raises(NotAllowed):
        meeting.answer(participant=seat, answer="yes", by=world.professional, now=NOW)
    seat.refresh_from_db()
    assert seat.answer == "none"


def test_missed_weeks_are_written_by_the_job_once(world: World) -> None:
    case = world.case(call="2025-06-05 12:46")
    assert write_missed_outcomes() == 1
    assert write_missed_outcomes() == 0
    assert TwoWeekOutcome.objects.get(case=case).met is False
    Case.objects.filter(pk=case.pk).update(first_met_at=NOW)
    assert outcome.write_missed(case_id=case.pk, now=NOW) == 0

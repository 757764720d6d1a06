"""What a second look found: masks, hand-made times, closed families, consent that moves on, nothing in the session."""

import json

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import timezone

from cases.access import NotAllowed
from cases.actions import clock, network
from cases.actions.case import close, lock
from cases.models import Case, Person
from meetings.actions import logbook, meeting
from meetings.actions.outcome import write_missed
from meetings.models import Commitment
from tests.personas import World, at
from yhteiso.audit.models import LogEntry
from yhteiso.hats.wear import wearing

NOW = at("2026-06-08 09:00")


def proposed(world: World, case: Case, when: str = "2026-06-16 14:30", now: str = "2026-06-08 09:00"):
    return meeting.propose(
        case=case, starts_at=at(when), minutes=75, place="", note_taker=world.member, by=world.coordinator, now=at(now)
    )


def test_a_masked_member_s_name_is_on_no_page_of_the_network(world: World) -> None:
    case = world.case()
    case.memberships.filter(user=world.member).update(masked=True)
    row = proposed(world, case)
    book = logbook.open_logbook(meeting=row, by=world.coordinator, now=NOW)
    with wearing("member", world.member.pk):
        logbook.save_entry(
            logbook=book, theme=book.template.themes.get(position=0), version=0, mark="strength", note="Sanottua",
            said_by="", carry_to_plan=False, by=world.member, now=NOW,
        )  # fmt: skip
        logbook.save_frame(logbook=book, version=0, child_heard="present", child_words="", next_on=None, ends_here=True)
    meeting.hold(
        meeting=row, began_at=at("2026-06-16 14:30"), present=set(), by=world.coordinator, now=at("2026-06-16 16:00")
    )
    with wearing("member", world.member.pk):
        logbook.approve(logbook=book, by=world.member, now=at("2026-06-16 16:00"))
    client = world.client(world.professional)
    for name, args in (("case", [case.ref]), ("meeting", [case.ref, row.ref]), ("logbook", [case.ref, row.ref])):
        page = client.get(reverse(name, args=args))
        assert page.status_code == 200
        assert "Hietaniitty" not in page.content.decode(), name
        assert "Terveyspalvelut" in page.content.decode(), name


def test_an_applied_correction_is_not_accepted_again(world: World) -> None:
    case = world.case()
    later = clock.correct_start(case=case, new_at=at("2026-06-07 10:00"), reason="x", by=world.coordinator, now=NOW)
    clock.accept_correction(correction=later, by=world.second_coordinator, now=NOW)
    earlier = clock.correct_start(case=case, new_at=at("2026-06-03 10:00"), reason="y", by=world.coordinator, now=NOW)
    assert clock.accept_correction(correction=later, by=world.second_coordinator, now=NOW).new_at == later.new_at
    with pytest.raises(NotAllowed):
        clock.accept_correction(correction=earlier, by=world.second_coordinator, now=NOW)
    case.refresh_from_db()
    assert case.t0_at == at("2026-06-03 10:00")


def test_a_miss_is_not_written_once_the_start_has_moved(world: World) -> None:
    """The ids were listed before two people agreed on a later start: the row is looked at again under its lock."""
    case = world.case()
    assert write_missed(case_id=case.pk, now=at("2026-06-19 23:00")) == 0
    Case.objects.filter(pk=case.pk).update(day14_on="2026-06-30")
    assert write_missed(case_id=case.pk, now=at("2026-06-20 01:00")) == 0
    Case.objects.filter(pk=case.pk).update(day14_on="2026-06-19")
    assert write_missed(case_id=case.pk, now=at("2026-06-20 01:00")) == 1


def test_a_meeting_is_not_held_before_the_day_of_its_proposal(world: World) -> None:
    row = proposed(world, world.case(), "2026-06-25 09:00", "2026-06-24 09:00")
    with pytest.raises(NotAllowed, match="ehdotettiin"):
        meeting.hold(
            meeting=row, began_at=at("2026-06-10 09:00"), present=set(), by=world.coordinator, now=at("2026-06-25 12:00")
        )


def test_nothing_is_written_below_a_closed_case(world: World) -> None:
    case = world.case()
    row = proposed(world, case)
    book = logbook.open_logbook(meeting=row, by=world.coordinator, now=NOW)
    seat = row.participants.get(membership__user=world.member)
    close(case=case, by=world.coordinator, reason="declined", now=NOW)
    for deed in (
        lambda: meeting.hold(meeting=row, began_at=NOW, present=set(), by=world.coordinator, now=NOW),
        lambda: meeting.answer(participant=seat, answer="yes", by=world.coordinator, now=NOW),
        lambda: meeting.confirm(meeting=row, by=world.coordinator, now=NOW),
        lambda: logbook.approve(logbook=book, by=world.coordinator, now=NOW),
        lambda: logbook.save_frame(
            logbook=book, version=0, child_heard="present", child_words="", next_on=None, ends_here=True
        ),
    ):
        with pytest.raises(NotAllowed):
            deed()


def test_the_case_s_consent_follows_its_guardians(world: World) -> None:
    case = world.case()

    def guardian(name: str, consent: str) -> Person:
        member = network.add_person(case=case, kind="guardian", name=name, consent=consent, by=world.coordinator, now=NOW)
        return Person.objects.get(pk=member.person_id)

    def state() -> str:
        case.refresh_from_db()
        return case.consent

    guardian("Jenna", "oral")
    assert state() == "oral"
    other = guardian("Marko", "")
    assert state() == "waiting"
    network.record_consent(case=case, person=other, consent="oral", consent_on=None, by=world.coordinator, now=NOW)
    assert state() == "oral"
    network.record_consent(case=case, person=other, consent="unaware", consent_on=None, by=world.coordinator, now=NOW)
    assert state() == "unaware"


def test_who_is_out_is_refused_and_not_missing(world: World) -> None:
    case = world.case()
    case.memberships.filter(user=world.member).update(ended_at=NOW, end_reason="x")
    with pytest.raises(NotAllowed), wearing("member", world.member.pk):
        lock(case)


def test_no_name_of_a_family_lies_in_the_session(world: World) -> None:
    case = world.case()
    client = world.client(world.coordinator)
    client.post(
        reverse("case-network-person", args=[case.ref]),
        {
            "person-kind": "guardian",
            "person-name": "Jennamaria",
            "person-family_name": "Suvilehto",
            "person-relation": "äiti",
            "person-must_attend": "on",
        },
    )
    assert case.memberships.filter(person__name="Jennamaria").exists()
    row = proposed(world, case, "2099-06-16 14:30")
    seat = row.participants.get(membership__person__name="Jennamaria")
    meeting.answer(participant=seat, answer="no", by=world.coordinator, now=NOW)
    client.post(reverse("meeting-confirmation", args=[case.ref, row.ref]))
    kept = json.dumps([session.get_decoded() for session in Session.objects.all()], ensure_ascii=False)
    assert "Jennamaria" not in kept
    assert "Suvilehto" not in kept


def test_a_later_remark_does_not_move_the_day_of_the_mark(world: World) -> None:
    from meetings.actions.commitment import resolve

    case = world.case()
    book = logbook.open_logbook(meeting=proposed(world, case), by=world.coordinator, now=NOW)
    member = case.memberships.get(user=world.member)
    row = logbook.write_commitment(
        logbook=book, form_key="0198a000-0000-7000-8000-000000000001", kind="promise", what="x", membership=member,
        due_on=NOW.date(), by=world.coordinator, now=NOW,
    )  # fmt: skip
    Commitment.objects.update(agreed_at=NOW)
    resolve(commitment=row, status="kept", remark="", by=world.member, now=at("2026-06-09 09:00"))
    resolve(commitment=row, status="kept", remark="lisäys", by=world.member, now=at("2026-07-09 09:00"))
    row.refresh_from_db()
    assert (row.resolved_at, row.note) == (at("2026-06-09 09:00"), "lisäys")


def test_the_log_says_whose_call_was_read(world: World) -> None:
    from cases.actions.intake import begin_call

    call = begin_call(by=world.coordinator, area=world.area, now=timezone.now())
    world.client(world.coordinator).get(reverse("call", args=[call.ref]))
    assert LogEntry.objects.filter(verb="view", reason__contains=call.ref).exists()

"""What the rows themselves show in a hat, with no filter of ours in the way; and a situation with one row of every kind."""

import uuid
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from cases.models import Case, Membership, Person
from meetings.models import Commitment, Logbook, LogbookEntry, Meeting, MeetingStatus, Participant
from tests.personas import World

# kind → (the section that opens it, the query). One query a hat asks them all.
PROBES = {
    "case": ("case", "SELECT 'case', id FROM cases_case"),
    "child": ("network", "SELECT 'child', case_id FROM cases_person WHERE kind = 'child'"),
    "event": ("network", "SELECT 'event', case_id FROM cases_caseevent WHERE kind = 'call'"),
    "seats": ("network", "SELECT 'seats', case_id FROM cases_membership WHERE user_id IS NULL"),
    "meeting": ("time", "SELECT 'meeting', case_id FROM meetings_meeting WHERE place = 'ONE'"),
    "answers": ("time", "SELECT 'answers', p.case_id FROM meetings_participant p WHERE answer = 'no'"),
    "promise": ("plan", "SELECT 'promise', case_id FROM meetings_commitment WHERE what = 'ONE'"),
    "contact": ("contact", "SELECT 'contact', case_id FROM cases_personcontact"),
    "themes": ("themes", "SELECT 'themes', case_id FROM meetings_logbookentry WHERE note = 'TWO'"),
    "elsewhere": ("intake", "SELECT 'elsewhere', case_id FROM meetings_logbookentry WHERE note = 'ONE'"),
    "own_seat": ("case", "SELECT 'own_seat', case_id FROM cases_membership WHERE user_id = sec.uid() AND ended_at IS NULL"),
    "own": ("case", "SELECT 'own', case_id FROM meetings_commitment WHERE owner_id = sec.uid()"),
    "words": ("consents", "SELECT 'words', id FROM cases_consent"),
    "intake": ("intake", "SELECT 'intake', case_id FROM cases_casetext"),
    # the door that SQL's own deeds ask, of situations that this hat may not even read
    "door": ("case", "SELECT 'door', id FROM unnest(%s::bigint[]) id WHERE sec.sees_case(id)"),
}
AREA_ONLY = {"intake"}
QUERY = {
    "area": " UNION ".join(sql for _, sql in PROBES.values()),
    "member": " UNION ".join(sql for kind, (_, sql) in PROBES.items() if kind not in AREA_ONLY),
}


def shown(hat: str, cases: Iterable[int]) -> dict[str, set[int]]:
    """Every kind of row that PostgreSQL shows in the hat that is on: kind → ids of situations (words: own ids)."""
    found: dict[str, set[int]] = {kind: set() for kind in PROBES}
    with connection.cursor() as cursor:
        cursor.execute(QUERY[hat], [list(cases)])
        for kind, key in cursor.fetchall():
            found[kind].add(key)
    return found


def canaries(case: Case, world: World, now: datetime) -> None:
    """Two held meetings with what was talked about and promised: ONE without any professional, TWO for those invited."""
    child = case.memberships.get(person__kind="child")
    theme = world.template.themes.get(position=0)
    for place in ("ONE", "TWO"):
        meeting = Meeting.objects.create(
            case=case, kind="network", status=MeetingStatus.HELD, starts_at=now, ends_at=now + timedelta(hours=1),
            place=place, began_at=now, held_by=world.coordinator, proposed_by=world.coordinator, proposed_at=now,
        )  # fmt: skip
        Participant.objects.create(
            meeting=meeting, case=case, membership=child, answer="no" if place == "ONE" else "none",
            answered_at=now if place == "ONE" else None,
        )  # fmt: skip
        book = Logbook.objects.create(
            meeting=meeting, case=case, template=world.template, opened_at=now, opened_by=world.coordinator
        )
        LogbookEntry.objects.create(
            logbook=book, case=case, theme=theme, mark="strength", note=place, saved_at=now, saved_by=world.coordinator
        )
        Logbook.objects.filter(pk=book.pk).update(child_heard="present", approved_at=now, approved_by=world.coordinator)
        promise(case, meeting, child, world, now, what=place)


def promise(case: Case, meeting: Meeting, seat: Membership, world: World, now: datetime, **fields: Any) -> Commitment:
    """A promise of this seat's, agreed and kept."""
    values = {"kind": "promise" if seat.user_id and seat.unit_id else "family_deed", "what": "TWO", "owner_id": seat.user_id}
    return Commitment.objects.create(
        case=case, meeting=meeting, membership=seat, unit_id=seat.unit_id, due_on=date(2026, 6, 30), form_key=uuid.uuid4(),
        written_at=now, written_by=world.coordinator, agreed_at=now, status="kept", resolved_at=now,
        resolved_by=world.coordinator, **(values | fields),
    )  # fmt: skip


def invite(case: Case, seat: Membership) -> None:
    """To the meeting TWO."""
    meeting = Meeting.objects.get(case=case, place="TWO")
    Participant.objects.get_or_create(meeting=meeting, case=case, membership=seat)


def child_of(case: Case) -> Person:
    return case.persons.get(kind="child")

"""Writing at the table: themes, the child's own voice, the plan, and the approval that makes promises of it."""

import uuid
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from cases.access import NotAllowed
from cases.actions import deadline
from cases.actions.case import lock, note
from cases.models import Membership, Status
from meetings.kinds import LOGBOOK, PROMISE
from meetings.models import (
    ChildHeard,
    Commitment,
    CommitmentKind,
    EntryVersion,
    Logbook,
    LogbookEntry,
    LogbookTemplate,
    Meeting,
    MeetingStatus,
    Theme,
)
from networks.models import User


class Stale(Exception):
    """Somebody else has saved the same place since this page was opened. Carries the row as it is now."""

    def __init__(self, current: Any) -> None:
        super().__init__()
        self.current = current


@transaction.atomic
def open_logbook(*, meeting: Meeting, by: User, now: datetime) -> Logbook:
    """The meeting's logbook; made at the first opening, by whoever comes first."""
    case = lock(meeting.case)
    if existing := Logbook.objects.filter(meeting=meeting).first():
        return existing
    if case.status == Status.CLOSED:
        raise NotAllowed(_("This situation is closed."))
    if meeting.status == MeetingStatus.MOVED:
        raise NotAllowed(_("This meeting was moved. Open the logbook of the new time."))
    template = LogbookTemplate.objects.filter(age_band="early_childhood", language="fi").order_by("-version").first()
    if template is None:
        raise NotAllowed(_("No logbook template has been loaded. Tell the administrator."))
    return Logbook.objects.create(meeting=meeting, case_id=meeting.case_id, template=template, opened_at=now, opened_by=by)


@transaction.atomic
def save_entry(
    *, logbook: Logbook, theme: Theme, version: int, mark: str, note: str, said_by: str, carry_to_plan: bool,
    by: User, now: datetime,
) -> LogbookEntry:  # fmt: skip
    """Keep one theme as it now stands, and this version of it for good.

    `version` is the one that the writer saw (0 = none yet). Raises Stale when another has saved since; a repeated save
    of the same content is not a new version.
    """
    logbook = _open(logbook)
    fields = {"mark": mark, "note": note, "said_by": said_by, "carry_to_plan": carry_to_plan}
    entry = LogbookEntry.objects.filter(logbook=logbook, theme=theme).first()
    if entry is None:
        entry = LogbookEntry(logbook=logbook, case_id=logbook.case_id, theme=theme, version=0)
    elif all(getattr(entry, name) == value for name, value in fields.items()):
        return entry
    elif entry.version != version:
        raise Stale(entry)
    for name, value in fields.items():
        setattr(entry, name, value)
    entry.version += 1
    entry.saved_at, entry.saved_by = now, by
    entry.save()
    EntryVersion.objects.create(
        entry=entry, case_id=entry.case_id, version=entry.version, mark=mark, note=note, said_by=said_by,
        saved_at=now, saved_by=by,
    )  # fmt: skip
    return entry


@transaction.atomic
def save_frame(
    *, logbook: Logbook, version: int, child_heard: str, child_words: str, next_on: date | None, ends_here: bool
) -> Logbook:
    """Keep the child's own voice and the next date. Raises Stale when another has saved since."""
    logbook = _open(logbook)
    fields = {"child_heard": child_heard, "child_words": child_words, "next_on": next_on, "ends_here": ends_here}
    if all(getattr(logbook, name) == value for name, value in fields.items()):
        return logbook
    if logbook.version != version:
        raise Stale(logbook)
    for name, value in fields.items():
        setattr(logbook, name, value)
    logbook.version += 1
    logbook.save()
    return logbook


@transaction.atomic
def write_commitment(
    *, logbook: Logbook, form_key: uuid.UUID, kind: str, what: str, membership: Membership, due_on: date,
    by: User, now: datetime,
) -> Commitment:  # fmt: skip
    """Add or change one row of the plan; the same `form_key` is the same row. A promise needs a person and a unit."""
    logbook = _open(logbook)
    if membership.case_id != logbook.case_id or membership.ended_at:
        raise NotAllowed(_("Choose somebody who is in the network."))
    if kind == CommitmentKind.PROMISE and not (membership.user_id and membership.unit_id):
        raise NotAllowed(_("A promise belongs to a professional and a unit. Choose the family's own deed instead."))
    row = Commitment.objects.filter(meeting_id=logbook.meeting_id, form_key=form_key).first()
    if row is None:
        row = Commitment(
            case_id=logbook.case_id, meeting_id=logbook.meeting_id, form_key=form_key, written_at=now, written_by=by
        )
    row.kind, row.what, row.membership, row.due_on = CommitmentKind(kind), what, membership, due_on
    row.owner_id, row.unit_id = membership.user_id, membership.unit_id
    row.save()
    return row


@transaction.atomic
def remove_commitment(*, logbook: Logbook, commitment: Commitment) -> None:
    """Take a row out of a plan that has not been approved."""
    logbook = _open(logbook)
    Commitment.objects.filter(pk=commitment.pk, meeting_id=logbook.meeting_id, agreed_at=None).delete()


def approve_blocker(logbook: Logbook, meeting: Meeting) -> str | None:
    """Why the logbook can't be approved yet: a sentence for the user, or None."""
    if logbook.approved_at:
        return str(_("This logbook has been approved. It is not changed any more."))
    if meeting.status != MeetingStatus.HELD:
        return str(_("Record first that the meeting was held."))
    if not logbook.child_heard:
        return str(_("Record how the child was heard."))
    if logbook.child_heard == ChildHeard.NOT_ASKED and not logbook.child_words:
        return str(_("Tell why the child was not asked."))
    if not logbook.next_on and not logbook.ends_here:
        return str(_("Agree on the next date, or record that the meetings end here."))
    return None


@transaction.atomic
def approve(*, logbook: Logbook, by: User, now: datetime) -> Logbook:
    """Read aloud and agreed: the plan's rows become commitments, and nothing is changed any more. Twice is once."""
    case = lock(logbook.case)
    row = _locked(logbook)
    if row.approved_at:
        return row
    if case.status == Status.CLOSED:
        raise NotAllowed(_("This situation is closed."))
    if refusal := approve_blocker(row, row.meeting):
        raise NotAllowed(refusal)
    row.approved_at, row.approved_by = now, by
    row.save(update_fields=["approved_at", "approved_by"])
    promised = list(row.meeting.commitments.filter(agreed_at=None))
    row.meeting.commitments.filter(agreed_at=None).update(agreed_at=now)
    deadline.end(LOGBOOK, case=case, about=row.meeting_id, now=now)
    for one in promised:
        if one.owner_id:
            deadline.begin(
                PROMISE, case=case, area_id=case.area_id, fact_at=now, last_on=one.due_on, about=one.pk,
                person_id=one.owner_id, unit_id=one.unit_id, now=now,
            )  # fmt: skip
    note(case, "logbook_approved", at=now, by=by)
    return row


def _open(logbook: Logbook) -> Logbook:
    if lock(logbook.case).status == Status.CLOSED:
        raise NotAllowed(_("This situation is closed."))
    row = _locked(logbook)
    if row.approved_at:
        raise NotAllowed(_("This logbook has been approved. It is not changed any more."))
    return row


def _locked(logbook: Logbook) -> Logbook:
    """The logbook, locked. Raises NotAllowed when the family has taken it back from the writer while this waited."""
    rows = Logbook.objects.select_for_update(of=("self",), no_key=True).select_related("meeting")
    row = rows.filter(pk=logbook.pk).first()
    if row is None:
        raise NotAllowed(_("The logbook is no longer open to you."))
    return row

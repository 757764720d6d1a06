"""How a situation ends: closed once nothing that was promised is left open, or at once because the family wants to stop."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases.access import NotAllowed
from cases.actions import case as cases
from cases.actions import protection, reopening
from cases.actions.consent import end_by_family
from cases.actions.task import open_task
from cases.models import Case, CloseReason, Membership, Status, TaskKind, may_message
from meetings.actions import invitations
from meetings.actions.meeting import finish_calls, invite_to_coming
from meetings.models import CommitmentStatus, Meeting, MeetingStatus
from networks.models import User
from yhteiso.lib.dates import helsinki_date

CALL_WITHIN = timedelta(days=1)


@transaction.atomic
def close(
    *, case: Case, by: User, reason: str, words: str = "", told_by: str = "", told_on: date | None = None, now: datetime
) -> Case:
    """Close the case, cancel the meeting that was being agreed on, and end every membership.

    `words`: the family's own view in a line, as `told_by` told it. Raises NotAllowed while an agreed promise is open:
    nobody could tell any more how it went.
    """
    case = cases.lock(case)
    if refusal := close_blocker(case):
        raise NotAllowed(refusal)
    _cancel_meetings(case, by, now)
    return cases.close(case=case, by=by, reason=reason, words=words, told_by=told_by, told_on=told_on, now=now)


@transaction.atomic
def stop(*, case: Case, told_by: str, told_on: date, words: str = "", by: User, now: datetime) -> Case:
    """The family wants to stop: the situation ends with this transaction, and no reason is asked from them.

    Meetings are cancelled, open promises end as nobody's failure, every consent is taken back, and the network hears only
    that it has ended. Raises NotAllowed for a closed situation, or without who told it and when.
    """
    case = cases.lock(case)
    if refusal := case.blocker(Status.CLOSED):
        raise NotAllowed(refusal)
    if not told_by.strip():
        raise NotAllowed(_("Write who told it."))
    if told_on > helsinki_date(now):
        raise NotAllowed(_("The day is in the future."))
    _cancel_meetings(case, by, now)
    case.commitments.agreed().open().update(status=CommitmentStatus.LAPSED, resolved_at=now, resolved_by=by)
    end_by_family(case=case, by=by, now=now)
    return cases.close(
        case=case, by=by, reason=CloseReason.FAMILY_STOPPED, words=words, told_by=told_by, told_on=told_on, now=now
    )


def _cancel_meetings(case: Case, by: User, now: datetime) -> None:
    for row in case.meetings.coming():
        row.status = MeetingStatus.CANCELLED
        row.save(update_fields=["status"])
        invitations.told_of_cancelling(row, by=by, now=now)
        finish_calls(row, by=by, now=now)
        _tell_those_without_messages(case, row, now)
        cases.note(case, "meeting_cancelled", at=now, by=by, starts_at=row.starts_at.isoformat())


def _tell_those_without_messages(case: Case, meeting: Meeting, now: datetime) -> None:
    """No message may leave for them, and they must not come to a meeting that is off: somebody calls, or considers how."""
    due_at = min(now + CALL_WITHIN, max(now, meeting.starts_at))
    invited = set(meeting.participants.values_list("membership__person_id", flat=True))
    for person in protection.guardians_of(case):
        person.case = case
        if person.by_hand:
            protection.tell_by_hand(person=person, due_at=due_at, now=now, about=f"{meeting.ref}-off")
        elif person.pk in invited and not may_message(person):
            open_task(
                kind=TaskKind.REACH_BY_PHONE, case=case, to=case.coordinator_id, due_at=due_at, now=now,
                about=f"{meeting.pk}-{person.pk}-off",
            )  # fmt: skip


def close_blocker(case: Case) -> str | None:
    """Why the case can't be closed now: a sentence for the user, or None."""
    if refusal := case.blocker(Status.CLOSED):
        return refusal
    n = case.commitments.agreed().open().count()
    if not n:
        return None
    text = ngettext(
        "%(n)d promise is still open. Record how it went first.",
        "%(n)d promises are still open. Record how they went first.",
        n,
    )
    return text % {"n": n}


@transaction.atomic
def ask_back(*, case: Case, membership: Membership, by: User, now: datetime) -> Membership:
    """Take somebody back into a situation that was opened again, and to its coming meeting. Raises NotAllowed as
    `cases.actions.reopening.ask_back` does.
    """
    member = reopening.ask_back(case=case, membership=membership, by=by, now=now)
    invite_to_coming(case, member, by, now)
    return member

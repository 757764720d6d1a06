"""Closing a situation, once nothing that was promised is left open."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import ngettext

from cases.access import NotAllowed
from cases.actions import case as cases
from cases.models import Case, Status
from meetings.actions import invitations
from meetings.models import MeetingStatus
from networks.models import User


@transaction.atomic
def close(*, case: Case, by: User, reason: str, now: datetime) -> Case:
    """Close the case, cancel the meeting that was being agreed on, and end every membership.

    Raises NotAllowed while an agreed promise is open: nobody could tell any more how it went.
    """
    case = cases.lock(case)
    if refusal := close_blocker(case):
        raise NotAllowed(refusal)
    for row in case.meetings.coming():
        row.status = MeetingStatus.CANCELLED
        row.save(update_fields=["status"])
        invitations.told_of_cancelling(row, by=by, now=now)
        cases.note(case, "meeting_cancelled", at=now, by=by, starts_at=row.starts_at.isoformat())
    return cases.close(case=case, by=by, reason=reason, now=now)


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

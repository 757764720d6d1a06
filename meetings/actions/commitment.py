"""How a promise went, as its owner tells it."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from cases.access import NotAllowed
from cases.actions import deadline
from cases.actions.case import lock, note
from meetings.kinds import PROMISE
from meetings.models import Commitment, CommitmentStatus
from networks.models import User


@transaction.atomic
def resolve(*, commitment: Commitment, status: str, remark: str, by: User, now: datetime) -> Commitment:
    """Mark how it went: kept, partly, not kept. May be corrected later; each time leaves an event.

    The owner marks their own; the coordinator marks for whoever tells it on the phone, and `resolved_by` says so. Raises
    NotAllowed otherwise.
    """
    case = lock(commitment.case)
    row = Commitment.objects.select_for_update(of=("self",), no_key=True).filter(pk=commitment.pk).first()
    if row and row.agreed_at is None:
        raise NotAllowed(_("This has not been agreed on yet."))
    if row is None or (row.owner_id != by.pk and by.hat != "area"):  # no lock on another's promise: no row
        raise NotAllowed(_("Only the one who promised can tell how it went."))
    if status in (CommitmentStatus.OPEN, CommitmentStatus.LAPSED):
        raise NotAllowed(_("Choose how it went."))
    if row.status != status:  # a later word on the same mark doesn't move the day on which it was made
        row.status, row.resolved_at, row.resolved_by, row.by_link = CommitmentStatus(status), now, by, False
    row.note = remark
    row.save(update_fields=["status", "note", "resolved_at", "resolved_by", "by_link"])
    deadline.end(PROMISE, case=case, about=row.pk, now=now)
    note(case, "commitment_resolved", at=now, by=by, status=str(row.status))
    return row

"""Taking open invitations of units back together with what ends them, and telling whoever had been asked."""

from datetime import datetime
from typing import Any

from cases.actions import deadline, message
from cases.kinds import INVITATION
from cases.models import Case, InvitationState, Message, MessageKind, UnitInvitation
from networks.models import User


def withdraw(case: Case, *, by: User, now: datetime, **which: Any) -> None:
    """Cancel the locked situation's open invitations (`which`: only these); those that had left are told of."""
    rows = list(case.unit_invitations.open().filter(**which))
    case.unit_invitations.open().filter(**which).update(state=InvitationState.CANCELLED, cancelled_at=now, cancelled_by=by)
    for row in rows:
        deadline.end(INVITATION, case=case, about=row.pk, now=now)
    tell_withdrawn(case, rows, now)


def tell_withdrawn(case: Case, rows: list[UnitInvitation], now: datetime) -> None:
    """That it is over, to those of these whose invitation had left."""
    message.tell([told(case, row, row.user_id, "unit_cancelled", now) for row in rows if row.sent_at], now=now)


def told(case: Case, row: UnitInvitation, to: int, what: str, now: datetime) -> Message:
    """A message about an invitation. To whoever was asked it names the invitation alone: its row is theirs to read."""
    return Message(
        key=f"{what}:{row.pk}", to_id=to, kind=MessageKind.INVITATION, what=what,
        case_id=None if to == row.user_id else case.pk, area_id=case.area_id, coordinator_id=case.coordinator_id,
        about=str(row.pk), at=now,
    )  # fmt: skip

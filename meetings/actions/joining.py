"""Saying yes to joining two situations of one child: one goes on, the other closes, as any situation does."""

from datetime import datetime

from django.db import transaction

from cases.access import NotAllowed
from cases.actions import joining
from cases.models import Case, CaseJoin, CloseReason
from meetings.actions.closing import close, close_blocker
from networks.models import User


@transaction.atomic
def accept_join(*, join: CaseJoin, by: User, now: datetime) -> Case:
    """Accept a proposal, and close the other situation in the same transaction. Returns the one that closed.

    Nothing is moved. Raises NotAllowed for the one who proposed, for whoever does not see the one that closes, where the
    proposal no longer waits, and while an agreed promise of the closing one is open: it is told first, as in any closing.
    """
    key = joining.accept(join=join, by=by, now=now)
    case = Case.objects.visible_to(by).get(pk=key)
    return close(case=case, by=by, reason=CloseReason.JOINED, now=now)


def accept_blocker(join: CaseJoin, closes: Case | None, by: User) -> str | None:
    """Why this person can't accept now: a sentence for the user, or None."""
    if refusal := joining.join_blocker(join, closes, by):
        return refusal
    return close_blocker(closes) if closes else None


__all__ = ["NotAllowed", "accept_blocker", "accept_join"]

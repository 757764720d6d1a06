"""Who answers for a situation changes, and with it who is invited to the meeting that is being agreed on."""

from datetime import datetime

from django.db import connection, transaction

from cases.actions import standing
from cases.models import Case, HandOver
from networks.models import Area, User


@transaction.atomic
def accept_hand_over(*, hand_over: HandOver, by: User, now: datetime) -> int:
    """Accept an offer, and invite the new lead to the coming meeting. Returns the situation's id.

    Raises NotAllowed as `cases.actions.standing.accept_hand_over` does.
    """
    case_id = standing.accept_hand_over(hand_over=hand_over, by=by, now=now)
    _invite_lead(case_id)
    return case_id


@transaction.atomic
def recuse(
    *, case: Case, user: User, reason: str, by: User, now: datetime, successor: User | None = None, area: Area | None = None
) -> None:
    """Mark a person as disqualified; a new lead is invited to the coming meeting. Raises NotAllowed as
    `cases.actions.standing.recuse` does.
    """
    standing.recuse(case=case, user=user, reason=reason, by=by, now=now, successor=successor, area=area)
    if successor is not None:
        _invite_lead(case.pk)


def _invite_lead(case_id: int) -> None:
    """Whoever gave the situation away may not see it any more, so the database looks up its meeting."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sec.invite_lead(%s)", [case_id])

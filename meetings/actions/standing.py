"""Who answers for a situation changes, and with it who is invited to the coming meeting (`sec.swap_lead`)."""

from datetime import datetime

from django.db import transaction

from cases.actions import standing
from cases.models import Case, HandOver
from networks.models import Area, User


@transaction.atomic
def accept_hand_over(*, hand_over: HandOver, by: User, now: datetime) -> int:
    """Accept an offer, and invite the new lead to the coming meeting. Returns the situation's id.

    Raises NotAllowed as `cases.actions.standing.accept_hand_over` does.
    """
    return standing.accept_hand_over(hand_over=hand_over, by=by, now=now)


@transaction.atomic
def recuse(
    *, case: Case, user: User, reason: str, by: User, now: datetime, successor: User | None = None, area: Area | None = None
) -> None:
    """Mark a person as disqualified; a new lead is invited to the coming meeting. Raises NotAllowed as
    `cases.actions.standing.recuse` does.
    """
    standing.recuse(case=case, user=user, reason=reason, by=by, now=now, successor=successor, area=area)

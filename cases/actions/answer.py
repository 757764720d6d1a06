"""The answer to whoever wrote a concern: one of three, once, with the fact behind it."""

from datetime import datetime

from django.db import connection, transaction

from cases.actions.message import tell
from cases.models import Case, Concern, Message, MessageKind


@transaction.atomic
def answer_callers(*, case: Case | None = None, concern: Concern | None = None, now: datetime) -> int:
    """Tell those who wrote how it ended, once each: the network met, the family declined, or other help was found.

    Which of the three, the database reads from the facts; of a situation that was joined with another, from those of the one
    that goes on. Nothing of the family is in it, and a disqualified writer is told nothing. Returns how many were told.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT concern, writer, area, told FROM sec.answer_caller(%s, %s)",
            [case.pk if case else None, concern.pk if concern else None],
        )
        found = cursor.fetchall()
    tell(
        [
            Message(
                key=f"answer:{pk}", to_id=writer, kind=MessageKind.ANSWER, what=told, area_id=area, about=str(pk), at=now
            )
            for pk, writer, area, told in found
        ],
        now=now,
    )
    return len(found)

"""A professional's concern: sending it, taking it back, and the talk with the family."""

import uuid
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from cases.access import NotAllowed
from cases.actions import deadline, draft, intake
from cases.actions.message import tell
from cases.kinds import CONCERN, FAMILY_ASKED
from cases.models import Concern, ConcernDraft, FamilySaid, FamilyTalk, Message, MessageKind, TalkedBy
from networks.models import User
from yhteiso.lib.dates import helsinki_date

RECEIPT = "receipt"


@transaction.atomic
def send(*, by: User, form_key: uuid.UUID, now: datetime, **fields: Any) -> Concern:
    """Send a concern: its draft is gone, its receipt is in the inbox. The same `form_key` again returns the first one.

    Without a family's yes it is an anonymous consultation, whose texts are kept for the writer alone. A concern that was
    opened from such a consultation takes its place, if nobody has begun to answer that.
    """
    draft.alone(by)
    if sent := Concern.objects.filter(logged_by=by, form_key=form_key).first():
        return sent
    row = draft.current(by, now)
    if row is not None and row.form_key != form_key:
        row = None
    before = row.concern_id if row else None
    concern = intake.log_concern(by=by, form_key=form_key, now=now, continues_id=before, **fields)
    if concern.is_anonymous:
        draft.keep_text(concern=concern, by=by, now=now)
    if row is not None:
        _replace(row, by, now)
    message = Message(
        key=f"receipt:{concern.pk}", to=by, kind=MessageKind.ANSWER, what=RECEIPT, area_id=concern.area_id,
        about=str(concern.pk), at=now,
    )  # fmt: skip
    tell([message], now=now)
    return concern


def _replace(row: ConcernDraft, by: User, now: datetime) -> None:
    before = row.concern
    row.delete()
    if before is not None and before.answered_at is None:
        _withdraw(before, now)


@transaction.atomic
def withdraw(*, concern: Concern, by: User, now: datetime) -> None:
    """Take back a concern that nobody has begun to answer: its texts are emptied, and nothing more is asked of anybody.

    Raises NotAllowed once a coordinator has opened it. A second press changes nothing.
    """
    draft.alone(by)
    if not _withdraw(concern, now):
        raise NotAllowed(_("The coordinator has already opened this. Call, if it is no longer needed."))
    ConcernDraft.objects.filter(owner_id=by.pk, concern=concern, kept=True).delete()


def _withdraw(concern: Concern, now: datetime) -> bool:
    """In the database's own hands: a professional changes no row of a concern. Whether it was still there to take back."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sec.withdraw_concern(%s, %s)", [concern.ref, now])
        found = cursor.fetchone()[0]
    if found is None:
        return False
    for code in (CONCERN, FAMILY_ASKED):
        deadline.end(code, case=None, about=concern.pk, now=now)
    return True


def talk_blocker(concern: Concern) -> str | None:
    """Why no talk with the family can be recorded for this concern: a sentence for the user, or None."""
    if not concern.is_anonymous:
        return str(_("The family had said yes when this was sent."))
    if concern.withdrawn_at:
        return str(_("This has been taken back."))
    return None


@transaction.atomic
def record_talk(
    *, concern: Concern, by: User, talked_by: str, talked_on: date, said: str, now: datetime
) -> FamilyTalk:  # fmt: skip
    """Record that the family was talked with: who, when, and what they said. The two-day reminder and its task end.

    The same answer of the same day again is the same talk. Raises NotAllowed for a concern that needs none, for a day to
    come and for somebody else's concern.
    """
    if concern.logged_by_id != by.pk:
        raise NotAllowed(_("This is somebody else's concern."))
    if refusal := talk_blocker(concern):
        raise NotAllowed(refusal)
    if talked_on > helsinki_date(now):
        raise NotAllowed(_("The talk can't be in the future."))
    draft.alone(by)
    values = {"talked_by": TalkedBy(talked_by), "talked_on": talked_on, "said": FamilySaid(said)}
    row = concern.talks.order_by("-at", "-id").first()
    if row is None or any(getattr(row, name) != value for name, value in values.items()):
        row = FamilyTalk.objects.create(concern=concern, by=by, at=now, **values)
    deadline.end(FAMILY_ASKED, case=None, about=concern.pk, now=now)
    return row

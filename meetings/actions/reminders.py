"""Reminding of a meeting: 48 hours before, and the same morning. Nothing is scheduled, so nothing has to be called off.

A confirmed time only: nobody is reminded of a time that is still being agreed on. Each reminder of a meeting is written
once, proved by its moment on the meeting's row. A time that was confirmed after the moment needs no reminder.
"""

from datetime import datetime, time, timedelta

from django.db.models import Q

from meetings.actions import invitations
from meetings.models import Meeting, MeetingStatus, Participant
from yhteiso.lib.dates import at_helsinki, helsinki_date

BEFORE = timedelta(hours=48)
MORNING, AT_LEAST = time(8), timedelta(hours=2)


def same_morning(starts_at: datetime) -> datetime:
    """8.00 on the day itself, or two hours before if that is earlier."""
    return min(at_helsinki(helsinki_date(starts_at), MORNING), starts_at - AT_LEAST)


def ids_to_remind(*, now: datetime) -> list[int]:
    """Meetings of which somebody may have to be reminded now, the soonest first."""
    near = Meeting.objects.filter(status=MeetingStatus.CONFIRMED, starts_at__gt=now, starts_at__lte=now + BEFORE)
    morning = Q(reminded_morning_at=None, starts_at__lte=now + timedelta(hours=24))
    return list(near.filter(Q(reminded_at=None) | morning).order_by("starts_at").values_list("pk", flat=True))


def remind(*, meeting_id: int, now: datetime) -> int:
    """Write what is due of one meeting's reminders. Returns 1 when somebody was to be told. Under the jobs' hat.

    Twice at once is once: the second one finds the row locked and leaves it. After a silence of the jobs only the latest
    of two is told.
    """
    rows = Meeting.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
    meeting = rows.filter(pk=meeting_id, status=MeetingStatus.CONFIRMED, starts_at__gt=now).only(
        "id", "case_id", "starts_at", "confirmed_at", "reminded_at", "reminded_morning_at"
    ).first()  # fmt: skip
    if meeting is None:
        return 0
    due = _due(meeting, now)
    if not due:
        return 0
    for field, _moment in due:
        setattr(meeting, field, now)
    meeting.save(update_fields=[field for field, _moment in due])
    field, moment = due[-1]
    if meeting.confirmed_at is None or meeting.confirmed_at > moment:
        return 0
    seats = Participant.objects.filter(meeting_id=meeting.pk).exclude(answer="no").values_list("membership_id", flat=True)
    again = "-morning" if field == "reminded_morning_at" else "-48"
    invitations.tell(meeting=meeting, seats=set(seats), what=invitations.REMINDER, by=None, now=now, again=again)
    return 1


def _due(meeting: Meeting, now: datetime) -> list[tuple[str, datetime]]:
    """The reminders whose moment has come and which nobody has written: the column, and the moment."""
    moments = [("reminded_at", meeting.starts_at - BEFORE), ("reminded_morning_at", same_morning(meeting.starts_at))]
    return [(field, moment) for field, moment in moments if moment <= now and getattr(meeting, field) is None]

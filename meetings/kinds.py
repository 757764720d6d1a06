"""The kinds of deadlines that a meeting leaves: its logbook, and each promise."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from cases.deadlines import FromLast, Kind, Rung, after_working_days, register
from cases.kinds import of_rows
from cases.models import Deadline, MemberRole
from meetings.models import Answer, Commitment, Meeting, MeetingStatus, Participant

LOGBOOK, PROMISE = "logbook", "promise"


def _unwritten(rows: Sequence[Deadline]) -> set[UUID]:
    held = Meeting.objects.filter(status=MeetingStatus.HELD).exclude(logbook__approved_at__isnull=False)
    return of_rows(rows, held)


def _unkept(rows: Sequence[Deadline]) -> set[UUID]:
    return of_rows(rows, Commitment.objects.agreed().open())


ALL = (
    Kind(
        LOGBOOK, _("The logbook of a meeting has not been finished"),
        (
            Rung(1, FromLast(0), ("owner", "coordinator")),
            Rung(2, FromLast(1), ("owner", "coordinator")),
            Rung(3, FromLast(3), ("coordinator", "responsible")),
        ),
        _unwritten, after_working_days(3),
    ),
    Kind(
        PROMISE, _("A promise waits for its word"),
        (
            Rung(1, FromLast(-2), ("owner",)),
            Rung(2, FromLast(1), ("owner",)),
            Rung(3, FromLast(3), ("owner", "owner_head")),
            Rung(4, FromLast(5), ("coordinator",)),
        ),
        _unkept, deed=_("telling how a promise went"),
    ),
)  # fmt: skip


def open_deeds(case_ids: Iterable[int]) -> Iterable[tuple[int, int]]:
    """Situations and the units that have not answered the proposed time of their meeting. Whoever leads owes no answer."""
    rows = Participant.objects.filter(
        case_id__in=set(case_ids), meeting__status=MeetingStatus.PROPOSED, answer=Answer.NONE, membership__ended_at=None,
        membership__unit__isnull=False,
    ).exclude(membership__role=MemberRole.COORDINATOR)  # fmt: skip
    return set(rows.order_by().values_list("case_id", "membership__unit_id"))


def register_all() -> None:
    register(*ALL)

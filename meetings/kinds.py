"""The kinds of deadlines that a meeting leaves: its logbook, and each promise."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db.models import DateField, F, QuerySet
from django.db.models.functions import TruncDate
from django.utils.translation import gettext_lazy as _

from cases import facts
from cases.deadlines import FromLast, Kind, Rung, after_working_days, register
from cases.kinds import of_rows
from cases.models import Deadline, MemberRole, Status
from meetings.models import Answer, Commitment, Meeting, MeetingStatus, Participant
from yhteiso.lib.dates import HELSINKI

LOGBOOK, PROMISE = "logbook", "promise"


def _without_logbook() -> QuerySet[Meeting]:
    """Held ones of open situations whose logbook is not finished: in a closed one it can't be written any more."""
    held = Meeting.objects.filter(status=MeetingStatus.HELD).exclude(case__status=Status.CLOSED)
    return held.exclude(logbook__approved_at__isnull=False)


def _open_promises() -> QuerySet[Commitment]:
    return Commitment.objects.agreed().open().filter(owner__isnull=False).exclude(case__status=Status.CLOSED)


def _unwritten(rows: Sequence[Deadline]) -> set[UUID]:
    return of_rows(rows, _without_logbook())


def _unkept(rows: Sequence[Deadline]) -> set[UUID]:
    return of_rows(rows, _open_promises())


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


def agreed_in_time(case_ids: Iterable[int]) -> set[int]:
    """Situations with a confirmed meeting that is still coming, at the latest on day 14."""
    local_day = TruncDate("starts_at", tzinfo=HELSINKI, output_field=DateField())
    rows = Meeting.objects.filter(case_id__in=set(case_ids), status=MeetingStatus.CONFIRMED).annotate(day=local_day)
    return set(rows.filter(day__lte=F("case__day14_on")).order_by().values_list("case_id", flat=True))


def register_all() -> None:
    register(*ALL)
    facts.register(
        facts.Source(
            LOGBOOK, _without_logbook, "began_at", case="case_id", area="case__area_id", person="note_taker_id"
        ),
        facts.Source(
            PROMISE, _open_promises, "agreed_at", case="case_id", area="case__area_id", last_on="due_on",
            person="owner_id", unit="unit_id",
        ),
    )  # fmt: skip

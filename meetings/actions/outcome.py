"""Writing down, once, that a network did not meet in two weeks."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import DateField, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDate

from cases.actions.clock import CLOCK_FIELDS, write_outcome
from cases.models import Case, Status
from meetings.models import Meeting
from yhteiso.lib.dates import HELSINKI, helsinki_date


def _passed_unmet(on: date) -> QuerySet[Case]:
    """Cases whose day 14 has passed without a meeting. One whose meeting was agreed for day 14 or before, and is not
    yet told to have been held or moved, waits: it may only be unrecorded. A closed case's meetings are no longer told.
    """
    local_day = TruncDate("starts_at", tzinfo=HELSINKI, output_field=DateField())
    agreed = Meeting.objects.coming().annotate(day=local_day).filter(case=OuterRef("pk"), day__lte=OuterRef("day14_on"))
    unrecorded = Exists(agreed) & ~Q(status=Status.CLOSED)
    return Case.objects.filter(day14_on__lt=on, first_met_at=None, outcome=None).exclude(unrecorded)


def ids_without_outcome(*, on: date) -> list[int]:
    """Ids of the cases for which "not met" is to be written today, oldest first."""
    return list(_passed_unmet(on).order_by("day14_on", "pk").values_list("pk", flat=True))


@transaction.atomic
def write_missed(*, case_id: int, now: datetime) -> int:
    """Write that this case was not met in time. Looked at again under the lock: the start may have been corrected, or
    the meeting held, since the ids were listed. Returns 0 then, and when another process has the case.
    """
    locked = Case.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
    if locked.filter(pk=case_id).only(*CLOCK_FIELDS).first() is None:
        return 0
    case = _passed_unmet(helsinki_date(now)).filter(pk=case_id).only(*CLOCK_FIELDS).first()
    if case is None:
        return 0
    write_outcome(case, began_at=None, now=now)
    return 1

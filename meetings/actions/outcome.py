"""Writing down, once, that a network did not meet in two weeks."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import DateField, Exists, F, OuterRef
from django.db.models.functions import TruncDate

from cases.actions.clock import CLOCK_FIELDS, write_outcome
from cases.models import Case
from meetings.models import Meeting
from yhteiso.lib.dates import HELSINKI


def ids_without_outcome(*, on: date) -> list[int]:
    """Cases whose day 14 has passed without a meeting. One whose meeting was agreed for day 14 or before, and is not
    yet told to have been held or moved, waits: it may only be unrecorded.
    """
    local_day = TruncDate("starts_at", tzinfo=HELSINKI, output_field=DateField())
    unrecorded = Meeting.objects.coming().annotate(day=local_day).filter(case=OuterRef("pk"), day__lte=OuterRef("day14_on"))
    waiting = Case.objects.filter(day14_on__lt=on, first_met_at=None, outcome=None)
    return list(waiting.exclude(Exists(unrecorded)).order_by(F("day14_on"), "pk").values_list("pk", flat=True))


@transaction.atomic
def write_missed(*, case_id: int, now: datetime) -> int:
    """Write that this case was not met in time. Returns 0 when another process has it or it has met after all."""
    locked = Case.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
    case = locked.filter(pk=case_id, first_met_at=None).only(*CLOCK_FIELDS).first()
    if case is None:
        return 0
    write_outcome(case, began_at=None, now=now)
    return 1

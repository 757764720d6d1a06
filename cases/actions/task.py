"""What waits for somebody: opening a task with the fact behind it, and marking it done."""

import uuid
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from cases.access import NotAllowed
from cases.models import Case, Task
from cases.tasks_told import ends_by_deed
from networks.models import User


def open_task(
    *, kind: str, case: Case | None, to: int, due_at: datetime, now: datetime, about: object = "", unit: int | None = None
) -> uuid.UUID:
    """Write one task for a person (by id) and return its key.

    Its writer may not be able to read it, so nothing is read back. The same kind, case, person and `about` is one task.
    """
    task = Task(kind=kind, case=case, to_id=to, unit_id=unit, made_at=now, due_at=due_at, about=str(about))
    Task.objects.bulk_create([task], ignore_conflicts=True)
    return task.pk


@transaction.atomic
def finish_task(*, task: Task, by: User, now: datetime) -> Task:
    """Mark a task done. Raises NotAllowed for somebody else's, and for one that only its own deed ends.

    A second press changes nothing.
    """
    row = Task.objects.select_for_update(of=("self",), no_key=True).filter(pk=task.pk).first()
    if row is None or (row.to_id != by.pk and by.hat != "area"):
        raise NotAllowed(_("This task is somebody else's."))
    if ends_by_deed(row.kind):
        raise NotAllowed(_("Record what was done: that ends this task."))
    if row.done_at is None:
        row.done_at, row.done_by = now, by
        row.save(update_fields=["done_at", "done_by"])
    return row

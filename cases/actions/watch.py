"""What nobody does but time: consents that are about to end, seats whose person has gone. Run by the jobs, once a day."""

from datetime import datetime, time, timedelta

from django.db import connection, transaction

from cases.actions.standing import ANSWER_WITHIN
from cases.models import Case, Consent, Status, Task, TaskKind
from yhteiso.lib.dates import at_helsinki, helsinki_date
from yhteiso.lib.ids import uuid7

ENDS_WITHIN = timedelta(days=14)
END_OF_DAY = time(16, 0)


@transaction.atomic
def tell_of_ending_consents(*, now: datetime) -> int:
    """Open a task for the lead of each situation of which consents end within two weeks: one for each day of ending.

    Returns how many days of ending were found; a task that was opened before is opened no second time.
    """
    today = helsinki_date(now)
    standing = Consent.objects.standing().filter(answer="yes", valid_until__range=(today, today + ENDS_WITHIN))
    days = set(standing.order_by().values_list("case_id", "valid_until"))
    leads = _leads({case_id for case_id, _day in days})
    tasks = [
        task_of(TaskKind.CONSENT_EXPIRES, case_id, leads[case_id], at_helsinki(day, END_OF_DAY), f"until-{day}", now)
        for case_id, day in sorted(days)
        if case_id in leads and day
    ]
    Task.objects.bulk_create(tasks, ignore_conflicts=True)
    return len(tasks)


@transaction.atomic
def tell_of_vacant_seats(*, now: datetime) -> int:
    """Open a task for each seat whose person has left the unit, or whose account is not in use. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT case_id, coordinator_id, membership_id, unit_id FROM sec.vacant_seats()")
        seats = cursor.fetchall()
    tasks = [
        task_of(TaskKind.SEAT_VACANT, case_id, lead, now + ANSWER_WITHIN, f"seat-{seat}", now, unit)
        for case_id, lead, seat, unit in seats
    ]
    Task.objects.bulk_create(tasks, ignore_conflicts=True)
    return len(tasks)


@transaction.atomic
def tell_of_leaderless_cases(*, now: datetime) -> int:
    """Open a task for each who takes care of an area, for each open situation whose lead can't act. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT case_id, lead_id, to_id FROM sec.leaderless_cases()")
        rows = cursor.fetchall()
    tasks = [task_of(TaskKind.LEADERLESS, case_id, to, now, f"lead-{lead}", now) for case_id, lead, to in rows]
    Task.objects.bulk_create(tasks, ignore_conflicts=True)
    return len(tasks)


def _leads(case_ids: set[int]) -> dict[int, int]:
    rows = Case.objects.filter(pk__in=case_ids).exclude(status=Status.CLOSED)
    return dict(rows.values_list("pk", "coordinator_id"))


def task_of(kind: str, case_id: int, to: int, due_at: datetime, about: str, now: datetime, unit: int | None = None) -> Task:
    """A task, not yet written, with its key: its writer may not be able to read it."""
    return Task(
        pk=uuid7(), kind=kind, case_id=case_id, unit_id=unit, to_id=to, made_at=now, due_at=due_at, about=about
    )  # fmt: skip

"""Memberships that end by themselves, and the word that keeps one. Run by the jobs once a day; twice, or at once, is once.

A seat ends when its person has left the unit or the account is closed for good, and after twelve months without a meeting,
promise, deed or message. Of the latter the lead is told two weeks before. The lead's own seat and the family's never end so.
"""

from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
from django.utils.translation import gettext as _

from cases.access import NotAllowed
from cases.actions.case import note
from cases.actions.network import open_case_of
from cases.actions.watch import task_of
from cases.models import Case, MemberRole, Membership, Task, TaskKind
from networks.models import User
from yhteiso.hats.wear import wearing

QUIET_FOR = timedelta(days=365)  # as sec.end_seat looks at it
WARNED_FOR = timedelta(days=14)


@transaction.atomic
def tell_of_quiet_seats(*, now: datetime) -> int:
    """Open a task for the lead for each seat that comes to a year without contact in two weeks, or has. Returns how many.

    One task a silence: contact after it begins another. In the jobs' hat.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT case_id, coordinator_id, membership_id, unit_id, last_at FROM sec.quiet_seats(%s)",
            [now - QUIET_FOR + WARNED_FOR],
        )
        seats = cursor.fetchall()
    tasks = [
        task_of(TaskKind.SEAT_QUIET, case_id, lead, now + WARNED_FOR, about_silence(seat, last_at), now, unit)
        for case_id, lead, seat, unit, last_at in seats
    ]
    known = set(Task.objects.filter(kind=TaskKind.SEAT_QUIET, about__in=[row.about for row in tasks]).values_list("about"))
    Task.objects.bulk_create([row for row in tasks if (row.about,) not in known], ignore_conflicts=True)
    return len(tasks)


def about_silence(seat: int, last_at: datetime) -> str:
    """What the task is about: this seat, silent since that day. The database makes the same (migration 0052)."""
    return f"quiet-{seat}-{last_at.astimezone(UTC):%Y%m%d}"


def end_seats(*, now: datetime) -> int:
    """End the seats whose time has come, one short transaction each. Returns how many.

    The database looks at every condition once more, so that a run that was killed, or runs beside another, ends none twice
    and none too early.
    """
    with wearing("jobs"), connection.cursor() as cursor:
        cursor.execute(
            "SELECT membership_id, 'unit' FROM sec.gone_seats()"
            " UNION ALL SELECT membership_id, 'quiet' FROM sec.quiet_seats(%s) ORDER BY 1",
            [now - QUIET_FOR],
        )
        seats = cursor.fetchall()
    ended = 0
    for seat, why in seats:
        with wearing("jobs"), connection.cursor() as cursor:
            cursor.execute("SELECT sec.end_seat(%s, %s, %s)", [seat, why, now])
            ended += bool(cursor.fetchone()[0])
    return ended


@transaction.atomic
def keep_member(*, case: Case, membership: Membership, by: User, now: datetime) -> Membership:
    """The family wants this member along still: the silence begins anew. Raises NotAllowed for somebody who is not in."""
    case = open_case_of(case)
    member = case.memberships.current().filter(pk=membership.pk, user__isnull=False).first()
    if member is None or member.role == MemberRole.COORDINATOR:
        raise NotAllowed(_("Choose somebody who is in the network."))
    note(case, "member_kept", at=now, by=by, member=member.pk)
    warnings = case.tasks.open().filter(kind=TaskKind.SEAT_QUIET, about__startswith=f"quiet-{member.pk}-")
    warnings.update(done_at=now, done_by=by)
    return member

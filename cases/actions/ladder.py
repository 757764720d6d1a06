"""An area's own ladder: its days and whom it tells, changed by rows, and planned anew when a change comes into force."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from cases.access import NotAllowed
from cases.actions.deadline import ladders_of, replan
from cases.deadlines import KINDS, Rung, with_settings
from cases.kinds import MEETING
from cases.models import Case, Deadline, DeadlineState, LadderApplied, LadderChange, Status
from networks.models import Area, Role, RoleMembership, User
from yhteiso.hats.wear import wearing
from yhteiso.lib.dates import PROMISE_DAYS, at_helsinki, helsinki_date

IN_FORCE_AT = time(6, 0)
BATCH = 200
LOCK = 4_021_001  # of the advisory lock that keeps two changes of one area apart

# Whom each step may tell, the usual first. The lead is told of every step: only who is told beside is chosen.
CHOICES: Mapping[int, Sequence[tuple[str, ...]]] = {
    5: (("caller", "coordinator"), ("coordinator",)),
    9: (("coordinator",), ("coordinator", "substitute"), ("coordinator", "caller")),
    12: (("coordinator", "unit_heads"), ("coordinator", "unit_heads", "responsible"), ("coordinator", "responsible")),
    14: (
        ("coordinator", "responsible"), ("coordinator", "responsible", "substitute"),
        ("coordinator", "responsible", "unit_heads"),
    ),
}  # fmt: skip
LAST = max(CHOICES)

Settings = Mapping[int, tuple[int, tuple[str, ...]]]  # step → its day, and the roles that are told


@transaction.atomic
def change_ladder(*, area: Area, settings: Settings, named: User | None, reason: str, by: User, now: datetime) -> int:
    """Append a row for each step that changes, in force from tomorrow. Returns how many.

    Raises NotAllowed for whoever neither answers for the area nor administers, for days that do not grow or that lie
    outside 1–14, for roles that a step can't tell, for a named person who has no role in the area, and when nothing
    changes.
    """
    if not may_set(by, area):
        raise NotAllowed(_("Only the one who answers for the area, or an administrator, may change its ladder."))
    _one_at_a_time(area)
    for _step, sentence in refused(settings).items():
        raise NotAllowed(sentence)
    if named is not None and not people_of(area, helsinki_date(now)).filter(pk=named.pk).exists():
        raise NotAllowed(_("Choose somebody who has a role in this area."))
    from_on = helsinki_date(now) + timedelta(days=1)
    before, named_before = as_set(area, from_on)
    rows = [
        LadderChange(
            area=area, kind=MEETING, step=step, day=day, to=list(to), named=named if step == LAST else None, reason=reason,
            from_on=from_on, made_at=now, made_by=by,
        )
        for step, (day, to) in sorted(settings.items())
        if before[step] != (day, to) or (step == LAST and named_before != (named.pk if named else None))
    ]  # fmt: skip
    if not rows:
        raise NotAllowed(_("Nothing changed. The ladder stays as it is."))
    LadderChange.objects.bulk_create(rows)
    return len(rows)


def may_set(user: User, area: Area) -> bool:
    """Whether this person, in the role worn now, sets the ladder of the area."""
    return user.hat == "admin" or (user.hat == "area" and area.pk in user.answers_for)


def refused(settings: Settings) -> dict[int, str]:
    """Why a step can't be so: step → a sentence. Days grow from step to step, so that no step overtakes another."""
    found: dict[int, str] = {}
    before = 0
    for step in sorted(CHOICES):
        day, to = settings[step]
        if not 1 <= day <= PROMISE_DAYS:
            found[step] = str(_("Write a day from 1 to 14."))
        elif day <= before:
            found[step] = str(_("This must be later than the step before it."))
        elif to not in CHOICES[step]:
            found[step] = str(_("Choose whom this step tells."))
        before = max(before, day)
    return found


def as_set(area: Area, on: date) -> tuple[dict[int, tuple[int, tuple[str, ...]]], int | None]:
    """The ladder of a day, changes that come into force by then included: steps with day and roles, and who is named."""
    rungs: Sequence[Rung] = ladders_of({(MEETING, area.pk)}, on)[MEETING, area.pk]
    newest = LadderChange.objects.filter(area=area, kind=MEETING, step=LAST, from_on__lte=on).first()
    days = {rung.step: (int(getattr(rung.when, "n", rung.step)), rung.to) for rung in rungs}
    return days, newest.named_id if newest else None


def people_of(area: Area, on: date) -> QuerySet[User]:
    """Who may be named as the last to be told: people in use with a role in the area or at the head of its units."""
    held = RoleMembership.objects.filter(Q(ends_on=None) | Q(ends_on__gte=on), starts_on__lte=on)
    here = Q(role__in=[Role.COORDINATOR, Role.RESPONSIBLE, Role.LEADERSHIP], area=area) | Q(
        role=Role.UNIT_HEAD, unit__area=area
    )
    return User.people.filter(is_active=True, pk__in=held.filter(here).values("user_id")).order_by("sort_key", "pk")


def _one_at_a_time(area: Area) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, area.pk])


# -- coming into force -------------------------------------------------------------------------------------------------


def replan_changed(*, now: datetime) -> int:
    """Plan anew the steps ahead of every area whose ladder has changed since. Any number may run at once.

    A change comes into force at 6.00 of its day. It is marked as applied after the last of its area's situations: a run
    that dies half-way is done again, and what has moved does not move twice. Returns how many steps moved.
    """
    today = helsinki_date(now)
    until = today if now >= at_helsinki(today, IN_FORCE_AT) else today - timedelta(days=1)
    with wearing("jobs"):
        waiting = LadderChange.objects.filter(from_on__lte=until, applied=None).order_by("area_id", "kind")
        changes = list(waiting.values_list("pk", "area_id", "kind"))
    moved = 0
    for area_id, kind in sorted({(area_id, kind) for _pk, area_id, kind in changes}):
        moved += _replan_area(area_id, kind, now)
        with wearing("jobs"):
            LadderApplied.objects.bulk_create(
                [LadderApplied(change_id=pk, applied_at=now) for pk, of, code in changes if (of, code) == (area_id, kind)],
                ignore_conflicts=True,
            )
    return moved


def _replan_area(area_id: int, kind: str, now: datetime) -> int:
    with wearing("jobs"):
        ahead = Deadline.objects.open().filter(kind=kind, case__area_id=area_id)
        case_ids = sorted(set(ahead.order_by().values_list("case_id", flat=True)))
    moved = 0
    for start in range(0, len(case_ids), BATCH):
        with wearing("jobs"):
            rows = Deadline.objects.filter(kind=kind, case_id__in=case_ids[start : start + BATCH]).order_by(
                "case_id", "step"
            )
            moved += replan(rows.select_for_update(of=("self",), no_key=True), now=now)
    return moved


def replan_moved(*, now: datetime) -> int:
    """Plan anew the steps ahead of every open situation that has moved to another area, by that area's ladder.

    The area that stands on a step is where it was planned: what differs is what is left to do, so that a run that was killed
    is done again and nothing moves twice. Returns how many steps moved; the situation gets an event.
    """
    with wearing("jobs"):
        ahead = Deadline.objects.open().filter(case__isnull=False).exclude(case__status=Status.CLOSED)
        case_ids = sorted(set(ahead.exclude(area_id=F("case__area_id")).order_by().values_list("case_id", flat=True)))
    moved = 0
    for case_id in case_ids:
        with wearing("jobs"):
            rows = Deadline.objects.filter(case_id=case_id).order_by("kind", "about", "step")
            moved += replan(list(rows.select_for_update(of=("self",), no_key=True)), now=now)
            area_id = Case.objects.filter(pk=case_id).values_list("area_id", flat=True)[0]
            ahead = rows.filter(state__in=(DeadlineState.OPEN, DeadlineState.MERGED))
            ahead.exclude(area_id=area_id).update(area_id=area_id)
    return moved


def ladder_of(kind: str, settings: Settings) -> tuple[Rung, ...]:
    """The rungs as they would be with these settings, for a preview."""
    return with_settings(KINDS[kind].rungs, settings)

"""What the tick costs among a million open steps: the whole tick, and finding the due ones against the barest index scan.

Everything happens in transactions that are rolled back. The rows hang on a few hundred invented concerns of one area: a tick
asks about its own batch only, so how many facts there are elsewhere does not matter to it.
"""

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from cases.actions.tick import BATCH, tick
from cases.models import Concern, Deadline
from networks.models import Area, Role, RoleMembership, User
from yhteiso import reference
from yhteiso.demo import people
from yhteiso.demo.measure import busy as processors
from yhteiso.hats.wear import wearing

FACTS = 250  # concerns; each due step is about one of them

# Open steps that are far ahead, each about something else, and the due ones: four for each concern.
FILL = """INSERT INTO cases_deadline (id, kind, case_id, area_id, about, step, person_id, unit_id, fact_at, late_at, due_at, state)
SELECT uuidv7(), 'concern', NULL, %(area)s, 'x' || n, 1, %(person)s, %(unit)s, %(now)s::timestamptz - interval '1 day',
    %(now)s::timestamptz + interval '9 days', %(now)s::timestamptz + interval '1 day' + n * interval '1 second', 'open'
FROM generate_series(1, %(n)s) n"""
FILL_DUE = """INSERT INTO cases_deadline (id, kind, case_id, area_id, about, step, person_id, unit_id, fact_at, late_at, due_at, state)
SELECT uuidv7(), 'concern', NULL, %(area)s, (%(facts)s::text[])[1 + n %% cardinality(%(facts)s::text[])],
    20 + n / cardinality(%(facts)s::text[]), %(person)s, %(unit)s, %(now)s::timestamptz - interval '9 days',
    %(now)s::timestamptz - interval '1 day', %(now)s::timestamptz - n * interval '1 millisecond', 'open'
FROM generate_series(0, %(n)s - 1) n"""
INDEX_ONLY = """EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON)
    SELECT due_at, id FROM cases_deadline WHERE state = 'open' AND due_at <= %s ORDER BY due_at, id LIMIT %s"""


class Undo(Exception):
    """Ends a transaction whose work nobody keeps."""


@dataclass
class Clocked:
    """What was measured: ticks in seconds, scans in milliseconds of PostgreSQL's own time; and its ways to the due steps."""

    told: int = 0
    messages: int = 0
    mails: int = 0
    ticks: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    scan: list[float] = field(default_factory=list)
    only: list[float] = field(default_factory=list)
    claim: list[float] = field(default_factory=list)
    plan: str = ""
    bare: str = ""
    claimed: str = ""


def fill(*, deadlines: int, due: int, now: datetime) -> None:
    """The steps and what they hang on, in the caller's transaction."""
    reference.load()
    cast = people.load()
    writer = cast.people["Kaisa"]
    area, unit = Area.objects.get(name="Kuusiranta"), cast.units["Päiväkoti Pikkukäpy"]
    _somebody_answers(area, cast.people["Noora"])
    rows = Concern.objects.bulk_create(
        Concern(
            area=area, logged_by=writer, unit=unit, sent_at=now - timedelta(days=9), form_key=uuid.uuid4(), child_name="Touko",
            child_age=4, place="Päiväkoti", strengths="Leikkii.", everyday="Aamut.", family_asked="yes", reachable="040",
        )
        for _n in range(FACTS)
    )  # fmt: skip
    values: dict[str, Any] = {"area": area.pk, "person": writer.pk, "unit": unit.pk, "now": now}
    with connection.cursor() as cursor:
        cursor.execute(FILL, values | {"n": deadlines - due})
        cursor.execute(FILL_DUE, values | {"n": due, "facts": [str(row.pk) for row in rows]})


def _somebody_answers(area: Area, user: User) -> None:
    held = RoleMembership.objects.filter(role=Role.RESPONSIBLE, area=area)
    if not held.exists():
        RoleMembership.objects.create(role=Role.RESPONSIBLE, area=area, user=user, starts_on=datetime(2024, 1, 1).date())


def measure(*, now: datetime, rounds: int, tell: Callable[[str], None]) -> Clocked:
    """Ticks and scans in turns (ABAB…), each tick rolled back; the first round warms up.

    A scan's time is PostgreSQL's own (EXPLAIN ANALYZE), the best of seven: neither Python nor the machine's other work.
    """
    found = Clocked()
    for number in range(rounds + 1):
        scan, only, claim = (_best(way, now) for way in (_due, _index_only, _claimed))
        seconds, busy = _one_tick(found, now)
        if number:
            found.scan.append(scan)
            found.only.append(only)
            found.claim.append(claim)
            found.ticks.append(seconds)
            found.busy.append(busy)
            tell(
                f"round {number}: tick {seconds:.3f} s, {busy:.3f} s of work; scan {scan:.2f} ms, index only {only:.2f} ms, claim {claim:.2f} ms"
            )
    found.plan, found.bare, found.claimed = (_nodes(way(now)["Plan"]) for way in (_due, _index_only, _claimed))
    return found


def _one_tick(found: Clocked, now: datetime) -> tuple[float, float]:
    """Seconds by a clock on the wall, and of the processors' time for us and PostgreSQL together."""
    taken = worked = 0.0
    try:
        with transaction.atomic():
            began, busy = time.perf_counter(), processors()
            found.told = tick(now=now)
            taken = time.perf_counter() - began
            worked = (processors() - busy) / 1_000_000_000
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM cases_message WHERE at = %s", [now])
                found.messages = cursor.fetchone()[0]
                cursor.execute("SELECT count(*) FROM outbox_outgoing WHERE made_at = %s", [now])
                found.mails = cursor.fetchone()[0]
            raise Undo
    except Undo:
        pass
    return taken, worked


def _due(now: datetime) -> dict[str, Any]:
    """The keys of the due steps as the tick finds them, in its hat."""
    with wearing("jobs"):
        return _explained(Deadline.objects.due(now).values_list("due_at", "pk")[:BATCH])


def _claimed(now: datetime) -> dict[str, Any]:
    """The same with the whole rows and their locks."""
    with wearing("jobs"):
        due = Deadline.objects.due(now).select_for_update(of=("self",), skip_locked=True, no_key=True)
        return _explained(due[:BATCH])


def _index_only(now: datetime) -> dict[str, Any]:
    """The barest way to the same keys."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(INDEX_ONLY, [now, BATCH])
        found: dict[str, Any] = cursor.fetchone()[0][0]
        return found


def _explained(rows: QuerySet[Any, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(rows.explain(format="json", analyze=True, timing=False))[0]
    return found


def _best(way: Callable[[datetime], dict[str, Any]], now: datetime) -> float:
    return min(float(way(now)["Execution Time"]) for _n in range(7))


def _nodes(plan: dict[str, Any]) -> str:
    name = plan["Node Type"] + (f" using {plan['Index Name']}" if "Index Name" in plan else "")
    return " > ".join([name, *(_nodes(inner) for inner in plan.get("Plans", []))])

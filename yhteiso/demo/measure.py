"""What the second wall and the log cost: the same page and the same list with them and without, in turns.

Both sides run in one process on one connection, the owner's, which may wear every hat: with the hat PostgreSQL applies
the policies, without it the owner's own policy is `true`. Ratios of medians; the rounds are interleaved (ABAB…), so that
what else the machine does falls on both. What is counted is the processors' time of the two processes, ours and
PostgreSQL's: on a machine that others use too, a clock on the wall tells of them. Linux and a local database only.
"""

import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from cases.models import Case
from meetings.views.case_list import PAGE, _in_order
from networks.models import User
from networks.signin import SECOND_FACTOR
from networks.views import BACKEND
from yhteiso.hats import middleware
from yhteiso.hats.wear import wearing

Work = Callable[[], object]

# What somebody would write who needs no wall: the same rows in the same order.
LIST_OF = {
    "member": "c.id IN (SELECT m.case_id FROM cases_membership m WHERE m.user_id = %s AND m.ended_at IS NULL)",
    "area": "c.area_id = (SELECT r.area_id FROM networks_rolemembership r WHERE r.user_id = %s AND r.role = 'coordinator')",
}
COLUMNS = (
    "c.id, c.ref, c.area_id, c.coordinator_id, c.lead_id, c.status, c.opened_at, c.opened_by_id, c.t0_at, c.day14_on,"
    " c.plan_by_on, c.first_met_at, c.delay_reason, c.consent, c.protected, c.guardians_apart, h.case_id, h.child_name,"
    " h.child_age, h.caller_label, c.closed_at, c.closed_by_id, c.close_reason, u.id, u.email, u.name, u.sort_key, u.title, u.unit_id,"
    " u.phone, u.language, u.lp_trained_on, u.protected_identity, u.is_active, u.created_at, u.session_epoch"
)
MET = "CASE WHEN c.first_met_at IS NULL THEN false ELSE true END"
FROM = f"SELECT {COLUMNS}, {MET} FROM cases_case c LEFT JOIN cases_caseheading h ON h.case_id = c.id JOIN networks_user u ON u.id = c.coordinator_id WHERE "  # noqa: S608  constants
PLAIN_LIST = {
    hat: f"{FROM}{scope} AND c.status <> 'closed' ORDER BY {MET}, c.plan_by_on, c.id LIMIT {PAGE + 1}"
    for hat, scope in LIST_OF.items()
}
PLAIN_GET = {hat: f"{FROM}{scope} AND c.ref = %s" for hat, scope in LIST_OF.items()}


@dataclass(frozen=True)
class Ratio:
    """Two medians in milliseconds. `walled` is with row security (and log), `plain` without."""

    what: str
    walled: float
    plain: float

    @property
    def value(self) -> float:
        return self.walled / self.plain


def in_turns(walled: Work, plain: Work, *, rounds: int, each: int) -> tuple[float, float]:
    """The medians of one call's time on both sides, in milliseconds, after one round to warm up."""
    sides: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds + 1):
        for side, work in zip(sides, (walled, plain), strict=True):
            taken = _timed(work, each)
            if number:
                side.append(taken)
    return median(sides[0]), median(sides[1])


def rows_of(sql: str, values: list[Any]) -> list[tuple[Any, ...]]:
    """All rows of one statement."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def list_statement(user: User) -> tuple[str, list[Any]]:
    """The list of situations as the page asks for it: statement and values."""
    rows = Case.objects.visible_to(user).open().select_related("coordinator").defer(
        "coordinator__password", "coordinator__last_login"
    )  # fmt: skip
    sql, values = _in_order(rows, "open", None)[: PAGE + 1].query.sql_with_params()
    return sql, list(values)


def lists(user: User, *, rounds: int = 11, each: int = 5) -> list[Ratio]:
    """The first page of the list, and one situation by its reference, under the hat ÷ plain SQL."""
    sql, values = list_statement(user)
    with wearing(user.hat, user.pk):
        first = rows_of(sql, values)
    plain = PLAIN_LIST[user.hat]
    assert [row[0] for row in first] == [row[0] for row in rows_of(plain, [user.pk])], "both sides show the same situations"
    ref = Case.objects.get(pk=first[len(first) // 2][0]).ref
    one = Case.objects.visible_to(user).select_related("area").filter(ref=ref)[:1].query.sql_with_params()

    def under_hat(statement: str, given: list[Any]) -> Work:
        return lambda: rows_of(statement, given)

    found = []
    pairs = ((f"list, {user.hat}", (sql, values), (plain, [user.pk])),
             (f"one situation, {user.hat}", (one[0], list(one[1])), (PLAIN_GET[user.hat], [user.pk, ref])))  # fmt: skip
    for what, walled, bare in pairs:
        found.append(Ratio(what, *_hat_and_none(user, under_hat(*walled), under_hat(*bare), rounds, each)))
    return found


def _hat_and_none(user: User, walled: Work, plain: Work, rounds: int, each: int) -> tuple[float, float]:
    """As `in_turns`, where putting the hat on is not counted: a page does it once for all its statements."""
    sides: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds + 1):
        with wearing(user.hat, user.pk):
            taken = _timed(walled, each)
        with transaction.atomic():
            bare = _timed(plain, each)
        if number:
            sides[0].append(taken)
            sides[1].append(bare)
    return median(sides[0]), median(sides[1])


def _timed(work: Work, each: int) -> float:
    began = busy()
    for _ in range(each):
        work()
    return (busy() - began) / 1_000_000 / each


def busy() -> int:
    """Nanoseconds that this process and its PostgreSQL process have had a processor."""
    connection.ensure_connection()
    pids = (os.getpid(), connection.connection.info.backend_pid)
    return sum(int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0]) for pid in pids)


def functions(user: User, *, rounds: int = 9) -> dict[str, float]:
    """What the functions behind the policies take, in milliseconds."""
    calls = ("sec.my_cases()", "sec.my_seat_ids()", "sec.open_cases('time')", "sec.open_cases('plan')")
    with wearing(user.hat, user.pk):
        return {call: median(_timed(lambda: rows_of(f"SELECT {call}", []), 1) for _ in range(rounds)) for call in calls}  # noqa: B023


def explain(user: User) -> str:
    """How PostgreSQL finds the first page under the hat."""
    sql, values = list_statement(user)
    with wearing(user.hat, user.pk):
        return "\n".join(str(row[0]) for row in rows_of(f"EXPLAIN (ANALYZE, BUFFERS) {sql}", values))


def browser(user: User) -> Client:
    """Somebody who has signed in with both steps."""
    client = Client(SERVER_NAME="127.0.0.1")
    session = SessionStore()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), BACKEND
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session[SECOND_FACTOR] = True
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = str(session.session_key)
    return client


def pages(user: User, *, rounds: int = 9, each: int = 5) -> list[Ratio]:
    """The whole page with hat and log ÷ the same page without both; the page's own filters stay on both sides."""
    client = browser(user)
    with wearing(user.hat, user.pk):
        case = Case.objects.visible_to(user).open().order_by("pk").first()
    assert case is not None
    found = []
    for what, url in (("list", reverse("case-list")), ("situation", reverse("case", kwargs={"ref": case.ref}))):

        def ask(url: str = url) -> None:
            answer = client.get(url)
            assert answer.status_code == 200, answer.status_code

        def bare(ask: Work = ask) -> None:
            with ExitStack() as stack:
                stack.enter_context(mock.patch.object(middleware, "put_on", _only_who))
                stack.enter_context(mock.patch("cases.access.record"))
                ask()

        found.append(Ratio(f"page of the {what}, {user.hat}", *in_turns(ask, bare, rounds=rounds, each=each)))
    return found


def _only_who(hat: str, user_id: int | None) -> None:
    """Who asks, for the functions that pages call themselves, but no hat: the owner's policy is `true`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.uid', %s, true)", [str(user_id or "")])

"""The sweeper: compares facts with deadlines, deadlines with what was told, and what was told with what has left.

Everything is written in one transaction with its fact, so there is nothing to find. This looks all the same: whatever it
finds is a mistake of ours or a row written by hand, and no family may wait for us to notice it.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import batched

from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat

from cases.actions.deadline import ladders_of, repeat, steps_of
from cases.deadlines import KINDS
from cases.facts import SOURCES, Fact, Source
from cases.models import Case, Deadline, DeadlineState, Difference, Escalation, EscalationTo, Message, MessageKind
from networks.message_kinds import EMAIL, wanted
from networks.models import Area, User
from yhteiso.hats.wear import wearing
from yhteiso.lib.dates import helsinki_date
from yhteiso.outbox.models import Outgoing

logger = logging.getLogger(__name__)

BATCH = 1000
TOLD_WITHIN = timedelta(minutes=5)
SENT_WITHIN = timedelta(minutes=10)
DAY = timedelta(days=1)
ALARM = 2  # in so many runs one after another


@dataclass
class Sweep:
    """What was found and what was mended, by the name of the difference. Only those that are not zero."""

    found: dict[str, int] = field(default_factory=dict)
    mended: dict[str, int] = field(default_factory=dict)

    @property
    def left(self) -> int:
        """How many differences are still there."""
        return sum(self.found.values()) - sum(self.mended.values())


def sweep(*, repair: bool, now: datetime) -> Sweep:
    """Compare everything, and with `repair` write missing deadlines and end those whose deed is done.

    Nothing else is mended by itself: whoever reads the alarm finds out why. Each batch is its own transaction.
    """
    done = Sweep()
    for source in SOURCES.values():
        _lacks(source, done, repair, now)
        _stale(source, done, repair, now)
    with wearing("jobs"):
        for name, look in EFFECTS.items():
            if n := look(now):
                done.found[name] = n
    for name, n in sorted(done.found.items()):
        logger.warning("sweep: %s: %s found, %s mended", name, n, done.mended.get(name, 0))
    return done


def record(done: Sweep, *, now: datetime) -> int:
    """Remember what a periodic run has found: the same in two runs one after another is an alarm. Returns how many are.

    A name that was not found is forgotten, so that the next time is the first again.
    """
    with wearing("jobs"):
        before = {row.pk: row for row in Difference.objects.select_for_update(no_key=True)}
        rows = [
            Difference(
                name=name, found=done.found.get(name, 0), mended=done.mended.get(name, 0), last_at=now,
                runs=_runs(before.get(name)) + 1 if name in done.found else 0,
                first_at=before[name].first_at if _runs(before.get(name)) else now,
            )
            for name in sorted(before.keys() | done.found.keys())
        ]  # fmt: skip
        Difference.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["name"],
            update_fields=["found", "mended", "runs", "first_at", "last_at"],
        )
    alarms = [row for row in rows if row.runs >= ALARM]
    for row in alarms:
        logger.error("sweep: %s found in %s runs one after another", row.name, row.runs)
    return len(alarms)


def _runs(row: Difference | None) -> int:
    return row.runs if row else 0


# -- facts and deadlines ---------------------------------------------------------------------------------------------------


def live(kind: str) -> QuerySet[Deadline]:
    """Deadlines that take care of a waiting fact: of a repeated kind a step ahead, of others any step but an ended one."""
    if KINDS[kind].repeats:
        return Deadline.objects.open()
    return Deadline.objects.exclude(state=DeadlineState.ENDED)


def _lacks(source: Source, done: Sweep, repair: bool, now: datetime) -> None:
    with wearing("jobs"):
        facts = source.lacking(live(source.kind))
    if not facts:
        return
    name = f"missing_{source.kind}"
    done.found[name] = len(facts)
    for some in batched(facts, BATCH) if repair else ():
        with wearing("jobs"):
            done.mended[name] = done.mended.get(name, 0) + _write(source.kind, some, now)


def _write(kind: str, facts: Iterable[Fact], now: datetime) -> int:
    """Write or open again the steps of these facts. Returns how many facts have been taken care of."""
    facts = list(facts)
    known = _known(kind, facts)
    ladders = ladders_of({(kind, fact.area_id) for fact in facts}, helsinki_date(now))
    told = _told(kind, facts)
    new: list[Deadline] = []
    changed: list[Deadline] = []
    for fact in facts:
        key = (fact.case_id, fact.about)
        if rows := known.get(key):
            _revive(rows, told.get(key, {}), now, new, changed)
        else:
            rows = steps_of(
                KINDS[kind], ladders[kind, fact.area_id], case_id=fact.case_id, area_id=fact.area_id, about=fact.about,
                fact_at=fact.fact_at, last_on=fact.last_on, person_id=fact.person_id, unit_id=fact.unit_id, now=now,
            )  # fmt: skip
            _as_told(rows, told.get(key, {}), now)
            new += rows + _next(rows, now)
    Deadline.objects.bulk_create(new, ignore_conflicts=True)
    Deadline.objects.bulk_update(changed, ["state", "ended_at"])
    return len(facts)


def _revive(
    rows: list[Deadline], told: dict[int, datetime], now: datetime, new: list[Deadline], changed: list[Deadline]
) -> None:
    """The steps that were ended too early are ahead again; where all have been told, the last one comes again."""
    ended = [row for row in rows if row.state == DeadlineState.ENDED]
    for row in ended:
        row.state, row.ended_at = DeadlineState.OPEN, None
    _as_told(ended, told, now)
    changed += ended
    new += _next(rows, now)


def _as_told(rows: list[Deadline], told: dict[int, datetime], now: datetime) -> None:
    """Steps that were told already, before there were deadlines, stay told. Of those that are past the highest is told."""
    for row in rows:
        if row.step in told:
            row.state, row.ended_at = DeadlineState.TOLD, told[row.step]
    past = [row for row in rows if row.state == DeadlineState.OPEN and row.due_at <= now]
    highest = max([row.step for row in past] + list(told), default=0)
    for row in past:
        if row.step < highest:
            row.state, row.ended_at = DeadlineState.MERGED, now


def _next(rows: list[Deadline], now: datetime) -> list[Deadline]:
    """The repetition of the last step, where everything up to it is behind and the deed still undone."""
    last = max(rows, key=lambda row: row.step)
    ahead = any(row.state == DeadlineState.OPEN for row in rows)
    return [repeat(last, now)] if KINDS[last.kind].repeats and not ahead else []


def _of(facts: Iterable[Fact]) -> Q:
    cases = {fact.case_id for fact in facts if fact.case_id}
    return Q(case_id__in=cases) | Q(case=None, about__in={fact.about for fact in facts if not fact.case_id})


def _known(kind: str, facts: list[Fact]) -> dict[tuple[int | None, str], list[Deadline]]:
    found: dict[tuple[int | None, str], list[Deadline]] = {}
    for row in Deadline.objects.filter(_of(facts), kind=kind).select_for_update(of=("self",), no_key=True):
        found.setdefault((row.case_id, row.about), []).append(row)
    return found


def _told(kind: str, facts: list[Fact]) -> dict[tuple[int | None, str], dict[int, datetime]]:
    found: dict[tuple[int | None, str], dict[int, datetime]] = {}
    rows = Escalation.objects.filter(_of(facts), kind=kind).order_by()
    for case_id, about, step, raised_at in rows.values_list("case_id", "about", "step", "raised_at"):
        found.setdefault((case_id, about), {})[step] = raised_at
    return found


def _stale(source: Source, done: Sweep, repair: bool, now: datetime) -> None:
    name = f"stale_{source.kind}"
    with wearing("jobs"):
        if repair:
            n = source.stale().update(state=DeadlineState.ENDED, ended_at=now)
            done.mended |= {name: n} if n else {}
        else:
            n = source.stale().count()
    done.found |= {name: n} if n else {}


# -- deadlines and effects -------------------------------------------------------------------------------------------------


def _overdue(now: datetime) -> int:
    """Steps that should have been told minutes ago: the tick doesn't run, or can't."""
    return Deadline.objects.open().filter(due_at__lt=now - TOLD_WITHIN).count()


def _unwritten(now: datetime) -> int:
    """Steps that are said to be told, and nothing of it stands in the ledger."""
    of_case = Q(case_id=OuterRef("case_id")) | Q(case=None, about=OuterRef("about"), area_id=OuterRef("area_id"))
    older = Escalation.objects.filter(
        of_case, deadline=None, kind=OuterRef("kind"), about=OuterRef("about"), step=OuterRef("step")
    )
    told = Deadline.objects.filter(state=DeadlineState.TOLD)
    return told.filter(~Exists(Escalation.objects.filter(deadline=OuterRef("pk"))), ~Exists(older)).count()


def _to_nobody(now: datetime) -> int:
    """Steps in the ledger with nobody who was told."""
    rows = Escalation.objects.filter(deadline__isnull=False)
    return rows.filter(~Exists(EscalationTo.objects.filter(escalation=OuterRef("pk")))).count()


def _unsaid(now: datetime) -> int:
    """People who are said to have been told, and nothing stands in their inbox."""
    key = Concat(Value("step:"), Cast("escalation__deadline_id", CharField()), Value(":"), Cast("to_id", CharField()))
    rows = EscalationTo.objects.filter(escalation__deadline__isnull=False).annotate(key=key)
    return rows.filter(~Exists(Message.objects.filter(key=OuterRef("key")))).count()


# Kinds whose mail is the plain notice, and of invitations those of units. Meetings and digests leave by rows of their own;
# a failure is told here only.
NOTICED = (MessageKind.ESCALATION, MessageKind.PROMISE, MessageKind.TASK, MessageKind.FAMILY, MessageKind.ANSWER)
OF_UNITS = Q(kind=MessageKind.INVITATION, what__startswith="unit_")


def _unsent(now: datetime) -> int:
    """Messages of the last day that should have left by mail, and nothing was put out for them."""
    fresh = Message.objects.filter(Q(kind__in=NOTICED) | OF_UNITS, at__gt=now - DAY, at__lt=now - TOLD_WITHIN)
    fresh = fresh.annotate(row=Cast("pk", CharField()))
    mailed = Outgoing.objects.filter(kind="message", channel=EMAIL, about=OuterRef("row"))
    people: dict[str, list[int]] = {}
    for kind, to_id in fresh.filter(~Exists(mailed)).order_by().values_list("kind", "to_id"):
        people.setdefault(kind, []).append(to_id)
    return sum(EMAIL in wanted(ids, kind)[one] for kind, ids in people.items() for one in ids)


def _unrelayed(now: datetime) -> int:
    """Messages that should have left minutes ago: no relay runs, or none gets on."""
    return Outgoing.objects.ready().filter(available_at__lt=now - SENT_WITHIN).count()


def _unreachable(now: datetime) -> int:
    """People whom a step ahead is for, and who have no account in use or no address."""
    asked = Deadline.objects.open().filter(person__isnull=False).values("person_id")
    leads = Case.objects.open().values("coordinator_id")
    named = Area.objects.filter(responsible__isnull=False).values("responsible_id")
    people = User.people.filter(Q(pk__in=asked) | Q(pk__in=leads) | Q(pk__in=named))
    return people.filter(Q(is_active=False) | Q(email="")).count()


EFFECTS: dict[str, Callable[[datetime], int]] = {
    "overdue": _overdue,
    "told_unwritten": _unwritten,
    "told_to_nobody": _to_nobody,
    "told_unsaid": _unsaid,
    "unsent": _unsent,
    "unrelayed": _unrelayed,
    "unreachable": _unreachable,
}

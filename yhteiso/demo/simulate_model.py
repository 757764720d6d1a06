"""What should have been told, to whom and when: worked out a second time, from days and people alone.

This knows nothing of the application: neither its calendar, nor its ladders, nor its database. It is told what happened
(`yhteiso.demo.simulate`), and at each virtual tick it says what must be told then. The comparison stands at the end.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from yhteiso.demo.simulate_calendar import EVERYWHERE, LADDERS, between, day_of, forth, is_open, late_of, on, today

REST = 5


# -- people, situations and what waits in them -----------------------------------------------------------------------------


@dataclass
class Away:
    from_on: date
    until_on: date
    instead: "Person | None"
    accepted: bool | None


@dataclass(eq=False)
class Person:
    """`roles`: what, where (an area's key), and the last day. `unit` is where they work, `heads` the units that they head."""

    pk: int
    unit: int
    active: bool = True
    roles: list[tuple[str, int | None, date | None]] = field(default_factory=list)
    away: list[Away] = field(default_factory=list)

    def has(self, role: str, area: int | None, day: date) -> bool:
        return self.active and any(r == role and a == area and (end is None or day <= end) for r, a, end in self.roles)

    def absence(self, day: date) -> Away | None:
        return next((row for row in self.away if row.from_on <= day <= row.until_on), None)


@dataclass
class Area:
    """Who answers, as its settings name them; the ladder's changes (kind, step) → day."""

    pk: int
    responsible: Person | None = None
    substitute: Person | None = None
    days: dict[tuple[str, int], int] = field(default_factory=dict)


@dataclass(eq=False)
class Case:
    pk: int
    area: Area
    lead: Person
    t0: datetime
    members: set[Person] = field(default_factory=set)
    callers: set[Person] = field(default_factory=set)
    recused: set[Person] = field(default_factory=set)
    agreed: bool = False
    # Units that have not answered the time that is being agreed on.
    unanswered: set[int] = field(default_factory=set)


@dataclass
class Step:
    due: datetime
    state: str  # ahead, told, merged, quiet, rested


@dataclass(eq=False)
class Thread:
    """One deadline. `done`: from then on nobody is told any more."""

    kind: str
    about: str
    area: Area
    case: Case | None
    fact: datetime
    late: datetime
    owner: Person | None
    unit: int
    steps: dict[int, Step] = field(default_factory=dict)
    done: bool = False
    taken: datetime | None = None

    @property
    def key(self) -> tuple[str, int | None, str]:
        return self.kind, self.case.pk if self.case else None, self.about


@dataclass(frozen=True)
class Telling:
    """A step as it was, or should have been, told."""

    kind: str
    case: int | None
    about: str
    step: int
    at: datetime
    to: frozenset[int]

    @property
    def key(self) -> tuple[str, int | None, str, int]:
        return self.kind, self.case, self.about, self.step


class Model:
    """Everything that waits, and what must have been told so far."""

    def __init__(self, people: Iterable[Person], heads: dict[int, Person]) -> None:
        self.people, self.heads = list(people), heads
        self.threads: dict[tuple[str, int | None, str], Thread] = {}
        self.expected: list[Telling] = []
        self.moment = datetime.min.replace(tzinfo=UTC)  # when the present deed is done

    # -- what happens ------------------------------------------------------------------------------------------------------

    def begin(
        self, kind: str, *, area: Area, case: Case | None, fact: datetime, about: str = "", last_on: date | None = None,
        owner: Person | None = None, unit: int = 0,
    ) -> None:  # fmt: skip
        thread = Thread(kind, about, area, case, fact, late_of(kind, fact, last_on), owner, unit)
        if thread.key not in self.threads:
            self.threads[thread.key] = thread
            self.plan(thread)

    def end(self, kind: str, case: Case | None, about: str = "") -> None:
        if thread := self.threads.get((kind, case.pk if case else None, about)):
            thread.done = True

    def take(self, kind: str, case: Case, at: datetime, about: str = "") -> None:
        """Somebody has said that they take care of it: what comes again rests for some days."""
        self.threads[kind, case.pk, about].taken = at

    def end_all(self, case: Case) -> None:
        for thread in self.of(case):
            thread.done = thread.done or thread.kind != "review"

    def of(self, case: Case) -> list[Thread]:
        return [thread for thread in self.threads.values() if thread.case is case]

    def start_again(self, case: Case, t0: datetime) -> None:
        """The start of the two weeks has been corrected: what has not been told moves."""
        for thread in self.of(case):
            if thread.kind in ("meeting", "gathered"):
                thread.fact, thread.late = t0, late_of(thread.kind, t0, None)
                if not thread.done:
                    self.plan(thread)

    def plan(self, thread: Thread) -> None:
        ladder, area = LADDERS[thread.kind], thread.case.area if thread.case else thread.area
        first, last = today(thread.fact), today(thread.late - timedelta(seconds=1))
        moments = {}
        for n, (how, days, _to) in ladder.rungs.items():
            moment = on(day_of(how, area.days.get((thread.kind, n), days), first, last), 8)
            moments[n] = moment if moment > thread.fact else on(forth(first), 8)
        gone = max((n for n, step in thread.steps.items() if step.state not in ("ahead", "merged")), default=0)
        moments = {n: moment if moment > self.moment else self.next() for n, moment in moments.items() if n > gone}
        for n, moment in moments.items():
            merged = any(other > n and today(at) == today(moment) for other, at in moments.items())
            step = thread.steps.setdefault(n, Step(moment, "ahead"))
            step.due, step.state = moment, "merged" if merged else "ahead"

    def next(self) -> datetime:
        """The first 8.00 of a day when offices are open, after the present deed."""
        day = today(self.moment)
        return on(day, 8) if is_open(day) and on(day, 8) > self.moment else on(forth(day), 8)

    def wake(self, case: Case) -> None:
        """The agreed meeting that kept steps quiet is off: the highest of them is told in the morning."""
        thread = self.threads["meeting", case.pk, ""]
        quiet = [n for n, step in thread.steps.items() if step.state == "quiet"]
        if quiet and not thread.done:
            top, due = max(quiet), self.next()
            higher = [step for n, step in thread.steps.items() if n > top]
            if not any(step.state == "told" or (step.state == "ahead" and step.due <= due) for step in higher):
                thread.steps[top].state, thread.steps[top].due = "ahead", due

    # -- the tick ----------------------------------------------------------------------------------------------------------

    def tick(self, now: datetime) -> None:
        for thread in self.threads.values():
            if not thread.done:
                for n in [n for n, step in thread.steps.items() if step.state == "ahead" and step.due <= now]:
                    self._step(thread, n, now)

    def _step(self, thread: Thread, n: int, now: datetime) -> None:
        step, ladder = thread.steps[n], LADDERS[thread.kind]
        last = max(ladder.rungs)
        if ladder.again and n >= last:
            thread.steps[n + 1] = Step(on(forth(today(now)), 8), "ahead")
        if thread.kind == "meeting" and step.due < thread.late and thread.case and thread.case.agreed:
            step.state = "quiet"
        elif n > last and thread.taken and between(thread.taken, now) < REST:
            step.state = "rested"
        else:
            step.state = "told"
            roles = ladder.rungs[n][2] if n <= last else ladder.again or ()
            case = thread.case.pk if thread.case else None
            self.expected.append(Telling(thread.kind, case, thread.about, n, now, self.whom(thread, roles, today(now))))

    # -- whom --------------------------------------------------------------------------------------------------------------

    def whom(self, thread: Thread, roles: Iterable[str], day: date) -> frozenset[int]:
        for some in (tuple(roles), ("responsible",), ("coordinators",), ("officers",), ("administrators",)):
            found = {
                one for role in some for person in self.role(thread, role, day) for one in self.present(thread, person, day)
            }
            if found := {one for one in found if one.active and self.may(thread, one)}:
                return frozenset(one.pk for one in found)
        return frozenset()

    @staticmethod
    def may(thread: Thread, person: Person) -> bool:
        if thread.kind == "review" and person is thread.owner:
            return False
        return not (thread.case and person in thread.case.recused)

    def present(self, thread: Thread, person: Person, day: date) -> list[Person]:
        """Themself; when away the one who stands in, else both they and whoever answers for the area."""
        if not person.absence(day):
            return [person]
        instead = stand_in(person, day)
        if instead and instead.active and self.may(thread, instead):
            return [instead]
        area = thread.case.area if thread.case else thread.area
        others = [area.substitute] if area.substitute else []
        others += self.holders("responsible", area.pk, day)
        return [person, *(one for one in others if not one.absence(day))]

    def holders(self, role: str, area: int | None, day: date) -> list[Person]:
        return [one for one in self.people if one.has(role, None if role in EVERYWHERE else area, day)]

    def role(self, thread: Thread, role: str, day: date) -> list[Person]:
        area = thread.case.area if thread.case else thread.area
        responsible = self.holders("responsible", area.pk, day)
        settled = ([area.responsible] if area.responsible else []) + responsible
        found: dict[str, Callable[[], list[Person]]] = {
            "owner": lambda: self.owner(thread),
            "owner_head": lambda: self.head(thread.unit),
            "caller": lambda: list(thread.case.callers) if thread.case else [],
            "lead": lambda: self.lead(thread, responsible, day),
            "coordinators": lambda: self.holders("coordinator", area.pk, day),
            "responsible": lambda: settled,
            "named": lambda: [area.substitute] if area.substitute else settled,
            "unit_heads": lambda: self.unit_heads(thread),
            "officers": lambda: self.holders("officer", None, day),
            "administrators": lambda: self.holders("administrator", None, day),
        }
        return found[role]()

    def lead(self, thread: Thread, responsible: list[Person], day: date) -> list[Person]:
        case, area = thread.case, thread.case.area if thread.case else thread.area
        coordinators = self.holders("coordinator", area.pk, day)
        if case and case.lead in coordinators + responsible:
            return [case.lead]
        return responsible or coordinators

    def unit_heads(self, thread: Thread) -> list[Person]:
        units = thread.case.unanswered | {thread.case.lead.unit} if thread.case else set()
        return [head for unit in units for head in self.head(unit)]

    def owner(self, thread: Thread) -> list[Person]:
        """Whoever the deed belongs to, while they are in the network (a review is owed by others than its owner)."""
        if thread.owner is None or (thread.case and thread.owner not in thread.case.members | {thread.case.lead}):
            return []
        return [thread.owner]

    def head(self, unit: int) -> list[Person]:
        return [self.heads[unit]] if unit in self.heads else []


def stand_in(person: Person, day: date) -> Person | None:
    seen, one = [person], person
    for _ in range(3):
        row = one.absence(day)
        if (
            row is None
            or not row.accepted
            or row.instead is None
            or row.instead in seen
            or not colleague(one, row.instead, day)
        ):
            return None
        one = row.instead
        if not one.absence(day):
            return one
        seen.append(one)
    return None


def colleague(one: Person, other: Person, day: date) -> bool:
    """Area people stand in for each other in their area, others for people of the same unit."""
    if not other.active or one is other:
        return False
    theirs = {(role, area) for role, area, end in other.roles if end is None or day <= end}
    mine = {(role, area) for role, area, end in one.roles if end is None or day <= end}
    if areas := {area for role, area in mine if role in ("coordinator", "responsible")}:
        return any(role in ("coordinator", "responsible") and area in areas for role, area in theirs)
    if any(role in ("professional", "unit_head") for role, _area in mine):
        return one.unit == other.unit and bool(theirs)
    return False


# -- the comparison --------------------------------------------------------------------------------------------------------

QUESTIONS = (
    "forgotten",
    "told twice",
    "told too early",
    "told too late",
    "told for nothing",
    "told to nobody",
    "not everybody told",
    "the wrong people told",
)


def compare(expected: Iterable[Telling], actual: Iterable[Telling]) -> dict[str, list[str]]:
    """What differs, by what is wrong: each with the keys of kind, situation, what it is about, and step."""
    found: dict[str, list[str]] = {name: [] for name in QUESTIONS}
    known: dict[tuple[str, int | None, str, int], list[Telling]] = {}
    for row in actual:
        known.setdefault(row.key, []).append(row)
    for want in expected:
        rows = known.pop(want.key, [])
        name = f"{want.kind} {want.case or '-'} {want.about or '-'} step {want.step}"
        if not rows:
            found["forgotten"].append(f"{name}: at {want.at:%d.%m. %H:%M}")
        for one in rows[1:]:
            found["told twice"].append(f"{name}: again at {one.at:%d.%m. %H:%M}")
        for one in rows[:1]:
            _one(found, name, want, one)
    for rows in known.values():
        found["told for nothing"] += [
            f"{one.kind} {one.case or '-'} {one.about or '-'} step {one.step}: at {one.at:%d.%m. %H:%M}" for one in rows
        ]
    return found


def _one(found: dict[str, list[str]], name: str, want: Telling, one: Telling) -> None:
    if one.at != want.at:
        found["told too early" if one.at < want.at else "told too late"].append(
            f"{name}: {one.at:%d.%m. %H:%M}, not {want.at:%d.%m. %H:%M}"
        )
    if not one.to:
        found["told to nobody"].append(name)
    elif want.to - one.to:
        found["not everybody told"].append(f"{name}: {sorted(want.to - one.to)} were not")
    if one.to - want.to:
        found["the wrong people told"].append(f"{name}: {sorted(one.to - want.to)} were")


__all__ = ["Area", "Away", "Case", "Model", "Person", "Telling", "Thread", "compare", "forth", "is_open", "on", "today"]

"""A simulated year: the real actions, the real tick and the real relay in virtual time, beside a model that knows neither.

Everything happens in one transaction, under the hats of those who act. Workers fall silent for hours and days, brokers
too, mail servers fail; nights are an hour shorter or longer, people are on leave, shut, moved and disqualified.
"""

import heapq
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from random import Random
from typing import Any

from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection
from django.test.utils import override_settings

from cases.access import NotAllowed
from cases.actions.tick import tick
from cases.models import Escalation, EscalationTo, Message
from networks.models import Unit, User
from yhteiso.demo import simulate_model as model
from yhteiso.demo.simulate_family import Family
from yhteiso.demo.simulate_people import People, Place, Somebody
from yhteiso.outbox import relay
from yhteiso.outbox.models import Outgoing

FAMILIES_OF_AN_AREA = 60
Deed = Callable[[datetime], Any]
Tell = Callable[["Year", datetime], None]


class Mailbox(BaseEmailBackend):
    """A mail server in memory. While it is `down` every sending fails."""

    sent: list[str] = []
    down = False

    def send_messages(self, email_messages: Any) -> int:
        if Mailbox.down:
            raise ConnectionRefusedError
        Mailbox.sent += [f"{one.extra_headers['Message-ID']} {one.to[0]}" for one in email_messages]
        return len(email_messages)


@dataclass
class Result:
    """What should have been told and what was, with the mail that left."""

    expected: list[model.Telling]
    actual: list[model.Telling]
    differences: dict[str, list[str]]
    counts: dict[str, int]
    refused: Counter[str] = field(default_factory=Counter)

    @property
    def clean(self) -> bool:
        return not any(self.differences.values())


class Year:
    """One run: events in virtual time, and ticks between them."""

    def __init__(self, *, families: int, seed: int, year: int) -> None:
        self.seed, self.year, self.dice = seed, year, Random(seed)  # noqa: S311  a simulation
        self.begins, self.ends = model.on(date(year, 1, 1), 0), model.on(date(year + 1, 1, 1), 0)
        self.people = People(max(1, min(40, families // FAMILIES_OF_AN_AREA)), self.dice)
        self.place_of: dict[int, Place] = {place.row.pk: place for place in self.people.places}
        self.model = model.Model([one.known for one in self.people.all], self.people.heads)
        self.events: list[tuple[datetime, int, Deed]] = []
        self.number, self.arrived, self.ticks, self.told = 0, 0, 0, 0
        self.refused: Counter[str] = Counter()
        self.cases: list[model.Case] = []
        self.outages = [self._window(hours=self.dice.choice([3, 8, 26, 75])) for _ in range(8)]
        self.brokerless = [self._window(hours=self.dice.choice([5, 40])) for _ in range(4)]
        self.mailless = [self._window(hours=self.dice.choice([2, 12, 30])) for _ in range(6)]
        for n in range(families):
            Family(self, n, self.dice.choice(self.people.places), self._arrival(n))
        self._lives()

    # -- what is going to happen -------------------------------------------------------------------------------------------

    def at(self, moment: datetime, deed: Deed) -> None:
        self.number += 1
        heapq.heappush(self.events, (moment, self.number, deed))

    def opened(self, family: Family) -> None:
        self.arrived += 1
        assert family.known
        self.cases.append(family.known)

    def _moment(self) -> datetime:
        return self.begins + (self.ends - self.begins) * self.dice.random()

    def _window(self, hours: int) -> tuple[datetime, datetime]:
        start = self._moment().replace(hour=self.dice.randint(3, 12))
        return start, start + timedelta(hours=hours)

    def _arrival(self, n: int) -> datetime:
        """Any time, mostly in office hours; the first ones in the nights when the clocks change, and on a leap day."""
        special = [
            *(_changes(self.year, 3) + timedelta(minutes=n) for n in (-1, 1)),
            *(_changes(self.year, 10) + timedelta(minutes=n) for n in (-30, 30)),
            model.on(date(self.year, 2, 28) + timedelta(days=1), 10), model.on(date(self.year, 6, 18), 15),
            model.on(date(self.year, 12, 23), 15), model.on(date(self.year, 4, 1), 12),
        ]  # fmt: skip
        if n < len(special):
            return special[n]
        moment = self._moment()
        day = model.today(moment)
        if self.dice.random() < 0.85:
            day = day if model.is_open(day) else model.forth(day)
            return model.on(day, 8) + timedelta(minutes=self.dice.randint(0, 540), seconds=self.dice.randint(0, 59))
        return moment

    def _lives(self) -> None:
        """Leave in July and at other times, illness, shut accounts, ended roles, another unit, another ladder."""
        for one in self.people.all:
            if one.place is None:
                continue
            july = date(self.year, 7, 1) + timedelta(days=self.dice.randint(-7, 10))
            self.at(model.on(july - timedelta(days=20), 9), self._absence(one, july, 24))
            for _ in range(2):
                moment = self._moment()
                self.at(moment, self._absence(one, model.today(moment), self.dice.randint(0, 9)))
        for place in self.people.places:
            self.at(self._moment(), partial(self._cease, place.coordinators[0]))
            self.at(self._moment(), self._doing(self.people.leave, place.professionals[0]))
            self.at(self._moment(), self._doing(self._move, place.professionals[1], place.units[1]))

    def _absence(self, one: Somebody, day: date, days: int) -> Deed:
        return lambda now: self.people.go_away(one, day, days, now)

    def _move(self, one: Somebody, unit: Unit) -> None:
        """To another unit: with it every seat of the old one ends (a trigger of the database)."""
        if one.known.unit != unit.pk:
            self.people.move(one, unit)
            for case in self.cases:
                case.members -= {one.known}
                case.callers -= {one.known}

    @staticmethod
    def _doing(deed: Callable[..., Any], *about: Any) -> Deed:
        return lambda now: deed(*about)

    def _cease(self, one: Somebody, now: datetime) -> None:
        self.people.end_role(one, model.today(now)) if self.dice.random() < 0.5 else self.people.leave(one)

    # -- time --------------------------------------------------------------------------------------------------------------

    def rounds(self) -> Iterator[datetime]:
        """When ticks run: at each morning's eight, at other times by chance, sometimes twice, and after each outage."""
        moments = []
        day = model.today(self.begins)
        while day < model.today(self.ends):
            morning = model.on(day, 8) + timedelta(seconds=self.dice.randint(0, 29))
            if model.is_open(day) or self.dice.random() < 0.3:
                moments += [morning, morning] if self.dice.random() < 0.15 else [morning]
            if self.dice.random() < 0.2:
                moments.append(model.on(day, 0) + timedelta(minutes=self.dice.randint(1, 1439)))
            day += timedelta(days=1)
        moments = [one for one in moments if not _within(one, self.outages)]
        moments += [end for start, end in self.outages if not _within(end, [row for row in self.outages if row[0] != start])]
        yield from sorted(one for one in moments if self.begins <= one < self.ends)

    def run(self, tell: Tell) -> None:
        week = 0
        for moment in self.rounds():
            self._until(moment)
            self._tick(moment)
            if (moment - self.begins).days // 7 > week:
                week = (moment - self.begins).days // 7
                if week in (2, 6, 13, 26, 39):
                    _analyze()
                tell(self, moment)
        Mailbox.down = False
        for hours in range(96):  # whatever still waits for its next try
            _send(self.ends + timedelta(hours=hours))
            if not Outgoing.objects.ready().exists():
                break

    def _until(self, moment: datetime) -> None:
        while self.events and self.events[0][0] < moment:
            at, _number, deed = heapq.heappop(self.events)
            self.model.moment = at
            try:
                deed(at)
            except NotAllowed as refusal:
                self.refused[type(refusal).__name__] += 1

    def _tick(self, now: datetime) -> None:
        self.ticks += 1
        before = len(self.model.expected)
        self.told += tick(now=now)
        self.model.tick(now)
        Mailbox.down = _within(now, self.mailless)
        if len(self.model.expected) > before or Outgoing.objects.due(now).exists():
            _send(now + timedelta(seconds=5))


def _send(now: datetime) -> None:
    """A round of the relay: as `relay.drain`, taking many at a time."""
    while rows := relay.claim(now=now, limit=200):
        for row in rows:
            relay.carry(row, clock=lambda: now)


def _changes(year: int, month: int) -> datetime:
    """When the clocks change: at one in the morning, UTC, of the month's last Sunday."""
    day = date(year, month, 31)
    return datetime.combine(day - timedelta(days=(day.weekday() + 1) % 7), time(1), UTC)


def _within(moment: datetime, windows: list[tuple[datetime, datetime]]) -> bool:
    return any(start <= moment < end for start, end in windows)


def _analyze() -> None:
    """The planner sees nothing of what this transaction has written until it is told."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def simulate(
    *, families: int, seed: int, year: int, tell: Tell = lambda year, now: None, meddle: Callable[[], Any] | None = None
) -> Result:
    """Let a year go by in the caller's transaction, and compare. `meddle` changes the ledger before it is read (tests)."""
    Mailbox.sent = []
    with _quiet(), override_settings(DEBUG=False, MAILERS={"default": {"BACKEND": f"{__name__}.Mailbox", "OPTIONS": {}}}):
        one = Year(families=families, seed=seed, year=year)
        one.run(tell)
    if meddle:
        meddle()
    actual = ledger()
    differences = model.compare(one.model.expected, actual) | mail()
    counts = {
        "families": families, "situations": one.arrived, "ticks": one.ticks, "steps told": len(actual),
        "messages": EscalationTo.objects.count(), "mails": len(Mailbox.sent),
    }  # fmt: skip
    return Result(one.model.expected, actual, differences, counts, one.refused)


def ledger() -> list[model.Telling]:
    """What the application says that it has told."""
    people: dict[int, set[int]] = {}
    for escalation, to in EscalationTo.objects.order_by().values_list("escalation_id", "to_id"):
        people.setdefault(escalation, set()).add(to)
    rows = Escalation.objects.order_by("raised_at", "pk").values_list("pk", "kind", "case_id", "about", "step", "raised_at")
    return [
        model.Telling(kind, case, about, step, at, frozenset(people.get(pk, ())))
        for pk, kind, case, about, step, at in rows
    ]  # fmt: skip


def mail() -> dict[str, list[str]]:
    """Mail that left twice, mail that never left, and messages to people for whom no mail was put out."""
    twice = [f"{one}: {n} times" for one, n in Counter(Mailbox.sent).items() if n > 1]
    waits = [str(pk) for pk in Outgoing.objects.exclude(state__in=["sent", "dropped"]).values_list("pk", flat=True)]
    shut = set(User.people.filter(is_active=False).values_list("pk", flat=True))
    made = set(Outgoing.objects.filter(channel="email").values_list("about", "to_user_id"))
    rows = EscalationTo.objects.order_by().values_list("escalation__deadline_id", "to_id")
    keys = {f"step:{step}:{to}": to for step, to in rows}
    told = {key: (str(pk), to) for pk, key, to in Message.objects.order_by().values_list("pk", "key", "to_id")}
    silent = [key for key, to in keys.items() if to not in shut and (key not in told or told[key] not in made)]
    return {"mailed twice": twice, "never left": waits, "told without a message": silent}


@contextmanager
def _quiet() -> Iterator[None]:
    """A virtual year would fill the log with ticks."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)

"""`make drill`: real processes are killed, again and again, while families' deadlines come due. Was anybody forgotten?

A throw-away instance with everything that an installation runs, a mail server of the drill's own, and people who send forms.
In each round some steps become due (their moment is set by SQL: the drill's only invented time) and something is killed,
chosen by the seed. In the end the books must balance (drill_ledger).
"""

import argparse
import os
import random
import shutil
import signal
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import LiteralString
from uuid import UUID

import psycopg
import redis

from yhteiso.local import application, drill_ledger, instance, valkey
from yhteiso.local.console import Trouble, say, step
from yhteiso.local.drill_crew import Band, children, holder, wait
from yhteiso.local.drill_ledger import OPEN_DUE, PROGRESS, READY
from yhteiso.local.drill_mail import Mailbox
from yhteiso.local.drill_web import Person, Sent, concern, empty_call, new_key, send_concern
from yhteiso.local.instance import Addresses, Instance
from yhteiso.local.places import CHECKOUT, Places

# PostgreSQL cares for a power cut here, and notes when each transaction was committed.
SETTINGS = {"track_commit_timestamp": "on", "max_connections": "100"}
GOAL, GOAL_AWAY = 35.0, 65.0  # seconds from due to told, p99: with Valkey and without
PEOPLE = "SELECT split_part(email, '@', 1), id FROM networks_user WHERE email LIKE '%.invalid'"
# Nobody has quiet hours: a mail that waits for the morning would only make the drill longer.
NO_QUIET = """INSERT INTO networks_messagesettings (user_id, quiet_from, quiet_to, sms_phone) SELECT id, '00:00', '00:00', ''
    FROM networks_user ON CONFLICT (user_id) DO UPDATE SET quiet_from = '00:00', quiet_to = '00:00'"""
MAKE_DUE = """UPDATE cases_deadline SET due_at = now() + random() * interval '3 seconds' WHERE id IN (
    SELECT id FROM cases_deadline WHERE state = 'open' AND due_at > now() + interval '1 minute' ORDER BY md5(id::text || %s)
    LIMIT %s) RETURNING id::text"""
HOURS_LATER = "UPDATE outbox_outgoing SET available_at = now() WHERE state = 'ready' AND claim_token IS NULL"
# In a short drill: what was claimed half a minute ago is a dead sender's. The others need less than a second for a mail.
LEASES_OVER = """UPDATE outbox_outgoing SET claimed_until = now() - interval '1 second'
    WHERE state = 'ready' AND claimed_until < now() + interval '40 seconds'"""
SHORT = 20  # kills
LEASE_OVER = "UPDATE outbox_outgoing SET claimed_until = now() - interval '1 second' WHERE id = %s AND state = 'ready'"


@dataclass
class Count:
    """What was done to the processes."""

    kills: dict[str, int] = field(default_factory=dict)
    cuts: int = 0  # times that a sender was stopped while it may have been sending
    stalls: int = 0
    emptied: int = 0
    hours_without_mail: int = 0

    @property
    def total(self) -> int:
        return sum(self.kills.values())

    def kill(self, what: str, *, senders: int = 0) -> None:
        """One more process killed; so many of those that went with it send mail."""
        self.kills[what] = self.kills.get(what, 0) + 1
        self.cuts += senders


class Drill:
    """One run: the programs, the faults, and what must be remembered for the books."""

    def __init__(self, one: Instance, addresses: Addresses, *, kills: int, seed: int, minutes: float) -> None:
        self.one, self.addresses, self.wanted = one, addresses, kills
        self.random = random.Random(seed)  # noqa: S311  the same seed, the same faults
        self.until = time.monotonic() + 60 * minutes
        self.count, self.steps, self.away = Count(), list[str](), list[drill_ledger.Span]()
        self.forms: list[Sent] = []
        self.armed: list[str] = []  # what happens to the next senders
        self.lock = threading.Lock()
        self.mailbox = Mailbox(self.watch)
        threading.Thread(target=self.mailbox.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        self.port = valkey.free_port()
        mail = {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(self.mailbox.port), "BASE_URL": f"http://127.0.0.1:{self.port}"}
        self.band = Band(one, addresses, self.port, mail)
        self.beats = 0
        self.told_progress = 0.0

    # -- the database ------------------------------------------------------------------------------------------------

    def ask(self, query: LiteralString, *values: object) -> list[tuple[object, ...]]:
        """A question or a change as the owner; asked again while PostgreSQL comes back."""
        for _try in range(100):
            with (
                suppress(psycopg.OperationalError),
                closing(psycopg.connect(self.addresses.owner, autocommit=True, connect_timeout=5)) as conn,
            ):
                answer = conn.execute(query, values or None)
                return answer.fetchall() if answer.description else []
            time.sleep(0.2)
        raise Trouble("PostgreSQL does not come back.")

    # -- one run -----------------------------------------------------------------------------------------------------

    def run(self) -> drill_ledger.Books:
        """All rounds, then quiet until everything has settled, then the books."""
        self.ask(NO_QUIET)
        since = datetime.now(UTC)
        with step("Starting web, worker, beat, clock and relay"):
            self.band.start()
            if not all(self.band.await_work(name, 120) for name in list(self.band.programs)):
                raise Trouble("The programs do not come up.")
        accounts = {str(name): int(str(pk)) for name, pk in self.ask(PEOPLE)}
        self.writer, self.caller = (Person(self.port, accounts[name]) for name in ("kaisa.koivupuro", "riikka.tuulenpaa"))
        for person in (self.writer, self.caller):
            person.sign_in()
        for fault in self.plan():
            if time.monotonic() > self.until:
                break
            self.round(fault)
        while self.count.total < self.wanted and time.monotonic() < self.until:  # a fault that met nobody, or not yet
            self.round(self.late)
        self.settle()
        with closing(psycopg.connect(self.addresses.owner, autocommit=True)) as conn:
            until = datetime.now(UTC)
            books = drill_ledger.close(
                conn, since=since, until=until, mails=self.mailbox.taken, cuts=self.count.cuts, forms=self.forms
            )
            self.times(books, drill_ledger.waits(conn, self.steps, self.away))
        return books

    def round(self, fault: Callable[[], object]) -> None:
        """Something happens to families, and something to the machine."""
        self.facts()
        fault()
        self.progress()

    def plan(self) -> list[Callable[[], None]]:
        """The faults in the seed's order: in 200 kills ten of PostgreSQL, and each other kind about as often."""
        crashes = max(1, self.wanted // 20)
        kinds: list[Callable[[], None]] = [
            lambda: self.kill("worker", senders=2), self.child, lambda: self.kill("relay", senders=1),
            lambda: self.kill("clock", senders=1), lambda: self.arm("before"), lambda: self.arm("after"), self.beat,
            self.valkey, self.web_during, self.web_after, lambda: self.arm("before"), lambda: self.arm("after"),
        ]  # fmt: skip
        faults = [kinds[number % len(kinds)] for number in range(self.wanted - crashes)]
        extra = [self.mail_away, self.stall, self.empty] * max(1, self.wanted // 40)
        faults += [*([self.postgres] * crashes), *extra]
        self.random.shuffle(faults)
        return faults

    def facts(self) -> None:
        """A professional writes, a coordinator begins a call and takes it back, and some steps become due."""
        self.post()
        if self.random.random() < 0.3:
            empty_call(self.caller)
        self.steps += [str(row[0]) for row in self.ask(MAKE_DUE, str(self.random.random()), self.random.randint(3, 8))]

    def post(self) -> None:
        """A new concern, or one again that got no answer: the same form, as a browser sends it again."""
        lost = [sent for sent in self.forms if sent.answers[-1] == 0]
        if not lost:
            self.forms.append(Sent(new_key()))
        send_concern(self.writer, lost[0] if lost else self.forms[-1])

    def progress(self) -> None:
        """A line each ten seconds."""
        if time.monotonic() - self.told_progress < 10:
            return
        self.told_progress = time.monotonic()
        told, sent = self.ask(PROGRESS)[0]
        left = self.until - time.monotonic()
        say(f"  kills {self.count.total}/{self.wanted} · told {told} · sent {sent} · at most {left:.0f} s left")

    def settle(self) -> None:
        """No more faults: until nothing is due and nothing waits, or too long. What waits for hours leaves now."""
        with self.lock:
            self.armed.clear()
        self.mailbox.mood = "take"
        while self.forms and self.forms[-1].answers[-1] == 0 and time.monotonic() < self.until + 60:
            send_concern(self.writer, self.forms[-1])
            time.sleep(0.5)
        for sent in [sent for sent in self.forms if sent.answers[-1] == 0]:
            send_concern(self.writer, sent)

        def settled() -> bool:
            self.ask(HOURS_LATER)
            if self.wanted <= SHORT:
                self.ask(LEASES_OVER)
            time.sleep(1)
            return not (self.ask(OPEN_DUE)[0][0] or self.ask(READY)[0][0])

        with step("Waiting until all is told and sent"):
            wait(settled, 150)

    def times(self, books: drill_ledger.Books, found: dict[str, list[float]]) -> None:
        """From due to told, and whether the goals were reached."""
        for name, goal in (("Valkey there", GOAL), ("Valkey away", GOAL_AWAY)):
            values = found[name]
            half, most = (drill_ledger.percentile(values, share) for share in (0.5, 0.99))
            text = f"due to told, {name}: p50 {half:.1f} s, p99 {most:.1f} s of {len(values)} steps (goal {goal:.0f} s)"
            books.lines.append(text)
            if most > goal:
                books.wrong.append(text)

    # -- faults ------------------------------------------------------------------------------------------------------

    def kill(self, name: str, *, senders: int = 0) -> None:
        """One program, when it is at work."""
        self.band.await_work(name)
        time.sleep(self.random.random())
        self.shoot(self.band.pid(name), name, senders=senders)

    def shoot(self, pid: int | None, what: str, *, senders: int = 0) -> None:
        """SIGKILL, counted if the process was there."""
        with suppress(ProcessLookupError):
            if pid:
                os.kill(pid, signal.SIGKILL)
                with self.lock:
                    self.count.kill(what, senders=senders)

    def child(self) -> None:
        """One process of the worker's pool."""
        self.band.await_work("worker")
        pool = children(self.band.pid("worker") or 0)
        self.shoot(self.random.choice(pool) if pool else None, "pool child", senders=1)

    def arm(self, what: str) -> None:
        """Whichever process sends the next mail is killed in the middle of it (`watch`)."""
        with self.lock:
            self.armed.append(what)
        wait(lambda: len(self.armed) < 4, 60)

    def late(self) -> None:
        """Whoever waits for a sender gets some time; then one more process of the pool."""
        wait(lambda: not self.armed, 20)
        self.child()

    def stall(self) -> None:
        """The next sender stands still longer than its lease."""
        self.arm("stall")

    def watch(self, moment: str, port: int, name: str) -> None:
        """The mail server has somebody at the line (in its own thread): is it their turn?"""
        wanted = {"before": ("before",), "after": ("after", "stall")}[moment]
        with self.lock:
            turn = next((what for what in self.armed if what in wanted), None)
            if turn is None:
                return
            self.armed.remove(turn)
        pid = holder(port, self.mailbox.port, self.band.pids())
        if turn == "stall":
            self.stand_still(pid, name)
        elif pid:
            self.shoot(pid, f"sender {turn} the mail was taken", senders=1)
        if turn != "stall":
            time.sleep(0.3)

    def stand_still(self, pid: int | None, name: str) -> None:
        """Its lease runs out while it sleeps; when it wakes up, another has sent the message and holds its mark."""
        if not pid:
            return
        with suppress(ProcessLookupError, ValueError):
            os.kill(pid, signal.SIGSTOP)
            self.ask(LEASE_OVER, UUID(name.strip("<>").partition("@")[0]))
            with self.lock:
                self.count.stalls += 1
                self.count.cuts += 1
            timer = threading.Timer(20, self.wake, [pid])
            timer.daemon = True
            timer.start()

    def wake(self, pid: int) -> None:
        """It goes on where it stood, if nobody has killed it meanwhile."""
        if pid in self.band.pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def beat(self) -> None:
        """A second timetable beside the first; then one of them is killed."""
        self.beats += 1
        name = f"beat-{self.beats}"
        self.band.add(name, next(key for key in self.band.programs if key.startswith("beat")))
        self.band.await_work(name)
        time.sleep(2)
        first = next(key for key in list(self.band.members) if key.startswith("beat"))
        if self.band.drop(first):
            self.count.kill("beat, of two")
        del self.band.programs[first]

    def empty(self) -> None:
        """Everything that the broker knew is gone."""
        with suppress(redis.exceptions.RedisError), redis.Redis.from_url(self.addresses.redis) as client:
            client.flushall()
            self.count.emptied += 1

    def valkey(self) -> None:
        """The broker is killed, stays away for a while, and comes back with nothing."""
        began = datetime.now(UTC)
        server = next(one for one in self.one.crew.running if one.program.name == "Valkey")
        self.shoot(next(iter(children(server.keeper.pid)), None), "Valkey", senders=2)
        self.facts()
        time.sleep(self.random.choice([2, 5, 10]) if self.wanted > SHORT else 3)
        self.one.restart_valkey()
        self.away.append((began, datetime.now(UTC)))

    def mail_away(self) -> None:
        """The mail server refuses or is down for virtual hours: each pause of the relay passes at once."""
        self.mailbox.mood = self.random.choice(["refuse", "away"])
        for _hour in range(3):
            self.facts()
            time.sleep(2)
            self.ask(HOURS_LATER)
            self.count.hours_without_mail += 1
        self.mailbox.mood = "take"

    def web_during(self) -> None:
        """The web's process dies with half a form in its hands."""
        self.band.await_work("web")
        sent = Sent(new_key(), [0])
        self.forms.append(sent)
        with suppress(OSError), closing(self.writer.half("/concerns/new/", concern(sent.key))) as link:
            time.sleep(0.2)
            pid = holder(self.port, link.getsockname()[1], self.band.pids())
            self.shoot(pid or next(iter(children(self.band.pid("web") or 0)), None), "web in a form")
            link.settimeout(2)
            link.recv(100)

    def web_after(self) -> None:
        """The web dies at some moment while it works on a form."""
        self.band.await_work("web")
        sent = Sent(new_key())
        self.forms.append(sent)
        writing = threading.Thread(target=send_concern, args=(self.writer, sent))
        writing.start()
        time.sleep(self.random.random() * 0.15)
        pool = children(self.band.pid("web") or 0)
        for pid in pool[:1] if self.random.random() < 0.5 else pool[-1:]:
            self.shoot(pid, "web at work")
        writing.join()

    def postgres(self) -> None:
        """The database's first process; what it had promised must be there when it is started again."""
        server = next(one for one in self.one.crew.running if one.program.name == "PostgreSQL")
        self.shoot(next(iter(children(server.keeper.pid)), None), "PostgreSQL", senders=4)
        self.one.restart_postgres()


def run(places: Places, *, kills: int, seed: int, minutes: float = 40) -> bool:
    """The whole drill on an instance of its own; prints as it goes. Whether the books balance."""
    say(f"  {kills} kills, seed {seed}")
    one = instance.open_throwaway(places, demo=True, settings=SETTINGS)
    drill = None
    try:
        addresses = one.start()
        application.prepare(one, addresses)
        began = time.monotonic()
        drill = Drill(one, addresses, kills=kills, seed=seed, minutes=minutes)
        books = drill.run()
        _tell(books, drill, time.monotonic() - began)
        if books.wrong:
            kept = CHECKOUT / ".local" / f"drill-{seed}"
            shutil.copytree(one.logs, kept, dirs_exist_ok=True)
            say(f"  The logs: {kept}")
        return not books.wrong
    finally:
        if drill:
            drill.band.stop()
            drill.mailbox.shutdown()
            drill.mailbox.server_close()
        one.stop()


def _tell(books: drill_ledger.Books, drill: Drill, seconds: float) -> None:
    count = drill.count
    say(f"\n{count.total} kills in {seconds:.0f} s: " + ", ".join(f"{name} {n}" for name, n in sorted(count.kills.items())))
    say(
        f"Stood still past the lease: {count.stalls}. Valkey emptied: {count.emptied}. Virtual hours without mail: "
        f"{count.hours_without_mail}. Started again by the supervisor: {drill.band.restarts}."
    )
    for line in books.lines:
        say(f"  {line}")
    if count.total < drill.wanted:
        books.wrong.append(f"only {count.total} of {drill.wanted} kills")
    for line in books.wrong:
        say(f"  WRONG: {line}")
    say("The books balance." if not books.wrong else "The books do NOT balance.")


def main(places: Places, arguments: list[str]) -> int:
    """`make drill ARGS="--kills 200 --seed 1"`."""
    parser = argparse.ArgumentParser(prog="make drill")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=40)
    chosen = parser.parse_args(arguments)
    return 0 if run(places, kills=chosen.kills, seed=chosen.seed, minutes=chosen.minutes) else 1

"""The drill's books: what was due against what was told, sent and received. Owner's questions; ids and numbers only."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg

from yhteiso.local.drill_web import Sent

# Steps whose moment has come, by what became of them.
DUE = "SELECT state, count(*) FROM cases_deadline WHERE due_at <= %s GROUP BY 1"
OPEN_DUE = "SELECT count(*) FROM cases_deadline WHERE state = 'open' AND due_at <= now()"
READY = "SELECT count(*) FROM outbox_outgoing WHERE state = 'ready'"
PROGRESS = """SELECT (SELECT count(*) FROM cases_deadline WHERE state = 'told'),
    (SELECT count(*) FROM outbox_outgoing WHERE state = 'sent')"""
# Each told step is one escalation and no other is; each has somebody; each of those has exactly one message in the inbox.
NOT_ONE_ESCALATION = """SELECT d.id::text FROM cases_deadline d LEFT JOIN cases_escalation e ON e.deadline_id = d.id
    GROUP BY d.id HAVING count(e.id) <> CASE WHEN d.state = 'told' THEN 1 ELSE 0 END"""
TOLD_NOBODY = """SELECT e.id::text FROM cases_escalation e WHERE e.deadline_id IS NOT NULL
    AND NOT EXISTS (SELECT FROM cases_escalationto t WHERE t.escalation_id = e.id)"""
NOT_ONE_MESSAGE = """SELECT t.id::text FROM cases_escalationto t JOIN cases_escalation e ON e.id = t.escalation_id
    LEFT JOIN cases_message m ON m.key = 'step:' || e.deadline_id || ':' || t.to_id
    WHERE e.deadline_id IS NOT NULL GROUP BY t.id HAVING count(m.id) <> 1"""
TOLD_TWICE = """SELECT min(id::text) FROM cases_message WHERE key LIKE 'step:%%'
    GROUP BY to_id, what, case_id, about, step HAVING count(*) > 1"""
# A step's message to somebody leaves by mail too: nobody can switch that off.
WITHOUT_MAIL = """SELECT m.id::text FROM cases_message m WHERE m.key LIKE 'step:%%' AND m.at >= %s
    AND NOT EXISTS (SELECT FROM outbox_outgoing o WHERE o.key = m.key || ':email')"""
OUTBOX = "SELECT state, count(*) FROM outbox_outgoing WHERE made_at >= %s GROUP BY 1"
MAILS = """SELECT o.id::text, o.state, count(a.n) FILTER (WHERE a.outcome = 'lost') FROM outbox_outgoing o
    LEFT JOIN outbox_attempt a ON a.outgoing_id = o.id
    WHERE o.made_at >= %s AND o.channel = 'email' GROUP BY o.id"""
CONCERNS = "SELECT form_key::text, count(*) FROM cases_concern WHERE sent_at >= %s GROUP BY 1"
HALF = """SELECT c.id::text FROM cases_concern c WHERE c.sent_at >= %s AND (SELECT count(*) FROM cases_deadline d
    WHERE d.kind = 'concern' AND d.about = c.id::text) < 3"""
# The commit's own moment, not the one that the process wrote.
WAITED = """SELECT d.due_at, pg_xact_commit_timestamp(e.xmin) FROM cases_deadline d
    JOIN cases_escalation e ON e.deadline_id = d.id WHERE d.id = ANY (%s::uuid[])"""


@dataclass
class Books:
    """What the ledger found: lines to print, and what is wrong (empty when the equation holds)."""

    lines: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def none(self, what: str, ids: list[str]) -> None:
        """These must be none."""
        self.lines.append(f"{what}: {len(ids)}")
        if ids:
            self.wrong.append(f"{what}: {', '.join(ids[:10])}")

    def equal(self, text: str, left: int, right: int) -> None:
        """Both sides must be equal."""
        self.lines.append(text)
        if left != right:
            self.wrong.append(f"{text}: {left} is not {right}")


def close(
    conn: psycopg.Connection, *, since: datetime, until: datetime, mails: Counter[str], cuts: int, forms: list[Sent]
) -> Books:
    """Close the books. `cuts`: how often a sender was stopped in its work, which may send a mail again."""
    books = Books()
    _steps(books, conn, since, until)
    _letters(books, conn, since, mails, cuts)
    _forms(books, conn, since, forms)
    return books


def _ids(conn: psycopg.Connection, query: Any, *values: object) -> list[str]:
    return [row[0] for row in conn.execute(query, values)]


def _steps(books: Books, conn: psycopg.Connection, since: datetime, until: datetime) -> None:
    states: dict[str, int] = dict(conn.execute(DUE, [until]).fetchall())
    kept = ("told", "ended", "quiet", "merged")
    due, sides = sum(states.values()), [states.get(name, 0) for name in kept]
    books.equal(f"due {due} = " + " + ".join(f"{name} {n}" for name, n in zip(kept, sides, strict=True)), due, sum(sides))
    books.none("steps without exactly one escalation", _ids(conn, NOT_ONE_ESCALATION))
    books.none("steps told to nobody", _ids(conn, TOLD_NOBODY))
    books.none("addressees without exactly one message", _ids(conn, NOT_ONE_MESSAGE))
    books.none("messages told twice in the inbox", _ids(conn, TOLD_TWICE))
    books.none("messages without their mail", _ids(conn, WITHOUT_MAIL, since))


def _letters(books: Books, conn: psycopg.Connection, since: datetime, mails: Counter[str], cuts: int) -> None:
    states: dict[str, int] = dict(conn.execute(OUTBOX, [since]).fetchall())
    kept = ("sent", "dropped", "failed")
    rows = sum(states.values())
    parts = [states.get(name, 0) for name in kept]
    books.equal(f"outbox {rows} = " + " + ".join(f"{n} {x}" for n, x in zip(kept, parts, strict=True)), rows, sum(parts))
    found = {f"{row[0].replace('-', '')}": (row[1], row[2]) for row in conn.execute(MAILS, [since])}
    got = Counter({name.strip("<>").partition("@")[0]: n for name, n in mails.items()})
    books.none("mails that nobody wrote", sorted(set(got) - set(found)))
    books.none("sent rows without a mail", sorted(pk for pk, (state, _) in found.items() if state == "sent" and not got[pk]))
    extra = sum(n - 1 for n in got.values())
    books.none("mails again without a lost try", sorted(pk for pk, n in got.items() if pk in found and n > 1 + found[pk][1]))
    text = f"mails taken {got.total()} = {len(got)} + {extra} again with the same Message-ID (senders cut off: {cuts})"
    books.equal(text, max(extra, cuts), cuts)


def _forms(books: Books, conn: psycopg.Connection, since: datetime, forms: list[Sent]) -> None:
    rows: dict[str, int] = dict(conn.execute(CONCERNS, [since]).fetchall())
    answered = [sent for sent in forms if any(300 <= status < 400 for status in sent.answers)]
    silent = sum(status == 0 for sent in forms for status in sent.answers)
    books.lines.append(f"forms {len(forms)}: answered {len(answered)}, times without an answer {silent}")
    books.none("answered forms without their row", [sent.key for sent in answered if not rows.get(sent.key)])
    books.none("forms with two rows", [key for key, n in rows.items() if n > 1])
    books.none("rows without their deadlines", _ids(conn, HALF, since))
    strange = sorted({status for sent in forms for status in sent.answers} - {0, 302})
    books.none("other answers", [str(status) for status in strange])


Span = tuple[datetime, datetime]


def waits(conn: psycopg.Connection, steps: list[str], away: list[Span]) -> dict[str, list[float]]:
    """Seconds from due to told, in order: the ordinary ones, and those that waited while Valkey was away."""
    found: dict[str, list[float]] = {"Valkey there": [], "Valkey away": []}
    for due, told in conn.execute(WAITED, [steps]):
        hit = any(begin < told and due < end for begin, end in away)
        found["Valkey away" if hit else "Valkey there"].append(max(0.0, (told - due).total_seconds()))
    return {name: sorted(values) for name, values in found.items()}


def percentile(values: list[float], share: float) -> float:
    """The value below which that share of the ordered values lies; 0 of none."""
    return values[min(len(values) - 1, int(len(values) * share))] if values else 0.0

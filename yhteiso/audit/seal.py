"""The chain over both logs: sealing what is final, telling its head outside, and walking it again.

A link is `sha256(previous link's hash || netstrings of seq, log, key, time, transaction, time of sealing, row's hash)`;
the row's hash is made by PostgreSQL from the canonical form (migration audit 0004), so whoever seals never sees a name.
A superuser can write the whole chain anew. Only the checkpoints that left this machine tell that, and that the newest
links were cut off.
"""

import hashlib
import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection

from yhteiso.audit.models import Checkpoint, Seal

logger = logging.getLogger(__name__)

BATCH = 5000
FIRST = bytes(32)
SEALER = 7_241_001  # the advisory lock: one sealer at a time
EACH = timedelta(hours=1)
# A row stands in the log within the longest transaction after its own time; one that comes later was put there.
TOLERANCE = timedelta(hours=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LINE = re.compile(r"(?P<at>\S+) seq=(?P<seq>\d+) count=(?P<count>\d+) head=(?P<head>[0-9a-f]{64})")


class Link(NamedTuple):
    """A seal as the database tells it, with the hash that its row has now."""

    seq: int
    log: str
    entry_id: UUID
    entry_at: datetime
    xid: int
    sealed_at: datetime
    row_hash: bytes
    chain_hash: bytes
    now_hash: bytes | None


@dataclass(frozen=True)
class Head:
    """The chain's head as it was told at a moment."""

    seq: int
    head: str


@dataclass(frozen=True)
class Break:
    """The first place at which the log is not what was sealed. `kind`: changed, missing, reordered, inserted, truncated
    or rewritten."""

    kind: str
    seq: int
    what: str


@dataclass(frozen=True)
class Walk:
    """What walking the whole chain found."""

    links: int
    head: str
    waiting: int
    broken: Break | None


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def link_hash(
    previous: bytes,
    *,
    seq: int,
    log: str,
    entry_id: UUID,
    entry_at: datetime,
    xid: int,
    sealed_at: datetime,
    row_hash: bytes,
) -> bytes:
    """The hash of a link: binds the row, its place, and everything before it."""
    texts = (str(seq), log, str(entry_id), str(_micros(entry_at)), str(xid), str(_micros(sealed_at)), row_hash.hex())
    return hashlib.sha256(previous + "".join(f"{len(text)}:{text}," for text in texts).encode()).digest()


def seal(*, now: datetime, limit: int = BATCH) -> int:
    """Seal up to `limit` rows that are final, in the caller's transaction. Returns how many; 0 when another is at it.

    Final is a row whose transaction is older than every one that still runs, so that an open transaction only delays the
    rows after it and never breaks the chain.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEALER])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute("SELECT log, entry_id, entry_at, xid, row_hash FROM sec.unsealed(%s)", [limit])
        rows = cursor.fetchall()
    last = Seal.objects.order_by("-seq").values_list("seq", "chain_hash").first()
    seq, head = (last[0], bytes(last[1])) if last else (0, FIRST)
    made: list[tuple[Any, ...]] = []
    for log, entry_id, entry_at, xid, row_hash in rows:
        seq += 1
        facts = {
            "seq": seq, "log": log, "entry_id": entry_id, "entry_at": entry_at, "xid": xid, "sealed_at": now,
            "row_hash": bytes(row_hash),
        }  # fmt: skip
        head = link_hash(head, **facts)
        made.append((*facts.values(), head))
    _append(made)
    return len(made)


def _append(made: list[tuple[Any, ...]]) -> None:
    """All links in one statement: a row at a time takes six times as long (row security allows no COPY)."""
    if not made:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_seal (seq, log, entry_id, entry_at, xid, sealed_at, row_hash, chain_hash)"
            " SELECT * FROM unnest(%s::bigint[], %s::text[], %s::uuid[], %s::timestamptz[], %s::bigint[],"
            " %s::timestamptz[], %s::bytea[], %s::bytea[])",
            [list(column) for column in zip(*made, strict=True)],
        )


def checkpoint(*, now: datetime) -> bool:
    """Tell the chain's head outside this database, once an hour and only when it has grown: hash and count only.

    Written as a line to the file that LOG_CHECKPOINTS names and into the process log. Returns whether it was.
    """
    last = Checkpoint.objects.filter(kind=Checkpoint.Kind.HEAD).order_by("-at").first()
    top = Seal.objects.order_by("-seq").first()
    if top is None or (last and (last.seq >= top.seq or last.at > now - EACH)):
        return False
    head = bytes(top.chain_hash).hex()
    line = f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} seq={top.seq} count={top.seq} head={head}"
    if path := settings.LOG_CHECKPOINTS:
        with Path(path).open("a", encoding="ascii") as file:
            file.write(line + "\n")
    logger.info("log checkpoint %s", line)
    Checkpoint.objects.create(at=now, kind=Checkpoint.Kind.HEAD, seq=top.seq, head=head, count=top.seq)
    return True


def read_heads(lines: Iterable[str]) -> list[Head]:
    """The checkpoints in a file of them, or in a process log that has them among other lines."""
    found = (_LINE.search(line) for line in lines)
    return [Head(int(match["seq"]), match["head"]) for match in found if match]


def own_heads() -> list[Head]:
    """The checkpoints that this database remembers. Whoever rewrites the chain can rewrite them too."""
    rows = Checkpoint.objects.filter(kind=Checkpoint.Kind.HEAD).values_list("seq", "head")
    return [Head(seq, head) for seq, head in rows]


def walk(heads: Iterable[Head] = ()) -> Walk:
    """Walk the whole chain and both logs. Tells the first break by kind, or that all is whole."""
    wanted: dict[int, set[str]] = {}
    for told in heads:
        wanted.setdefault(told.seq, set()).add(told.head)
    seq, head, passed, newest = 0, FIRST, None, None
    for link in _links():
        if newest is not None and link.sealed_at != newest:
            passed = newest
        newest = link.sealed_at
        if broken := _break(link, seq, head, passed):
            return Walk(seq, head.hex(), 0, broken)
        seq, head = link.seq, link.chain_hash
        if wanted.pop(seq, {head.hex()}) != {head.hex()}:
            return Walk(seq, head.hex(), 0, Break("rewritten", seq, "the head is not the one that was told outside"))
    if wanted:
        return Walk(seq, head.hex(), 0, Break("truncated", seq, f"link {min(wanted)} was told outside and is gone"))
    waiting, stray = _strays()
    return Walk(seq, head.hex(), waiting, Break("inserted", seq, stray) if stray else None)


def _links() -> Iterator[Link]:
    after = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT seq, log, entry_id, entry_at, xid, sealed_at, row_hash, chain_hash, now_hash"
                " FROM sec.sealed(%s, %s)",
                [after, BATCH],
            )
            rows = cursor.fetchall()
        if not rows:
            return
        yield from map(Link._make, rows)
        after = rows[-1][0]


def _break(link: Link, seq: int, head: bytes, passed: datetime | None) -> Break | None:
    row = f"{link.log} {link.entry_id}"
    if link.seq != seq + 1:
        return Break("missing", seq + 1, "the link is gone")
    facts = link._asdict()
    del facts["chain_hash"], facts["now_hash"]
    if link_hash(head, **facts) != link.chain_hash:
        moved = link.now_hash == link.row_hash
        return Break("reordered" if moved else "changed", link.seq, f"the link of {row} does not follow")
    if link.now_hash is None:
        return Break("missing", link.seq, f"{row} is gone")
    if link.now_hash != link.row_hash:
        return Break("changed", link.seq, f"{row} is not what was sealed")
    if passed and link.entry_at < passed - TOLERANCE:
        return Break("inserted", link.seq, f"{row} was written long after its own time")
    return None


def _strays() -> tuple[int, str]:
    """How many rows wait for the sealer, and the first that should have been sealed long ago."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE waiting), min(log || ' ' || entry_id::text) FILTER (WHERE NOT waiting)"
            " FROM sec.strays(make_interval(secs => %s))",
            [TOLERANCE.total_seconds()],
        )
        waiting, stray = cursor.fetchone()
    return waiting, f"{stray} has no link" if stray else ""


def note_walk(found: Walk, *, now: datetime) -> None:
    """Keep the outcome where the data protection officer sees it."""
    kind = Checkpoint.Kind.BROKEN if found.broken else Checkpoint.Kind.WHOLE
    Checkpoint.objects.create(at=now, kind=kind, seq=found.links, head=found.head, count=found.links + found.waiting)

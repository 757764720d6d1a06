"""What somebody without an account does through a signed link: looks, answers, tells of a promise, asks for a new link.

Under the guest's hat, which may read nothing by itself: the door (`sec.guest_door`, meetings/migrations/0027) looks at the
key, the device and everything that the link stands on, and lets one invitation through.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction

from cases.models.guest import TOKEN, device_hash, hash_of
from meetings.models import Answer, CommitmentStatus, Participant

LOOKED, OPENED, ANSWERED = "looked", "opened", "answered"


@dataclass(frozen=True, slots=True)
class Door:
    """What the key opened: `state` is live, expired or other (another device). Of the two last only the number to call."""

    state: str
    link: int | None
    case_id: int | None
    seat: int | None
    sees: str
    language: str
    who: str
    until: datetime | None
    lead: str
    phone: str
    hours: str
    area: str
    invitation: int | None


@dataclass(frozen=True, slots=True)
class OwnPromise:
    """A promise as its owner's link shows it: when, and how it went."""

    mark: str
    due_on: date
    status: str


def look(*, token: str, device: str) -> Door | None:
    """Open a link and write down that it was opened; nothing else changes. None for a key that is none, or no longer."""
    return _door(token, device, OPENED)


@transaction.atomic
def answer(*, token: str, device: str, answer: str, promises: Mapping[str, str], now: datetime) -> Door | None:
    """Whether the time suits, and how own promises went (mark → how). The first answer binds the link to this device.

    An empty answer leaves it as it was. What is no longer there to be answered is passed by. Returns what the key opened;
    nothing is written unless it is live.
    """
    door = _door(token, device, ANSWERED)
    if door is None or door.state != "live":
        return door
    if answer and door.invitation:
        Participant.objects.filter(pk=door.invitation).update(answer=Answer(answer), answered_at=now, answered_by=None)
    for mark, went in promises.items():
        _call("SELECT sec.guest_promise(%s, %s, %s, %s, %s)", *_keys(token, device), mark, CommitmentStatus(went).value, now)
    return door


@transaction.atomic
def ask_for_new(*, token: str, now: datetime) -> bool:
    """Ask whoever leads for a new link, as a task. False for a key that is none, or that was ended."""
    return bool(TOKEN.fullmatch(token)) and bool(_call("SELECT sec.guest_asks(%s, %s)", hash_of(token), now))


def own_promises(*, token: str, device: str) -> list[OwnPromise]:
    """The own promises that wait for a word or got it through a link; none unless the link is for them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT mark, due_on, status FROM sec.guest_promises(%s, %s)", _keys(token, device))
        return [OwnPromise(*row) for row in cursor.fetchall()]


DOOR = """SELECT state, link, case_id, seat, sees, language, who, until, lead, phone, hours, area, invitation
    FROM sec.guest_door(%s, %s, %s)"""


def _door(token: str, device: str, deed: str) -> Door | None:
    if not TOKEN.fullmatch(token):
        token = ""  # looked for all the same: a malformed key takes as long as a wrong one
    with connection.cursor() as cursor:
        cursor.execute(DOOR, [*_keys(token, device), deed])
        row = cursor.fetchone()
    return Door(*row) if row else None


def _keys(token: str, device: str) -> tuple[str, str]:
    return hash_of(token), device_hash(token, device)


def _call(sql: str, *values: str | datetime) -> object:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone()[0]

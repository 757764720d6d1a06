"""Identity codes: writing, removing, and giving them a new key."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from django.db import connection, transaction
from django.utils.translation import gettext as _

from cases.access import NotAllowed
from cases.actions.case import lock, note
from cases.actions.network import open_case_of
from cases.models import Case, ConcernDraft, Person, PersonIdentity
from cases.models.identity import PersonIdentityQuerySet
from networks.models import User
from yhteiso.lib.cipher import Unreadable, key_number, keyring
from yhteiso.lib.ids import is_valid_hetu

BATCH = 1000


@transaction.atomic
def write_identity(*, case: Case, person: Person, number: str, by: User, now: datetime) -> PersonIdentity:
    """Store a person's code, or with an empty `number` that there is none. Writing again corrects.

    Raises NotAllowed for a code that can't be one, for somebody of another situation and in a closed situation.
    """
    case = open_case_of(case)
    if number and not is_valid_hetu(number):
        raise NotAllowed(_("This is not an identity code."))
    person = _of_case(case, person)
    row = PersonIdentity(person=person, case=case, without=not number, written_at=now, written_by=by)
    if number:
        row.seal(number)
    there = PersonIdentity.objects.filter(pk=person.pk).exists()
    row.save(force_insert=not there, force_update=there)
    note(case, "identity_written", at=now, by=by)
    return row


@transaction.atomic
def remove_identity(*, case: Case, person: Person, by: User, now: datetime) -> None:
    """Remove what is stored of a person's code, also in a closed situation. A second press changes nothing."""
    case = lock(case)
    removed, _rows = PersonIdentity.objects.filter(pk=_of_case(case, person).pk).delete()
    if removed:
        note(case, "identity_removed", at=now, by=by)


def _of_case(case: Case, person: Person) -> Person:
    if person.case_id != case.pk:
        raise NotAllowed(_("This person belongs to another situation."))
    return person


@dataclass
class Rotation:
    """What a rotation did: rows given the newest key, and rows that no key of ours opens."""

    rotated: int = 0
    unreadable: int = 0


def rotate_keys(*, tell: Callable[[int], None] = lambda count: None) -> Rotation:
    """Encrypt every code with the newest key, in short transactions. May be stopped, run again and run twice at once.

    Rows whose key is gone, or that were tampered with, stay as they are and are counted.
    """
    done, broken = Rotation(), set[int]()
    for patient in (False, True):  # first what is free; then what another rotation has in its hands, waiting for it
        last = 0
        while batch := _rotate_batch(last, broken, patient=patient):
            done.rotated += batch[0]
            last = batch[1]
            tell(done.rotated)
    done.unreadable = len(broken)
    return done


def _waiting() -> PersonIdentityQuerySet:
    return PersonIdentity.objects.filter(without=False).exclude(number__startswith=f"{keyring().newest}.")


@transaction.atomic
def _rotate_batch(after: int, broken: set[int], *, patient: bool) -> tuple[int, int] | None:
    """The next rows after this key: how many were rotated and the last one's key. None when there are no more.

    `patient`: wait for rows that are locked; those that got the newest key meanwhile are none of ours any more.
    """
    waiting = _waiting().filter(pk__gt=after).exclude(pk__in=broken).order_by("pk")
    rows = list(waiting.select_for_update(skip_locked=not patient)[:BATCH])
    if not rows:
        return None
    fresh = []
    for row in rows:
        try:
            fresh.append((row.pk, keyring().seal(row.open(), place=row.place)))
        except Unreadable:
            broken.add(row.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE cases_personidentity AS i SET number = v.number"
            " FROM unnest(%s::bigint[], %s::text[]) AS v (id, number) WHERE i.person_id = v.id",
            [[pk for pk, _number in fresh], [number for _pk, number in fresh]],
        )
    return len(fresh), rows[-1].pk


def count_by_key() -> dict[int, int]:
    """How many codes and drafts each key has encrypted, by the key's number."""
    counts: dict[int, int] = {}
    codes = PersonIdentity.objects.filter(without=False).values_list("number", flat=True).iterator(chunk_size=5000)
    for number in chain(codes, ConcernDraft.objects.values_list("sealed", flat=True).iterator(chunk_size=500)):
        counts[key_number(number)] = counts.get(key_number(number), 0) + 1
    return counts

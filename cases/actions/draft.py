"""Drafts of concerns: saving as it is typed, removing, keeping a consultation's text, and the sweep of old ones."""

import uuid
from collections.abc import Mapping
from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext as _

from cases.access import NotAllowed
from cases.actions.intake import Stale
from cases.models import Concern, ConcernDraft, FamilyAsked
from cases.models.draft import ConcernDraftQuerySet
from networks.models import User
from yhteiso.lib.cipher import Unreadable, keyring

LONGEST = 20_000  # of all its texts together, in characters: far more than the form takes, so that nothing typed is lost
# What of a concern names a child. Kept in a draft only while the family may have said yes.
OF_THE_CHILD = ("child_name", "child_age", "place", "children_home")
# What of a consultation is kept for its writer, to be opened when the family says yes.
KEPT = ("strengths", "everyday", "reachable")


def alone(by: User) -> None:
    """Wait until no other request of this person saves or sends a concern: two windows, or two presses."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('concern-draft'), %s)", [by.pk])


def current(user: User, now: datetime) -> ConcernDraft | None:
    """The person's unsent draft, if there is one that has not grown old."""
    return ConcernDraft.objects.visible_to(user, now).unsent().first()


@transaction.atomic
def save_draft(
    *, by: User, form_key: uuid.UUID, version: int, values: Mapping[str, str], now: datetime
) -> ConcernDraft | None:
    """Keep what has been typed. Nothing is validated: half a word is kept as it is. The same content again changes nothing.

    While the family has not said yes, name, age and place are left out. Raises Stale where another window has saved
    something else (without a row where the concern was sent there already), NotAllowed where the text is far too long or the
    person has no unit. Nothing typed and nothing kept before is no draft: None.
    """
    if by.unit_id is None:
        raise NotAllowed(_("Your unit does not belong to an area yet. Call the coordinator."))
    values = typed(values)
    if sum(map(len, values.values())) > LONGEST:
        raise NotAllowed(_("The text is too long to be kept as a draft. Shorten it."))
    alone(by)
    row = _own(by).select_for_update(of=("self",), no_key=True).first()
    if Concern.objects.filter(logged_by=by, form_key=form_key).exists():
        raise Stale(row)
    if row is None or row.is_expired(now):
        return _fresh(row, by, form_key, values, now)
    if row.form_key == form_key and _holds(row, values):
        return row
    if row.version != version or row.form_key != form_key:
        raise Stale(row)
    row.seal(values)
    row.version, row.saved_at = row.version + 1, now
    row.save(update_fields=["sealed", "version", "saved_at"])
    return row


def _holds(row: ConcernDraft, values: Mapping[str, str]) -> bool:
    try:
        return row.open() == values
    except Unreadable:  # its key is gone: whatever is written now is new
        return False


def typed(values: Mapping[str, str]) -> dict[str, str]:
    """What is kept of a form: whatever has been written, and of a child only what a family's yes may bring."""
    kept = {name: text for name, text in values.items() if text.strip()}
    if kept.get("family_asked", FamilyAsked.YES) != FamilyAsked.YES:
        kept = {name: text for name, text in kept.items() if name not in OF_THE_CHILD}
    return kept


def _fresh(
    old: ConcernDraft | None, by: User, form_key: uuid.UUID, values: Mapping[str, str], now: datetime
) -> ConcernDraft | None:
    if old is not None:
        old.delete()
    if not values:
        return None
    assert by.unit_id is not None
    row = ConcernDraft(owner=by, unit_id=by.unit_id, form_key=form_key, saved_at=now)
    row.seal(values)
    row.save(force_insert=True)
    return row


def _own(by: User) -> ConcernDraftQuerySet:
    return ConcernDraft.objects.filter(owner_id=by.pk, unit=by.unit).unsent()


@transaction.atomic
def remove_draft(*, by: User, now: datetime) -> None:
    """Delete the person's unsent draft. A second press finds nothing and changes nothing."""
    alone(by)
    _own(by).delete()


def keep_text(*, concern: Concern, by: User, now: datetime) -> None:
    """Keep a consultation's texts for its writer alone, so that they open again when the family says yes."""
    assert by.unit_id is not None
    row = ConcernDraft(owner=by, unit_id=by.unit_id, kept=True, concern=concern, form_key=uuid.uuid4(), saved_at=now)
    row.seal({name: getattr(concern, name) for name in KEPT})
    row.save(force_insert=True)


def kept_of(concern: Concern, by: User, now: datetime) -> ConcernDraft | None:
    """The kept texts of the person's own consultation, while they are kept."""
    return ConcernDraft.objects.visible_to(by, now).filter(kept=True, concern=concern).first()


@transaction.atomic
def open_kept(*, concern: Concern, by: User, now: datetime) -> ConcernDraft:
    """The family has said yes: the kept texts become the person's unsent draft, of an identified concern that tells who
    talked with the family, when, and what they said.

    Raises NotAllowed where no yes is recorded, where the texts are gone, and while another draft is unfinished.
    """
    alone(by)
    talk = concern.talks.filter(said="yes").order_by("-at", "-id").first()
    if talk is None:
        raise NotAllowed(_("Record first that the family has said yes."))
    row = kept_of(concern, by, now)
    if row is None:
        raise NotAllowed(_("The text is no longer kept. Write a new message."))
    other = _own(by).first()
    if other is not None and other.is_expired(now):
        other.delete()
        other = None
    if other is not None:
        raise NotAllowed(_("You have another draft unfinished. Send it or delete it first; this text waits for you."))
    try:
        texts = row.open()
    except Unreadable:
        texts = {}
    row.kept, row.saved_at = False, now
    row.seal(texts | {"family_asked": FamilyAsked.YES.value, "agreed": talk.told})
    row.save(update_fields=["kept", "saved_at", "sealed"])
    return row


def sweep_drafts(*, now: datetime) -> int:
    """Delete every draft and kept text that has lain for 30 days. In the jobs' hat, which sees no others. How many."""
    return ConcernDraft.objects.expired(now).delete()[0]


def reseal_drafts() -> int:
    """Encrypt every draft with the newest key, each in a transaction of its own; those whose key is gone stay. How many."""
    stale = ConcernDraft.objects.exclude(sealed__startswith=f"{keyring().newest}.").order_by("pk")
    return sum(map(_reseal, list(stale.values_list("pk", flat=True))))


@transaction.atomic
def _reseal(pk: uuid.UUID) -> bool:
    row = ConcernDraft.objects.select_for_update(of=("self",), no_key=True).filter(pk=pk).first()
    if row is None:  # sent or deleted meanwhile
        return False
    try:
        row.seal(row.open())
    except Unreadable:
        return False
    row.save(update_fields=["sealed"])
    return True

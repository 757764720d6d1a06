"""A safe number or address of a family's person: writing down that they said so, and ending it."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from cases.access import NotAllowed
from cases.actions.case import lock, note
from cases.actions.network import open_case_of
from cases.models import (
    NO_SAY,
    Capacity,
    CapacityFinding,
    Case,
    ContactChannel,
    ContactEnd,
    ContactLanguage,
    Person,
    PersonKind,
    SafeContact,
    Way,
    may_message,
)
from cases.models.contact import normal_mobile
from networks.models import User


@transaction.atomic
def record(
    *, case: Case, person: Person, channel: str, address: str, language: str, way: str, by: User, now: datetime
) -> SafeContact:
    """Write down that this person said the number or address to be safe. Another one takes the place of the earlier one;
    the same one again changes nothing.

    Raises NotAllowed where nothing may leave for the person by itself (`blocker`), for an address that can't be one, and
    in a closed situation.
    """
    case = open_case_of(case)
    person = _of_case(case, person)
    if refusal := blocker(case, person):
        raise NotAllowed(refusal)
    return _record(case, person, channel, address, language, way, by, now)


@transaction.atomic
def record_for_link(
    *, case: Case, person: Person, channel: str, address: str, language: str, way: str, by: User, now: datetime
) -> SafeContact:
    """The same for somebody who gets nothing but a signed link: a close person, or a professional without an account.

    Raises NotAllowed where nothing may leave for the person by itself, and for an address that can't be one.
    """
    case = open_case_of(case)
    person = _of_case(case, person)
    person.case = case
    if person.kind not in NO_SAY or not may_message(person):
        raise NotAllowed(_("Nothing is sent to this person by itself. Reach them by phone."))
    return _record(case, person, channel, address, language, way, by, now)


def _record(
    case: Case, person: Person, channel: str, address: str, language: str, way: str, by: User, now: datetime
) -> SafeContact:
    channel = ContactChannel(channel)
    written = normal_address(channel, address)
    if not written:
        raise NotAllowed(_("Check the number or address."))
    said = {"address": written, "language": ContactLanguage(language).value, "way": Way(way).value}
    live = SafeContact.objects.live().filter(person=person, channel=channel)
    for row in live.select_for_update(of=("self",), no_key=True):
        if row.address == written and row.language == said["language"]:
            return row
        _end(row, ContactEnd.REPLACED, by, now)
    row = SafeContact.objects.create(person=person, case=case, channel=channel, asked_by=by, asked_at=now, **said)
    note(case, "safe_contact", at=now, by=by)
    return row


@transaction.atomic
def end(*, contact: SafeContact, by: User, now: datetime) -> SafeContact:
    """Stop using a number or address, also in a closed situation. Nothing that waits is sent there any more."""
    case = lock(contact.case)
    row = SafeContact.objects.select_for_update(of=("self",), no_key=True).get(pk=contact.pk)
    if row.ended_at is None:
        _end(row, ContactEnd.TAKEN_BACK, by, now)
        note(case, "safe_contact_ended", at=now, by=by)
    return row


def end_all(*, case: Case, by: User, now: datetime) -> None:
    """The family is protected from now on: what was safe before is asked anew, if the protection is ever lifted."""
    live = SafeContact.objects.live().filter(case=case)
    live.update(ended_at=now, ended_by=by, end_reason=ContactEnd.PROTECTED)


def fail(*, contact: SafeContact, now: datetime) -> None:
    """A number or address that nothing reaches is not used again. By the jobs; the person is called instead."""
    if SafeContact.objects.live().filter(pk=contact.pk).update(ended_at=now, end_reason=ContactEnd.FAILED):
        note(Case(pk=contact.case_id), "safe_contact_failed", at=now, by=None)


def blocker(case: Case, person: Person) -> str | None:
    """Why this person gets no messages at all: a sentence for the user, or None."""
    person.case = case
    if not may_message(person):
        return str(_("Nothing is sent to this person by itself. Reach them by phone."))
    if person.kind == PersonKind.GUARDIAN or (person.kind == PersonKind.CHILD and child_decides(case)):
        return None
    if person.kind == PersonKind.CHILD:
        return str(_("Messages go to the guardians. A child gets them once it is assessed that the child decides."))
    return str(_("Messages go to guardians only. Call a close person yourself."))


def child_decides(case: Case) -> bool:
    """Whether the latest assessment says that the child decides: then it is the child who is asked."""
    latest = Capacity.objects.filter(case=case).first()
    return latest is not None and latest.finding == CapacityFinding.CAPABLE


def normal_address(channel: str, text: str) -> str:
    """The number or address as it is sent to; empty for what can't be one."""
    if channel == ContactChannel.SMS:
        return normal_mobile(text)
    address = text.strip()
    try:
        validate_email(address)
    except ValidationError:
        return ""
    return address if address.isascii() and len(address) <= 254 else ""


def _end(row: SafeContact, reason: ContactEnd, by: User, now: datetime) -> None:
    row.ended_at, row.ended_by, row.end_reason = now, by, reason
    row.save(update_fields=["ended_at", "ended_by", "end_reason"])


def _of_case(case: Case, person: Person) -> Person:
    row = case.persons.select_for_update(of=("self",), no_key=True).filter(pk=person.pk).first()
    if row is None or not row.memberships.filter(ended_at=None).exists():
        raise NotAllowed(_("Choose somebody who is in the network."))
    return row

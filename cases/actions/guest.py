"""Signed links for people without an account: sending one, sending it anew to the same number, ending it.

The key is made here and sealed into its row for the message that takes it away; whoever sends a link never sees it.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from cases.access import NotAllowed
from cases.actions import protection, safe_contact
from cases.actions.case import lock
from cases.actions.network import open_case_of
from cases.actions.task import open_task
from cases.models import (
    Case,
    GuestEnd,
    GuestKey,
    GuestLink,
    GuestSees,
    Membership,
    Person,
    PersonKind,
    SafeContact,
    Task,
    TaskKind,
    may_message,
)
from cases.models.guest import VALID_FOR, new_token
from networks.models import User
from yhteiso.outbox.actions import GUEST, outgoing, put

BY_HAND = timedelta(days=1)


class NoYesYet(NotAllowed):
    """The family's answer stands in the way: it is recorded on the page of consents."""


@transaction.atomic
def send_link(
    *, case: Case, membership: Membership, contact: SafeContact, sees: str, until: datetime | None, by: User, now: datetime
) -> GuestLink | None:
    """Make a link for this member and put its message on its way. An earlier link of theirs ends with it.

    `until`: the beginning of the meeting that it asks about, or None; it is valid 14 days at most. Of a family to which
    nothing may be sent by itself there is no link: whoever leads gets a task, and None comes back. Raises NotAllowed for
    whoever is no person without an account, for another person's number, and where the family has not said yes to it.
    """
    case = open_case_of(case)
    member = _of_case(case, membership)
    person = member.person
    assert person is not None
    if told_by_hand(case=case, person=person, now=now):
        return None
    contact = _usable(contact, person)
    if not opens(case, member):
        raise NoYesYet(_("The family has not said yes to telling this person of the time. Ask them first."))
    _revoke(GuestLink.objects.standing().filter(membership=member), GuestEnd.REPLACED, by, now)
    ends = min(until, now + VALID_FOR) if until and until > now else now + VALID_FOR
    link = GuestLink.objects.create(
        case=case, membership=member, contact=contact, sees=GuestSees(sees), made_by=by, made_at=now, expires_at=ends
    )
    key = GuestKey(link=link, case=case)
    key.seal(new_token())
    GuestKey.objects.bulk_create([key])  # nobody reads it back
    put(
        [
            outgoing(
                key=f"guest:{link.pk}", channel=contact.channel, text="meeting" if until else "notice", kind=GUEST,
                about=f"g{link.pk}", to_contact_id=contact.pk, case_id=case.pk, area_id=case.area_id, now=now,
            )
        ]
    )  # fmt: skip
    kinds = (TaskKind.GUEST_LINK, TaskKind.LINK_ENDS)
    asked = Task.objects.open().filter(kind__in=kinds, case=case, about__in=_abouts(member))
    asked.update(done_at=now, done_by=by)
    return link


@transaction.atomic
def follow(*, case: Case, seats: Iterable[int], until: datetime, by: User, now: datetime) -> None:
    """Let the standing links of these seats (membership ids) last until the meeting that begins at `until`, 14 days at most.

    Part of inviting to a meeting, which has locked the case. Where the 14 days end before it, whoever leads has a task to
    send a new link; where they no longer do, that task is done.
    """
    for link in GuestLink.objects.standing().filter(case=case, membership__in=list(seats)):
        ends = min(until, link.made_at + VALID_FOR)
        if ends != link.expires_at and ends > link.made_at:
            GuestLink.objects.filter(pk=link.pk).update(expires_at=ends)
        if ends < until:
            due = max(ends, now + BY_HAND)
            open_task(kind=TaskKind.LINK_ENDS, case=case, to=case.coordinator_id, due_at=due, now=now, about=f"g{link.pk}")
        else:
            waiting = Task.objects.open().filter(kind=TaskKind.LINK_ENDS, case=case, about=f"g{link.pk}")
            waiting.update(done_at=now, done_by=by)


@transaction.atomic
def revoke(*, link: GuestLink, by: User, now: datetime) -> GuestLink:
    """End a link, also in a closed situation. What waits is not sent. A second press changes nothing."""
    lock(link.case)
    _revoke(GuestLink.objects.standing().filter(pk=link.pk), GuestEnd.TAKEN_BACK, by, now)
    return GuestLink.objects.get(pk=link.pk)


def told_by_hand(*, case: Case, person: Person, now: datetime) -> bool:
    """Whether nothing may leave for this person by itself. Then whoever leads has it as a task, once."""
    person.case = case
    if may_message(person):
        return False
    protection.tell_by_hand(person=person, due_at=now + BY_HAND, now=now, about="link")
    return True


def contact_for(
    *, case: Case, person: Person, channel: str, address: str, language: str, way: str, by: User, now: datetime
) -> SafeContact:
    """The number or address that this person said to be safe for the link. The same one again is the same row.

    Raises NotAllowed for an address that can't be one.
    """
    if safe_contact.blocker(case, person) is None:
        return safe_contact.record(
            case=case, person=person, channel=channel, address=address, language=language, way=way, by=by, now=now
        )
    return safe_contact.record_for_link(
        case=case, person=person, channel=channel, address=address, language=language, way=way, by=by, now=now
    )


def opens(case: Case, member: Membership) -> bool:
    """Whether the family's word opens the time to this seat; PostgreSQL's own rule."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT section FROM sec.seat_sections(%s) WHERE membership_id = %s", [case.pk, member.pk])
        return "time" in {row[0] for row in cursor.fetchall()}


def _revoke(links: QuerySet[GuestLink], reason: GuestEnd, by: User, now: datetime) -> None:
    links.update(revoked_at=now, revoked_by=by, revoke_reason=reason)


def _abouts(member: Membership) -> list[str]:
    return [f"g{pk}" for pk in GuestLink.objects.filter(membership=member).values_list("pk", flat=True)]


def _of_case(case: Case, membership: Membership) -> Membership:
    """The member, locked. Raises NotAllowed for whoever has an account, is the child, or is no longer in."""
    rows = case.memberships.current().select_for_update(of=("self",), no_key=True).select_related("person")
    row = rows.filter(pk=membership.pk, person__isnull=False, person__account=None).first()
    if row is None or row.person is None or row.person.kind == PersonKind.CHILD:
        raise NotAllowed(_("Choose somebody of the network who has no account."))
    return row


def _usable(contact: SafeContact, person: Person) -> SafeContact:
    row = SafeContact.objects.live().filter(pk=contact.pk, person=person).first()
    if row is None:
        raise NotAllowed(_("This number or address is not in use any more. Ask for one that works."))
    return row

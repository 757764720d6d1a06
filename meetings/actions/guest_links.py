"""Inviting somebody without an account: into the network, to the meeting that is being agreed on, and by a signed link."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from cases.access import NotAllowed
from cases.actions import guest as links
from cases.actions.case import lock
from cases.actions.network import same_person
from cases.actions.safe_contact import normal_address
from cases.models import Case, GuestLink, Membership, PersonKind, SafeContact
from meetings.actions.meeting import add_person
from meetings.models import Meeting, Participant
from networks.models import User


@transaction.atomic
def invite(
    *, case: Case, member: str, kind: str, name: str, relation: str, address: str, channel: str, language: str, way: str,
    sees: str, family_name: str = "", by: User, now: datetime,
) -> GuestLink | None:  # fmt: skip
    """Take somebody new into the network (or one who is in, by membership id) and send them a link.

    None where nothing may leave by itself: they are in, and whoever leads has a task to tell them. Raises NotAllowed as
    `add_person`, `contact_for` and `send_link` do, and where somebody new has the name and relation of one who is in but
    another address: it may be another person, and a link is never moved to one. Then nobody was added either.
    """
    known = None
    if member:
        seat = case.memberships.current().filter(pk=int(member), person__isnull=False).select_related("person").first()
        if seat is None:
            raise NotAllowed(_("Choose somebody of the network who has no account."))
    else:
        kind = PersonKind.OUTSIDE if kind == PersonKind.OUTSIDE else PersonKind.CLOSE
        lock(case)
        who = {"kind": kind, "name": name, "family_name": family_name, "relation": relation}
        known = same_person(case, **who)
        seat = add_person(case=case, by=by, now=now, **who)
    person = seat.person
    assert person is not None
    if links.told_by_hand(case=case, person=person, now=now):
        return None
    same = {"person": person, "channel": channel, "address": normal_address(channel, address)}
    if known and not SafeContact.objects.live().filter(**same).exists():
        raise NotAllowed(_("%(name)s is here already: choose them above, or write the family name.") % {"name": name})
    contact = links.contact_for(
        case=case, person=person, channel=channel, address=address, language=language, way=way, by=by, now=now
    )
    return links.send_link(
        case=case, membership=seat, contact=contact, sees=sees, until=_asked_about(seat, now), by=by, now=now
    )


@transaction.atomic
def renew(*, link: GuestLink, by: User, now: datetime) -> GuestLink | None:
    """A new link to the same number or address and for the same things; the old one ends. Raises as `send_link` does."""
    return links.send_link(
        case=link.case, membership=link.membership, contact=link.contact, sees=link.sees,
        until=_asked_about(link.membership, now), by=by, now=now,
    )  # fmt: skip


def _asked_about(member: Membership, now: datetime) -> datetime | None:
    """When the meeting begins to which this member is invited, if there is one ahead."""
    invited: Any = Participant.objects.filter(membership=member).values("meeting_id")
    meeting = Meeting.objects.coming().filter(pk__in=invited, starts_at__gt=now).order_by("starts_at").first()
    return meeting.starts_at if meeting else None

"""What is looked at once more before the message of a signed link leaves: the link, its meeting, the number or address."""

from datetime import datetime

from django.db import connection
from django.urls import reverse

from cases.models import GuestKey, GuestLink, SafeContact
from meetings.models import Meeting, Participant
from meetings.senders import number
from yhteiso.outbox.models import Outgoing
from yhteiso.outbox.registry import Drop, Letter, resolves


@resolves("guest")
def guest(row: Outgoing, now: datetime) -> Letter | Drop:
    """An invitation or a notice with the link, to the number that it was made for; else a short code of why not."""
    link = GuestLink.objects.filter(pk=int(row.about[1:])).first()
    if link is None or not _alive(link.pk):
        return Drop("link-ended")
    contact = SafeContact.objects.live().filter(pk=link.contact_id).first()
    key = GuestKey.objects.only("link_id", "sealed").get(pk=link.pk)
    if contact is None or contact.pk != row.to_contact_id or not key.sealed:
        return Drop("contact-ended")
    params: dict[str, object] = {}
    if row.text == "meeting":
        starts_at = _coming(link.membership_id, now)
        if starts_at is None:
            return Drop("no-meeting")
        params = {"form": "invitation", "starts_at": starts_at, "phone": number(link.case_id, now)}
    return Letter(contact.address, contact.language, params, path=reverse("guest-link", args=[key.open()]))


def _alive(link_id: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sec.guest_alive(%s)", [link_id])
        return bool(cursor.fetchone()[0])


def _coming(membership_id: int, now: datetime) -> datetime | None:
    """When the meeting begins to which this member is invited now."""
    invited = Participant.objects.filter(membership_id=membership_id).values("meeting_id")
    coming = Meeting.objects.coming().filter(pk__in=invited, starts_at__gt=now).only("id", "status", "starts_at")
    found = coming.order_by("starts_at").first()
    return found.starts_at if found else None

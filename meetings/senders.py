"""What is looked at once more before a meeting's message leaves: the meeting, the seat, the family's word, the address."""

from datetime import datetime

from cases.models import Case, Membership, SafeContact
from meetings.actions.invitations import CANCELLED, FORMS, REMINDER, About, kind_of, may_be_told, read_about, sits_elsewhere
from meetings.models import Answer, Meeting, MeetingStatus, Participant
from networks.message_kinds import wanted
from networks.models import Area, User
from networks.stand_in import absent
from yhteiso.lib.dates import helsinki_date
from yhteiso.outbox.models import Outgoing
from yhteiso.outbox.registry import Drop, Letter, resolves

COMING = (MeetingStatus.PROPOSED, MeetingStatus.CONFIRMED)


@resolves("meeting")
def meeting(row: Outgoing, now: datetime) -> Letter | Drop:
    """Weekday, date, time, a number and a link, to somebody who may still be told; else a short code of why not."""
    told = read_about(row.about)
    if reason := _stale(told, now):
        return Drop(reason)
    seats = Membership.objects.only("id", "case_id", "user_id", "person_id").order_by("pk")  # the jobs read no more
    seat = seats.filter(pk=told.seat).first()
    if seat is None or seat.pk not in may_be_told([seat.pk]):
        return Drop("not-told")
    found = _address(row, seat, told.what)
    if isinstance(found, Drop):
        return found
    address, language = found
    params = {"form": FORMS[told.what], "starts_at": told.starts_at, "phone": number(seat.case_id, now)}
    return Letter(address, language, params)


def _stale(told: About, now: datetime) -> str:
    """Why it is no news any more: a code, or nothing."""
    found = Meeting.objects.filter(pk=told.meeting).only("id", "status", "starts_at").first()
    if found is None:
        return "gone"
    if told.starts_at <= now:
        return "past"
    invited = Participant.objects.filter(meeting_id=told.meeting, membership_id=told.seat).only("id", "answer").first()
    if sits_elsewhere([told.seat], found, told.what):  # the sibling's meeting at that time stands
        return "sibling"
    if told.what == CANCELLED:
        return "invited" if found.status in COMING and invited else ""
    if found.status not in COMING or int(found.starts_at.timestamp()) != int(told.starts_at.timestamp()):
        return "moved"
    if invited is None or invited.pk != told.invitation:  # invited again: that is told by a message of its own
        return "uninvited"
    return "comes-not" if told.what == REMINDER and invited.answer == Answer.NO else ""


def _address(row: Outgoing, seat: Membership, what: str) -> tuple[str, str] | Drop:
    """Where to, and in which language."""
    if row.to_contact_id is not None:
        contact = SafeContact.objects.live().filter(pk=row.to_contact_id).first()
        found = contact is not None and contact.person_id == seat.person_id
        return (contact.address, contact.language) if contact and found else Drop("contact-ended")
    user = User.people.filter(pk=row.to_user_id, is_active=True).first() if row.to_user_id else None
    if user is None or user.pk != seat.user_id:
        return Drop("inactive")
    if row.channel not in wanted([user.pk], kind_of(what))[user.pk]:  # switched off, or no longer their work phone
        return Drop("unwanted")
    address = user.email if row.channel == "email" else user.phone
    return (address, user.language) if address else Drop("no-address")


def number(case_id: int, now: datetime) -> str:
    """Whom to call: the coordinator, or the area's number where the coordinator is away, hidden or without one."""
    case = Case.objects.only("id", "area_id", "coordinator_id").get(pk=case_id)
    lead = User.people.filter(pk=case.coordinator_id, is_active=True).first()
    if lead and lead.phone and not lead.protected_identity and not absent([lead.pk], helsinki_date(now)):
        return lead.phone
    return Area.objects.get(pk=case.area_id).phone

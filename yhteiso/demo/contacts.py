"""Two guardians of the demonstration who get messages of a meeting: one whom they reach, one whose address does not work."""

from datetime import datetime, timedelta

from cases.actions import safe_contact
from cases.models import Case, Person, SafeContact
from meetings.actions import invitations
from meetings.models import Meeting
from networks.models import User
from yhteiso.demo.people import Cast
from yhteiso.hats.wear import wearing
from yhteiso.outbox.models import Outgoing, State
from yhteiso.outbox.returns import fail_afterwards

CHILD, REACHED, LOST = "Aatu", "Jenna", "Marko"


def load(cast: Cast, *, now: datetime) -> None:
    """The same deeds that the page and the relay do, in their hats."""
    case = Case.objects.get(area=cast.area, heading__child_name=CHILD)
    by = User.people.get(pk=case.coordinator_id)
    if SafeContact.objects.filter(case=case).exists():
        return
    asked = now - timedelta(hours=3)
    with wearing("area", by.pk):
        for name, channel, address in ((REACHED, "sms", "040 000 0142"), (LOST, "email", "marko@posti.invalid")):
            person = Person.objects.get(case=case, name=name)
            safe_contact.record(
                case=case, person=person, channel=channel, address=address, language="fi", way="phone", by=by, now=asked
            )
        meeting = Meeting.objects.coming().get(case=case)
        seats = meeting.participants.values_list("membership_id", flat=True)
        invitations.tell(meeting=meeting, seats=set(seats), what=invitations.PROPOSED, by=by, now=asked)
    with wearing("jobs"):
        lost = SafeContact.objects.get(case_id=case.pk, channel="email")
        row = Outgoing.objects.filter(to_contact_id=lost.pk).first()
        if row is None:
            return
        Outgoing.objects.filter(pk=row.pk).update(state=State.SENT, sent_at=asked, attempts=1)
        fail_afterwards(outgoing_id=row.pk, code="bounce-5.1.1", now=now - timedelta(hours=2))

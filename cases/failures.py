"""When a message could not be delivered: of the family somebody is called instead, of a colleague the lead is told.

Told in the application only, and once: a message about a message that sends a message would never end.
"""

from datetime import datetime, timedelta

from cases.actions.safe_contact import fail
from cases.actions.task import open_task
from cases.addressees import addressees
from cases.models import Case, Deadline, Message, MessageKind, SafeContact, Task, TaskKind
from networks.models import User
from yhteiso.lib.dates import helsinki_date
from yhteiso.outbox.models import Outgoing
from yhteiso.outbox.registry import on_failure

TO_CALL = timedelta(days=1)
# Codes that speak of the address, not of us or the road: what comes after them would not arrive either.
OF_THE_ADDRESS = ("bounce-", "gateway-", "smtp-5", "http-4", "address")


@on_failure
def failed(row: Outgoing, now: datetime) -> None:
    """Under the jobs' hat, in the transaction that marks the message failed."""
    if row.to_contact_id is not None:
        _call_instead(row, row.to_contact_id, now)
    elif row.to_user_id is not None:
        _tell_lead(row, row.to_user_id, now)


def _call_instead(row: Outgoing, contact_id: int, now: datetime) -> None:
    """Whoever leads, or answers where the lead can't, calls this person about this meeting: one task for both channels."""
    contact = SafeContact.objects.filter(pk=contact_id).first()
    if contact is None:
        return
    if row.last_error.startswith(OF_THE_ADDRESS):
        fail(contact=contact, now=now)
    case = Case.objects.only("id", "area_id").get(pk=contact.case_id)
    about = f"{row.about.partition(':')[0]}-{contact.person_id}"
    if Task.objects.filter(kind=TaskKind.REACH_BY_PHONE, case_id=case.pk, about=about).only("id").exists():
        return
    for user_id, _instead in _people(case.pk, case.area_id, ("coordinator",), now):
        open_task(kind=TaskKind.REACH_BY_PHONE, case=case, to=user_id, due_at=now + TO_CALL, now=now, about=about)


def _tell_lead(row: Outgoing, user_id: int, now: datetime) -> None:
    """The lead and whoever is responsible for the area, once a day for one person and situation."""
    user = User.people.filter(pk=user_id).select_related("unit").first()
    case = Case.objects.only("id", "area_id", "coordinator_id").filter(pk=row.case_id).first() if row.case_id else None
    area_id = case.area_id if case else user.unit.area_id if user and user.unit else None
    if user is None or area_id is None:
        return
    key = f"failure:{user.pk}:{row.case_id or ''}:{helsinki_date(now):%Y%m%d}"
    Message.objects.bulk_create(
        [
            Message(
                key=f"{key}:{to}", to_id=to, kind=MessageKind.FAILURE, what="undelivered", case_id=row.case_id,
                area_id=area_id, coordinator_id=case.coordinator_id if case else None, about=str(user.pk),
                instead_of_id=instead, at=now,
            )
            for to, instead in _people(row.case_id, area_id, ("coordinator", "responsible"), now)
        ],
        ignore_conflicts=True,
    )  # fmt: skip


def _people(case_id: int | None, area_id: int, roles: tuple[str, ...], now: datetime) -> list[tuple[int, int | None]]:
    """Who is in these roles today, as a ladder would find them: with substitutes, and never nobody while anybody is left."""
    asked = Deadline(case_id=case_id, area_id=area_id, kind="failure", fact_at=now, late_at=now, due_at=now)
    return [(one.user_id, one.instead_of) for one in addressees([(asked, roles)], now)[asked.pk].told]

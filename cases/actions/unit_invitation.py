"""Asking a unit into a network: the family first if need be, then a named person who answers for the unit.

Whoever is asked is not in the network yet and sees nothing of the situation. So the answer is carried out in the hat of
whoever leads it, who decided it by asking (decision 0019); the yes itself is `meetings.actions.unit_invitation.accept`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from cases.access import NotAllowed
from cases.actions import deadline, message
from cases.actions.asking import told
from cases.actions.case import lock, note
from cases.actions.network import open_case_of
from cases.kinds import INVITATION
from cases.models import (
    OPEN_STATES,
    Case,
    DeclineReason,
    InvitationState,
    Status,
    UnitInvitation,
)
from networks.models import Role, Service, Unit, User
from yhteiso.hats.wear import in_stead
from yhteiso.lib.dates import at_helsinki, helsinki_date, working_day_after

END_OF_DAY = time(16)


@dataclass(frozen=True, slots=True)
class Asked:
    """How the person is asked: whether the meeting needs them, how they are shown, and whether the family is asked first."""

    must_attend: bool = False
    masked: bool = False
    index_only: bool = False
    family_first: bool = False


@transaction.atomic
def invite(
    *, case: Case, unit: Unit, user: User, how: Asked, service: Service | None = None, by: User, now: datetime
) -> UnitInvitation:
    """Ask the unit in the person of `user`. A second press is the same invitation.

    Raises NotAllowed for a closed situation, for somebody disqualified, not in use, of another unit or in the network
    already, and while the unit is asked in another's person.
    """
    case = open_case_of(case)
    _check_person(case, unit, user, now)
    asked = case.unit_invitations.open().filter(unit=unit, service=service).first()
    if asked and asked.user_id == user.pk:
        return asked
    if asked:
        raise NotAllowed(_("This unit has been asked already. Cancel that invitation first, or ask for a substitute."))
    row = UnitInvitation.objects.create(
        case=case, area_id=case.area_id, unit=unit, service=service, user=user, must_attend=how.must_attend,
        masked=how.masked, index_only=how.index_only, invited_by=by, invited_at=now, state=InvitationState.ASKED_FAMILY,
    )  # fmt: skip
    if how.family_first:
        note(case, "unit_proposed", at=now, by=by, invitation=row.pk)
    else:
        _send(case, row, now)
        note(case, "unit_invited", at=now, by=by, invitation=row.pk)
    return row


@transaction.atomic
def send(*, invitation: UnitInvitation, by: User, now: datetime) -> UnitInvitation:
    """The family has said yes to asking: the invitation leaves, and its day begins. Raises NotAllowed once cancelled."""
    case, row = _locked(invitation)
    if row.state == InvitationState.CANCELLED:
        raise NotAllowed(_("This invitation has been cancelled."))
    if row.state == InvitationState.ASKED_FAMILY:
        _check_person(case, row.unit, row.user, now)
        _send(case, row, now)
        note(case, "unit_invited", at=now, by=by, invitation=row.pk)
    return row


@transaction.atomic
def cancel(*, invitation: UnitInvitation, by: User, now: datetime) -> UnitInvitation:
    """Take the invitation back; whoever was asked is told. Twice is once. Raises NotAllowed after an answer."""
    case, row = _locked(invitation)
    if row.state == InvitationState.CANCELLED:
        return row
    if row.state not in OPEN_STATES:
        raise NotAllowed(_("This invitation has been answered already. Look at the network once more."))
    row.state, row.cancelled_at, row.cancelled_by = InvitationState.CANCELLED, now, by
    row.save(update_fields=["state", "cancelled_at", "cancelled_by"])
    deadline.end(INVITATION, case=case, about=row.pk, now=now)
    note(case, "unit_cancelled", at=now, by=by, invitation=row.pk)
    if row.sent_at:
        _tell(case, row, row.user_id, "unit_cancelled", now)
    return row


@transaction.atomic
def decline(*, invitation: UnitInvitation, reason: str, words: str = "", by: User, now: datetime) -> UnitInvitation:
    """The unit does not come, for a kind of reason and in own words. The lead is told. A second press changes nothing.

    Raises NotAllowed for anybody but the asked person, after a cancelling, and after another answer.
    """
    with answering(invitation=invitation, by=by) as (row, lead):
        if row.state == InvitationState.DECLINED:
            return row
        check_open(row)
        row.reason, row.words = DeclineReason(reason), words
        settle(row, InvitationState.DECLINED, by, now, ["reason", "words"])
        _tell(row.case, row, lead.pk, "unit_declined", now)
    return row


@transaction.atomic
def pass_on(*, invitation: UnitInvitation, substitute: User, by: User, now: datetime) -> UnitInvitation:
    """Somebody else of the unit answers instead: by the asked person, or by the lead while that one is away.

    Returns the substitute's own invitation, with a new day. Whether the named colleague may come is the lead's to know:
    the asked person's choice is taken either way, and where the colleague can't be asked, the lead is told and the same
    row is returned, without anybody asked after it. Raises NotAllowed for somebody who doesn't work in the unit, for
    anybody but the two, after a cancelling and another answer; to the lead also for a colleague who can't be asked.
    """
    with answering(invitation=invitation, by=by) as (row, lead):
        if row.state == InvitationState.SUBSTITUTED and row.substitute_id == substitute.pk:
            return UnitInvitation.objects.filter(instead_of=row).first() or row
        check_open(row)
        if row.state != InvitationState.SENT:
            raise NotAllowed(_("The family has not been asked yet."))
        if substitute.pk == row.user_id:
            raise NotAllowed(_("Choose somebody else than the one who was asked."))
        _check_works(row.unit, substitute, now)
        refusal = may_not_come(row.case, substitute)
        if refusal and by.pk == lead.pk:
            raise NotAllowed(refusal)
        row.substitute = substitute
        settle(row, InvitationState.SUBSTITUTED, by, now, ["substitute"])
        if refusal:
            needs_word(row, lead, now)
            return row
        new = UnitInvitation.objects.create(
            case=row.case, area_id=row.area_id, unit=row.unit, service_id=row.service_id, user=substitute,
            must_attend=row.must_attend, masked=row.masked, index_only=row.index_only, invited_by=lead, invited_at=now,
            state=InvitationState.ASKED_FAMILY, instead_of=row,
        )  # fmt: skip
        _send(row.case, new, now)
        if by.pk != lead.pk:
            _tell(row.case, row, lead.pk, "unit_passed_on", now)
        else:
            _tell(row.case, row, row.user_id, "unit_cancelled", now)
    return new


@contextmanager
def answering(*, invitation: UnitInvitation, by: User) -> Iterator[tuple[UnitInvitation, User]]:
    """The invitation, locked behind its situation, and whoever leads it, in whose hat the block runs.

    Raises NotAllowed for anybody but the asked person (or the lead), for somebody who has left the unit, and where nobody
    leads the situation now. The block must be left by its end or an exception inside a transaction of its own.
    """
    if by.hat == "area":
        _case, row = _locked(invitation)
        yield row, by
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT sec.invitation_lead(%s)", [invitation.pk])
        lead_id = cursor.fetchone()[0]
    if lead_id is None:
        raise NotAllowed(_("This can't be answered here now. Call the coordinating number."))
    with in_stead("area", lead_id):
        _case, row = _locked(invitation)
        if row.user_id != by.pk:
            raise NotAllowed(_("Only the one who was asked can answer."))
        if not User.people.filter(pk=by.pk, unit_id=row.unit_id, is_active=True).exists():
            raise NotAllowed(
                _("You no longer work in the unit that was asked. Call the coordinator, so that somebody else is asked.")
            )
        yield row, User.people.get(pk=lead_id)


def check_open(row: UnitInvitation) -> None:
    """Raises NotAllowed, kindly, for an invitation that can no longer be answered so."""
    if row.state == InvitationState.CANCELLED or row.case.status == Status.CLOSED:
        raise NotAllowed(_("This invitation has been cancelled meanwhile. You need to do nothing."))
    if row.state not in OPEN_STATES:
        raise NotAllowed(_("This invitation has been answered already. Call the coordinator if something has changed."))


def settle(row: UnitInvitation, state: InvitationState, by: User, now: datetime, fields: list[str]) -> None:
    """Write the answer to the locked row, end its day and note it without anybody's words."""
    row.state, row.answered_at, row.answered_by = state, now, by
    row.save(update_fields=["state", "answered_at", "answered_by", *fields])
    deadline.end(INVITATION, case=row.case, about=row.pk, now=now)
    # Written in the lead's hat: whose answer it was, the invitation tells.
    note(row.case, f"unit_{state}", at=now, by=None, invitation=row.pk)


def told_lead(row: UnitInvitation, lead: User, now: datetime) -> None:
    """The lead is told that somebody said yes for the unit."""
    _tell(row.case, row, lead.pk, "unit_accepted", now)


def needs_word(row: UnitInvitation, lead: User, now: datetime) -> None:
    """The lead is told that whoever would come can't be asked or is in already, and decides who comes."""
    _tell(row.case, row, lead.pk, "unit_needs_word", now)


def may_not_come(case: Case, user: User) -> str | None:
    """Why this person can't be asked into the situation: a sentence for its lead, for nobody else's eyes. Or None."""
    if case.recusals.filter(user=user).exists():
        return str(_("This person is disqualified in this situation."))
    if case.memberships.current().filter(user=user).exists():
        return str(_("This person is in the network already."))
    return None


def may_be_asked(unit: Unit, now: datetime) -> QuerySet[User]:
    """Who of the unit can be asked: professionals today, with an account in use, by name."""
    today = helsinki_date(now)
    in_force = Q(roles__ends_on=None) | Q(roles__ends_on__gte=today)
    rows = User.people.filter(
        in_force, is_active=True, unit=unit, roles__role=Role.PROFESSIONAL, roles__starts_on__lte=today
    )
    return rows.distinct().order_by("sort_key", "pk")


def answer_by(now: datetime) -> datetime:
    """By when an invitation of this moment is answered: 16.00 of the next working day."""
    return at_helsinki(working_day_after(helsinki_date(now)), END_OF_DAY)


def _check_person(case: Case, unit: Unit, user: User, now: datetime) -> None:
    _check_works(unit, user, now)
    if refusal := may_not_come(case, user):
        raise NotAllowed(refusal)


def _check_works(unit: Unit, user: User, now: datetime) -> None:
    if not may_be_asked(unit, now).filter(pk=user.pk).exists():
        raise NotAllowed(_("Choose somebody who works in the unit now."))


def _send(case: Case, row: UnitInvitation, now: datetime) -> None:
    row.state, row.sent_at, row.answer_by = InvitationState.SENT, now, answer_by(now)
    row.save(update_fields=["state", "sent_at", "answer_by"])
    deadline.begin(
        INVITATION, case=case, area_id=case.area_id, about=row.pk, fact_at=now, person_id=row.user_id,
        unit_id=row.unit_id, now=now,
    )  # fmt: skip
    _tell(case, row, row.user_id, "unit_invited", now)


def _locked(invitation: UnitInvitation) -> tuple[Case, UnitInvitation]:
    """The situation first, then the invitation: everybody takes them in this order."""
    case_id = UnitInvitation.objects.values_list("case_id", flat=True).filter(pk=invitation.pk).first()
    if case_id is None:
        raise NotAllowed(_("You are no longer part of this situation."))
    case = lock(Case(pk=case_id))
    rows = UnitInvitation.objects.select_for_update(of=("self",), no_key=True).select_related("unit", "user")
    row = rows.defer("user__password", "user__last_login").get(pk=invitation.pk)
    row.case = case
    return case, row


def _tell(case: Case, row: UnitInvitation, to: int, what: str, now: datetime) -> None:
    message.tell([told(case, row, to, what, now)], now=now)

"""Two people for power: proposing, accepting, declining and withdrawing it."""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from networks.access import NotAllowed
from networks.actions.database import answer
from networks.actions.notice import in_role, tell, watchers
from networks.models import AccountInvitation, Area, PowerProposal, Role, RoleMembership, Unit, User
from networks.models.power import DAYS
from yhteiso.lib.dates import helsinki_date

Kind = PowerProposal.Kind


@transaction.atomic
def propose_role(
    *, person: User, role: str, area: Area | None, unit: Unit | None, by: User, reason: str, now: datetime
) -> PowerProposal:
    """Propose a role. Raises NotAllowed for oneself, for a role that the person has, and for a closed account."""
    _check_person(person, by)
    if role not in Role.values:
        raise NotAllowed(_("Choose a role."), "role")
    today = helsinki_date(now)
    same = RoleMembership.objects.filter(user=person, role=role, area=area, unit=unit, starts_on__lte=today)
    if any(row.in_force(today) for row in same):
        raise NotAllowed(_("The person has this role already."), "has")
    return _propose(Kind.ROLE, by=by, now=now, target=person, role=role, area=area, unit=unit, reason=reason)


@transaction.atomic
def propose_email(*, person: User, email: str, by: User, reason: str, now: datetime) -> PowerProposal:
    """Propose another sign-in address. Raises NotAllowed for oneself, a closed account, and an address in use."""
    _check_person(person, by)
    email = email.lower()
    if User.people.filter(email=email).exists():
        raise NotAllowed(_("This address is in use already."), "taken")
    return _propose(Kind.EMAIL, by=by, now=now, target=person, email=email, reason=reason)


@transaction.atomic
def propose_second_factor(*, person: User, by: User, reason: str, now: datetime) -> PowerProposal:
    """Propose that the second step of sign-in is removed. Raises NotAllowed for oneself and for a closed account."""
    _check_person(person, by)
    return _propose(Kind.SECOND_FACTOR, by=by, now=now, target=person, reason=reason)


@transaction.atomic
def propose_resumption(*, person: User, by: User, reason: str, now: datetime) -> PowerProposal:
    """Propose that a suspended account comes back. Raises NotAllowed for oneself and for one that is not suspended."""
    _check_person(person, by)
    if person.is_active:
        raise NotAllowed(_("The account is in use."), "active")
    return _propose(Kind.RESUME, by=by, now=now, target=person, reason=reason)


@transaction.atomic
def propose_invitation(*, invitation: AccountInvitation, by: User, now: datetime) -> PowerProposal:
    """Propose what an invitation gives: an account with its role. The database copies the role from the invitation."""
    return _propose(
        Kind.INVITATION, by=by, now=now, invitation=invitation, role=invitation.role, email=invitation.email,
        reason=_("Invited to a new account"),
    )  # fmt: skip


@transaction.atomic
def accept(*, proposal: PowerProposal, by: User, now: datetime) -> PowerProposal:
    """Let the proposed power take effect, in this same transaction, and tell those whom it concerns.

    Raises NotAllowed for one's own proposal, for oneself, out of reach, after the days, after any other answer, and
    when the proposer is no longer an administrator. The database asks all of it again.
    """
    row = _lock(proposal)
    if refusal := row.blocker(by, now):
        raise NotAllowed(refusal, "blocked")
    try:
        with transaction.atomic():
            code: str = answer("SELECT sec.accept_power(%s)", row.pk)
    except IntegrityError as error:  # the address was taken, or the account closed, at this very moment
        raise NotAllowed(_refusals()["changed"], "changed") from error
    if code:
        raise NotAllowed(_refusals().get(code, _refusals()["changed"]), code)
    row.refresh_from_db()
    params = _params(row) | {"by": row.proposed_by.name, "accepter": by.name}
    if row.target_id:
        tell(to=[row.target_id], kind="power_yours", params=params, now=now)
    tell(to=watchers(row.concerns_id, now) - {row.target_id, by.pk}, kind="power_given", params=params, now=now)
    tell(to={row.proposed_by_id} - watchers(row.concerns_id, now), kind="power_accepted", params=params, now=now)
    return row


@transaction.atomic
def decline(*, proposal: PowerProposal, by: User, reason: str, now: datetime) -> PowerProposal:
    """Refuse a proposal with a reason, which its proposer is told. Raises NotAllowed to whoever might not accept it."""
    row = _lock(proposal)
    if refusal := row.blocker(by, now):
        raise NotAllowed(refusal, "blocked")
    row.declined_at, row.declined_by, row.decline_reason = now, by, reason
    row.save(update_fields=["declined_at", "declined_by", "decline_reason"])
    tell(to=[row.proposed_by_id], kind="power_declined", params=_params(row) | {"by": by.name}, now=now)
    return row


@transaction.atomic
def withdraw(*, proposal: PowerProposal, by: User, now: datetime) -> PowerProposal:
    """Take one's own proposal back. Raises NotAllowed for another's, and when it was answered already."""
    row = _lock(proposal)
    if closed := row.closed_text(now):
        raise NotAllowed(closed, "answered")
    if row.proposed_by_id != by.pk:
        raise NotAllowed(_("Only who proposed it can withdraw it."), "another's")
    row.withdrawn_at = now
    row.save(update_fields=["withdrawn_at"])
    return row


def _check_person(person: User, by: User) -> None:
    if person.pk == by.pk:
        raise NotAllowed(_("Nobody proposes power for oneself. Ask another administrator."), "own")
    if person.closed_at:
        raise NotAllowed(_("The account has been closed for good. Invite the person again if they come back."), "closed")


def _propose(kind: Kind, *, by: User, now: datetime, **values: Any) -> PowerProposal:
    if by.hat != "admin":
        raise NotAllowed(_("Only an administrator may propose this."), "hat")
    same = {name: values.get(name) for name in ("target", "invitation", "area", "unit")}
    old = PowerProposal.objects.unanswered().filter(kind=kind, role=values.get("role", ""), **same)
    old.filter(expires_at__lte=now).update(lapsed_at=now)
    row = PowerProposal(kind=kind, proposed_by=by, proposed_at=now, expires_at=now + timedelta(days=DAYS), **values)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise NotAllowed(_("This has been proposed already and waits for an answer."), "waiting") from error
    row.refresh_from_db()
    tell(to=_who_may_accept(row, now), kind="power_waiting", params=_params(row) | {"by": by.name}, now=now)
    return row


def _lock(proposal: PowerProposal) -> PowerProposal:
    row = PowerProposal.objects.select_for_update(of=("self",), no_key=True).filter(pk=proposal.pk).first()
    if row is None:
        raise NotAllowed(_refusals()["reach"], "reach")
    return row


def _who_may_accept(row: PowerProposal, now: datetime) -> set[int]:
    today = helsinki_date(now)
    people = in_role(Role.ADMINISTRATOR, on=today)
    if not row.administrators_only:
        people |= in_role(Role.RESPONSIBLE, on=today, area_id=row.concerns_id)
    return people - {row.proposed_by_id, row.target_id}


def _params(row: PowerProposal) -> dict[str, Any]:
    place = row.area or row.unit
    return {"what": row.kind, "ref": row.ref, "who": row.whose, "role": row.role, "place": str(place) if place else ""}


def _refusals() -> dict[str, str]:
    """The words of the database's own refusals."""
    return {
        "gone": _("There is no such proposal."),
        "answered": _("This has already been answered."),
        "expired": _("Nobody answered in 14 days. Propose it again if it is still needed."),
        "own": _("You proposed this yourself. Another person must accept it."),
        "target": _("This is about you. Somebody else must accept it."),
        "reach": _("Only another administrator or the area's responsible person may accept this."),
        "proposer": _("The one who proposed this is no longer an administrator. Decline it and propose it again."),
        "closed": _("The account has been closed for good. Invite the person again if they come back."),
        "has": _("The person has this role already."),
        "taken": _("This address is in use already."),
        "changed": _("Something changed while you were reading. Open the page again."),
    }

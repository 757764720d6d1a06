"""Precautions for a family: protecting its address, naming who may know, keeping guardians apart, telling by hand."""

from collections.abc import Collection
from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext as _

from cases.access import NotAllowed
from cases.actions import safe_contact
from cases.actions.case import lock, note, relabel
from cases.actions.disclosure import disclosing
from cases.actions.task import open_task
from cases.models import (
    Case,
    CaseHeading,
    MemberRole,
    Membership,
    Person,
    PersonKind,
    Precaution,
    PrecautionKind,
    Status,
    TaskKind,
)
from networks.models import User


@transaction.atomic
def protect(*, case: Case, reason: str, by_hand: Collection[int], by: User, now: datetime) -> Case:
    """Protect the family's address (turvakielto), at once: from this transaction on only the lead and whom the lead names
    see who is in the network, other coordinators of the area see nothing, and no meeting has a place. So it is of the
    siblings here, too, whoever leads them.

    `by_hand`: the guardians (person ids) from whom the family is kept safe. They are told by hand only, by a task of the
    lead's. Somebody let in exceptionally is out. Raises NotAllowed without a reason, or for a closed situation.
    """
    case = _open(lock_family(case), reason)
    if case.protected:
        return case
    for guardian in guardians_of(case):
        if guardian.pk in by_hand:
            guardian.by_hand = True
            guardian.save(update_fields=["by_hand"])
            tell_by_hand(person=guardian, due_at=now, now=now)
    case.memberships.filter(pk=case.lead_id).update(named=True)
    case.memberships.filter(role=MemberRole.EXCEPTIONAL, ended_at=None).update(
        ended_at=now, ended_by=by, end_reason="protected"
    )
    CaseHeading.objects.filter(case=case).update(caller_label="")  # it names a unit
    safe_contact.end_all(case=case, by=by, now=now)
    _write(case, PrecautionKind.PROTECTED, reason, by, now)
    carry(case, PrecautionKind.PROTECTED, reason, now)
    _set(case, protected=True)  # last: whoever does not lead loses sight of it with this
    case.protected = True
    return case


@transaction.atomic
def lift_protection(*, case: Case, reason: str, by: User, now: datetime) -> Case:
    """The address is no longer protected: names and units are seen again as anywhere. Raises NotAllowed without a reason."""
    case = _open(case, reason)
    if not case.protected:
        return case
    with disclosing(case=case, by=by, now=now):
        case.persons.filter(by_hand=True).update(by_hand=False)
        case.memberships.filter(named=True).update(named=False)
        _set(case, protected=False)
        _write(case, PrecautionKind.LIFTED, reason, by, now)
        case.protected = False
        relabel(case)
    return case


@transaction.atomic
def name_member(*, case: Case, membership: Membership, named: bool, reason: str, by: User, now: datetime) -> Membership:
    """Let a member of a protected family's network see what is hidden from the others, or no longer.

    Raises NotAllowed without a reason, for the lead (who always sees) and for somebody without an account.
    """
    case = _open(case, reason)
    member = case.memberships.select_for_update(of=("self",), no_key=True).filter(pk=membership.pk, ended_at=None).first()
    if not case.protected or member is None or member.user_id is None:
        raise NotAllowed(_("Only somebody in a protected family's network can be named."))
    if member.pk == case.lead_id or member.index_only:
        raise NotAllowed(_("Who answers for the situation always sees it, and who takes part without content never does."))
    if member.named == named:
        return member
    with disclosing(case=case, by=by, now=now):
        member.named = named
        member.save(update_fields=["named"])
    _write(case, PrecautionKind.NAMED if named else PrecautionKind.UNNAMED, reason, by, now, member)
    return member


@transaction.atomic
def keep_apart(*, case: Case, apart: bool, reason: str, by: User, now: datetime) -> Case:
    """Meet the guardians one at a time, the siblings' too; or together again, for this child. Raises NotAllowed without a
    reason.
    """
    case = _open(lock_family(case) if apart else case, reason)
    if case.guardians_apart == apart:
        return case
    case.guardians_apart = apart
    case.save(update_fields=["guardians_apart"])
    _write(case, PrecautionKind.APART if apart else PrecautionKind.TOGETHER, reason, by, now)
    if apart:
        carry(case, PrecautionKind.APART, reason, now)
    return case


def lock_family(case: Case) -> Case:
    """The case, locked with every situation that is bound to it, in one order. Raises NotAllowed as `lock` does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sec.lock_family(%s)", [case.pk])
    return lock(case)


def carry(case: Case, kind: str, reason: str, now: datetime) -> None:
    """What was set for this child holds for the siblings from now on, also where the setter doesn't see them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sec.carry_precaution(%s, %s, %s, %s)", [case.pk, kind, reason.strip(), now])
        if cursor.fetchone()[0] is None:
            raise NotAllowed(_("Only the area's coordinator may do this."))


def tell_by_hand(*, person: Person, due_at: datetime, now: datetime, about: str = "") -> None:
    """What a message would have done is a task of whoever leads: to consider what this person must be told, and how."""
    case = person.case
    key = f"{person.pk}-{about}" if about else str(person.pk)
    open_task(kind=TaskKind.OTHER_GUARDIAN, case=case, to=case.coordinator_id, due_at=due_at, now=now, about=key)


def _open(case: Case, reason: str) -> Case:
    case = lock(case)
    if case.status == Status.CLOSED:
        raise NotAllowed(_("This situation is closed."))
    if not reason.strip():
        raise NotAllowed(_("Write why."))
    return case


def guardians_of(case: Case) -> list[Person]:
    """The guardians who are in the network now."""
    return list(case.persons.filter(kind=PersonKind.GUARDIAN, memberships__ended_at=None).distinct())


def _set(case: Case, *, protected: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sec.set_protected(%s, %s)", [case.pk, protected])
        if cursor.fetchone()[0] is None:
            raise NotAllowed(_("Only the area's coordinator may do this."))


def _write(case: Case, kind: PrecautionKind, reason: str, by: User, now: datetime, member: Membership | None = None) -> None:
    """The reason for those who lead, the event for everybody. Neither names anybody."""
    row = Precaution(case=case, kind=kind, reason=reason.strip(), membership=member, at=now, by=by)
    Precaution.objects.bulk_create([row])
    note(case, f"precaution_{kind}", at=now, by=by)

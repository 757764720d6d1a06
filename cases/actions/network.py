"""Who is in the network: adding people, ending a membership, recording consent."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from cases.access import NotAllowed
from cases.actions import deadline
from cases.actions.asking import withdraw
from cases.actions.case import lock, move, note, relabel
from cases.actions.disclosure import disclosing
from cases.kinds import CONSENT, GATHERED
from cases.models import (
    Case,
    ConsentState,
    MemberRole,
    Membership,
    Person,
    PersonContact,
    PersonKind,
    Reply,
    Status,
)
from networks.models import User


@transaction.atomic
def add_member(
    *, case: Case, user: User, must_attend: bool, masked: bool = False, index_only: bool = False, by: User, now: datetime
) -> Membership:
    """Take a professional into the network. Adding the same person twice at once makes one membership.

    `index_only`: takes part with presence and promises, and sees no content, whatever the family has agreed to.
    """
    case = open_case_of(case)
    if not user.is_active:
        raise NotAllowed(_("This person's account is no longer in use."))
    if case.recusals.filter(user=user).exists():
        raise NotAllowed(_("This person is disqualified in this situation."))
    existing = case.memberships.current().filter(user=user).first()
    if existing and existing.unit_id == user.unit_id:
        return existing
    last = case.memberships.filter(user=user).exclude(role=MemberRole.EXCEPTIONAL).order_by("-pk").first()
    # A mask stays until somebody takes it off on purpose, and so does a seat without content while it is replaced.
    masked = masked or bool(last and last.masked)
    index_only = index_only or bool(last and last.index_only and (existing or last.end_reason == "unit"))
    with disclosing(case=case, by=by, now=now):
        if existing:  # a seat in a unit that they have left: this one takes its place
            if refusal := end_blocker(case, existing):
                raise NotAllowed(refusal)
            existing.ended_at, existing.ended_by, existing.end_reason = now, by, "replaced"
            existing.save(update_fields=["ended_at", "ended_by", "end_reason"])
        member = Membership.objects.create(
            case=case, user=user, unit_id=user.unit_id, role=MemberRole.MEMBER, must_attend=must_attend, masked=masked,
            index_only=index_only, started_at=now, started_by=by,
        )  # fmt: skip
    _not_asked_any_more(case, user, by, now)
    _gathered(case, now)
    note(case, "member_added", at=now, by=by, member=member.pk)
    return member


@transaction.atomic
def add_person(
    *, case: Case, kind: str, name: str, family_name: str = "", relation: str = "", phone: str = "",
    language: str = "", interpreter: bool = False, consent: str = "", consent_on: date | None = None,
    must_attend: bool = False, by: User, now: datetime,
) -> Membership:  # fmt: skip
    """Add a guardian or a close person of the family, who has no account. Raises NotAllowed for a second child.

    Somebody of the same kind and name who is in already is the same person (`same_person`): a second press adds nobody.
    """
    case = open_case_of(case)
    if kind == PersonKind.CHILD:
        raise NotAllowed(_("A situation is about one child."))
    if existing := same_person(case, kind=kind, name=name, family_name=family_name, relation=relation):
        return existing
    person = Person.objects.create(
        case=case, kind=kind, name=name, family_name=family_name, relation=relation, language=language,
        interpreter=interpreter, consent=consent, consent_on=consent_on,
    )  # fmt: skip
    PersonContact.objects.create(person=person, case=case, phone=phone)
    member = Membership.objects.create(
        case=case, person=person, role=MemberRole.FAMILY, must_attend=must_attend, started_at=now, started_by=by
    )
    weigh_consent(case, now=now)
    note(case, "person_added", at=now, by=by, kind=kind)
    return member


def same_person(case: Case, *, kind: str, name: str, family_name: str, relation: str) -> Membership | None:
    """The seat of somebody of this kind and name who is in already.

    Of those who are neither child nor guardian the relation (or organisation) belongs to it: a family may have two of one
    name, as two grandmothers who are both called so.
    """
    same = {"person__kind": kind, "person__name": name, "person__family_name": family_name}
    if kind not in (PersonKind.CHILD, PersonKind.GUARDIAN):
        same["person__relation"] = relation
    return case.memberships.current().filter(**same).select_related("person").first()


@transaction.atomic
def record_consent(*, case: Case, person: Person, consent: str, consent_on: date | None, by: User, now: datetime) -> Person:
    """Record what a guardian has said of exchanging information."""
    case = open_case_of(case)
    person = case.persons.select_for_update().get(pk=person.pk)
    with disclosing(case=case, by=by, now=now):
        person.consent, person.consent_on = consent, consent_on
        person.save(update_fields=["consent", "consent_on"])
        weigh_consent(case, now=now)
    note(case, "consent", at=now, by=by, consent=consent)
    return person


@transaction.atomic
def change_seat(
    *, case: Case, membership: Membership, masked: bool, index_only: bool, by: User, now: datetime
) -> Membership:
    """Change how a member is shown and whether they see content. It holds from the next request on.

    Raises NotAllowed for the family's own people and for whoever answers for the situation.
    """
    case = open_case_of(case)
    member = case.memberships.current().select_for_update(of=("self",), no_key=True).filter(pk=membership.pk).first()
    if member is None or member.user_id is None:
        raise NotAllowed(_("Choose somebody who is in the network."))
    if member.role == MemberRole.COORDINATOR:
        raise NotAllowed(_("Whoever answers for the situation is shown to everybody and sees all of it."))
    if (member.masked, member.index_only) != (masked, index_only):
        with disclosing(case=case, by=by, now=now):
            member.masked, member.index_only = masked, index_only
            member.save(update_fields=["masked", "index_only"])
        if member.role == MemberRole.CALLER:
            relabel(case)
        note(case, "member_changed", at=now, by=by)
    return member


@transaction.atomic
def end_membership(
    *, case: Case, membership: Membership, reason: str, no_guardian: bool = False, by: User, now: datetime
) -> Membership:
    """End a membership. From the next request on, the person sees nothing of the case. The coordinator can't be ended.

    Raises NotAllowed for a guardian who has not agreed to something, unless they are no guardian any more (`no_guardian`):
    taking them out would otherwise open what they said no to.
    """
    case = lock(case)
    member = case.memberships.select_for_update(of=("self",), no_key=True).get(pk=membership.pk)
    if member.ended_at:
        return member
    if refusal := end_blocker(case, member):
        raise NotAllowed(refusal)
    if not no_guardian and _has_not_agreed(case, member):
        raise NotAllowed(
            _("This guardian has not agreed to everything. They can be taken out only when they are no longer a guardian.")
        )
    with disclosing(case=case, by=by, now=now):
        member.ended_at, member.ended_by, member.end_reason = now, by, reason
        member.save(update_fields=["ended_at", "ended_by", "end_reason"])
    note(case, "member_ended", at=now, by=by, **({"no_guardian": True} if no_guardian else {}))
    return member


def _has_not_agreed(case: Case, member: Membership) -> bool:
    """Whether this is a guardian with a standing word that is no yes."""
    if member.person is None or member.person.kind != PersonKind.GUARDIAN:
        return False
    return case.consents.standing().filter(giver=member.person).exclude(answer=Reply.YES).exists()


def end_blocker(case: Case, member: Membership) -> str | None:
    """Why this membership can't be ended: a sentence for the user, or None."""
    if member.user_id == case.coordinator_id:
        return str(_("The coordinator can't leave before somebody else has taken the situation over."))
    if member.person and member.person.kind == PersonKind.CHILD:
        return str(_("The child always belongs to the network."))
    return None


def weigh_consent(case: Case, giver: Person | None = None, *, now: datetime) -> None:
    """The case's state of consent in one word, for lists: all who decide have said yes to something, somebody is missing,
    somebody doesn't know. It opens nothing: that follows from each guardian's own words.

    Joint custody: one guardian's yes is not the other's. A case without recorded guardians keeps what the call told.
    `giver` is somebody who has just said something. A word on one unit is no yes to gathering a network: it never turns
    into one here. Whoever has taken everything back no longer stands behind that first yes either.
    """
    words = case.consents.standing().filter(answer="yes")
    yes = set(words.values_list("giver_id", flat=True))
    stands = giver is None or giver.consent != ConsentState.ORAL or giver.pk in yes
    if giver is not None and not stands and case.consents.filter(giver=giver, withdrawn=True).exists():
        giver.consent = ConsentState.WAITING
        giver.save(update_fields=["consent"])
    excepted = case.consent_exceptions.filter(ended_at=None).values("guardian_id")
    guardians = case.memberships.current().filter(person__kind=PersonKind.GUARDIAN).exclude(person_id__in=excepted)
    heard = set(case.consents.standing().values_list("giver_id", flat=True))
    rows = guardians.values_list("person_id", "person__consent")
    said = {
        ConsentState.ORAL.value if pk in yes else state or (ConsentState.WAITING if pk in heard else "")
        for pk, state in rows
    }
    if not said - {""}:
        return
    complete = case.consent == ConsentState.ORAL
    if said == {ConsentState.ORAL}:
        case.consent = ConsentState.ORAL
        deadline.end(CONSENT, case=case, about=None, now=now)
    else:
        case.consent = ConsentState.UNAWARE if ConsentState.UNAWARE in said else ConsentState.WAITING
        if complete:  # missing again is a deadline of its own, from now on
            deadline.begin(CONSENT, case=case, area_id=case.area_id, about=f"{now:%Y%m%d%H%M%S}", fact_at=now, now=now)
    case.save(update_fields=["consent"])


def open_case_of(case: Case) -> Case:
    """The case, locked and open. Raises NotAllowed for a closed one."""
    case = lock(case)
    if case.status == Status.CLOSED:
        raise NotAllowed(_("This situation is closed. Nothing can be added to it."))
    return case


def _not_asked_any_more(case: Case, user: User, by: User, now: datetime) -> None:
    """Whoever is taken in at once, by a yes on the phone, has nothing left to answer."""
    withdraw(case, by=by, now=now, user=user)


def _gathered(case: Case, now: datetime) -> None:
    if case.status == Status.NEW:
        move(case, Status.GATHERING)
        deadline.end(GATHERED, case=case, now=now)

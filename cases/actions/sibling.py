"""A sibling's situation: the same lead and area, and for the rest a situation of its own (docs/decisions/0018)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction
from django.utils.translation import gettext as _

from cases.access import NotAllowed
from cases.actions import deadline, network
from cases.actions.case import lock, move, next_membership, note, start_clock
from cases.actions.joining import same_children
from cases.actions.known import index_child
from cases.actions.network import open_case_of
from cases.actions.protection import carry, tell_by_hand
from cases.actions.reopening import reopen_blocker
from cases.kinds import GATHERED
from cases.models import (
    Case,
    CaseHeading,
    MemberRole,
    Membership,
    Person,
    PersonContact,
    PersonKind,
    Precaution,
    PrecautionKind,
    Status,
    siblings_of,
)
from networks.models import User
from yhteiso.lib.dates import day14, helsinki_date, latest_meeting_day
from yhteiso.lib.ids import is_ref


@dataclass(frozen=True)
class Child:
    """The sibling as the family told of them."""

    name: str
    family_name: str = ""
    age: int | None = None
    born_on: date | None = None


class AlreadyHere(NotAllowed):
    """The child has an open situation here: its number, so that it can be bound instead."""

    def __init__(self, ref: str) -> None:
        super().__init__(
            _("This child has an open situation here already, %(number)s. Bind the two instead.") % {"number": ref}
        )
        self.ref = ref


@transaction.atomic
def add_sibling(*, case: Case, child: Child, along: Collection[int], by: User, now: datetime) -> Case:
    """Open the situation of a sibling, and take along those (membership ids) whom the family wants: each in a new seat.

    The lead and the area are the same. The two weeks begin from this moment, on the day of the call from the call itself.
    Nothing that the family has said of one child holds for another: every consent is asked anew, and a seat in one
    situation opens nothing of the other. Protection, guardians met apart and disqualifications come along.

    A sibling of the same name whose situation is open is the same child: a second press opens nothing. Raises NotAllowed for
    a closed situation, in a protected family for whoever does not lead, where the sibling's own situation can be opened
    again, and (AlreadyHere) where the coordinator sees an open one of a child of these names and this birth date.
    """
    case = open_case_of(case)
    _may_add(case, by)
    if case.child_name.casefold() == child.name.casefold():
        raise NotAllowed(_("This situation is about that child already."))
    if here := _same(case, child, now):
        return here
    same_call = helsinki_date(case.t0_at) == helsinki_date(now)
    new = _open(case, child, case.t0_at if same_call else now, by, now)
    if known := Case.objects.filter(pk__in=same_children(new)).first():  # what was written goes with the refusal
        raise AlreadyHere(known.ref)
    _precautions(case, new, by, now)
    seats = list(case.memberships.current().filter(pk__in=along).with_people().exclude(pk=case.lead_id))
    _family(new, seats, by, now)
    _professionals(new, case, seats, same_call, by, now)
    start_clock(new, now)
    if new.status != Status.NEW:
        deadline.end(GATHERED, case=new, now=now)
    note(new, "call", at=new.t0_at, by=None)
    note(new, "opened", at=now, by=by)
    _join(case, new)
    return new


@transaction.atomic
def bind_siblings(*, case: Case, other: str, by: User, now: datetime) -> Case:
    """Bind this situation with another open one of the area (`other` is its reference). Twice is once. Returns the other.

    Precautions and disqualifications of each hold for both from now on; consents and seats stay each child's own. Raises
    NotAllowed where there is no such situation for this person, for two of one child, for two families, and where one is
    protected for whoever does not lead it.
    """
    second = Case.objects.filter(ref=other).exclude(pk=case.pk).first() if is_ref(other) else None
    if second is None:
        raise NotAllowed(_("No other open situation of this area was found by this number."))
    here = {row.pk: row for row in lock_all([case, second])}
    case, second = here[case.pk], here[second.pk]
    if Status.CLOSED in (case.status, second.status) or case.area_id != second.area_id:
        raise NotAllowed(_("No other open situation of this area was found by this number."))
    for row in (case, second):
        _may_add(row, by)
    if second.pk in same_children(case):
        raise NotAllowed(_("The two situations are about the same child. Join them instead."))
    if second.pk in {row.pk for row in siblings_of(case)}:
        return second
    _join(case, second)
    for kind, field in ((PrecautionKind.PROTECTED, "protected"), (PrecautionKind.APART, "guardians_apart")):
        for row in [row for row in (case, second) if getattr(row, field)]:
            carry(row, kind, _reason(row, kind), now)
    return second


def _may_add(case: Case, by: User) -> None:
    if case.protected and case.coordinator_id != by.pk:
        raise NotAllowed(_("Only the one who answers for a protected family's situation may add a sibling."))


def _same(case: Case, child: Child, now: datetime) -> Case | None:
    """The sibling's own open situation. Raises NotAllowed for a closed one that can be opened again."""
    same = [row.pk for row in siblings_of(case) if row.child_name.casefold() == child.name.casefold()]
    rows = list(Case.objects.filter(pk__in=same).order_by("-opened_at"))
    for row in rows:
        if row.status != Status.CLOSED:
            return row
    for row in rows:
        if reopen_blocker(row, now) is None:
            raise NotAllowed(
                _("This child's situation %(number)s is closed. Open it again from its own page.") % {"number": row.ref}
            )
    return None


def _join(case: Case, other: Case) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sec.join_siblings(%s, %s)", [case.pk, other.pk])
        joined = cursor.fetchone()[0]
    if not joined:
        raise NotAllowed(
            _("These can't be bound: both have siblings here already, or who leads one is disqualified in the other.")
        )


def _open(case: Case, child: Child, t0: datetime, by: User, now: datetime) -> Case:
    start, lead_id = helsinki_date(t0), next_membership()
    new = Case.objects.create(
        area_id=case.area_id, coordinator_id=case.coordinator_id, lead_id=lead_id, opened_at=now, opened_by=by, t0_at=t0,
        day14_on=day14(start), plan_by_on=latest_meeting_day(start), protected=case.protected,
        guardians_apart=case.guardians_apart,
    )  # fmt: skip
    CaseHeading.objects.create(case=new, child_name=child.name, child_age=child.age)
    lead = User.people.get(pk=case.coordinator_id)
    Membership.objects.create(
        pk=lead_id, case=new, user=lead, unit_id=lead.unit_id, role=MemberRole.COORDINATOR, named=case.protected,
        started_at=now, started_by=by,
    )  # fmt: skip
    person = Person.objects.create(case=new, kind=PersonKind.CHILD, name=child.name, family_name=child.family_name)
    PersonContact.objects.create(person=person, case=new, born_on=child.born_on)
    index_child(person)
    Membership.objects.create(case=new, person=person, role=MemberRole.FAMILY, started_at=now, started_by=by)
    return new


def _precautions(case: Case, new: Case, by: User, now: datetime) -> None:
    """What keeps one child safe keeps the other. Disqualifications come along with the bond itself (sec.join_siblings)."""
    wanted = [PrecautionKind.PROTECTED] * case.protected + [PrecautionKind.APART] * case.guardians_apart
    for kind in wanted:
        Precaution.objects.bulk_create([Precaution(case=new, kind=kind, reason=_reason(case, kind), at=now, by=by)])


def _reason(case: Case, kind: str) -> str:
    row = case.precautions.filter(kind=kind).first()
    return row.reason if row else _("As in the sibling's situation.")


def _family(new: Case, seats: Iterable[Membership], by: User, now: datetime) -> None:
    """The same guardians and close people, as people of this situation: what they say is asked anew."""
    for seat in seats:
        old = seat.person
        if old is None or old.kind == PersonKind.CHILD:
            continue
        person = Person.objects.create(
            case=new, kind=old.kind, name=old.name, family_name=old.family_name, relation=old.relation,
            language=old.language, interpreter=old.interpreter, by_hand=old.by_hand,
        )  # fmt: skip
        contact = PersonContact.objects.filter(person=old).first()
        PersonContact.objects.create(person=person, case=new, phone=contact.phone if contact else "")
        Membership.objects.create(
            case=new, person=person, role=MemberRole.FAMILY, must_attend=seat.must_attend, started_at=now, started_by=by
        )
        if old.by_hand:
            tell_by_hand(person=person, due_at=now, now=now)


def _professionals(new: Case, case: Case, seats: Iterable[Membership], same_call: bool, by: User, now: datetime) -> None:
    """Who comes along sits as before: as masked, as narrow. A seat whose person has gone is nobody's."""
    for seat in seats:
        user = seat.user
        if user is None or not user.is_active or user.unit_id != seat.unit_id:
            continue
        called = same_call and seat.role == MemberRole.CALLER
        Membership.objects.create(
            case=new, user=user, unit_id=seat.unit_id, role=MemberRole.CALLER if called else MemberRole.MEMBER,
            must_attend=seat.must_attend, masked=seat.masked, index_only=seat.index_only, started_at=now, started_by=by,
        )  # fmt: skip
        if called:
            new.heading.caller_label = case.caller_label
            new.heading.save(update_fields=["caller_label"])
        move(new, Status.GATHERING)


@transaction.atomic
def end_in_all(
    *, case: Case, membership: Membership, reason: str, no_guardian: bool = False, also: Collection[str] = (), by: User,
    now: datetime,
) -> int:  # fmt: skip
    """End a professional's membership here and in the chosen siblings' situations (refs), all or none. Returns how many.

    Raises NotAllowed as `cases.actions.network.end_membership` does, and for somebody who leads one of them.
    """
    others = lock_chosen(case, also)
    network.end_membership(case=case, membership=membership, reason=reason, no_guardian=no_guardian, by=by, now=now)
    ended = 1
    for other in others:
        for seat in other.memberships.current().filter(user_id=membership.user_id or 0):
            network.end_membership(case=other, membership=seat, reason=reason, by=by, now=now)
            ended += 1
    return ended


def in_siblings(case: Case, membership: Membership) -> list[Case]:
    """The siblings' situations in which this professional sits too."""
    rows = siblings_of(case) if membership.user_id else []
    seats = Membership.objects.current().filter(case_id__in=[row.pk for row in rows], user_id=membership.user_id or 0)
    sits = set(seats.values_list("case_id", flat=True)) if rows else set()
    return [row for row in rows if row.pk in sits]


def chosen(case: Case, refs: Collection[str]) -> list[Case]:
    """The siblings' situations among these that the reader may open and are open, in the order in which they are locked."""
    ids = [row.pk for row in siblings_of(case) if row.ref in refs and row.status != Status.CLOSED]
    return list(Case.objects.filter(pk__in=ids).order_by("pk"))


def lock_all(cases: Collection[Case]) -> list[Case]:
    """These situations, locked in the one order of all who lock several. Raises NotAllowed as `cases.actions.case.lock`."""
    return [lock(row) for row in sorted(cases, key=lambda row: row.pk)]


def lock_chosen(case: Case, refs: Collection[str]) -> list[Case]:
    """The chosen siblings, after they and this situation were locked. Raises NotAllowed where one was closed meanwhile."""
    rows = [row for row in lock_all([case, *chosen(case, refs)]) if row.pk != case.pk]
    if any(row.status == Status.CLOSED for row in rows):
        raise NotAllowed(_("A sibling's situation was closed just now. Look again."))
    return rows

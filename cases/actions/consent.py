"""Consent to exchange information: recording what a giver said, its paper, its end, and who decides for the child."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from cases.access import NotAllowed
from cases.actions.case import lock, note
from cases.actions.disclosure import disclosing
from cases.actions.network import open_case_of, weigh_consent
from cases.actions.task import open_task
from cases.models import (
    ASKED,
    NO_SAY,
    WRITTEN,
    Capacity,
    CapacityFinding,
    Case,
    Consent,
    ConsentException,
    ConsentState,
    ConsentWording,
    Hiding,
    MemberRole,
    Membership,
    Person,
    PersonKind,
    Reply,
    Section,
    Task,
    TaskKind,
    Way,
)
from networks.models import User
from yhteiso.lib.dates import helsinki_date

LONGEST = timedelta(days=365)
CALL_WITHIN = timedelta(days=1)


@dataclass(frozen=True)
class Word:
    """One word of a giver: for which member's unit (or for that member alone), on which section, yes or no."""

    member: Membership
    section: str
    answer: str


@transaction.atomic
def record_words(
    *, case: Case, giver: Person, words: Iterable[Word], way: str, valid_until: date | None, by: User, now: datetime
) -> list[Consent]:
    """Record what a guardian, or a child who decides, said. A new word ends the earlier one, which stays readable.

    A yes is valid until the day given, by default and at most twelve months. In writing it is confirmed at once; an oral
    yes where a written one is needed waits for its paper. A no after a yes is a withdrawal. Raises NotAllowed for a
    person of another situation, somebody who doesn't decide, or a day that can't be.
    """
    case = open_case_of(case)
    giver = _giver(case, giver)
    until = _until(valid_until, now)
    wording = ConsentWording.objects.first()
    if wording is None:
        raise NotAllowed(_("No wording of the consent has been loaded. Tell the administrator."))
    with disclosing(case=case, by=by, now=now):
        return _record(case, giver, words, Consent(way=Way(way), wording=wording, valid_until=until), by, now)


def _record(case: Case, giver: Person, words: Iterable[Word], said: Consent, by: User, now: datetime) -> list[Consent]:
    """The words as rows; `said` carries what is the same of them all."""
    written, took_back = [], []
    for word in words:
        made = _replace(case, giver, word, by, now)
        if made is None:
            continue
        row, taken = made
        row.way, row.wording, row.asked_by, row.asked_at = said.way, said.wording, by, now
        if row.answer == Reply.YES:
            row.valid_until = said.valid_until
            if row.way in WRITTEN:
                row.confirmed_at, row.confirmed_by = now, by
        row.save(force_insert=True)
        written.append(row)
        took_back += [row] if taken else []
    if written:
        _after(case, giver, written, took_back, by, now)
    return written


@transaction.atomic
def confirm_paper(*, case: Case, giver: Person, member: Membership, by: User, now: datetime) -> int:
    """The giver's signed paper is here: every standing yes for this member's unit is confirmed. Returns how many."""
    case = open_case_of(case)
    rows = case.consents.standing().filter(
        _recipient(member), giver=_giver(case, giver), answer=Reply.YES, confirmed_at=None
    )
    with disclosing(case=case, by=by, now=now):
        count = rows.update(confirmed_at=now, confirmed_by=by)
    if count:
        note(case, "consent_confirmed", at=now, by=by)
        _papers(case, giver, member.pk).update(done_at=now, done_by=by)
    return count


@transaction.atomic
def withdraw(*, case: Case, giver: Person, member: Membership, by: User, now: datetime) -> int:
    """The giver takes back every yes to this member's unit. It holds from the end of this transaction on, in every
    channel, and the lead gets a task to call the unit. Returns how many sections closed; a second press closes none.
    """
    case = lock(case)
    standing = case.consents.standing().filter(_recipient(member), giver=giver)
    said = dict(standing.values_list("section", "answer"))
    # A general yes to the network opens the times without a row of its own: it is taken back from this member as well.
    general = Section.TIME not in said and case.persons.filter(pk=giver.pk, consent=ConsentState.ORAL).exists()
    closing = [s for s in ASKED if said.get(s) == Reply.YES or (s == Section.TIME and general)]
    words = [Word(member, section, Reply.NO) for section in closing]
    if not words:
        return 0
    return len(record_words(case=case, giver=giver, words=words, way=Way.PHONE, valid_until=None, by=by, now=now))


def end_by_family(*, case: Case, by: User, now: datetime) -> None:
    """The family wants to stop: every word of theirs is taken back, the general one too. The case must be locked.

    No task is opened for anybody: the situation ends in the same transaction, and with it everything that was open. What
    the call told stays as it was told: that it was taken back is the ending's own row.
    """
    standing = case.consents.standing().select_for_update(of=("self",), no_key=True)
    standing.filter(answer=Reply.YES).update(ended_at=now, ended_by=by, withdrawn=True)
    standing.exclude(answer=Reply.YES).update(ended_at=now, ended_by=by)
    case.persons.filter(consent=ConsentState.ORAL).update(consent=ConsentState.WAITING)
    note(case, "consent_withdrawn", at=now, by=by)


@transaction.atomic
def except_guardian(*, case: Case, guardian: Person, reason: str, by: User, now: datetime) -> ConsentException:
    """Go on without this guardian's word, for a reason that both guardians can read. Twice at once is one exception.

    Raises NotAllowed when it would leave nobody who decides, or for a guardian who has said no.
    """
    case = open_case_of(case)
    guardian = _giver(case, guardian)
    if case.consents.standing().filter(giver=guardian, answer=Reply.NO).exists():
        raise NotAllowed(_("This guardian has said no. An exception can't be made of a no."))
    others = case.memberships.current().filter(person__kind=PersonKind.GUARDIAN).exclude(person=guardian)
    excepted = case.consent_exceptions.filter(ended_at=None).values("guardian_id")
    if not others.exclude(person_id__in=excepted).exists():
        raise NotAllowed(_("Somebody must decide for the child. An exception can't be made of every guardian."))
    with disclosing(case=case, by=by, now=now):
        row, _made = ConsentException.objects.get_or_create(
            case=case, guardian=guardian, ended_at=None, defaults={"reason": reason, "made_by": by, "made_at": now}
        )
    weigh_consent(case, now=now)
    note(case, "consent_exception", at=now, by=by)
    return row


@transaction.atomic
def end_exception(*, exception: ConsentException, by: User, now: datetime) -> ConsentException:
    """The guardian's word is waited for again."""
    case = open_case_of(exception.case)
    row = case.consent_exceptions.select_for_update(of=("self",), no_key=True).get(pk=exception.pk)
    if row.ended_at is None:
        with disclosing(case=case, by=by, now=now):
            row.ended_at, row.ended_by = now, by
            row.save(update_fields=["ended_at", "ended_by"])
        weigh_consent(case, now=now)
        note(case, "consent_exception_ended", at=now, by=by)
    return row


@transaction.atomic
def assess_capacity(*, case: Case, finding: str, grounds: str, assessed_on: date, by: User, now: datetime) -> Capacity:
    """Write whether the child decides themself. The latest assessment holds; consents given by others stay as rows.

    Whoever decides from now on is asked anew: a yes that they gave before this does not come to life again.
    """
    case = open_case_of(case)
    if assessed_on > helsinki_date(now):
        raise NotAllowed(_("The day is in the future."))
    decided = child_decides(case)
    with disclosing(case=case, by=by, now=now):
        row = Capacity.objects.create(
            case=case, finding=CapacityFinding(finding), grounds=grounds, assessed_by=by, assessed_on=assessed_on,
            written_at=now,
        )  # fmt: skip
        if child_decides(case) != decided:
            _ask_anew(case, PersonKind.GUARDIAN if decided else PersonKind.CHILD, by, now)
        weigh_consent(case, now=now)
    note(case, "capacity", at=now, by=by, finding=str(row.finding))
    return row


@transaction.atomic
def hide_from(*, case: Case, guardian: Person, section: str, reason: str, by: User, now: datetime) -> Hiding:
    """A child who decides doesn't want this guardian to see a section. Raises NotAllowed where the guardians decide."""
    case = open_case_of(case)
    guardian = _giver(case, guardian)
    if guardian.kind != PersonKind.GUARDIAN or not child_decides(case):
        raise NotAllowed(_("Only a child who decides themself can hide something from a guardian."))
    row, _made = Hiding.objects.get_or_create(
        case=case, guardian=guardian, section=Section(section), ended_at=None,
        defaults={"reason": reason, "written_by": by, "written_at": now},
    )  # fmt: skip
    note(case, "hidden", at=now, by=by)
    return row


@transaction.atomic
def end_hiding(*, hiding: Hiding, by: User, now: datetime) -> Hiding:
    """The child lets the guardian see the section again."""
    case = open_case_of(hiding.case)
    row = case.hidings.select_for_update(of=("self",), no_key=True).get(pk=hiding.pk)
    if row.ended_at is None:
        row.ended_at, row.ended_by = now, by
        row.save(update_fields=["ended_at", "ended_by"])
        note(case, "hiding_ended", at=now, by=by)
    return row


def _ask_anew(case: Case, kind: PersonKind, by: User, now: datetime) -> None:
    """Those who decide now have said nothing yet in this position. A no of theirs stands."""
    case.consents.standing().filter(giver__kind=kind, answer=Reply.YES).update(ended_at=now, ended_by=by)
    case.persons.filter(kind=kind, consent=ConsentState.ORAL).update(consent=ConsentState.WAITING)
    if kind == PersonKind.GUARDIAN and case.consent == ConsentState.ORAL:  # what the call told was the guardians' word too
        case.consent = ConsentState.WAITING
        case.save(update_fields=["consent"])


def child_decides(case: Case) -> bool:
    """Whether the child's own word is the one that counts, by the latest assessment."""
    latest = case.capacities.order_by("-written_at", "-pk").first()
    return latest is not None and latest.finding == CapacityFinding.CAPABLE


def needs_paper(member: Membership) -> bool:
    """Whether a yes for this member must be in writing and for this person alone (OHL 19 §). The family's own people too."""
    return member.unit is None or member.unit.agency.written_consent


def _recipient(member: Membership) -> Q:
    return Q(membership=member) if needs_paper(member) else Q(unit_id=member.unit_id)


def _giver(case: Case, giver: Person) -> Person:
    """The person as one of this situation's who may give a word. Raises NotAllowed otherwise."""
    row = case.persons.filter(pk=giver.pk, memberships__ended_at=None).exclude(kind__in=NO_SAY).first()
    if row is None or (row.kind == PersonKind.CHILD and not child_decides(case)):
        raise NotAllowed(_("This person does not decide in this situation."))
    return row


def _until(day: date | None, now: datetime) -> date:
    today = helsinki_date(now)
    until = day or today + LONGEST
    if until < today:
        raise NotAllowed(_("The consent would have ended already. Choose a later day."))
    if until > today + LONGEST:
        raise NotAllowed(_("A consent is valid for twelve months at most."))
    return until


def _replace(case: Case, giver: Person, word: Word, by: User, now: datetime) -> tuple[Consent, bool] | None:
    """A new row for the word, the standing one ended, and whether it takes a yes back; None when nothing changes."""
    if word.member.case_id != case.pk or word.member.role in (MemberRole.COORDINATOR, MemberRole.EXCEPTIONAL):
        raise NotAllowed(_("Choose somebody who is in the network."))
    standing = case.consents.standing().select_for_update(of=("self",), no_key=True)
    row = standing.filter(_recipient(word.member), giver=giver, section=word.section).first()
    if row and row.answer == word.answer != Reply.YES:
        return None
    if row:
        row.ended_at, row.ended_by = now, by
        row.withdrawn = row.answer == Reply.YES and word.answer != Reply.YES
        row.save(update_fields=["ended_at", "ended_by", "withdrawn"])
    individual = needs_paper(word.member)
    new = Consent(case=case, giver=giver, section=Section(word.section), answer=Reply(word.answer))
    new.membership, new.unit_id = (word.member, None) if individual else (None, word.member.unit_id)
    general = row is None and word.section == Section.TIME and giver.consent == ConsentState.ORAL
    return new, word.answer != Reply.YES and (bool(row and row.withdrawn) or general)


def _after(case: Case, giver: Person, rows: list[Consent], took_back: list[Consent], by: User, now: datetime) -> None:
    """What follows from new words: the summary, an event without a word of theirs, and a task for each organisation."""
    if any(row.answer == Reply.NO for row in rows):  # nothing goes on over a no
        case.consent_exceptions.filter(guardian=giver, ended_at=None).update(ended_at=now, ended_by=by)
    weigh_consent(case, giver, now=now)
    note(case, "consent_withdrawn" if took_back else "consent", at=now, by=by)
    for row in {(row.unit_id, row.membership_id): row for row in took_back}.values():
        open_task(
            kind=TaskKind.CONSENT_WITHDRAWN, case=case, to=case.coordinator_id, due_at=now + CALL_WITHIN, now=now,
            about=f"{row.unit_id or ''}-{row.membership_id or ''}-{row.pk}", unit=row.unit_id,
        )  # fmt: skip
    oral = [row for row in rows if row.membership_id and row.answer == Reply.YES and not row.confirmed_at]
    for row in {row.membership_id: row for row in oral if row.section != Section.TIME}.values():
        if not _papers(case, giver, row.membership_id).exists():
            open_task(
                kind=TaskKind.CONSENT_PAPER, case=case, to=case.coordinator_id, due_at=now + timedelta(days=7), now=now,
                about=f"{giver.pk}-{row.membership_id}-{row.pk}",
            )  # fmt: skip


def _papers(case: Case, giver: Person, member: int | None) -> QuerySet[Task]:
    """The open tasks of this giver's paper for this member. A paper that came once may be needed again: each is a task."""
    return case.tasks.open().filter(kind=TaskKind.CONSENT_PAPER, about__startswith=f"{giver.pk}-{member}-")

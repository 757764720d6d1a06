"""Finding the time, answering, confirming, moving and holding a meeting."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from cases.access import NotAllowed
from cases.actions import deadline, guest, network, protection
from cases.actions.answer import answer_callers
from cases.actions.case import lock, move, note
from cases.actions.clock import write_outcome
from cases.kinds import GATHERED, MEETING
from cases.models import Case, Membership, PersonKind, Status, Task, TaskKind, may_message
from meetings.actions import invitations
from meetings.kinds import LOGBOOK
from meetings.models import Answer, Logbook, Meeting, MeetingKind, MeetingStatus, MoveReason, Participant
from networks.models import User
from yhteiso.lib.dates import closed_reason, helsinki_date, is_working_day

LONGEST = timedelta(hours=6)


def time_blocker(starts_at: datetime, now: datetime) -> str | None:
    """Why no meeting can be proposed for this moment: a sentence for the user, or None."""
    if starts_at <= now:
        return str(_("Choose a time that is still ahead."))
    day = helsinki_date(starts_at)
    if not is_working_day(day):
        return str(_("That day is closed: %(reason)s. Choose a working day.")) % {"reason": closed_reason(day)}
    return None


@transaction.atomic
def propose(
    *, case: Case, starts_at: datetime, minutes: int, place: str, note_taker: User | None = None,
    moved_from: Meeting | None = None, guardian: int | None = None, by: User, now: datetime,
) -> Meeting:  # fmt: skip
    """Propose a time and invite everybody who is in the network now. Where somebody's address is protected, the meeting has
    no place: everybody is told it by phone. Guardians who are met apart: only `guardian` (a membership id) is invited.

    Raises NotAllowed for a closed day, a past time, a closed case, a place that must not be written, guardians met apart
    without a choice, or when a time is already being agreed on: of two coordinators who propose at once, one succeeds.
    """
    case = lock(case)
    if case.status == Status.CLOSED:
        raise NotAllowed(_("This situation is closed."))
    if refusal := time_blocker(starts_at, now):
        raise NotAllowed(refusal)
    by_phone = place_by_phone(case)
    if by_phone and place:
        raise NotAllowed(_("The place of this meeting is told by phone. Leave it out."))
    invited = _to_invite(case, guardian)
    kind = MeetingKind.FOLLOW_UP if case.first_met_at else MeetingKind.NETWORK
    try:
        with transaction.atomic():
            meeting = Meeting.objects.create(
                case=case, kind=kind, starts_at=starts_at, ends_at=starts_at + min(timedelta(minutes=minutes), LONGEST),
                place=place, by_phone=by_phone, note_taker=note_taker, proposed_by=by, proposed_at=now,
                moved_from=moved_from,
            )  # fmt: skip
    except IntegrityError as error:
        raise NotAllowed(_("A time is already being agreed on. Open it, and move it if it does not suit.")) from error
    invite(meeting, invited)
    guest.follow(case=case, seats=[row.pk for row in invited], until=starts_at, by=by, now=now)
    invitations.told_of_invitation(meeting, [row.pk for row in invited], by=by, now=now)
    _tell_by_hand(case, meeting, now)
    if case.status != Status.FOLLOW_UP:
        move(case, Status.SCHEDULING)
        deadline.end(GATHERED, case=case, now=now)
    note(case, "meeting_proposed", at=now, by=by, starts_at=starts_at.isoformat())
    return meeting


def place_by_phone(case: Case) -> bool:
    """Whether no meeting of this network may have a place: the family, or somebody in the network, is protected.

    The database looks at the same and refuses (meetings/migrations/0004).
    """
    protected_staff = case.memberships.current().filter(user__protected_identity=True)
    return case.protected or protected_staff.exists()


def guardians_to_choose(case: Case) -> list[Membership]:
    """Guardians of whom only one is met at a time: empty unless they are met apart and there is a choice."""
    if not case.guardians_apart:
        return []
    rows = [row for row in case.memberships.current().with_people() if _is_guardian(row) and not by_hand(case, row)]
    return rows if len(rows) > 1 else []


def _to_invite(case: Case, guardian: int | None) -> list[Membership]:
    """Everybody in the network but those who are told by hand, and of guardians met apart all but the chosen one."""
    members = [row for row in case.memberships.current().with_people() if not by_hand(case, row)]
    choices = {row.pk for row in guardians_to_choose(case)}
    if not choices:
        return members
    if guardian not in choices:
        raise NotAllowed(_("The guardians are met apart. Choose which of them this meeting is with."))
    return [row for row in members if row.pk == guardian or row.pk not in choices]


def _is_guardian(member: Membership) -> bool:
    return bool(member.person and member.person.kind == PersonKind.GUARDIAN)


def by_hand(case: Case, member: Membership) -> bool:
    """Whether this one is told by hand only, and never invited."""
    return bool(case.protected and member.person and member.person.by_hand)


def _tell_by_hand(case: Case, meeting: Meeting, now: datetime) -> None:
    """Where an invitation would leave for a guardian and must not, whoever leads has it as a task."""
    for person in protection.guardians_of(case):
        person.case = case
        if person.by_hand and not may_message(person):
            protection.tell_by_hand(person=person, due_at=meeting.starts_at - timedelta(days=1), now=now, about=meeting.ref)


def invite(meeting: Meeting, members: Iterable[Membership]) -> None:
    """Invite those who are not invited yet."""
    rows = [Participant(meeting=meeting, case_id=meeting.case_id, membership=member) for member in members]
    Participant.objects.bulk_create(rows, ignore_conflicts=True)


@transaction.atomic
def add_member(
    *, case: Case, user: User, must_attend: bool, masked: bool = False, index_only: bool = False, by: User, now: datetime
) -> Membership:
    """Take a professional into the network, and to the meeting that is being agreed on."""
    member = network.add_member(
        case=case, user=user, must_attend=must_attend, masked=masked, index_only=index_only, by=by, now=now
    )
    invite_to_coming(case, member, by, now)
    return member


@transaction.atomic
def add_person(*, case: Case, by: User, now: datetime, **fields: object) -> Membership:
    """Take somebody of the family into the network, and to the meeting that is being agreed on."""
    member = network.add_person(case=case, by=by, now=now, **fields)  # type: ignore[arg-type]
    invite_to_coming(case, member, by, now)
    return member


def invite_to_coming(case: Case, member: Membership, by: User, now: datetime) -> None:
    """Invite a new member to the meeting that is being agreed on or waits, unless that is another guardian's, or by hand."""
    meeting = Meeting.objects.coming().filter(case=case).select_related("case").first()
    if meeting is None or by_hand(meeting.case, member):
        return
    if meeting.case.guardians_apart and _is_guardian(member):
        invited = meeting.participants.filter(membership__person__kind=PersonKind.GUARDIAN)
        if invited.exclude(membership=member).exists():  # the other one has this meeting
            return
    if not meeting.participants.filter(membership=member).exists():
        invite(meeting, [member])
        invitations.tell(meeting=meeting, seats=[member.pk], what=invitations.PROPOSED, by=by, now=now)


@transaction.atomic
def answer(*, participant: Participant, answer: str, by: User, now: datetime) -> Participant:
    """Record whether the time suits: by the invited person, or by the coordinator for somebody on the phone."""
    if lock(participant.case).status == Status.CLOSED:
        raise NotAllowed(_("This situation is closed."))
    locked = Participant.objects.select_for_update(of=("self",), no_key=True).select_related("meeting", "membership")
    row = locked.filter(pk=participant.pk).first()
    if row is None or (by.hat == "member" and row.membership.user_id != by.pk):  # no lock on another's seat: no row
        raise NotAllowed(_("You can answer for yourself only."))
    if row.meeting.status not in (MeetingStatus.PROPOSED, MeetingStatus.CONFIRMED):
        raise NotAllowed(_("This meeting has already been held or moved."))
    row.answer, row.answered_at, row.answered_by = Answer(answer), now, by
    if row.answer == Answer.NONE:
        row.answered_at = row.answered_by = None
    row.save(update_fields=["answer", "answered_at", "answered_by"])
    return row


def confirm_blocker(meeting: Meeting, participants: Iterable[Participant]) -> str | None:
    """Why the time can't be confirmed: a sentence for the user, or None. `participants` with their memberships."""
    participants = list(participants)
    if refusal := meeting.blocker(MeetingStatus.CONFIRMED):
        return refusal
    for row in participants:
        row.membership.case = meeting.case
    absent = [p.membership.name for p in participants if p.membership.must_attend and p.answer == Answer.NO]
    if absent:
        return str(_("The meeting needs %(names)s. Move it to a time that suits them.")) % {"names": ", ".join(absent)}
    if _no_guardian_comes(participants):
        return str(_("No guardian can come. Ask the family for another time."))
    return None


def _no_guardian_comes(participants: Iterable[Participant]) -> bool:
    """Whether guardians have answered, and every answer was no."""
    guardians = [p for p in participants if p.membership.person and p.membership.person.kind == PersonKind.GUARDIAN]
    answers = [p.answer for p in guardians if p.answer != Answer.NONE]
    return bool(answers) and set(answers) == {Answer.NO}


@transaction.atomic
def confirm(*, meeting: Meeting, by: User, now: datetime) -> Meeting:
    """Confirm the proposed time. Confirming twice is once."""
    case, meeting = _locked(meeting)
    case.viewer, meeting.case = by, case
    if meeting.status == MeetingStatus.CONFIRMED:
        return meeting
    rows = meeting.participants.filter(membership__ended_at=None).select_related(
        "membership__user", "membership__person"
    ).defer("membership__user__password", "membership__user__last_login")  # fmt: skip
    if refusal := confirm_blocker(meeting, rows):
        raise NotAllowed(refusal)
    if refusal := time_blocker(meeting.starts_at, now):
        raise NotAllowed(refusal)
    meeting.status, meeting.confirmed_at = MeetingStatus.CONFIRMED, now
    meeting.save(update_fields=["status", "confirmed_at"])
    if case.status != Status.FOLLOW_UP:
        move(case, Status.AGREED)
    invitations.told_of_confirmation(meeting, by=by, now=now)
    note(case, "meeting_confirmed", at=now, by=by, starts_at=meeting.starts_at.isoformat())
    return meeting


@transaction.atomic
def move_meeting(
    *, meeting: Meeting, starts_at: datetime, minutes: int, place: str, reason: str, guardian: int | None = None, by: User,
    now: datetime,
) -> Meeting:  # fmt: skip
    """Move to a new time, for a reason. The clock goes on; the reason stands beside the figure. Returns the new one."""
    case, meeting = _locked(meeting)
    if refusal := meeting.blocker(MeetingStatus.MOVED) or time_blocker(starts_at, now):
        raise NotAllowed(refusal)
    if meeting.status == MeetingStatus.CONFIRMED:
        deadline.wake(MEETING, case=case, now=now)
    meeting.status, meeting.move_reason = MeetingStatus.MOVED, MoveReason(reason)
    meeting.save(update_fields=["status", "move_reason"])
    finish_calls(meeting, by=by, now=now)
    if meeting.move_reason != MoveReason.MISTAKE:  # the time was only written wrong: it delays nothing
        case.delay_reason = meeting.move_reason
        case.save(update_fields=["delay_reason"])
    note(case, "meeting_moved", at=now, by=by, reason=str(meeting.move_reason))
    return propose(
        case=case, starts_at=starts_at, minutes=minutes, place=place, note_taker=meeting.note_taker,
        moved_from=meeting, guardian=guardian, by=by, now=now,
    )  # fmt: skip


def finish_calls(meeting: Meeting, *, by: User, now: datetime) -> None:
    """Nobody needs to be called about this meeting's place any more."""
    waiting = Task.objects.open().filter(kind=TaskKind.PLACE_BY_PHONE, case_id=meeting.case_id, about=meeting.ref)
    waiting.update(done_at=now, done_by=by)


def began_blocker(case: Case, meeting: Meeting, began_at: datetime, now: datetime) -> str | None:
    """Why a meeting can't have begun at this moment: a sentence for the user, or None."""
    if began_at > now:
        return str(_("The meeting can't have begun in the future."))
    if began_at < case.t0_at.replace(second=0, microsecond=0):  # both are told to the minute
        return str(_("The meeting can't have begun before the call."))
    if helsinki_date(began_at) < helsinki_date(meeting.proposed_at):
        return str(_("The meeting can't have begun before the day when it was proposed."))
    return None


@transaction.atomic
def hold(*, meeting: Meeting, began_at: datetime, present: set[int], by: User, now: datetime) -> Meeting:
    """Record that the meeting was held, when it began, and who was there (membership ids).

    The real time becomes the meeting's time, with the planned length; what was proposed stays in the events. The first
    one ends the two weeks: met when it began at the latest on day 14.
    """
    case, meeting = _locked(meeting)
    if meeting.status == MeetingStatus.HELD:
        return meeting
    if refusal := meeting.blocker(MeetingStatus.HELD):
        raise NotAllowed(refusal)
    if refusal := began_blocker(case, meeting, began_at, now):
        raise NotAllowed(refusal)
    meeting.status, meeting.began_at, meeting.held_by = MeetingStatus.HELD, began_at, by
    meeting.starts_at, meeting.ends_at = began_at, began_at + (meeting.ends_at - meeting.starts_at)
    meeting.save(update_fields=["status", "began_at", "held_by", "starts_at", "ends_at"])
    finish_calls(meeting, by=by, now=now)
    for row in meeting.participants.all():
        row.present = row.membership_id in present
        row.save(update_fields=["present"])
    if case.first_met_at is None:
        write_outcome(case, began_at=began_at, now=now)
        case.first_met_at = began_at
        if case.status in (Status.SCHEDULING, Status.NEW, Status.GATHERING):
            move(case, Status.AGREED, save=False)
        move(case, Status.FOLLOW_UP, save=False)
        case.save(update_fields=["first_met_at", "status"])
        deadline.end(MEETING, case=case, now=now)
        deadline.end(GATHERED, case=case, now=now)
    answer_callers(case=case, now=now)  # at the first meeting; later ones answer who wrote of one joined with this
    if not Logbook.objects.filter(meeting=meeting, approved_at__isnull=False).exists():
        deadline.begin(
            LOGBOOK, case=case, area_id=case.area_id, fact_at=began_at, about=meeting.pk, person_id=meeting.note_taker_id,
            now=now,
        )  # fmt: skip
    note(case, "meeting_held", at=now, by=by, began_at=began_at.isoformat())
    return meeting


def _locked(meeting: Meeting) -> tuple[Case, Meeting]:
    case = lock(meeting.case)
    if case.status == Status.CLOSED:
        raise NotAllowed(_("This situation is closed."))
    row = Meeting.objects.select_for_update(of=("self",), no_key=True).select_related("note_taker")
    return case, row.defer("note_taker__password", "note_taker__last_login").get(pk=meeting.pk)

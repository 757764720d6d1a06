"""A network's meeting: finding its time, the answers, moving it, and recording that it was held."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from cases.access import NotAllowed, Permission, UserRequest, can, for_hats, get_case, log, name_children
from cases.models import Called, Case, PersonKind
from meetings.actions import meeting as actions
from meetings.forms.meeting import AnswerForm, HeldForm
from meetings.models import Answer, Meeting, MeetingStatus, Participant
from networks.models import User
from yhteiso.audit.models import Verb
from yhteiso.forms import field_error
from yhteiso.lib.dates import HELSINKI, NBSP, at_clock, clock_time, helsinki_date, long_date, short_date, weekday
from yhteiso.lib.ids import REF_PATTERN
from yhteiso.lib.names import initials

PAST_PAGE = 20
STATES = {
    MeetingStatus.PROPOSED: ("yellow", "clock"),
    MeetingStatus.CONFIRMED: ("green", "check"),
    MeetingStatus.HELD: ("", "check"),
    MeetingStatus.MOVED: ("grey", "undo"),
    MeetingStatus.CANCELLED: ("grey", "cross"),
}
ANSWERED = {
    Answer.NONE: ("grey", "ask"),
    Answer.YES: ("green", "check"),
    Answer.IF_NEEDED: ("yellow", "half"),
    Answer.NO: ("grey", "cross"),
}
COMING = (MeetingStatus.PROPOSED, MeetingStatus.CONFIRMED)
CREDENTIALS = [f"{who}__{column}" for who in ("membership__user", "place_told_by") for column in ("password", "last_login")]
# How 75 minutes are shared: minutes and an icon. The words stand in the template.
AGENDA = [("welcome", 5, "clock"), ("promises", 5, "clock"), ("carries", 20, "leaf"), ("weighs", 15, "drop"),
          ("plan", 20, "flag"), ("aloud", 10, "cal")]  # fmt: skip


def get_meeting(
    request: UserRequest, ref: str, meeting: str, permission: Permission = "view", verb: Verb = Verb.VIEW
) -> Meeting:
    """A meeting through the door of its case."""
    case = get_case(request, ref, permission, verb)
    row: Meeting = get_object_or_404(with_note_taker(case.meetings.all()), ref=meeting)
    row.case = case
    return row


def with_note_taker(rows: QuerySet[Meeting]) -> QuerySet[Meeting]:
    return rows.select_related("note_taker").defer("note_taker__password", "note_taker__last_login")


def title_of(case: Case) -> str:
    """How a list names the child; not at all when somebody's address is protected."""
    return case.label


def place_of(meeting: Meeting) -> str:
    """The place as it may be shown: none in a protected family, and the way to hear it where it is told by phone."""
    if meeting.by_phone and meeting.status in COMING:
        return _("the place is told by phone")
    return "" if meeting.case.protected else meeting.place


def state_of(meeting: Meeting, now: datetime) -> tuple[str, str, str]:
    """A meeting's state as text, tone and icon. One that should have begun asks to be recorded."""
    if meeting.status in COMING and meeting.ends_at < now:
        return _("To be recorded"), "yellow", "pen"
    return str(meeting.get_status_display()), *STATES[MeetingStatus(meeting.status)]


# -- the list


@require_safe
@for_hats("member", "area")
def meeting_list(request: UserRequest) -> HttpResponse:
    """When does somebody's network meet next, and when did it meet?"""
    now = timezone.now()
    mine = Meeting.objects.visible_to(request.user).select_related("case__heading")
    coming = list(mine.coming().order_by("starts_at", "pk"))
    past = mine.exclude(status__in=COMING).order_by("-starts_at", "-pk")
    if last := after_row(request, mine):
        past = past.filter(Q(starts_at__lt=last.starts_at) | Q(starts_at=last.starts_at, pk__lt=last.pk))
    rows = list(past[: PAST_PAGE + 1])
    more = rows[PAST_PAGE - 1].ref if len(rows) > PAST_PAGE else ""
    rows = rows[:PAST_PAGE]
    name_children(request.user, [row.case for row in [*coming, *rows]])
    # A promise keeps its meeting readable; a meeting is listed only while its time is open to the reader.
    coming, rows = ([row for row in part if row.case.child_shown] for part in (coming, rows))
    log(request, Verb.LIST, cases=list({row.case_id: row.case for row in [*coming, *rows]}.values()))
    context = {"coming": [_line(row, now) for row in coming], "past": [_line(row, now) for row in rows], "more": more}
    return render(request, "meetings/meeting_list.html", context)


def after_row[Row: Model](request: UserRequest, rows: QuerySet[Row]) -> Row | None:
    """The row after which a page of a list begins, by its public reference in the address."""
    after = request.GET.get("after", "")
    return rows.filter(ref=after).first() if re.fullmatch(REF_PATTERN, after) else None


def _line(meeting: Meeting, now: datetime) -> dict[str, Any]:
    day = helsinki_date(meeting.starts_at)
    soon = meeting.status in COMING and day <= helsinki_date(now) + timedelta(days=1)
    return {
        "meeting": meeting, "day": day, "tone": "now" if soon else "", "at": at_clock(meeting.starts_at),
        "state": state_of(meeting, now), "title": title_of(meeting.case),
        "place": place_of(meeting),
    }  # fmt: skip


# -- the page of a meeting


def late_note(case: Case, day: date) -> str:
    """A sentence when the first meeting would come after the day to plan by, or after day 14."""
    if case.first_met_at or day <= case.plan_by_on:
        return ""
    if day > case.day14_on:
        return _("This is after the two weeks, which end on %(day)s. Record the reason if you move the time.") % {
            "day": short_date(case.day14_on)
        }
    return _("This is later than the last day to plan by, %(day)s.") % {"day": short_date(case.plan_by_on)}


@dataclass
class Seat:
    """One invited person on the page: who, the answer in words, and the form when it may be answered here."""

    row: Participant
    mine: bool
    form: AnswerForm | None = None

    @cached_property
    def called(self) -> Called:
        """What this person is called for whoever looks at the page."""
        return self.row.membership.case.calling.of(self.row.membership)

    @property
    def name(self) -> str:
        return self.called.name

    @property
    def title(self) -> str:
        return self.called.title

    @property
    def initials(self) -> str:
        return initials(self.name)

    @property
    def kind(self) -> str:
        return self.called.kind

    @property
    def to_tell(self) -> bool:
        """Whether this person must hear the place by phone."""
        return not self.is_child and self.row.membership.ended_at is None

    @property
    def is_child(self) -> bool:
        person = self.row.membership.person
        return bool(person and person.kind == PersonKind.CHILD)

    @property
    def state(self) -> tuple[str, str, str]:
        return str(self.row.get_answer_display()), *ANSWERED[Answer(self.row.answer)]


def seats_of(meeting: Meeting, user: User) -> list[Seat]:
    """Everybody invited, the family first. Whoever has left the network is shown only where they were present."""
    rows = meeting.participants.select_related(
        "membership__user__unit", "membership__unit", "membership__person", "place_told_by"
    ).defer(*CREDENTIALS).filter(
        Q(membership__ended_at=None) | Q(present=True)
    ).order_by("membership__user_id", "pk")  # fmt: skip
    for row in rows:
        row.membership.case = meeting.case
    family_first = sorted(rows, key=lambda row: (row.membership.person_id is None, row.pk))
    return [Seat(row, mine=row.membership.user_id == user.pk) for row in family_first]


@require_safe
def meeting(request: UserRequest, ref: str, meeting: str) -> HttpResponse:
    """Who comes, what is still missing, and where is the logbook?"""
    return _page(request, get_meeting(request, ref, meeting, "meet"))


def _page(
    request: UserRequest, row: Meeting, *, held: HeldForm | None = None, answer: AnswerForm | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    now, coordinates = timezone.now(), request.user.hat == "area"
    seats = seats_of(row, request.user)
    is_open = row.status in COMING
    for seat in seats if is_open else []:
        if (coordinates and not seat.is_child) or seat.mine:
            seat.form = answer if answer is not None and answer.prefix == _prefix(seat.row) else _answer_form(seat)
    invited = coordinates or any(seat.mine for seat in seats)
    writes = invited and can(request.user, "write_logbook", row.case)
    people = [seat for seat in seats if not seat.is_child]
    context = {
        "case": row.case, "meeting": row, "seats": seats, "own": next((s for s in seats if s.mine and s.form), None),
        "coordinates": coordinates, "is_open": is_open, "state": state_of(row, now), "agenda": _agenda(row),
        "answered": sum(1 for s in people if s.row.answer != Answer.NONE), "asked": len(people),
        "day": helsinki_date(row.starts_at), "when": when(row), "minutes": length_of(row),
        "clock": row.case.clock(helsinki_date(now)), "late": late_note(row.case, helsinki_date(row.starts_at)),
        "blocker": _confirm_blocker(row, seats, now) if coordinates else None, "begun": row.starts_at <= now,
        "held": held or (_held_form(row, seats) if coordinates and is_open else None),
        "error_form": next((form for form in (held, answer) if form is not None and form.errors), None),
        "moved_to": moved_to(row), "has_logbook": writes and _has_logbook(row), "invited": invited, "writes": writes,
        "present": [seat for seat in seats if seat.row.present],
        "waiting": sum(1 for s in people if s.row.answer == Answer.NONE),
        "flagged": any(seat.row.membership.must_attend for seat in seats), "place": place_of(row),
        "calls": [_call_of(row, seat) for seat in seats if seat.to_tell] if coordinates and row.by_phone and is_open else [],
    }  # fmt: skip
    return render(request, "meetings/meeting.html", context, status=status)


def _call_of(row: Meeting, seat: Seat) -> dict[str, Any]:
    """One line of the checklist: who has heard the place, when and from whom."""
    at, by = seat.row.place_told_at, seat.row.place_told_by
    told = f"{short_date(helsinki_date(at))} {at_clock(at)}, {row.case.name_of(by)}" if at and by else ""
    return {"seat": seat, "told": told}


def _has_logbook(row: Meeting) -> bool:
    return row.case.logbooks.filter(meeting=row).exists()


def moved_to(row: Meeting) -> Meeting | None:
    return row.case.meetings.filter(moved_from=row).first() if row.status == MeetingStatus.MOVED else None


def _confirm_blocker(row: Meeting, seats: list[Seat], now: datetime) -> str | None:
    return actions.confirm_blocker(row, [seat.row for seat in seats]) or actions.time_blocker(row.starts_at, now)


def length_of(row: Meeting) -> int:
    return int((row.ends_at - row.starts_at).total_seconds() // 60)


def when(row: Meeting) -> str:
    """Day and both times: 'ti 16.6. klo 14.30–15.45'."""
    return f"{day_text(helsinki_date(row.starts_at))} {at_clock(row.starts_at)}–{clock_time(row.ends_at)}"


def day_text(day: date) -> str:
    """A day as 'ti 16.6.', with the year when it is another than this one."""
    this_year = day.year == helsinki_date(timezone.now()).year
    return short_date(day) if this_year else f"{weekday(day)}{NBSP}{long_date(day)}"


def _agenda(row: Meeting) -> list[dict[str, Any]]:
    """The steps of the meeting, shared over its length to the nearest five minutes."""
    met = row.case.first_met_at
    steps = [step for step in AGENDA if step[0] != "promises" or (met and met < row.starts_at)]
    total, whole, spent, lines = length_of(row), sum(step[1] for step in steps), 0, []
    for name, minutes, icon in steps:
        start, end = (5 * round(total * part / whole / 5) for part in (spent, spent + minutes))
        spent += minutes
        begins = clock_time(row.starts_at + timedelta(minutes=start))
        if end == start:
            continue
        lines.append({"name": name, "at": begins, "tag": (_("%(n)d min") % {"n": end - start}, "grey", icon)})
    return lines


def _prefix(row: Participant) -> str:
    return f"a{row.pk}"


def _answer_form(seat: Seat) -> AnswerForm:
    answer = "" if seat.row.answer == Answer.NONE else seat.row.answer
    return AnswerForm(initial={"answer": answer}, prefix=_prefix(seat.row), who="" if seat.mine else seat.name)


def _held_form(row: Meeting, seats: list[Seat], data: Any = None) -> HeldForm:
    local = row.starts_at.astimezone(HELSINKI)
    coming = [s.row.membership_id for s in seats if s.row.answer in (Answer.YES, Answer.IF_NEEDED)]
    initial = {"day": local.date(), "clock": local.time(), "present": coming}
    names = [(s.row.membership_id, f"{s.name}, {s.title}".strip(", ")) for s in seats]
    return HeldForm(data, initial=initial, seats=names, prefix="held")


# -- writes


@require_POST
def meeting_answer(request: UserRequest, ref: str, meeting: str, pk: int) -> HttpResponse:
    """Whether the time suits: for oneself, or by the coordinator for somebody on the phone."""
    row = get_meeting(request, ref, meeting, "answer", Verb.CHANGE)
    seat = get_object_or_404(row.participants.select_related("membership").filter(membership__ended_at=None), pk=pk)
    if request.user.hat == "member" and seat.membership.user_id != request.user.pk:
        log(request, Verb.DENY, case=row.case, reason="answer")
        raise PermissionDenied(_("You can answer for yourself only."))
    form = AnswerForm(request.POST, prefix=_prefix(seat))
    if not form.is_valid():
        return _page(request, row, answer=form, status=422)
    try:
        actions.answer(participant=seat, answer=form.cleaned_data["answer"], by=request.user, now=timezone.now())
        messages.success(request, _("The answer is saved."))
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    return redirect("meeting", ref=row.case.ref, meeting=row.ref)


@require_POST
def meeting_confirmation(request: UserRequest, ref: str, meeting: str) -> HttpResponse:
    """The time is certain: the coordinator confirms it."""
    row = get_meeting(request, ref, meeting, "coordinate", Verb.CHANGE)
    try:
        actions.confirm(meeting=row, by=request.user, now=timezone.now())
        messages.success(request, _("The meeting is confirmed."))
    except NotAllowed:  # the sentence may name people, and messages lie in the session: the page says it itself
        messages.error(request, _("The time can't be confirmed. The reason is beside the button."))
    return redirect("meeting", ref=row.case.ref, meeting=row.ref)


@require_POST
def meeting_held(request: UserRequest, ref: str, meeting: str) -> HttpResponse:
    """The meeting was held: when it began and who was there. The first one ends the two weeks."""
    row = get_meeting(request, ref, meeting, "coordinate", Verb.CHANGE)
    seats = seats_of(row, request.user)
    form = _held_form(row, seats, request.POST)
    if form.is_valid():
        try:
            actions.hold(
                meeting=row, began_at=form.cleaned_data["starts_at"], present=set(form.cleaned_data["present"]),
                by=request.user, now=timezone.now(),
            )  # fmt: skip
        except NotAllowed as refusal:
            form.add_error("day", field_error(str(refusal)))
        else:
            messages.success(request, _("The meeting is recorded as held."))
            return redirect("meeting", ref=row.case.ref, meeting=row.ref)
    return _page(request, row, held=form, status=422)

"""Finding the time of a meeting, and moving it to another."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cases.access import NotAllowed, UserRequest, get_case, log
from cases.models import Case
from meetings.actions import meeting as actions
from meetings.actions.siblings import meet_at, propose_in_all, to_meet_together
from meetings.forms.meeting import MoveForm, ProposeForm
from meetings.views.meeting import COMING, get_meeting, length_of, moved_to, when
from networks.models import User
from yhteiso.audit.models import Verb
from yhteiso.forms import field_error
from yhteiso.lib.dates import helsinki_date, holiday_name, path_days, short_date

FAR = timedelta(days=90)  # a day further ahead than this is probably a typing error
SATURDAY = 5


@require_http_methods(["GET", "HEAD", "POST"])
def meeting_new(request: UserRequest, ref: str) -> HttpResponse:
    """Is there still time within the two weeks, and which time is proposed?"""
    case = get_case(request, ref, "coordinate", Verb.CHANGE if request.method == "POST" else Verb.VIEW)
    now = timezone.now()
    members = list(case.memberships.current().with_people())
    takers = [(m.user_id, m.name) for m in members if m.user_id]
    coming = case.meetings.coming().first()
    if request.method != "POST":
        if coming:
            messages.info(request, _("A time is already being agreed on. Move it if it does not suit."))
            return redirect("meeting", ref=case.ref, meeting=coming.ref)
        form = ProposeForm(note_takers=takers, siblings=_siblings(request, case), **_limits(case))
        return _planning(request, case, form, members)
    form = ProposeForm(request.POST, note_takers=takers, siblings=_siblings(request, case), **_limits(case))
    if _time_ok(form, now):
        if coming and coming.starts_at == form.cleaned_data["starts_at"]:  # the second click of a double click
            return redirect("meeting", ref=case.ref, meeting=coming.ref)
        try:
            taker = _person(members, form)
            also = form.cleaned_data.get("also", ())
            meeting = propose_in_all(case=case, also=also, note_taker=taker, by=request.user, now=now, **_time(form))
        except NotAllowed as refusal:
            form.add_error(None, str(refusal))
        else:
            _tell(request)
            return redirect("meeting", ref=case.ref, meeting=meeting.ref)
    return _planning(request, case, form, members, status=422)


def _siblings(request: UserRequest, case: Case) -> list[Case]:
    """The siblings for whom the same time may be proposed; that their names were shown stands in the log."""
    rows = to_meet_together(case)
    if rows:
        log(request, Verb.LIST, cases=rows)
    return rows


def _limits(case: Case) -> dict[str, Any]:
    """What the family's safety leaves out of the form, and what it asks besides."""
    rows = actions.guardians_to_choose(case)
    names = [(row.pk, row.person.full_name) for row in rows if row.person]
    return {"by_phone": actions.place_by_phone(case), "guardians": names}


def _planning(request: UserRequest, case: Case, form: ProposeForm, members: list[Any], status: int = 200) -> HttpResponse:
    invited = [row for row in members if not actions.by_hand(case, row)]
    context = {
        "case": case, "form": form, "members": invited, "alone": len(members) < 3, **_path(case, form),
        "by_hand": [row for row in members if actions.by_hand(case, row)],
    }  # fmt: skip
    return render(request, "meetings/meeting_new.html", context, status=status)


def _path(case: Case, form: Any = None) -> dict[str, Any]:
    """The stones of the two weeks, while the network waits for its first meeting."""
    today = helsinki_date(timezone.now())
    chosen = form.cleaned_data.get("day") if form is not None and form.is_bound and form.is_valid() else None
    t0 = helsinki_date(case.t0_at)
    return {
        "clock": case.clock(today),
        "days": [] if case.first_met_at else path_days(t0, today, [chosen] if chosen else ()),
        "called_on": short_date(t0),
        "plan_by": short_date(case.plan_by_on),
        "day14": short_date(case.day14_on),
        "holidays": list(_holidays_between(max(today, t0), case.plan_by_on)),
        "passed": today > case.day14_on,
    }


def _holidays_between(first: date, last: date) -> Iterator[dict[str, str]]:
    """The holidays on weekdays that are still ahead before the last day to plan by."""
    for n in range(1, (last - first).days):
        day = first + timedelta(days=n)
        if (name := holiday_name(day)) and day.weekday() < SATURDAY:
            yield {"day": short_date(day), "name": name}


def _time_ok(form: Any, now: datetime) -> bool:
    """Whether the form is valid and its moment can be proposed; a refusal stands beside the day."""
    if not form.is_valid():
        return False
    refusal = actions.time_blocker(form.cleaned_data["starts_at"], now)
    if not refusal and helsinki_date(form.cleaned_data["starts_at"]) > helsinki_date(now) + FAR:
        refusal = _("That is more than three months ahead. Check the day and the year.")
    if refusal:
        form.add_error("day", field_error(refusal))
        return False
    return True


def _time(form: Any) -> dict[str, Any]:
    data = form.cleaned_data
    return {
        "starts_at": data["starts_at"], "minutes": data["minutes"], "place": data.get("place", ""),
        "guardian": data.get("guardian"),
    }  # fmt: skip


def _person(members: Iterable[Any], form: ProposeForm) -> User | None:
    chosen = form.cleaned_data["note_taker"]
    return next((m.user for m in members if m.user_id and m.user_id == chosen), None)


def _tell(request: UserRequest) -> None:
    """The page that follows says itself when the day is late."""
    messages.success(request, _("The time is proposed. Everybody in the network can answer it now."))


@require_http_methods(["GET", "HEAD", "POST"])
def meeting_move(request: UserRequest, ref: str, meeting: str) -> HttpResponse:
    """To which time is the meeting moved, and why?"""
    row = get_meeting(request, ref, meeting, "coordinate", Verb.CHANGE if request.method == "POST" else Verb.VIEW)
    if row.status not in COMING:
        shown = moved_to(row) or row  # also the second click of a double click
        messages.info(request, _("This meeting has already been held or moved."))
        return redirect("meeting", ref=row.case.ref, meeting=shown.ref)
    now, limits = timezone.now(), _limits(row.case)
    mine = row.participants.filter(membership_id__in=[pk for pk, _name in limits["guardians"]]).first()
    initial = {"minutes": length_of(row), "place": row.place, "guardian": mine.membership_id if mine else None}
    form = MoveForm(request.POST if request.method == "POST" else None, initial=initial, **limits)
    if request.method == "POST" and _time_ok(form, now):
        try:
            new = actions.move_meeting(
                meeting=row, reason=form.cleaned_data["reason"], by=request.user, now=now, **_time(form)
            )
        except NotAllowed as refusal:
            form.add_error(None, str(refusal))
        else:
            _tell(request)
            return redirect("meeting", ref=row.case.ref, meeting=new.ref)
    context = {"case": row.case, "meeting": row, "when": when(row), "form": form, **_path(row.case, form)}
    context["siblings_stay"] = meet_at(row.case, row.starts_at)
    return render(request, "meetings/meeting_move.html", context, status=422 if form.is_bound else 200)

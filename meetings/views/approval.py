"""The approval of a logbook, in two steps: first everything is read aloud, then it is agreed on."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cases.access import NotAllowed, UserRequest
from meetings.actions import logbook as actions
from meetings.forms.logbook import digest, of_entry, of_frame, of_row
from meetings.models import Logbook, Mark, Meeting
from meetings.views.logbook import get_logbook, hold_still
from meetings.views.meeting import Seat, seats_of
from meetings.views.reading import reading_of
from yhteiso.audit.models import Verb


@require_http_methods(["GET", "HEAD", "POST"])
def logbook_approval(request: UserRequest, ref: str, meeting: str) -> HttpResponse:
    """What do we read aloud, and do we all agree? A POST approves: nothing is changed any more after it."""
    verb = Verb.CHANGE if request.method == "POST" else Verb.VIEW
    row, logbook = get_logbook(request, ref, meeting, "approve", verb)
    if logbook is None:
        if request.method == "POST":
            raise Http404
        messages.info(request, _("The logbook has not been opened yet."))
        return redirect("meeting", ref=row.case.ref, meeting=row.ref)
    if logbook.approved_at:  # also the second click of a double click
        return redirect("logbook", ref=row.case.ref, meeting=row.ref)
    if request.method != "POST":
        return _page(request, row, logbook)
    hold_still(request.user, row.case, "approve")
    if refusal := actions.approve_blocker(logbook, row):
        return _page(request, row, logbook, refusal=refusal, status=422)
    if request.POST.get("seen") != seen_of(row, logbook):
        changed = _("Somebody has written in the logbook since this page was opened. Read it again, then approve.")
        return _page(request, row, logbook, refusal=changed, status=409)
    try:
        actions.approve(logbook=logbook, by=request.user, now=timezone.now())
    except NotAllowed as told:
        return _page(request, row, logbook, refusal=str(told), status=422)
    messages.success(request, _("The logbook is approved. The promises are in force."))
    return redirect("logbook", ref=row.case.ref, meeting=row.ref)


def _page(request: UserRequest, row: Meeting, logbook: Logbook, *, refusal: str = "", status: int = 200) -> HttpResponse:
    seats = seats_of(row, request.user)
    context = reading_of(request, row, logbook, seats) | {
        "blocker": actions.approve_blocker(logbook, row), "refusal": refusal, "unmarked": _unmarked(logbook),
        "readers": _readers(row, seats), "seen": seen_of(row, logbook),
    }  # fmt: skip
    return render(request, "meetings/logbook_approval.html", context, status=status)


def _unmarked(logbook: Logbook) -> list[str]:
    """The themes that nobody has marked, not even as not discussed."""
    marked = {entry.theme_id for entry in logbook.entries.all() if entry.mark in Mark.values}
    return [theme.title for theme in logbook.template.themes.all() if theme.pk not in marked]


def _readers(row: Meeting, seats: list[Seat]) -> list[str]:
    """Who reads the logbook by name: those with an account who were invited."""
    return [seat.name for seat in seats if seat.row.membership.user_id]


def seen_of(row: Meeting, logbook: Logbook) -> str:
    """A short mark of everything that is read aloud: what is agreed on is what was read."""
    entries = {f"t{entry.theme_id}": of_entry(entry) for entry in logbook.entries.all()}
    rows = {f"r{plan.pk}": of_row(plan) for plan in row.commitments.all()}
    parts = entries | rows | {"f": of_frame(logbook)}
    return digest({name: digest(values) for name, values in parts.items()})

"""The logbook at the table: themes, the child's own voice, the plan, and the approval."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from cases.access import NotAllowed, Permission, UserRequest, can, log
from cases.actions.case import lock
from cases.models import Calling, Case, Membership, PersonKind
from meetings.actions import logbook as actions
from meetings.forms.logbook import Base, Book, Choices, Part, digest, of_entry, of_frame, of_row
from meetings.models import Environment, Logbook, Meeting
from meetings.views.meeting import Seat, get_meeting, seats_of
from meetings.views.reading import ICONS, frame_of, reading_of
from networks.models import User
from yhteiso.audit.models import Verb
from yhteiso.lib.dates import clock_time, helsinki_date

HEARD_FROM_AGE = 12  # LsL 20 §, hallintolaki 34 §: must be given a chance to tell their own view


def get_logbook(
    request: UserRequest, ref: str, meeting: str, permission: Permission = "write_logbook", verb: Verb = Verb.VIEW
) -> tuple[Meeting, Logbook | None]:
    """A meeting and its logbook: for the coordinator and those who were invited to that meeting. 404 for others."""
    row = get_meeting(request, ref, meeting, permission, verb)
    seats = row.participants.filter(membership__user_id=request.user.pk, membership__ended_at=None)
    if request.user.hat == "member" and not seats.exists():
        log(request, Verb.DENY, case=row.case, reason="not invited")
        raise Http404
    rows = row.case.logbooks.filter(meeting=row).select_related("template", "approved_by").prefetch_related("entries")
    logbook = rows.defer("approved_by__password", "approved_by__last_login").first()
    if logbook is not None:
        logbook.meeting, logbook.case = row, row.case
    return row, logbook


def _write(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A POST below the logbook. Asked with GET, as after a new sign-in, it leads back to the logbook."""

    @wraps(view)
    def inner(request: UserRequest, ref: str, meeting: str, **kwargs: Any) -> HttpResponse:
        if request.method != "POST":
            return redirect("logbook", ref=ref, meeting=meeting)
        row, logbook = get_logbook(request, ref, meeting, "write_logbook", Verb.CHANGE)
        if logbook is None:
            raise Http404
        return view(request, row, logbook, **kwargs)

    return inner


# -- pages


@require_http_methods(["GET", "HEAD", "POST"])
def logbook(request: UserRequest, ref: str, meeting: str) -> HttpResponse:
    """What carries, what weighs, and who does what? A POST of the whole form saves all of it."""
    verb = Verb.CHANGE if request.method == "POST" else Verb.VIEW
    row, book_row = get_logbook(request, ref, meeting, "write_logbook", verb)
    if book_row is None:
        messages.info(request, _("The logbook has not been opened yet."))
        return redirect("meeting", ref=row.case.ref, meeting=row.ref)
    if request.method == "POST":
        return _saved(request, row, book_row)
    seats = seats_of(row, request.user)
    if book_row.approved_at:
        return render(request, "meetings/logbook_read.html", reading_of(request, row, book_row, seats))
    return _page(request, row, book_row, _book(row, book_row, seats), seats)


def _book(row: Meeting, logbook: Logbook, seats: list[Seat], data: Any = None) -> Book:
    members = row.case.memberships.current().with_people()
    rows = row.commitments.order_by("written_at", "pk")
    day = helsinki_date(row.began_at or row.starts_at)
    choices = Choices(_speakers(row.case, seats), [(m.pk, _label(row.case.calling, m)) for m in members], day)
    return Book(logbook, logbook.template.themes.all(), rows, choices, data)


def _speakers(case: Case, seats: list[Seat]) -> list[str]:
    """Who may have said it. The chosen words are stored and read by all: names as everybody may see them."""
    everybody = Calling(case)
    child_first = sorted(seats, key=lambda seat: not seat.is_child)
    labels = [_label(everybody, seat.row.membership) for seat in child_first]
    return [*dict.fromkeys(labels), _("Together")]


def _label(calling: Calling, member: Membership) -> str:
    person = member.person
    if person is None or calling.hides_all:
        return calling.of(member).name
    return person.name if person.kind == PersonKind.CHILD or not person.relation else f"{person.name}, {person.relation}"


def _page(
    request: UserRequest, row: Meeting, logbook: Logbook, book: Book, seats: list[Seat], *, refusal: str = "",
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    context = frame_of(request, row, logbook, seats)
    context |= {
        "book": book, "environments": _environments(book, context["last"]),
        "blocker": actions.approve_blocker(logbook, row), "refusal": refusal, "conflicts": len(book.conflicts),
        "unsaved": bool(refusal or book.conflicts or book.broken),
        "must_hear": (row.case.child_age or 0) >= HEARD_FROM_AGE, "saved": _last_saved(logbook),
        "carried": [part for part in book.themes if part.row is not None and part.row.carry_to_plan],
    }  # fmt: skip
    return render(request, "meetings/logbook.html", context, status=status)


def _environments(book: Book, last: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The themes by environment, in the template's order, with how many have been talked about."""
    before = {said["entry"].theme_id: said["mark"][0].lower() for said in last["marks"]} if last else {}
    groups: dict[str, list[Part]] = {}
    for part in book.themes:
        if last and part.item.pk in before:
            part.previous = f"{last['day']}: {before[part.item.pk]}"
        groups.setdefault(part.item.environment, []).append(part)
    return [
        {"ref": name, "title": Environment(name).label, "icon": ICONS[Environment(name)], "parts": parts,
         "done": sum(1 for part in parts if part.row is not None and part.row.mark)}
        for name, parts in groups.items()
    ]  # fmt: skip


def _last_saved(logbook: Logbook) -> str:
    moments = [entry.saved_at for entry in logbook.entries.all()]
    return clock_time(max(moments)) if moments else ""


# -- writes


@require_POST
def logbook_opening(request: UserRequest, ref: str, meeting: str) -> HttpResponse:
    """Open the meeting's logbook, or the one that is there."""
    row, _existing = get_logbook(request, ref, meeting, "write_logbook", Verb.CHANGE)
    hold_still(request.user, row.case)
    try:
        actions.open_logbook(meeting=row, by=request.user, now=timezone.now())
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
        return redirect("meeting", ref=row.case.ref, meeting=row.ref)
    return redirect("logbook", ref=row.case.ref, meeting=row.ref)


def _saved(
    request: UserRequest, row: Meeting, logbook: Logbook, *, then: Callable[[], object] | None = None, anchor: str = ""
) -> HttpResponse:
    """Save all that was sent and lead back; else the same page with everything that was typed."""
    hold_still(request.user, row.case)  # from here on what is read is what will be written against
    now, seats = timezone.now(), seats_of(row, request.user)
    book = _book(row, logbook, seats, request.POST)
    refusal = _save_all(book, logbook, request.user, now, then)
    status = 409 if book.conflicts else 422 if refusal or book.broken else 200
    if request.headers.get("Accept") == "application/json":
        told = {} if status == 409 else {"version": book.token, "saved": clock_time(now), "saved_at": now.isoformat()}
        return JsonResponse(told, status=status)
    if status != 200:
        _show_newer(book)
        _read_again(logbook)
        return _page(request, row, logbook, book, seats, refusal=refusal, status=status)
    if request.POST.get("then") == "approval":
        return redirect("logbook-approval", ref=row.case.ref, meeting=row.ref)
    messages.success(request, _("Saved at %(time)s.") % {"time": clock_time(now)})
    return redirect(reverse("logbook", args=[row.case.ref, row.ref]) + anchor)


def hold_still(user: User, case: Case, permission: Permission = "write_logbook") -> None:
    """Lock the case before the page's rows are read: of two who save at once, the second sees what the first wrote.

    What the family opened is asked again behind the lock: it may have been taken back while this waited.
    """
    try:
        lock(case)
    except NotAllowed as gone:
        raise Http404 from gone
    case.sections = None
    if not can(user, permission, case):
        raise Http404


def _read_again(logbook: Logbook) -> None:
    try:
        logbook.refresh_from_db()
    except Logbook.DoesNotExist as gone:  # the writer was taken off the meeting after the page was opened
        raise Http404 from gone


def _save_all(book: Book, logbook: Logbook, by: User, now: datetime, then: Callable[[], object] | None) -> str:
    """Save and, when everything could be saved, do what else was asked. Returns the sentence of a refusal."""
    if logbook.approved_at and book.unchanged:  # the second click of a double click
        return ""
    try:
        _save(book, logbook, by, now)
        if then and not book.broken and not book.conflicts:
            then()
    except NotAllowed as refusal:
        return str(refusal)
    return ""


def _save(book: Book, logbook: Logbook, by: User, now: datetime) -> None:
    """Write the parts that their writer has touched, through the actions. What both have touched is left unsaved."""
    for part in book.parts:
        if not part.posted or not part.form.is_valid() or not part.touched or part.form.given_up:
            continue
        if part.form.undecided:
            part.conflict = logbook if part.name[0] == "f" else part.row
        elif part.name[0] == "t":
            _save_theme(part, logbook, by, now)
        elif part.name[0] == "f":
            _save_frame(part, logbook)
        else:
            _save_row(part, logbook, by, now)


def _save_theme(part: Part, logbook: Logbook, by: User, now: datetime) -> None:
    version = part.base.version
    try:
        entry = actions.save_entry(logbook=logbook, theme=part.item, version=version, by=by, now=now, **part.form.values())
    except actions.Stale as stale:
        part.conflict = stale.current
    else:
        part.row, part.base = entry, Base(entry.version, digest(of_entry(entry)))


def _save_frame(part: Part, logbook: Logbook) -> None:
    try:
        row = actions.save_frame(logbook=logbook, version=part.base.version, **part.form.values())
    except actions.Stale as stale:
        part.conflict = stale.current
    else:
        part.base = Base(row.version, digest(of_frame(row)))


def _save_row(part: Part, logbook: Logbook, by: User, now: datetime) -> None:
    values = part.form.values()
    if not values["what"]:
        return
    if part.row is not None and digest(of_row(part.row)) not in (part.base.digest, digest(values)):
        part.conflict = part.row
        return
    member = logbook.case.memberships.get(pk=values.pop("membership"))
    try:
        row = actions.write_commitment(logbook=logbook, form_key=part.item, membership=member, by=by, now=now, **values)
    except NotAllowed as refusal:
        part.form.add_error("kind", str(refusal))
    else:
        part.row, part.base = row, Base(0, digest(of_row(row)))


_CONTENT: dict[str, Callable[[Any], dict[str, Any]]] = {"t": of_entry, "f": of_frame, "r": of_row}


def _show_newer(book: Book) -> None:
    """From now on the writer has seen the other's text: the next save is against it."""
    for part in book.conflicts:
        newer = part.conflict
        content = _CONTENT[part.name[0]](newer)
        part.base = Base(getattr(newer, "version", 0), digest(content))


@_write
def logbook_entry(request: UserRequest, row: Meeting, logbook: Logbook, theme: int) -> HttpResponse:
    """Keep one theme of the logbook's template."""
    get_object_or_404(logbook.template.themes.all(), pk=theme)
    return _saved(request, row, logbook, anchor=f"#t{theme}")


@_write
def logbook_frame(request: UserRequest, row: Meeting, logbook: Logbook) -> HttpResponse:
    """Keep the child's own voice and the next date."""
    return _saved(request, row, logbook, anchor="#lapsi")


@_write
def logbook_row(request: UserRequest, row: Meeting, logbook: Logbook) -> HttpResponse:
    """Keep the plan's rows, with all that was typed elsewhere on the page, and show an empty one."""
    return _saved(request, row, logbook, anchor="#suunnitelma")


@_write
def logbook_row_removal(request: UserRequest, meeting: Meeting, logbook: Logbook, row: str) -> HttpResponse:
    """Take a row out of the plan; what else was typed is kept."""
    data = request.POST.copy()
    gone = meeting.commitments.filter(ref=row).first()
    if gone is not None:
        data.setlist("row", [key for key in data.getlist("row") if key != gone.form_key.hex])
    request.POST = data  # type: ignore[assignment]

    def remove() -> None:
        if gone is not None:
            actions.remove_commitment(logbook=logbook, commitment=gone)

    return _saved(request, meeting, logbook, then=remove, anchor="#suunnitelma")

"""The logbook as a PDF for the person who prints it."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cases.access import UserRequest
from cases.actions.disclosure import disclose_copy
from cases.models import Calling, Case
from cases.sections import PAGES
from meetings.models import ChildHeard, Commitment, Logbook, LogbookEntry, Mark, Meeting
from meetings.paper import Entry, Gathering, LogbookPaper, PlanRow, Voice
from meetings.paper import Mark as PaperMark
from meetings.paper import Participant as Attendant
from meetings.paper import render as render_paper
from meetings.views.logbook import get_logbook
from meetings.views.meeting import Seat, day_text, seats_of
from networks.models import User
from yhteiso.audit.models import Verb
from yhteiso.lib.dates import at_clock, clock_time, helsinki_date, long_date, weekday
from yhteiso.lib.pdf import PdfUnavailable


@require_safe
def logbook_pdf(request: UserRequest, ref: str, meeting: str) -> HttpResponse:
    """What do I file in my own register? The copy names whoever prints it and when."""
    row, logbook = get_logbook(request, ref, meeting, "print", Verb.PRINT)
    if logbook is None:
        raise Http404
    now = timezone.now()
    try:
        body = render_paper(paper_of(row, logbook, request.user, now))
    except PdfUnavailable:
        return render(request, "meetings/pdf_unavailable.html", {"case": row.case, "meeting": row}, status=503)
    disclose_copy(case=row.case, sections=PAGES["logbook-pdf"], document_ref=row.ref, by=request.user, now=now)
    response = HttpResponse(body, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="lokikirja-{row.ref}.pdf"'
    return response


def paper_of(meeting: Meeting, logbook: Logbook, reader: User, now: datetime) -> LogbookPaper:
    """One recipient's copy as plain values. Members read it by row security: nothing here is beyond the reader."""
    case = meeting.case
    calling = Calling(case, reader, paper=True)
    seats = [seat for seat in seats_of(meeting, reader) if seat.row.present or meeting.began_at is None]
    plan = meeting.commitments.select_related("membership__user", "membership__person", "membership__unit", "unit").defer(
        "membership__user__password", "membership__user__last_login"
    )
    return LogbookPaper(
        reference=meeting.ref,
        recipient_name=calling.recipient(reader),
        recipient_unit="" if calling.veiled(reader) or reader.unit is None else reader.unit.name,
        made_at=now,
        copy_number=1,
        copies=1,
        heading_names=(case.child_called,),
        meeting=Gathering(_when(meeting), meeting.place),
        family=tuple(_attendant(seat, calling) for seat in seats if seat.kind == "family"),
        network=tuple(_attendant(seat, calling) for seat in seats if seat.kind != "family"),
        consent=case.get_consent_display() if case.consent else "",
        entries=tuple(_entries(logbook.entries.select_related("theme"))),
        child_voices=_voices(case, logbook),
        plan=tuple(_plan(plan, calling)),
        next_meeting=_next(logbook),
        protected=case.protected,
        draft=logbook.approved_at is None,
        approval=_approval(logbook, calling),
        held=meeting.began_at is not None,
    )


def _approval(logbook: Logbook, calling: Calling) -> str:
    if logbook.approved_at is None or logbook.approved_by is None:
        return ""
    day = long_date(helsinki_date(logbook.approved_at))
    return f"{day} {at_clock(logbook.approved_at)}, {calling.name(logbook.approved_by)}"


def _when(meeting: Meeting) -> str:
    day = helsinki_date(meeting.starts_at)
    return f"{weekday(day)} {long_date(day)} {at_clock(meeting.starts_at)}–{clock_time(meeting.ends_at)}"


def _attendant(seat: Seat, calling: Calling) -> Attendant:
    called = calling.of(seat.row.membership)
    return Attendant(called.name) if called.kind == "masked" else Attendant(called.name, called.role, called.unit)


def _entries(entries: Iterable[LogbookEntry]) -> Iterator[Entry]:
    """Strengths first, then words without a mark; what was not talked about is left out."""
    order = {
        Mark.STRENGTH: PaperMark.STRENGTH, Mark.BOTH: PaperMark.BOTH, Mark.VULNERABILITY: PaperMark.VULNERABILITY,
        "": PaperMark.UNMARKED,
    }  # fmt: skip
    rows = list(entries)
    for mark, paper_mark in order.items():
        for entry in rows:
            if entry.mark == mark and (entry.mark or entry.note):
                where = str(entry.theme.get_environment_display())
                yield Entry(paper_mark, where, entry.note, entry.said_by, entry.theme.title.lower())


def _voices(case: Case, logbook: Logbook) -> tuple[Voice, ...]:
    if not logbook.child_words:
        return ()
    heard = logbook.get_child_heard_display().lower() if logbook.child_heard else ""
    if logbook.child_heard == ChildHeard.NOT_ASKED:
        return (Voice(logbook.child_words, _("Why the child was not asked")),)
    return (Voice(logbook.child_words, ", ".join(part for part in (case.child_called, heard) if part)),)


def _plan(rows: Iterable[Commitment], calling: Calling) -> Iterator[PlanRow]:
    for row in rows:
        called = calling.of(row.membership)
        unit = row.unit.name if row.unit and called.unit else ""
        yield PlanRow(row.what, called.name, day_text(row.due_on), row.get_kind_display().lower(), unit)


def _next(logbook: Logbook) -> Gathering | None:
    if logbook.next_on:
        return Gathering(f"{weekday(logbook.next_on)} {long_date(logbook.next_on)}")
    return Gathering(_("The meetings end here.")) if logbook.ends_here else None

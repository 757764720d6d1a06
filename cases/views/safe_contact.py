"""The page of one person's safe number and address: what is used, who asked, and the very text that is sent."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from cases.access import NotAllowed, UserRequest, get_case
from cases.actions import safe_contact as actions
from cases.forms_contact import SafeContactForm
from cases.models import Case, ContactEnd, Person, SafeContact, Status
from yhteiso.audit.models import Verb
from yhteiso.lib.dates import at_helsinki, helsinki_date, working_day_after
from yhteiso.outbox.texts import render as words

EXAMPLE_AT = time(14, 30)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def contacts(request: UserRequest, ref: str, pk: int) -> HttpResponse:
    """Where may a meeting's messages be sent to this person, and who asked?"""
    case = get_case(request, ref, "coordinate", Verb.CHANGE if request.method == "POST" else Verb.VIEW)
    person = get_object_or_404(case.persons.filter(memberships__ended_at=None).distinct(), pk=pk)
    form = SafeContactForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            actions.record(case=case, person=person, by=request.user, now=timezone.now(), **form.deed)
        except NotAllowed as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved. Messages about meetings are sent here from now on."))
            return redirect("person-contacts", ref=case.ref, pk=person.pk)
    return _page(request, case, person, form)


@require_POST
def contact_end(request: UserRequest, ref: str, pk: int, contact: int) -> HttpResponse:
    """This number or address is not used any more."""
    case = get_case(request, ref, "coordinate", Verb.CHANGE)
    row = get_object_or_404(SafeContact.objects.filter(case=case, person_id=pk).select_related("case"), pk=contact)
    try:
        actions.end(contact=row, by=request.user, now=timezone.now())
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Nothing is sent there any more."))
    return redirect("person-contacts", ref=case.ref, pk=pk)


def _page(request: UserRequest, case: Case, person: Person, form: SafeContactForm) -> HttpResponse:
    rows = SafeContact.objects.filter(person=person).select_related("asked_by").defer(
        "asked_by__password", "asked_by__last_login"
    )  # fmt: skip
    every = list(rows)
    live = [row for row in every if row.ended_at is None]
    used = {row.channel for row in live}
    lost = {row.channel: row for row in every if row.end_reason == ContactEnd.FAILED and row.channel not in used}
    ended = [row for row in reversed(every) if row.ended_at and row not in lost.values()]
    context = {
        "case": case, "person": person, "form": form, "closed": case.status == Status.CLOSED,
        "refusal": actions.blocker(case, person), "live": _lines(case, live),
        "lost": _lines(case, lost.values()), "ended": _lines(case, ended),
        "example": example(case, timezone.now()),
    }  # fmt: skip
    return render(request, "cases/contacts.html", context, status=422 if form.is_bound else 200)


def _lines(case: Case, rows: Iterable[SafeContact]) -> list[dict[str, Any]]:
    return [{"row": row, "asked_by": case.calling.name(row.asked_by), "shown": shown(row)} for row in rows]


def shown(contact: SafeContact) -> str:
    """A Finnish number as people write it, "040 123 4567"; anything else as it is."""
    text = contact.address
    if contact.channel == "sms" and text.startswith("+358") and len(text) >= 12:
        home = f"0{text[4:]}"
        return f"{home[:3]}\u00a0{home[3:6]}\u00a0{home[6:]}"
    return text


def example(case: Case, now: datetime) -> dict[str, Any]:
    """The very texts that leave, with a made-up time, in the reader's language."""
    day = working_day_after(helsinki_date(now) + timedelta(days=2))
    params = {"starts_at": at_helsinki(day, EXAMPLE_AT), "phone": case.area.phone, "link": "https://…"}
    language = get_language() or "fi"
    texts = [words("meeting", language, "sms", {**params, "form": form}).body for form in ("invitation", "reminder")]
    return {"texts": texts, "title": words("meeting", language, "email", {**params, "form": "invitation"}).subject}

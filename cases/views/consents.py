"""Consents of a situation: who may know what, one giver's answers, the paper, and taking back."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cases.access import NotAllowed, UserRequest, can, get_case
from cases.actions import consent as actions
from cases.consent_table import ConsentTable, Given, Recipient
from cases.forms_consent import AnswersForm
from cases.models import ASKED, Case, Consent, ConsentWording, Membership, Person, Reply, Section, Status
from networks.models import User
from yhteiso.audit.models import Verb
from yhteiso.forms import field_error
from yhteiso.lib.dates import helsinki_date


@require_safe
def consents(request: UserRequest, ref: str) -> HttpResponse:
    """Who may know what? A member sees what has been said of the own unit."""
    case = get_case(request, ref, "consents")
    if not can(request.user, "coordinate", case):
        return _own(request, case)
    table = ConsentTable(case, helsinki_date(timezone.now()))
    return _page(request, table, table.next_giver)


@require_http_methods(["GET", "HEAD", "POST"])
def answers(request: UserRequest, ref: str, giver: int) -> HttpResponse:
    """What does this guardian, or this child, say?"""
    case = get_case(request, ref, "coordinate", Verb.CHANGE if request.method == "POST" else Verb.VIEW)
    now = timezone.now()
    table = ConsentTable(case, helsinki_date(now))
    person = _giver(table, giver)
    if request.method != "POST":
        return _page(request, table, person)
    form = AnswersForm(request.POST, table=table, giver=person, everything=_everything(request))
    if form.is_valid():
        try:
            actions.record_words(
                case=case, giver=person, words=form.words(), way=form.cleaned_data["way"],
                valid_until=form.cleaned_data["valid_until"], by=request.user, now=now,
            )  # fmt: skip
        except NotAllowed as refusal:
            form.add_error(None, field_error(str(refusal)))
        else:
            messages.success(request, _("The answer is recorded. It holds from this moment on."))
            return redirect("case-consents", ref=case.ref)
    return _page(request, table, person, form)


def _page(
    request: UserRequest, table: ConsentTable, giver: Person | None, form: AnswersForm | None = None
) -> HttpResponse:  # fmt: skip
    case, waiting = table.case, request.GET.get("show") == "waiting"
    closed = case.status == Status.CLOSED
    if giver is not None and form is None and not closed:
        form = AnswersForm(table=table, giver=giver, everything=_everything(request))
    given = [] if closed else table.given()
    context = {
        "case": case, "table": table, "rows": list(table.rows(waiting=waiting)), "waiting": waiting, "closed": closed,
        "heads": [section.label for section in ASKED], "giver": giver, "form": form, "now": timezone.now(),
        "wording": ConsentWording.objects.first(), "given": given,
        "urgent": [row for row in given if _urgent(table, row)],
        "lasting": [row for row in given if not _urgent(table, row)],
        "paper_only": giver is not None and not table.is_silent(giver),
        "givers": [(row, table.called(row), table.waits_for(row)) for row in table.givers],
        "hidings": case.hidings.filter(ended_at=None).select_related("guardian") if table.child_decides else [],
        "next": None if closed else table.next_giver, "leads": case.coordinator_id == request.user.pk,
    }  # fmt: skip
    return render(request, "cases/consents.html", context, status=422 if form is not None and form.is_bound else 200)


def _urgent(table: ConsentTable, row: Given) -> bool:
    """Whether it ends soon or lacks its paper, of somebody whose word is needed now."""
    return row.giver in table.givers and (row.soon or row.waits_for_paper)


def _everything(request: UserRequest) -> bool:
    """Whether all questions are asked, also those that have a clear answer."""
    return request.GET.get("ask") == "all"


def _giver(table: ConsentTable, pk: int) -> Person:
    """One of those who decide in this situation now; another's child or guardian is not there."""
    person = next((row for row in table.givers if row.pk == pk), None)
    if person is None:
        raise Http404
    return person


# -- for a member: the own unit


def _own(request: UserRequest, case: Case) -> HttpResponse:
    context = {"case": case, "rows": own_words(case), "coordinator": User.people.get(pk=case.coordinator_id)}
    return render(request, "cases/consents_own.html", context)


def own_words(case: Case) -> list[tuple[str, tuple[str, str, str]]]:
    """What is open to the own unit and what is not, section by section; nobody's single word."""
    opened = case.sections or frozenset()
    rows = []
    taken = taken_back(case)
    for section in ASKED:
        if section in opened:
            rows.append((str(section.label), (_("The family has said yes"), "green", "check")))
        elif section in taken:
            day = taken[section]
            told = _("Taken back %(day)s") % {"day": f"{day.day}.{day.month}."}
            rows.append((str(section.label), (told, "purple", "undo")))
        else:
            rows.append((str(section.label), (_("Not open"), "grey", "lock")))
    return rows


def taken_back(case: Case) -> dict[str, Any]:
    """The sections that were open to the reader's unit and were taken back, and when. Only what a member may read."""
    rows = case.consents.filter(withdrawn=True).order_by("ended_at").values_list("section", "ended_at")
    standing = set(case.consents.filter(ended_at=None, answer=Reply.NO).values_list("section", flat=True))
    return {section: helsinki_date(at) for section, at in rows if at and section in standing}


# -- the paper


@require_safe
def paper(request: UserRequest, ref: str, giver: int) -> HttpResponse:
    """A form on paper for one giver: to whom, of what, and a place to sign."""
    case = get_case(request, ref, "coordinate", Verb.PRINT)
    table = ConsentTable(case, helsinki_date(timezone.now()))
    person = _giver(table, giver)
    recipients = [row for row in table.recipients if not row.gone]
    context = {
        "case": case, "giver": person, "recipients": recipients, "sections": ASKED, "now": timezone.now(),
        "wording": ConsentWording.objects.first(), "child": table.child,
    }  # fmt: skip
    return render(request, "cases/consent_paper.html", context)


@require_POST
def confirmation(request: UserRequest, ref: str, giver: int, member: int) -> HttpResponse:
    """The signed paper is here: what was said yes to opens."""
    case = get_case(request, ref, "coordinate", Verb.CHANGE)
    table = ConsentTable(case, helsinki_date(timezone.now()))
    person, seat = _giver(table, giver), _seat(case, member)
    try:
        count = actions.confirm_paper(case=case, giver=person, member=seat, by=request.user, now=timezone.now())
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    else:
        if count:
            messages.success(request, _("The paper is recorded. What it says yes to is open from this moment on."))
        else:
            messages.info(request, _("The paper had been recorded already."))
    return redirect("case-consents", ref=case.ref)


# -- taking back


@require_http_methods(["GET", "HEAD", "POST"])
def withdrawal(request: UserRequest, ref: str, giver: int, member: int) -> HttpResponse:
    """What closes, for whom, and what follows, when somebody takes a consent back?"""
    case = get_case(request, ref, "coordinate", Verb.CHANGE if request.method == "POST" else Verb.VIEW)
    table = ConsentTable(case, helsinki_date(timezone.now()))
    person, seat = _any_giver(table, giver), _seat(case, member)
    recipient = next((row for row in table.recipients if seat in row.seats), None)
    given = [row for row in table.given() if row.giver == person and row.recipient is recipient]
    refusal = ""
    if request.method == "POST":
        try:
            closed = actions.withdraw(case=case, giver=person, member=seat, by=request.user, now=timezone.now())
        except NotAllowed as reason:
            refusal = str(reason)
        else:
            if closed:
                messages.success(request, _("The consent is taken back. Nothing of it is open any more. Call the unit."))
            else:
                messages.info(request, _("There was nothing left to take back."))
            return redirect("case-consents", ref=case.ref)
    if recipient is None or not given:
        messages.info(request, _("There was nothing left to take back."))
        return redirect("case-consents", ref=case.ref)
    context = {
        "case": case, "giver": person, "who": table.called(person), "recipient": recipient, "seat": seat,
        "closes": _closes(given[0].rows, recipient), "refusal": refusal, "alone": len(table.givers) == 1,
    }  # fmt: skip
    return render(request, "cases/consent_withdrawal.html", context, status=422 if refusal else 200)


def _closes(rows: Sequence[Consent], recipient: Recipient) -> list[tuple[str, bool]]:
    """The sections that were said yes to, and whether each is open to the recipient now."""
    return [(str(Section(row.section).label), row.section in recipient.opened) for row in rows]


def _any_giver(table: ConsentTable, pk: int) -> Person:
    """Whoever has said yes may take it back, also after somebody else decides."""
    person = next((row for row in table.family if row.pk == pk), None)
    if person is None:
        raise Http404
    return person


def _seat(case: Case, pk: int) -> Membership:
    return get_object_or_404(case.memberships.with_people(), pk=pk)

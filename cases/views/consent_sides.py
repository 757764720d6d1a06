"""Around a consent: a guardian who can't be reached, a child who decides, and what the child hides from a guardian."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from cases.access import NotAllowed, UserRequest, get_case
from cases.actions import consent as actions
from cases.consent_table import ConsentTable
from cases.forms_consent import CapacityForm, ExceptionForm, HidingForm
from cases.models import Case, Person
from yhteiso.audit.models import Verb
from yhteiso.forms import YhteisoForm, field_error
from yhteiso.lib.dates import helsinki_date

TEXTS: dict[str, dict[str, Any]] = {
    "exception": {
        "kind": gettext_lazy("Exception"),
        "title": gettext_lazy("A guardian can't be reached"),
        "lead": gettext_lazy("Both guardians' answers are the rule. An exception needs a reason, and both can read it."),
        "button": gettext_lazy("Record the exception"),
    },
    "capacity": {
        "kind": gettext_lazy("Who decides"),
        "title": gettext_lazy("Does the child understand what this is about?"),
        "lead": gettext_lazy(
            "A child who understands decides of this themself. It is assessed in each situation; no age decides it."
        ),
        "button": gettext_lazy("Record the assessment"),
    },
    "hiding": {
        "kind": gettext_lazy("Not shown to a guardian"),
        "title": gettext_lazy("The child does not want a guardian to see something"),
        "lead": gettext_lazy("It holds at once, on every page and paper of the guardian."),
        "button": gettext_lazy("Do not show"),
    },
}
GUARDIAN = "guardian"


@require_http_methods(["GET", "HEAD", "POST"])
def exception(request: UserRequest, ref: str) -> HttpResponse:
    """Whose answer is not waited for, and why?"""
    case, table = _opened(request, ref)
    form = ExceptionForm(_sent(request), guardians=table.givers if not table.child_decides else [])

    def record(data: dict[str, Any]) -> None:
        guardian = _of(table, data["guardian"])
        actions.except_guardian(case=case, guardian=guardian, reason=data["reason"], by=request.user, now=timezone.now())

    return _side(request, case, "exception", form, record, _("The exception is recorded."))


@require_POST
def exception_end(request: UserRequest, ref: str, pk: int) -> HttpResponse:
    """This guardian's answer is waited for again."""
    case = get_case(request, ref, "coordinate", Verb.CHANGE)
    row = get_object_or_404(case.consent_exceptions, pk=pk)
    return _done(
        request, case, lambda: actions.end_exception(exception=row, by=request.user, now=timezone.now()),
        _("This guardian's answer is waited for again."),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def capacity(request: UserRequest, ref: str) -> HttpResponse:
    """Does the child decide, and from what was that seen?"""
    case, table = _opened(request, ref)
    form = CapacityForm(_sent(request), today=table.today)

    def record(data: dict[str, Any]) -> None:
        actions.assess_capacity(case=case, by=request.user, now=timezone.now(), **data)

    return _side(request, case, "capacity", form, record, _("The assessment is recorded."))


@require_http_methods(["GET", "HEAD", "POST"])
def hiding(request: UserRequest, ref: str) -> HttpResponse:
    """What is not shown to a guardian?"""
    case, table = _opened(request, ref)
    form = HidingForm(_sent(request), guardians=table.guardians)

    def record(data: dict[str, Any]) -> None:
        guardian = _of(table, data["guardian"])
        actions.hide_from(
            case=case, guardian=guardian, section=data["section"], reason=data["reason"], by=request.user,
            now=timezone.now(),
        )  # fmt: skip

    return _side(request, case, "hiding", form, record, _("It is not shown to the guardian any more."))


@require_POST
def hiding_end(request: UserRequest, ref: str, pk: int) -> HttpResponse:
    """The child lets the guardian see it again."""
    case = get_case(request, ref, "coordinate", Verb.CHANGE)
    row = get_object_or_404(case.hidings, pk=pk)
    return _done(
        request, case, lambda: actions.end_hiding(hiding=row, by=request.user, now=timezone.now()),
        _("It is shown to the guardian again."),
    )  # fmt: skip


def _opened(request: UserRequest, ref: str) -> tuple[Case, ConsentTable]:
    case = get_case(request, ref, "coordinate", Verb.CHANGE if request.method == "POST" else Verb.VIEW)
    return case, ConsentTable(case, helsinki_date(timezone.now()))


def _sent(request: UserRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _of(table: ConsentTable, pk: int) -> Person:
    person = next((row for row in table.guardians if row.pk == pk), None)
    if person is None:
        raise Http404
    return person


def _side(
    request: UserRequest, case: Case, name: str, form: YhteisoForm, record: Callable[[dict[str, Any]], None], told: str
) -> HttpResponse:  # fmt: skip
    """The page of one small form: recorded by its action, or shown again with what was written."""
    if request.method == "POST" and form.is_valid():
        try:
            record(form.cleaned_data)
        except NotAllowed as refusal:
            form.add_error(GUARDIAN if GUARDIAN in form.fields else "finding", field_error(str(refusal)))
        else:
            messages.success(request, told)
            return redirect("case-consents", ref=case.ref)
    context = {"case": case, "form": form, **TEXTS[name]}
    return render(request, "cases/consent_side.html", context, status=422 if request.method == "POST" else 200)


def _done(request: UserRequest, case: Case, act: Callable[[], object], told: str) -> HttpResponse:
    try:
        act()
        messages.success(request, told)
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    return redirect("case-consents", ref=case.ref)

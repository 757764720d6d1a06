"""The page of one person's identity code: masked until somebody presses, and every press is a row in the log."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from cases.access import NotAllowed, UserRequest, get_case, log
from cases.actions import identity as actions
from cases.forms import IdentityForm
from cases.models import Case, Person, PersonIdentity, Section, Status
from cases.models.identity import masked
from networks.step_up import fresh_sign_in
from yhteiso.audit.models import Verb
from yhteiso.lib.cipher import Unreadable


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def identity(request: UserRequest, ref: str, pk: int) -> HttpResponse:
    """Is there a code, and is it the right one? Shown masked; writing it again corrects it."""
    case = get_case(request, ref, "coordinate", Verb.CHANGE if request.method == "POST" else Verb.VIEW)
    person = get_object_or_404(case.persons, pk=pk)
    form = IdentityForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid() and _write(request, case, person, form):
        return redirect("person-identity", ref=case.ref, pk=person.pk)
    return _page(request, case, person, form, status=422 if form.is_bound else 200)


def _write(request: UserRequest, case: Case, person: Person, form: IdentityForm) -> bool:
    number = form.cleaned_data["number"]
    try:
        actions.write_identity(case=case, person=person, number=number, by=request.user, now=timezone.now())
    except NotAllowed as refusal:
        form.add_error(None, str(refusal))
        return False
    messages.success(request, _("The identity code is stored.") if number else _("Stored: no identity code."))
    if number:
        _tell_of_equals(request, person, number)
    return True


def _tell_of_equals(request: UserRequest, person: Person, number: str) -> None:
    """The same code in another situation that this coordinator sees: worth knowing, and a search worth logging."""
    found = PersonIdentity.objects.with_number(number).exclude(pk=person.pk).values_list("case_id")
    others = list(Case.objects.visible_to(request.user).filter(pk__in=found))
    if not others:
        return
    log(request, Verb.SEARCH, cases=others, reason="hetu", sections=[Section.CONTACT])
    messages.warning(
        request,
        ngettext(
            "The same code is also in %(count)d other situation of your area. Check that neither is a mistake.",
            "The same code is also in %(count)d other situations of your area. Check that none is a mistake.",
            len(others),
        )
        % {"count": len(others)},
    )


@never_cache
@require_POST
@fresh_sign_in
def identity_reading(request: UserRequest, ref: str, pk: int) -> HttpResponse:
    """Show the code once, in the answer to this press."""
    case = get_case(request, ref, "coordinate")
    person = get_object_or_404(case.persons, pk=pk)
    row = PersonIdentity.objects.filter(pk=person.pk, without=False).first()
    if row is None:
        return redirect("person-identity", ref=case.ref, pk=person.pk)
    try:
        number = row.open()
    except Unreadable:
        return _page(request, case, person, IdentityForm())
    log(request, Verb.VIEW, case=case, reason="hetu", sections=[Section.CONTACT])
    return _page(request, case, person, IdentityForm(), shown=number)


@require_POST
def identity_removal(request: UserRequest, ref: str, pk: int) -> HttpResponse:
    """Take away what is stored: it was not needed, or was somebody else's."""
    case = get_case(request, ref, "coordinate", Verb.CHANGE)
    person = get_object_or_404(case.persons, pk=pk)
    try:
        actions.remove_identity(case=case, person=person, by=request.user, now=timezone.now())
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Nothing is stored of the identity code any more."))
    return redirect("person-identity", ref=case.ref, pk=person.pk)


def _page(
    request: UserRequest, case: Case, person: Person, form: IdentityForm, *, shown: str = "", status: int = 200
) -> HttpResponse:
    row = PersonIdentity.objects.filter(pk=person.pk).first()
    mask, gone = "", False
    if row and not row.without:
        try:
            mask = masked(row.open())
        except Unreadable:
            gone = True
            log(request, Verb.FAIL, case=case, reason="hetu key", sections=[Section.CONTACT])
    context = {
        "case": case, "person": person, "form": form, "row": row, "mask": mask, "shown": shown, "gone": gone,
        "closed": case.status == Status.CLOSED,
    }  # fmt: skip
    return render(request, "cases/identity.html", context, status=status)

"""Being away: one's own days and substitute, an answer to a colleague, and telling it for somebody who is ill."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from networks.access import NotAllowed, UserRequest, for_staff, log
from networks.actions import absence as actions
from networks.message_forms import AbsenceForm, SubstituteForm
from networks.models import Absence, User
from networks.own_messages import absence_box, line
from yhteiso.audit.models import Verb
from yhteiso.lib.dates import helsinki_date

AREA_SHOWN = 50
# Beside which field a refusal stands; the others stand above the form.
FIELD = {"days": "from_on", "overlap": "from_on", "own": "substitute", "inactive": "substitute", "colleague": "substitute",
         "away": "substitute", "same": "substitute"}  # fmt: skip


@for_staff
@require_http_methods(["GET", "HEAD", "POST"])
def absences(request: UserRequest) -> HttpResponse:
    """When am I away, who stands in, and whom do I stand in for?"""
    if request.method != "POST" and request.GET.get("person"):
        return _to_person(request)
    form = AbsenceForm(request.POST if request.method == "POST" else None, colleagues=_colleagues(request.user))
    if form.is_bound and _announced(request, request.user, form):
        return redirect("absences")
    return _page(request, form, status=422 if form.is_bound else 200)


@for_staff
@require_POST
def absence_answer(request: UserRequest, pk: int) -> HttpResponse:
    """Do I stand in?"""
    row, answer = _find(pk), request.POST.get("answer", "")
    if answer not in ("yes", "no"):
        return _page(request, refusal=_("Answer yes or no."), status=422)
    try:
        actions.answer(absence=row, by=request.user, accepts=answer == "yes", now=timezone.now())
    except NotAllowed as refusal:
        log(request, Verb.DENY, reason=refusal.code)
        return _page(request, refusal=str(refusal), status=422)
    messages.success(
        request, _("Thank you. Your colleague has been told.") if answer == "yes" else _("Your no has been told.")
    )
    return redirect("absences")


@for_staff
@require_POST
def absence_end(request: UserRequest, pk: int) -> HttpResponse:
    """Back at work already, or not going at all."""
    row = _find(pk)
    try:
        actions.end(absence=row, by=request.user, now=timezone.now())
    except NotAllowed as refusal:
        log(request, Verb.DENY, reason=refusal.code)
        return _page(request, refusal=str(refusal), status=422)
    messages.success(request, _("The absence has ended."))
    return _back(request, row.user)


@for_staff
@require_http_methods(["GET", "HEAD", "POST"])
def absence_substitute(request: UserRequest, pk: int) -> HttpResponse:
    """Who stands in instead?"""
    row = _find(pk)
    if not actions.may_keep(request.user, row.user):
        log(request, Verb.DENY, reason="another's")
        raise Http404
    posted = request.POST if request.method == "POST" else None  # an empty one too: nobody is a choice
    form = SubstituteForm(posted, colleagues=_colleagues(row.user), initial={"substitute": row.substitute_id})
    if form.is_valid():
        try:
            actions.change_substitute(absence=row, by=request.user, now=timezone.now(), **form.cleaned_data)
        except NotAllowed as refusal:
            _refuse(request, form, refusal)
        else:
            messages.success(request, _("The substitute has been changed."))
            return _back(request, row.user)
    context = {"form": form, "row": line(row, timezone.now()), "own": row.user_id == request.user.pk}
    return render(request, "networks/absence_substitute.html", context, status=422 if form.is_bound else 200)


@for_staff
@require_http_methods(["GET", "HEAD", "POST"])
def staff_absence(request: UserRequest, pk: int) -> HttpResponse:
    """Somebody is ill: from when, until when, and who takes care of their things?"""
    person = User.people.select_related("unit").filter(pk=pk).first()
    if person is None or person.pk == request.user.pk or not actions.may_keep(request.user, person):
        log(request, Verb.DENY, reason="not visible")
        raise Http404
    form = AbsenceForm(request.POST if request.method == "POST" else None, colleagues=_colleagues(person))
    if form.is_bound and _announced(request, person, form):
        log(request, Verb.CHANGE, reason=f"absence {person.pk}")
        return redirect("staff-absence", pk=person.pk)
    now = timezone.now()
    rows = Absence.objects.with_people().coming(helsinki_date(now)).filter(user=person)
    context = {
        "person": person, "form": form, "rows": [line(row, now) for row in rows], "admin": request.user.hat == "admin",
    }  # fmt: skip
    return render(request, "networks/absence_staff.html", context, status=422 if form.is_bound else 200)


def _announced(request: UserRequest, person: User, form: AbsenceForm) -> bool:
    """Whether it was written down; else the form tells why not."""
    if not form.is_valid():
        return False
    try:
        actions.announce(person=person, by=request.user, now=timezone.now(), **form.cleaned_data)
    except NotAllowed as refusal:
        _refuse(request, form, refusal)
        return False
    if form.cleaned_data["substitute"]:
        messages.success(request, _("The absence has been noted, and the substitute has been asked."))
    else:
        messages.success(request, _("The absence has been noted."))
    return True


def _refuse(request: UserRequest, form: SubstituteForm, refusal: NotAllowed) -> None:
    log(request, Verb.DENY, reason=refusal.code)
    field = FIELD.get(refusal.code)
    form.add_error(field if field in form.fields else None, str(refusal))


def _page(request: UserRequest, form: AbsenceForm | None = None, *, refusal: str = "", status: int = 200) -> HttpResponse:
    user, now = request.user, timezone.now()
    context: dict[str, Any] = {
        "form": form or AbsenceForm(colleagues=_colleagues(user)),
        "refusal": refusal,
        "box": absence_box(user, now),
        "area": _area(user, now) if user.hat == "area" else None,
        "people": _people(user),
    }
    return render(request, "networks/absences.html", context, status=status)


def _area(user: User, now: datetime) -> list[dict[str, Any]]:
    """Who else is away in the areas that the person coordinates; row security lets no others be seen."""
    rows = Absence.objects.with_people().coming(helsinki_date(now)).exclude(user=user)
    return [line(row, now) for row in rows[:AREA_SHOWN]]


def _people(user: User) -> list[User]:
    """For whom the person may tell that they are away; an administrator does it from the account's page."""
    return actions.answered_people(user) if user.hat == "area" and user.answers_for else []


def _to_person(request: UserRequest) -> HttpResponse:
    wanted = request.GET["person"]
    if not any(str(row.pk) == wanted for row in _people(request.user)):
        raise Http404
    return redirect("staff-absence", pk=int(wanted))


def _find(pk: int) -> Absence:
    """The absence, if row security lets it be seen: one's own, one where one stands in, or one of the own area."""
    return get_object_or_404(Absence.objects.with_people(), pk=pk)


def _colleagues(person: User) -> list[User]:
    return actions.colleagues(person, helsinki_date(timezone.now()))


def _back(request: UserRequest, person: User) -> HttpResponse:
    return redirect("absences") if person.pk == request.user.pk else redirect("staff-absence", pk=person.pk)

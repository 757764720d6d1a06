"""A professional's concern: the form, and the receipt that tells what happens next and by when."""

from datetime import datetime

from django.contrib import messages
from django.db import connection
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from cases.access import NotAllowed, UserRequest, for_hats, log
from cases.actions import intake
from cases.forms import ConcernForm
from cases.models import Case, Concern, FamilyAsked, public_name
from networks.models import AREA_ROLES, Area, User
from yhteiso.audit.models import Verb
from yhteiso.lib.dates import helsinki_date, latest_meeting_day


@for_hats("member")
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: UserRequest) -> HttpResponse:
    """Can I pass this on in four minutes, and who will see it?"""
    now = timezone.now()
    try:
        area, refusal = intake.area_for(request.user), ""
    except NotAllowed as reason:
        area, refusal = None, str(reason)
    names = coordinators_of(area, now) if area else []
    form = ConcernForm(
        request.POST if request.method == "POST" else None,
        coordinator=names[0] if names else _("The coordinator"), phone=request.user.phone,
    )  # fmt: skip
    if request.method == "POST" and form.is_valid() and (ref := _send(request, form, now)):
        return redirect("concern", ref=ref)
    today = helsinki_date(now)
    context = {
        "form": form, "refusal": refusal, "readers": names, "today": today, "meets_by": latest_meeting_day(today),
    }  # fmt: skip
    return render(request, "cases/concern_form.html", context, status=422 if form.is_bound else 200)


def _send(request: UserRequest, form: ConcernForm, now: datetime) -> str | None:
    try:
        concern = intake.log_concern(by=request.user, now=now, **form.cleaned_data)
    except NotAllowed as refusal:
        form.add_error(None, str(refusal))
        return None
    log(request, Verb.CHANGE, reason="concern sent")
    messages.success(request, _("Your message has reached the coordinator."))
    return concern.ref


@for_hats("member")
@require_safe
def receipt(request: UserRequest, ref: str) -> HttpResponse:
    """What happens to my concern now, and by when does the network meet?"""
    concern = Concern.objects.visible_to(request.user).select_related("area").filter(ref=ref).first()
    if concern is None:
        return _answered_long_ago(request, ref)
    case = Case.objects.visible_to(request.user).filter(pk=concern.case_id).first() if concern.case_id else None
    log(request, Verb.VIEW, case=case, reason=f"own concern {concern.ref}")
    context = {
        "concern": concern,
        "case": case,
        "coordinators": coordinators_of(concern.area, timezone.now()),
        "sent_on": helsinki_date(concern.sent_at),
        "wants_network": concern.family_asked == FamilyAsked.YES,
        "meets_by": latest_meeting_day(helsinki_date(concern.sent_at)),
    }
    return render(request, "cases/concern.html", context)


def _answered_long_ago(request: UserRequest, ref: str) -> HttpResponse:
    """Thirty days after the answer the text is no longer the writer's to read: only that it was answered, and when."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sent_at, answered_at FROM sec.my_answered_concerns() WHERE ref = %s", [ref])
        found = cursor.fetchone()
    if found is None:
        raise Http404
    log(request, Verb.VIEW, reason=f"own concern {ref}")
    return render(request, "cases/concern_answered.html", {"sent_at": found[0], "answered_at": found[1]})


def coordinators_of(area: Area, now: datetime) -> list[str]:
    """The names of those who coordinate or answer for the area today, the responsible person first."""
    today = helsinki_date(now)
    in_force = Q(roles__ends_on=None) | Q(roles__ends_on__gte=today)
    people = User.people.filter(
        in_force, is_active=True, roles__area=area, roles__role__in=AREA_ROLES, roles__starts_on__lte=today
    ).only("pk", "name", "protected_identity").distinct().order_by("sort_key", "pk")  # fmt: skip
    return [public_name(user) for user in sorted(people, key=lambda user: user.pk != area.responsible_id)]

"""An area's settings of the clock: on which days its steps are told and to whom. No content of any family."""

from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cases.access import NotAllowed, UserRequest, log
from cases.actions import ladder
from cases.deadlines import Step, plan
from cases.forms_clock import LadderForm
from cases.kinds import MEETING, meeting_late
from cases.ladder_words import roles_text
from cases.models import LadderChange
from networks.models import Area
from yhteiso.audit.models import Verb
from yhteiso.lib.dates import closed_reason, day14, helsinki_date, path_days, short_date

HISTORY = 40


@require_http_methods(["GET", "HEAD", "POST"])
def area_ladder(request: UserRequest, pk: int) -> HttpResponse:
    """On which days does this area remind, and whom?"""
    area = Area.objects.filter(pk=pk).first()
    if area is None or not ladder.may_set(request.user, area):
        log(request, Verb.DENY, reason="hat")
        raise Http404
    now = timezone.now()
    settings, named = ladder.as_set(area, helsinki_date(now) + timedelta(days=1))
    posted = request.POST if request.method == "POST" else None
    form = LadderForm(posted, people=ladder.people_of(area, helsinki_date(now)), settings=settings, named=named)
    looks = "preview" in request.POST
    if looks:
        form.fields["reason"].required = False
    if form.is_bound and form.is_valid():
        settings = form.settings
        if not looks and _saved(request, area, form, now):
            return redirect("area-ladder", pk=area.pk)
    broken = form.is_bound and not form.is_valid()
    context = {
        "area": area, "form": form, "preview": preview(settings, now), "history": _history(area, now), "looks": looks,
        "own_area": request.user.hat == "area",
    }  # fmt: skip
    return render(request, "cases/ladder.html", context, status=422 if broken else 200)


def _saved(request: UserRequest, area: Area, form: LadderForm, now: datetime) -> bool:
    try:
        ladder.change_ladder(
            area=area,
            settings=form.settings,
            named=form.person,
            reason=form.cleaned_data["reason"],
            by=request.user,
            now=now,
        )
    except NotAllowed as refusal:
        form.add_error(None, str(refusal))
        return False
    log(request, Verb.CHANGE)
    messages.success(request, _("Saved. The ladder changes tomorrow at 6. What has been told stays as it is."))
    return True


# -- the preview -------------------------------------------------------------------------------------------------------


def preview(settings: ladder.Settings, now: datetime) -> dict[str, Any]:
    """The path of a family whose call came now: the stones, and each step's day in words."""
    today = helsinki_date(now)
    steps = plan(ladder.ladder_of(MEETING, settings), now, meeting_late(now))
    days = {step.step: helsinki_date(step.due_at) for step in steps}
    told = {days[step.step]: step.step for step in steps if not step.merged}
    said = [_day(step, settings, today, days) for step in steps if not step.merged]
    return {
        "today": short_date(today),
        "stones": path_days(today, today, options=[day for day in told if day <= day14(today)]),
        "caption": _("Reminders: %(days)s.") % {"days": ", ".join(said)},
        "merged": [_merged(step, settings, told[days[step.step]], days) for step in steps if step.merged],
    }  # fmt: skip


def _day(step: Step, settings: ladder.Settings, today: date, days: dict[int, date]) -> str:
    said = {"date": short_date(days[step.step]), "day": settings[step.step][0]}
    wanted = today + timedelta(days=settings[step.step][0])
    if step.step == ladder.LAST:
        return _("%(date)s (day %(day)d is past)") % said
    if wanted == days[step.step]:
        return _("%(date)s (day %(day)d)") % said
    return _("%(date)s (day %(day)d is closed: %(why)s)") % (said | {"why": closed_reason(wanted) or ""})


def _merged(step: Step, settings: ladder.Settings, higher: int, days: dict[int, date]) -> str:
    return _("The step of day %(day)d falls on the same day as that of day %(higher)d, %(date)s. They are told as one.") % {
        "day": settings[step.step][0], "higher": settings[higher][0], "date": short_date(days[step.step]),
    }  # fmt: skip


# -- who has changed it ------------------------------------------------------------------------------------------------


def _history(area: Area, now: datetime) -> list[dict[str, Any]]:
    rows = LadderChange.objects.filter(area=area).select_related("made_by", "named", "applied").defer(
        *(f"{who}__{column}" for who in ("made_by", "named") for column in ("password", "last_login"))
    )  # fmt: skip
    return [
        {
            "row": row, "on": helsinki_date(row.made_at), "by": row.made_by.shown_name,
            "what": _("Step of day %(step)d: now day %(day)d, told to: %(roles)s")
            % {"step": row.step, "day": row.day, "roles": roles_text(row.to).lower()},
            "named": row.named.shown_name if row.named else "", "in_force": row.from_on <= helsinki_date(now),
        }
        for row in rows.order_by("-made_at", "step")[:HISTORY]
    ]  # fmt: skip

"""What an area says for itself: the texts and numbers of its safety panel. No content of any family."""

from datetime import datetime
from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from networks.access import NotAllowed, UserRequest, log
from networks.actions import area_texts as actions
from networks.area_forms import LANGUAGES, AreaTextsForm
from networks.models import Area, AreaTexts
from networks.models.area_texts import NUMBERS, SAID, WRITTEN
from networks.safety import panel
from yhteiso.audit.models import Verb
from yhteiso.lib.dates import helsinki_date

HISTORY = 20


@require_safe
def area_settings(request: UserRequest, pk: int) -> HttpResponse:
    """What has this area decided for itself, and where is each changed?"""
    area = Area.objects.filter(pk=pk).first()
    keeps = area is not None and request.user.hat == "area" and area.pk in request.user.area_ids
    if area is None or not (keeps or actions.may_set(request.user, area)):
        log(request, Verb.DENY, reason="hat")
        raise Http404
    log(request, Verb.LIST)
    context = {"area": area, "keeps": keeps, "answers": actions.may_set(request.user, area)}
    return render(request, "networks/area_settings.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def area_texts(request: UserRequest, pk: int) -> HttpResponse:
    """What does this area's safety panel say, and who wrote it?"""
    area = Area.objects.filter(pk=pk).first()
    if area is None or not actions.may_set(request.user, area):
        log(request, Verb.DENY, reason="hat")
        raise Http404
    rows = list(
        AreaTexts.objects.filter(area=area).select_related("made_by")
        .defer("made_by__password", "made_by__last_login")[: HISTORY + 1]
    )  # fmt: skip
    texts = rows[0] if rows else None
    form = AreaTextsForm(request.POST.copy() if request.method == "POST" else None, texts=texts)
    looks, status = "preview" in request.POST, 200
    if form.is_bound and not (valid := form.is_valid()):
        status = 422
    elif form.is_bound and valid and not looks:
        code = _saved(request, area, form, timezone.now())
        if code is None:
            return redirect("area-texts", pk=area.pk)
        status = 409 if code == "stale" else 422
    shown = AreaTexts(**form.written) if form.is_bound and status == 200 else texts
    context = {
        "area": area, "form": form, "looks": looks and status == 200, "safety": panel(area, shown), "history": history(rows),
        "own_area": request.user.hat == "area",
    }  # fmt: skip
    return render(request, "networks/area_texts.html", context, status=status)


def _saved(request: UserRequest, area: Area, form: AreaTextsForm, now: datetime) -> str | None:
    """None when it was saved, else the code of the refusal, which then stands above the form."""
    newest = form.cleaned_data["newest"]
    try:
        actions.change_texts(area=area, newest=newest, texts=form.written, by=request.user, now=now)
    except NotAllowed as refusal:
        form.add_error(None, str(refusal))
        if refusal.code == "stale":  # seen now: the next press saves over it, knowingly
            current = AreaTexts.objects.filter(area=area).only("pk").first()
            cast(QueryDict, form.data)["newest"] = str(current.pk if current else 0)
        return refusal.code
    log(request, Verb.CHANGE)
    messages.success(request, _("Saved. The panel says so at once, on every form of the area."))
    return None


def history(rows: list[AreaTexts]) -> list[dict[str, Any]]:
    """Versions from the newest on: who, when, and each text that changed, as it became."""
    labels = {f"{name}_{code}": (name, label) for name in SAID for code, label in LANGUAGES}
    lines = []
    for number, row in enumerate(rows[:HISTORY]):
        before = rows[number + 1] if number + 1 < len(rows) else AreaTexts()
        changed = []
        for name in WRITTEN:
            if getattr(row, name) == getattr(before, name):
                continue
            field = AreaTextsForm.base_fields[name]
            label = str(field.label) if name in NUMBERS else f"{field.label}, {str(labels[name][1]).lower()}"
            changed.append({"label": label, "now": getattr(row, name)})
        lines.append({"row": row, "on": helsinki_date(row.made_at), "by": row.made_by.shown_name, "changed": changed})
    return lines

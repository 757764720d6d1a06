"""The directory from a file and to a file. It is tried first: nothing is written before somebody has seen that."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from networks import service_file
from networks.access import NotAllowed, UserRequest, for_staff, log
from networks.actions import service as directory
from networks.actions import service_import as actions
from networks.models import Service, ServiceImport
from networks.service_file import BadFile
from networks.service_forms import FileForm
from networks.service_import import BAD, CHANGED, NEW, SAME, Trial, allowed, trial
from networks.service_views import areas_of, chosen_area
from yhteiso.audit.models import Verb
from yhteiso.lib.dates import helsinki_date

SHOWN = 100  # rows of one kind on the page; the file of errors has them all


@for_staff
@require_http_methods(["GET", "HEAD", "POST"])
def service_import(request: UserRequest) -> HttpResponse:
    """Which file?"""
    area = chosen_area(request)
    if not directory.may_add(request.user, area):
        log(request, Verb.DENY, reason="reach")
        raise Http404
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    if form.is_bound and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            text = service_file.decode(upload.read())
            service_file.read(text)
        except BadFile as bad:
            form.add_error("file", str(bad))
        else:
            kept = actions.keep(area=area, by=request.user, name=_file_name(upload.name), text=text, now=timezone.now())
            return redirect("service-trial", pk=kept.pk)
    context = {
        "form": form,
        "area": area,
        "areas": areas_of(request.user),
        "columns": service_file.COLUMNS,
        "allowed": allowed(),
    }
    return render(request, "networks/service_import.html", context, status=422 if form.is_bound else 200)


@for_staff
@require_safe
def service_trial(request: UserRequest, pk: UUID) -> HttpResponse:
    """What would this file do?"""
    file = _own(request, pk)
    return render(request, "networks/service_trial.html", _context(file, _trial(file)))


@for_staff
@require_POST
def entry(request: UserRequest, pk: UUID) -> HttpResponse:
    """Yes, bring it in."""
    file = _own(request, pk)
    try:
        new, changed = actions.bring_in(
            file=file, by=request.user, digest=request.POST.get("digest", ""), now=timezone.now()
        )
    except NotAllowed as refusal:
        log(request, Verb.DENY, reason=refusal.code)
        context = _context(file, _trial(file)) | {"refusal": str(refusal)}
        return render(request, "networks/service_trial.html", context, status=422)
    log(request, Verb.CHANGE, reason=f"services +{new} ~{changed}")
    messages.success(request, _("Brought in: %(new)d new, %(changed)d changed.") % {"new": new, "changed": changed})
    return redirect("service-list")


@for_staff
@require_safe
def errors(request: UserRequest, pk: UUID) -> HttpResponse:
    """The broken rows as a file, each with what is wrong: mend it and send it."""
    file = _own(request, pk)
    rows = [
        [str(one.row.number), " / ".join(f"{column}: {text}" for column, text in one.problems),
         *(one.row.cells.get(column, "") for column in service_file.COLUMNS)]
        for one in _trial(file).of(BAD)
    ]  # fmt: skip
    return _csv(service_file.write(["row", "errors", *service_file.COLUMNS], rows), "virheet.csv")


@for_staff
@require_safe
def service_csv(request: UserRequest) -> HttpResponse:
    """The area's directory for a spreadsheet, in the columns that can be brought in again."""
    log(request, Verb.EXPORT, reason="services")
    return _csv(service_file.as_csv(_exported(request)), "palvelut.csv")


@for_staff
@require_safe
def service_json(request: UserRequest) -> HttpResponse:
    """The area's directory for another system, in the shape of HSDS."""
    log(request, Verb.EXPORT, reason="services")
    answer = JsonResponse(service_file.as_json(_exported(request)), json_dumps_params={"ensure_ascii": False})
    answer["Content-Disposition"] = 'attachment; filename="palvelut.json"'
    return answer


def _exported(request: UserRequest) -> Any:
    """Those that the area's own people keep: a file of them can be brought in again."""
    return Service.objects.active().kept_by([chosen_area(request).pk]).with_places()


def _csv(text: str, name: str) -> HttpResponse:
    answer = HttpResponse(text, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _own(request: UserRequest, pk: UUID) -> ServiceImport:
    """The person's own file, for a directory that they keep now."""
    may = directory.may_add(request.user)  # another hat may not even ask
    row = ServiceImport.objects.select_related("area").filter(pk=pk, by=request.user).first() if may else None
    if row is None or not directory.may_add(request.user, row.area):
        log(request, Verb.DENY, reason="not visible")
        raise Http404
    return row


def _trial(file: ServiceImport) -> Trial:
    return trial(text=file.text, area=file.area, on=helsinki_date(timezone.now()))


def _context(file: ServiceImport, found: Trial) -> dict[str, Any]:
    good = len(found.of(NEW, CHANGED))
    bring = ngettext("Bring in %(n)d row", "Bring in %(n)d rows", good) % {"n": good}
    groups = {name: found.of(kind) for name, kind in (("new", NEW), ("changed", CHANGED), ("same", SAME), ("bad", BAD))}
    return {
        "file": file, "area": file.area, "rows": len(found.outcomes), "good": good, "bring": bring, "digest": found.digest,
        "unknown": ", ".join(found.unknown), "counts": {name: len(rows) for name, rows in groups.items()},
        "groups": {name: rows[:SHOWN] for name, rows in groups.items()}, "fields": _fields(groups["changed"][:SHOWN]),
        "import_url": f"{reverse('service-import')}?area={file.area_id}",
    }  # fmt: skip


def _fields(rows: list[Any]) -> list[tuple[Any, str]]:
    """Each changed row with the names of what would change, in words."""
    words = {row.name: str(row.verbose_name) for row in Service._meta.get_fields() if hasattr(row, "verbose_name")}
    return [(row, ", ".join(words[name] for name in row.changed)) for row in rows]


def _file_name(name: str | None) -> str:
    """The name as it can be shown: no path, nothing that can't be seen."""
    plain = "".join(letter for letter in (name or "").replace("\\", "/").rsplit("/", 1)[-1] if letter.isprintable())
    return plain[:80] or "tiedosto.csv"

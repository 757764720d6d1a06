"""Does everything work now? For machines, for containers and for people; and the tasks that were given up."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from yhteiso.forms import field_error
from yhteiso.hats.wear import wearing
from yhteiso.jobs import actions
from yhteiso.jobs.forms import CauseForm, NoteForm
from yhteiso.jobs.health import figures, for_machines, viewer
from yhteiso.jobs.models import DeadLetter, Silence
from yhteiso.jobs.shown import LETTERS, letter_rows, page

READERS = ("admin", "officer")  # of the tasks that were given up

View = Callable[..., HttpResponse]


@login_not_required
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """Whether this process and its database answer, for whoever would start it again. Says nothing of the jobs."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"status": "down", "database": "down"}, status=503)
    return JsonResponse({"status": "ok", "database": "ok"})


@login_not_required
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """200 or 503 with everything that is known: JSON, or a page for a browser. Says nothing of anybody to a stranger.

    503 when the database is down, the clock has been silent for two minutes, or the log has no month to write to.
    """
    response = _health(request)
    patch_vary_headers(response, ["Accept"])
    return response


def _health(request: HttpRequest) -> HttpResponse:
    as_page = wants_page(request)
    try:
        found = figures(now=timezone.now())
        status = 503 if found.status == "failing" else 200
        if not as_page:
            return JsonResponse(for_machines(found), status=status)
        who = viewer(request)
        letters: list[DeadLetter] = []
        if who and who.hat in READERS:
            with wearing(who.hat, who.id):
                letters = list(DeadLetter.objects.open()[:5])
        return render(request, "jobs/health.html", page(found, who, letters), status=status)
    except DatabaseError:
        if not as_page:
            return JsonResponse({"status": "down", "database": "down"}, status=503)
        return HttpResponse(render_to_string("503.html"), status=503)


def wants_page(request: HttpRequest) -> bool:
    """Whether a browser asks; whoever takes anything gets JSON."""
    if request.GET.get("format") == "json":
        return False
    return request.get_preferred_type(["application/json", "text/html"]) == "text/html"


def only(*hats: str) -> Callable[[View], View]:
    """A page for these hats. Raises Http404 for anybody else: it is not told that the page is there."""

    def decorate(view: View) -> View:
        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if getattr(request, "hat", None) not in hats:
                raise Http404
            return view(request, *args, **kwargs)

        return inner

    return decorate


@require_http_methods(["GET", "HEAD", "POST"])
@only("admin")
def cause(request: HttpRequest, pk: int) -> HttpResponse:
    """Why was the clock silent?"""
    silence = get_object_or_404(Silence, pk=pk)
    form = CauseForm(request.POST if request.method == "POST" else None, initial={"cause": silence.cause})
    if request.method == "POST" and form.is_valid():
        actions.write_cause(silence=silence, by=request.user, now=timezone.now(), **form.cleaned_data)  # type: ignore[arg-type]
        messages.success(request, _("The cause was written down."))
        return redirect("health")
    status = 422 if form.errors else 200
    return render(request, "jobs/cause.html", {"form": form, "silence": silence}, status=status)


@require_safe
@only(*READERS)
def dead_letters(request: HttpRequest) -> HttpResponse:
    """What was given up, and is anybody looking after it?"""
    return _letters(request)


@require_POST
@only(*READERS)
def handling(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Write what was done about a task."""
    letter = get_object_or_404(DeadLetter, pk=pk)
    form = NoteForm(request.POST, prefix=str(pk))
    if form.is_valid():
        try:
            actions.handle(letter_id=letter.pk, by=request.user, now=timezone.now(), **form.cleaned_data)  # type: ignore[arg-type]
        except actions.NotAllowed as refusal:
            form.add_error("note", field_error(str(refusal)))
        else:
            messages.success(request, _("The task was handled."))
            return redirect("dead-letters")
    return _letters(request, form, status=422)


@require_POST
@only(*READERS)
def rerun(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Send the task again with the same ids."""
    letter = get_object_or_404(DeadLetter, pk=pk)
    try:
        actions.run_again(letter_id=letter.pk, by=request.user, now=timezone.now())  # type: ignore[arg-type]
    except actions.NotAllowed as refusal:
        messages.error(request, str(refusal))
        return _letters(request, status=422)
    messages.success(request, _("The task was sent again. If it goes wrong, it comes back here."))
    return redirect("dead-letters")


def _letters(request: HttpRequest, form: NoteForm | None = None, status: int = 200) -> HttpResponse:
    waiting = letter_rows(DeadLetter.objects.open()[:LETTERS])
    for row in waiting:
        own = form is not None and form.prefix == row["pk"]
        row["form"] = form if own else NoteForm(prefix=row["pk"])
    handled = letter_rows(DeadLetter.objects.exclude(handled_at=None).order_by("-handled_at")[:20])
    context = {"waiting": waiting, "handled": handled, "form": form}
    return render(request, "jobs/dead_letters.html", context, status=status)

"""Views that break in the ways that a transaction and a hat must survive."""

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.template.response import TemplateResponse
from django.urls import include, path

from cases.models import Case, Concern
from tests.personas import at
from yhteiso.lib.ids import new_ref


def who() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_setting('app.uid', true)")
        return " ".join(cursor.fetchone())


def write(request: HttpRequest) -> None:
    unit = request.user.unit
    Concern.objects.create(
        ref=new_ref(), area_id=unit.area_id, logged_by=request.user, unit=unit, sent_at=at("2026-06-05 12:46"),
        form_key="0198a000-0000-7000-8000-000000000001", strengths="s", everyday="e", family_asked="not_yet",
        reachable="040",
    )  # fmt: skip


@login_not_required
def role(request: HttpRequest) -> HttpResponse:
    return HttpResponse(who())


def half_done(request: HttpRequest) -> HttpResponse:
    write(request)
    raise RuntimeError("SALAISUUS-JOTA-EI-LOKIIN")


def half_done_500(request: HttpRequest) -> HttpResponse:
    write(request)
    return HttpResponse(status=503)


def refused(request: HttpRequest) -> HttpResponse:
    write(request)
    return HttpResponse(status=403)


def deferred(request: HttpRequest) -> TemplateResponse:
    """Rendered after the view has returned: the hat must still be on."""
    template = engines["django"].from_string("{% for case in cases %}[{{ case.child_name }}]{% endfor %}")
    return TemplateResponse(request, template, {"cases": Case.objects.all()})


def broken_sql(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT no_such_column FROM cases_case")
    return HttpResponse()


urlpatterns = [
    path("role-now/", role, name="role-now"),
    path("half-done/", half_done, name="half-done"),
    path("half-done-500/", half_done_500, name="half-done-500"),
    path("refused/", refused, name="refused"),
    path("deferred/", deferred, name="deferred"),
    path("broken-sql/", broken_sql, name="broken-sql"),
    path("", include("yhteiso.urls")),
]
handler500 = "yhteiso.views.broken"

"""The address book with one page more, which asks for a fresh sign-in and reads with the person's hat."""

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_http_methods

from networks.step_up import fresh_sign_in
from yhteiso.urls import handler403, handler404, handler500
from yhteiso.urls import urlpatterns as ours

__all__ = ["handler403", "handler404", "handler500", "urlpatterns"]


@require_http_methods(["GET", "POST"])
@fresh_sign_in
def sensitive(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        hat = cursor.fetchone()[0]
    fields = sorted((key, *request.POST.getlist(key)) for key in request.POST if key != "csrfmiddlewaretoken")
    return HttpResponse(f"TEHTY {hat} {fields}")


urlpatterns = [path("sensitive/", sensitive, name="sensitive"), *ours]

"""Middleware that fits one function each."""

from collections.abc import Callable
from contextlib import suppress

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse

PERMISSIONS = (
    "camera=(), display-capture=(), fullscreen=(self), geolocation=(), microphone=(), midi=(), payment=(), usb=(), "
    "publickey-credentials-create=(self), publickey-credentials-get=(self)"
)


def headers(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Headers that Django has no setting for. Pages are never stored by a browser or a proxy on the way."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return middleware


def own_forms(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Tells Django's CSRF check that a form is our own where `Referrer-Policy: no-referrer` hides it (decision 0006).

    Under that policy a browser sends `Origin: null` with a plain form. It also says in `Sec-Fetch-Site`, which no page
    and no script can write, whether the form came from this very origin. Only then the origin is filled in; the token
    is asked all the same. Without the header, or with any other word in it, `null` stays and is refused.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.META.get("HTTP_ORIGIN") == "null" and request.META.get("HTTP_SEC_FETCH_SITE") == "same-origin":
            with suppress(DisallowedHost):  # refused as a bad request further in
                request.META["HTTP_ORIGIN"] = f"{request.scheme}://{request.get_host()}"
        return get_response(request)

    return middleware

"""Django's administration, narrowed: reference data only. A library that registers more is not let in."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse


class ReferenceSite(AdminSite):
    """Shows the models of `networks`. Sign-in goes by the application's own door, second step included."""

    site_header = site_title = "Yhteiso"
    site_url = None

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The application's own door, with its second step; who has come in and may not be here finds nothing."""
        if request.user.is_authenticated:
            raise Http404
        return redirect(f"{reverse('account_login')}?next={reverse('admin:index')}")

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return redirect("account_logout")

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return redirect("account_change_password")

    def get_urls(self) -> list[Any]:
        """Without the shortcut that looks an object up by its kind, whatever it is."""
        return [pattern for pattern in super().get_urls() if getattr(pattern, "name", "") != "view_on_site"]

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        models: Iterable[type[Model]] = (
            [model_or_iterable] if isinstance(model_or_iterable, type) else list(model_or_iterable)
        )
        ours = [model for model in models if model._meta.app_label == "networks"]
        if ours:
            super().register(ours, admin_class, **options)


class ReferenceAdmin(AdminConfig):
    default_site = "yhteiso.administration.ReferenceSite"

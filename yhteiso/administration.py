"""Django's administration, narrowed: reference data only. A library that registers more is not let in."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.db.models import Model


class ReferenceSite(AdminSite):
    """Shows the models of `networks`. Sign-in goes by the application's own door, second step included."""

    site_header = site_title = "Yhteiso"
    site_url = None

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        models: Iterable[type[Model]] = (
            [model_or_iterable] if isinstance(model_or_iterable, type) else list(model_or_iterable)
        )
        ours = [model for model in models if model._meta.app_label == "networks"]
        if ours:
            super().register(ours, admin_class, **options)


class ReferenceAdmin(AdminConfig):
    default_site = "yhteiso.administration.ReferenceSite"

"""Registers the project itself as an application: template tags, commands, checks and its first migrations."""

from django.apps import AppConfig


class YhteisoConfig(AppConfig):
    name = "yhteiso"
    verbose_name = "Yhteiso"

    def ready(self) -> None:
        from yhteiso import start  # noqa: F401  registers the system checks and the worker's start

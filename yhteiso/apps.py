"""Registers the project itself as an application: template tags, commands, checks and its first migrations."""

from django.apps import AppConfig
from django.contrib.staticfiles.apps import StaticFilesConfig


class YhteisoConfig(AppConfig):
    name = "yhteiso"
    verbose_name = "Yhteiso"

    def ready(self) -> None:
        from yhteiso import start  # noqa: F401  registers the system checks and the worker's start


class StaticFiles(StaticFilesConfig):
    """Serves what is compiled, not the sources that it is compiled from."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "src"]

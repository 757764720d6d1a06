"""Fixtures that every test may use."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import override_settings
from django.utils.translation import trans_real

from tests.migrated import template
from tests.personas import World
from yhteiso.lib.cipher import DEMONSTRATION_TEXT
from yhteiso.lib.translations import compile_file


def pytest_configure(config: pytest.Config) -> None:
    """Compile the translations before anything asks for a text: Django keeps the catalogue that it finds first."""
    if not hasattr(config, "workerinput"):
        for path in sorted((Path(__file__).parents[1] / "locale").glob("*/LC_MESSAGES/*.po")):
            compile_file(path)
        # Starting Django may have read the texts already, the missing ones of a fresh checkout too.
        trans_real._translations.clear()
        trans_real._default = None


@pytest.fixture(scope="session", autouse=True)
def plain_static_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Pages are drawn over plain HTTP and without collecting static files; the browser tests do both for real."""
    root = tmp_path_factory.mktemp("static")
    storages = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    # `make test` brings keys of its own; a pytest by hand may have none.
    keys = {
        "FIELD_KEYS": settings.FIELD_KEYS or f"1:{DEMONSTRATION_TEXT}",
        "BLIND_KEY": settings.BLIND_KEY or DEMONSTRATION_TEXT,
        "BASE_URL": "https://yhteiso.example",
    }
    with override_settings(STATIC_ROOT=str(root), STORAGES=storages, SECURE_SSL_REDIRECT=False, **keys):
        yield root


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Each worker's database is a copy of one that has been migrated."""
    settings.DATABASES["default"]["TEST"]["TEMPLATE"] = connection.settings_dict["TEST"]["TEMPLATE"] = template()


@pytest.fixture
def world(db: None) -> World:
    """Everybody, and nobody's case yet."""
    return World()

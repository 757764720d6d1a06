"""Reads settings from the environment. Every variable is listed in docs/settings.md."""

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}


def text(name: str, default: str | None = None) -> str:
    """The variable's value, or the content of the file that `NAME_FILE` names. Raises when neither is set."""
    if path := os.environ.get(f"{name}_FILE"):
        return Path(path).read_text(encoding="utf-8").strip()
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"{name} is not set. See docs/settings.md.")
    return value


def flag(name: str, default: bool) -> bool:
    """A yes or no. Raises on any other word, so that a typing error never means 'no'."""
    value = os.environ.get(name, "1" if default else "0").strip().lower()
    if value not in TRUE | FALSE:
        raise ImproperlyConfigured(f"{name} must be 1 or 0, not {value!r}.")
    return value in TRUE


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list without empty items."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def database(url: str) -> dict[str, Any]:
    """Django's database settings from `postgresql://login:password@host:port/name` or `…@/name?host=/socket/dir`."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ImproperlyConfigured("DATABASE_URL must begin with postgresql://")
    options: dict[str, Any] = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    host = options.pop("host", parts.hostname or "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(options.pop("port", parts.port or "")),
        "OPTIONS": options,
    }


ORGANISATION = {"key", "name", "agency", "issuer", "client_id"}
ORGANISATION_MAY = {"acr", "amr", "client_secret", "client_secret_file"}
ON_THIS_MACHINE = {"127.0.0.1", "localhost", "::1"}


def organisations(value: str) -> list[dict[str, Any]]:
    """The organisations' sign-ins from JSON, a list of objects (docs/settings.md). Raises for anything doubtful.

    A secret may stand in a file of its own (`client_secret_file`). Keys, issuers and agencies are each used once.
    """
    try:
        rows = [_organisation(dict(row)) for row in json.loads(value)]
    except (TypeError, ValueError) as error:
        raise ImproperlyConfigured("SIGN_IN_ORGANISATIONS must be a JSON list of objects.") from error
    for name in ("key", "issuer", "agency"):
        if len({row[name] for row in rows}) != len(rows):
            raise ImproperlyConfigured(f"SIGN_IN_ORGANISATIONS: each organisation needs its own {name}.")
    return rows


def _organisation(row: dict[str, Any]) -> dict[str, Any]:
    if not ORGANISATION <= set(row) <= ORGANISATION | ORGANISATION_MAY:
        raise ImproperlyConfigured(f"SIGN_IN_ORGANISATIONS: an object needs {', '.join(sorted(ORGANISATION))}.")
    issuer = urlsplit(row["issuer"])
    if issuer.scheme != "https" and not (issuer.scheme == "http" and issuer.hostname in ON_THIS_MACHINE):
        raise ImproperlyConfigured("SIGN_IN_ORGANISATIONS: an issuer must begin with https://")
    if path := row.pop("client_secret_file", None):
        row["client_secret"] = Path(path).read_text(encoding="utf-8").strip()
    if not row.get("client_secret"):
        raise ImproperlyConfigured("SIGN_IN_ORGANISATIONS: client_secret or client_secret_file is missing.")
    return row

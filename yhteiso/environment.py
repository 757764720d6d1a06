"""Reads settings from the environment. Every variable is listed in docs/settings.md."""

import json
import os
import re
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


LONGEST_SITE = 40  # with it the longest SMS still fits into one (tests/outbox)


def site(value: str) -> str:
    """The address that messages lead to, without a slash at its end. Raises when a link in an SMS would be too long."""
    value = value.rstrip("/")
    if len(value) > LONGEST_SITE or (value and not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+", value)):
        raise ImproperlyConfigured(f"BASE_URL must be https:// and a host, at most {LONGEST_SITE} characters.")
    return value


def mailer() -> dict[str, Any]:
    """Django's mailer: the server of EMAIL_HOST, else a folder of files, else the console."""
    backends = "django.core.mail.backends"
    if host := text("EMAIL_HOST", ""):
        security = text("EMAIL_SECURITY", "").lower()
        if security not in {"", "starttls", "tls"}:
            raise ImproperlyConfigured("EMAIL_SECURITY must be starttls, tls or empty.")
        options: dict[str, Any] = {
            "host": host,
            "port": int(text("EMAIL_PORT", "465" if security == "tls" else "25")),
            "username": text("EMAIL_USER", ""),
            "password": text("EMAIL_PASSWORD", ""),
            "use_tls": security == "starttls",
            "use_ssl": security == "tls",
            "timeout": 8,  # seconds for each answer: well below the relay's lease
        }
        return {"BACKEND": f"{backends}.smtp.EmailBackend", "OPTIONS": options}
    if folder := text("EMAIL_FOLDER", ""):
        return {"BACKEND": f"{backends}.filebased.EmailBackend", "OPTIONS": {"file_path": folder}}
    return {"BACKEND": f"{backends}.console.EmailBackend", "OPTIONS": {}}


SMS_FIELDS = {"to": "to", "text": "text", "id": "id", "sender": "from", "ref": "id"}


def sms(*, trial: bool, plain: bool) -> dict[str, Any]:
    """How SMS leave: the gateway of SMS_GATEWAY_URL, else a file of JSON lines, else a trial's console, else not at all.

    Raises unless the gateway is asked over TLS; `plain` allows http.
    """
    url, file = text("SMS_GATEWAY_URL", ""), text("SMS_FILE", "")
    if url and urlsplit(url).scheme != "https" and not (plain and urlsplit(url).scheme == "http"):
        raise ImproperlyConfigured("SMS_GATEWAY_URL must begin with https://")
    pairs = dict(pair.partition("=")[::2] for pair in words("SMS_GATEWAY_FIELDS"))
    if not set(pairs) <= set(SMS_FIELDS) or not all(pairs.values()):
        raise ImproperlyConfigured(f"SMS_GATEWAY_FIELDS: pairs like to=recipient; known are {', '.join(SMS_FIELDS)}.")
    return {
        "backend": "http" if url else "file" if file else "console" if trial else "none",
        "url": url,
        "file": file,
        "token": text("SMS_GATEWAY_TOKEN", ""),
        "sender": text("SMS_SENDER", ""),
        "fields": SMS_FIELDS | pairs,
    }

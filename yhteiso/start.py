"""What a process checks before it serves anybody: safe settings, its own login, and the demonstration flag."""

from typing import Any

from celery.signals import beat_init, worker_init
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from yhteiso.lib.cipher import unsafe_keys

KNOWN_SECRETS = {"secret", "changeme", "insecure", "django-insecure"}
SHORTEST_SECRET = 50


@register(Tags.security, deploy=True)
def production_settings(**kwargs: Any) -> list[CheckMessage]:
    """Errors that stop a production start, told by `check --deploy` too."""
    return [Error(text, id=f"yhteiso.E{number:03}") for number, text in enumerate(unsafe_settings(), start=1)]


def unsafe_settings(*, keys: bool = True) -> list[str]:
    """Why these settings must not serve real families: sentences, empty when all is well. The jobs have no `keys`."""
    found = []
    if settings.DEBUG:
        found.append("DEBUG is on.")
    secret = settings.SECRET_KEY.lower()
    if len(secret) < SHORTEST_SECRET or any(word in secret for word in KNOWN_SECRETS):
        found.append("SECRET_KEY is known or shorter than 50 characters.")
    if not settings.HTTPS:
        found.append("HTTPS is off.")
    if not settings.BASE_URL.startswith("https://"):
        found.append("BASE_URL is missing or not https://: messages would lead nowhere.")
    if keys:
        found += unsafe_keys(settings.FIELD_KEYS, settings.BLIND_KEY)
    return found


def login_facts() -> tuple[str, bool, bool, bool]:
    """This connection's login: its name, is it a superuser, does it pass row security, does it own tables here."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.rolname, r.rolsuper, r.rolbypassrls,"
            " EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            "         WHERE c.relowner = r.oid AND n.nspname IN ('public', 'sec'))"
            " FROM pg_roles r WHERE r.rolname = session_user"
        )
        row: tuple[str, bool, bool, bool] = cursor.fetchone()
    return row


def database_is_demo() -> bool:
    """Whether the database was marked as a demonstration when it was made. A session can't change this answer."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(bool_or(item IN ('yhteiso.demo=on', 'yhteiso.demo=true')), false)"
            " FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) AS item"
            " WHERE d.datname = current_database() AND s.setrole = 0"
        )
        return bool(cursor.fetchone()[0])


def verify_process(*, keys: bool = True) -> None:
    """Refuse to serve. Raises ImproperlyConfigured with every reason, so that one start tells them all."""
    name, superuser, bypass, owner = login_facts()
    found = [] if settings.DEMO else unsafe_settings(keys=keys)
    if superuser or bypass or owner:
        found.append(f"The database login {name} owns tables or passes row security. Use yhteiso_web or yhteiso_jobs.")
    if database_is_demo() != settings.DEMO:
        found.append(
            "DEMO=1 needs a database that was marked as a demonstration when it was made, "
            "and such a database opens only with DEMO=1."
        )
    if settings.DEMO and not settings.DATABASES["default"]["HOST"].startswith("/"):
        found.append("DEMO=1 works with the embedded database on this machine only.")
    connection.close()
    if found:
        raise ImproperlyConfigured(" ".join(found))


@worker_init.connect
@beat_init.connect
def verify_jobs(**kwargs: Any) -> None:
    """The same check for the worker and for beat. Celery swallows an exception here, so the process is ended."""
    try:
        verify_process(keys=False)
    except ImproperlyConfigured as error:
        raise SystemExit(f"Refused to start: {error}") from error

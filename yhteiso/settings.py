"""Settings of Yhteiso. Everything that differs between installations comes from the environment (docs/settings.md)."""

from datetime import timedelta
from pathlib import Path

from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _

from yhteiso import environment
from yhteiso.lib import cipher

BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = environment.text("SECRET_KEY")
SECRET_KEY_FALLBACKS = environment.words("SECRET_KEY_FALLBACKS")
DEBUG = environment.flag("DEBUG", False)
# Demonstration: invented people, one-click sign-in. Starts only on a database that was marked for it (yhteiso/start.py).
DEMO = environment.flag("DEMO", False)
# Plain HTTP is for the demonstration and development on this machine only.
HTTPS = environment.flag("HTTPS", not (DEMO or DEBUG))

# Personal identity codes lie encrypted with the highest of these keys; only web and owner processes get them.
FIELD_KEYS = environment.text("FIELD_KEYS", f"1:{cipher.DEMONSTRATION_TEXT}" if DEMO or DEBUG else "")
BLIND_KEY = environment.text("BLIND_KEY", cipher.DEMONSTRATION_TEXT if DEMO or DEBUG else "")

ALLOWED_HOSTS = ["127.0.0.1", "localhost"] if DEMO else environment.words("ALLOWED_HOSTS", "127.0.0.1,localhost")
CSRF_TRUSTED_ORIGINS = environment.words("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "yhteiso",
    "yhteiso.jobs",
    "yhteiso.audit",
    "yhteiso.outbox",
    "networks",
    "cases",
    "meetings",
    "metrics",
    "yhteiso.administration.ReferenceAdmin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",  # arrays and their indexes
    "yhteiso.apps.StaticFiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "yhteiso.middleware.headers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "yhteiso.middleware.own_forms",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "networks.limits.limits",
    "networks.signin.second_factor",
    "yhteiso.hats.middleware.HatMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
]

ROOT_URLCONF = "yhteiso.urls"
WSGI_APPLICATION = "yhteiso.wsgi.application"
FORM_RENDERER = "yhteiso.forms.Renderer"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "networks.context.page",
            ],
        },
    },
]

# --- The database: this process's own login, nothing more (house rule: hats) -----------------------------------------
DATABASES = {"default": environment.database(environment.text("DATABASE_URL"))}
DATABASES["default"] |= {
    "CONN_MAX_AGE": 60,
    "CONN_HEALTH_CHECKS": True,
    "TEST": {"NAME": environment.text("TEST_DATABASE", "test_yhteiso")},
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    # Rate limits of sign-in are counted in PostgreSQL: they hold over several processes and with the broker down.
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "yhteiso_cache"},
}

# --- Who is there ----------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "networks.User"
AUTHENTICATION_BACKENDS = ["networks.signin.Backend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 15}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"

ACCOUNT_ADAPTER = "networks.signin.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # an account is born from an invitation only
ACCOUNT_USER_DISPLAY = "networks.signin.display_name"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False  # networks.limits counts, in PostgreSQL and before allauth
MFA_SUPPORTED_TYPES = ["webauthn", "totp", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"  # finger, face or PIN: a passkey is two factors by itself
MFA_ADAPTER = "networks.signin.MfaAdapter"
MFA_FORMS = {
    "add_webauthn": "networks.signin.AddPasskeyForm",
    "login_webauthn": "networks.signin.PasskeyLoginForm",
    "authenticate_webauthn": "networks.signin.PasskeyStepForm",
    "reauthenticate_webauthn": "networks.signin.PasskeyAgainForm",
}
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_TOLERANCE = 1
MFA_TOTP_ISSUER = "Yhteiso"
MFA_TRUST_ENABLED = False

# Organisations whose people sign in with their own identity (OpenID Connect): networks/organisation.py.
SIGN_IN_ORGANISATIONS = environment.organisations(environment.text("SIGN_IN_ORGANISATIONS", "[]"))

SESSION_COOKIE_AGE = 30 * 60  # idle time; every request moves it
SHARED_IDLE_AGE = 15 * 60  # on a device that others use too: then the session locks
SESSION_ABSOLUTE_AGE = 10 * 60 * 60
SESSION_SAVE_EVERY_REQUEST = True
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- What the browser may do -----------------------------------------------------------------------------------------
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
    "base-uri": [CSP.NONE],
}
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/(live/)?$"]  # asked inside the container by its health check
BEHIND_PROXY = environment.flag("BEHIND_PROXY", False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_HSTS_SECONDS = 63072000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
# The address of a case is a secret: nobody gets it, not even ourselves (docs/decisions/0006).
SECURE_REFERRER_POLICY = "no-referrer"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "__Host-sessionid" if HTTPS else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if HTTPS else "csrftoken"
CSRF_FAILURE_VIEW = "yhteiso.views.csrf_failure"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
FILE_UPLOAD_HANDLERS = ["yhteiso.uploads.SmallFilesOnly", "django.core.files.uploadhandler.MemoryFileUploadHandler"]

# --- Languages and time ----------------------------------------------------------------------------------------------
LANGUAGE_CODE = "fi"
LANGUAGES = [("fi", _("Finnish")), ("sv", _("Swedish")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Europe/Helsinki"
USE_I18N = USE_TZ = True

# --- Files -----------------------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = environment.text("STATIC_ROOT", str(BASE_DIR / ".local" / "static"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# --- Jobs: UTC intervals, never local wall-clock times (the hour that a clock change skips would be skipped too) ------
CELERY_BROKER_URL = environment.text("REDIS_URL", "")
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_TIME_LIMIT = 300
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 2,  # a bell that nobody answers keeps no request waiting
    "visibility_timeout": 900,  # above the longest task
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
}
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = {"visibility_timeout": 900}  # the shortest on a broker counts for all
CELERY_BEAT_SCHEDULER = "yhteiso.jobs.beat:Timetable"
# Each name is also that of its job's record (yhteiso/jobs/runs.py), with the same interval.
CELERY_BEAT_SCHEDULE = {
    "tick": {"task": "cases.tasks.tick", "schedule": timedelta(seconds=30)},
    "changed-ladders": {"task": "cases.tasks.replan_changed", "schedule": timedelta(minutes=15)},
    "sweep": {"task": "cases.tasks.sweep", "schedule": timedelta(minutes=10)},
    "missed-outcomes": {"task": "meetings.tasks.write_missed_outcomes", "schedule": timedelta(minutes=1)},
    "reminders": {"task": "meetings.tasks.remind", "schedule": timedelta(minutes=1)},
    "drain-outbox": {"task": "yhteiso.outbox.tasks.drain", "schedule": timedelta(seconds=10)},
    "seal-log": {"task": "yhteiso.audit.tasks.seal_log", "schedule": timedelta(seconds=10)},
    "log-months": {"task": "yhteiso.audit.tasks.ensure_partitions", "schedule": timedelta(hours=6)},
    "verify-log": {"task": "yhteiso.audit.tasks.verify_log", "schedule": timedelta(hours=24)},
    "oddities": {"task": "yhteiso.audit.tasks.find_oddities", "schedule": timedelta(hours=1)},
    "daily-tasks": {"task": "cases.tasks.open_daily_tasks", "schedule": timedelta(hours=24)},
    "digests": {"task": "cases.tasks.send_digests", "schedule": timedelta(hours=1)},
    "canary": {"task": "yhteiso.jobs.tasks.canary", "schedule": timedelta(seconds=30)},
    "lost-tasks": {"task": "yhteiso.jobs.tasks.bury_lost", "schedule": timedelta(minutes=10)},
    "close-month": {"task": "metrics.tasks.close_months", "schedule": timedelta(hours=1)},
}

# Where the heads of the sealed log are written each hour: a file on another machine's disk. Empty: process log only.
LOG_CHECKPOINTS = environment.text("LOG_CHECKPOINTS", "")

# --- Messages: ids and counts only in a log, never a family's words; the texts are in yhteiso/outbox/texts.py ---------
BASE_URL = environment.site(environment.text("BASE_URL", "http://127.0.0.1:8000" if DEMO or DEBUG else ""))
DEFAULT_FROM_EMAIL = environment.text("DEFAULT_FROM_EMAIL", "yhteiso@localhost")
MAILERS = {"default": environment.mailer()}
SMS = environment.sms(trial=DEMO or DEBUG, plain=DEBUG)
# The gateway signs what it tells of a message's fate with this. Without one nothing is believed.
SMS_REPORT_SECRET = environment.text("SMS_REPORT_SECRET", "")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {"no_content": {"()": "yhteiso.logs.NoContent"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain", "filters": ["no_content"]}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": ["console"], "level": "INFO", "propagate": False},
        "fontTools": {"level": "WARNING"},
        "weasyprint": {"level": "ERROR"},
    },
}
DEFAULT_EXCEPTION_REPORTER = "yhteiso.logs.QuietReporter"
SILENCED_SYSTEM_CHECKS: list[str] = []

"""The one settings module; what differs between places comes from the environment (see README)."""

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _
from kombu import Queue  # type: ignore[attr-defined]

from config import env

BASE_DIR = Path(__file__).resolve().parent.parent
# Everything that is written beside the database: collected static files, mails of a laptop, the SQLite file.
VAR_DIR = Path(env.text("VAR_DIR") or BASE_DIR / "var")
VAR_DIR.mkdir(parents=True, exist_ok=True)

# A laptop is the default; DEBUG=0 is a server, and config/checks.py refuses what would be unsafe there.
DEBUG = env.boolean("DEBUG", default=True)
DEFAULT_SECRET_KEY = "insecure-for-laptops-only"  # noqa: S105 - refused by a check as soon as DEBUG is off
SECRET_KEY = env.text("SECRET_KEY") or DEFAULT_SECRET_KEY
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.names("CSRF_TRUSTED_ORIGINS")
WEB_CONCURRENCY = env.integer("WEB_CONCURRENCY", 1, least=1)

INSTALLED_APPS = [
    "config.apps.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "axes",
    "crispy_bootstrap5",
    "crispy_forms",
    "csp",
    "django_htmx",
    "django_structlog",
    "ninja",
    "template_partials",
    "drains",
    "accounts",
    "notifications",
    "leads",
    "scoring",
    "sla",
    "config",
]

MIDDLEWARE = [
    "config.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.RequestLogMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "config.arriving.AddressMiddleware",
    "config.middleware.MachineMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.middleware.ReaderTimeMiddleware",
    "accounts.middleware.LogInAgainMiddleware",
    "axes.middleware.AxesMiddleware",
    "config.middleware.WrongMethodMiddleware",
    "config.middleware.NotFoundMiddleware",
]

# Answered by config.middleware.MachineMiddleware; each knows its senders by a key that they show.
MACHINE_PATHS = frozenset({"/api/v1/submissions"})

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
# Covering columns of indexes are PostgreSQL's; SQLite takes the index without them.
SILENCED_SYSTEM_CHECKS = ["models.W040"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.navigation.navigation",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "accounts.templatetags.words",
            ],
        },
    }
]
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

# --- Database ---------------------------------------------------------------------------------------
DATABASES = {"default": env.database("DATABASE_URL", f"sqlite:///{VAR_DIR / 'baton.sqlite3'}")}
_database = DATABASES["default"]
IS_SQLITE = _database["ENGINE"].endswith("sqlite3")
if IS_SQLITE:
    # Writers queue instead of failing: write-ahead log, a busy timeout, and the write lock taken at BEGIN.
    _database["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
        " PRAGMA cache_size=-32000; PRAGMA temp_store=MEMORY;",
    }
    # A file and not memory, so that the threads of a test share it.
    _database["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}
else:
    _database["ENGINE"] = "config.postgresql"
    _database["CONN_MAX_AGE"] = env.integer("CONN_MAX_AGE", 600)
    _database["CONN_HEALTH_CHECKS"] = True
    _database.setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
# What is late is judged by the database's clock, which all machines share (drains/clock.py).
DATABASE_TIME = env.boolean("DATABASE_TIME", default=True)

# --- Celery: wake-up calls only; the database is the queue ---------------------------------------------
REDIS_URL = env.redis_url("REDIS_URL")
IN_MEMORY_BROKER = not REDIS_URL
# Web, worker and beat in one process: `make run`. Servers run them apart.
EMBEDDED_WORKER = env.boolean("EMBEDDED_WORKER", default=IN_MEMORY_BROKER)
CELERY_BROKER_URL = REDIS_URL or "memory://localhost/"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Breaches do not wait in line behind a burst of submissions: a worker takes from its queues by turns.
CELERY_TASK_QUEUES = tuple(Queue(name) for name in ("celery", "clocks"))  # type: ignore[no-untyped-call]
CELERY_TASK_ROUTES = {"sla.sweep": {"queue": "clocks"}}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = (
    {"polling_interval": 0.05}
    if IN_MEMORY_BROKER
    # A dead Redis costs a request half a second at most, and then nothing for drains.wake.QUIET_SECONDS. The last four
    # are kombu's own: without them it tries again for six seconds before it says that a call was not taken.
    else {
        "socket_connect_timeout": 0.5,
        "socket_timeout": 2,
        "retry_on_timeout": False,
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0,
        "interval_max": 0,
    }
)

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# --- People ------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "accounts:login"
# Five wrong passwords for one account from one address close that pair for a quarter of an hour.
AXES_FAILURE_LIMIT = env.integer("LOGIN_FAILURE_LIMIT", 5, least=1)
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_FORM_FIELD = "username"
AXES_USERNAME_CALLABLE = "accounts.throttle.address_of"
AXES_LOCKOUT_TEMPLATE = "accounts/throttled.html"
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = True

# --- Languages and time ---------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
# Zone of the reader until a person chose one; also the zone whose midnight ends a month in reports.
ORGANISATION_TIME_ZONE = env.time_zone("ORGANISATION_TIME_ZONE", "UTC")

# --- Static files ---------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "config.static_files.StaticFiles"
    },
}

# --- Mail ---------------------------------------------------------------------------------------------------------
EMAIL_BACKEND = env.text("EMAIL_BACKEND", "django.core.mail.backends.filebased.EmailBackend")
EMAIL_FILE_PATH = VAR_DIR / "mail"
EMAIL_HOST = env.text("EMAIL_HOST", "localhost")
EMAIL_PORT = env.integer("EMAIL_PORT", 25)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env.boolean("EMAIL_USE_TLS", default=False)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "Baton <baton@localhost>")
# Where links in e-mails lead.
PUBLIC_URL = env.text("PUBLIC_URL", f"http://127.0.0.1:{env.integer('PORT', 8000, least=1)}").rstrip("/")

# --- Channels ---------------------------------------------------------------------------------------------------------
# Webhooks and chats may be on this machine, without https and on any port: for tests and for trying out on a laptop.
WEBHOOK_ALLOW_INSECURE = env.boolean("WEBHOOK_ALLOW_INSECURE", default=False)

# --- Safety ----------------------------------------------------------------------------------------------------------
# Behind a proxy that sets X-Forwarded-Proto and X-Forwarded-For (and strips the visitor's own).
BEHIND_PROXY = env.boolean("BEHIND_PROXY", default=False)
HTTPS_ONLY = env.boolean("HTTPS_ONLY", default=not DEBUG)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    AXES_IPWARE_PROXY_COUNT = 1
SECURE_SSL_REDIRECT = HTTPS_ONLY
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS_ONLY else 0
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS_ONLY
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
# Larger bodies are refused with 413 before they are read (the API has its own, smaller limit).
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440

# --- Logs: one line of JSON per event on servers, readable lines on a laptop -----------------------------------------
DJANGO_STRUCTLOG_CELERY_ENABLED = True
# One line per request and per run that did something; the beat's idle calls come several times a second.
DJANGO_STRUCTLOG_CELERY_TASK_START_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_CELERY_TASK_SUCCESS_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_CELERY_TASK_FAILURE_LOG_LEVEL = logging.ERROR
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
_shared_processors: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso"),
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "structured": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": _shared_processors,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.dev.ConsoleRenderer() if DEBUG else structlog.processors.JSONRenderer(),
            ],
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
    "root": {"handlers": ["stderr"], "level": "WARNING" if DEBUG else LOG_LEVEL},
    "loggers": {
        name: {"handlers": ["stderr"], "level": LOG_LEVEL, "propagate": False}
        for name in ("django", "drains", "accounts", "notifications", "leads", "scoring", "sla", "config")
    }
    # What it would say of a failed request, django_structlog says with the request's id.
    | {"django.request": {"level": "CRITICAL"}},
}
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_shared_processors,
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)

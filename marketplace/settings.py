"""Django's settings, from the environment alone: each variable is read here once, typed, and a wrong one stops the start."""

from pathlib import Path
from typing import Any, Final

from registry.base import embedded, environment, roles

BASE_DIR: Final = Path(__file__).resolve().parents[1]

# What the environment may say -------------------------------------------------------------------------------------------------------

VAR: Final = embedded.var_directory()  # EGRET_VAR: everything Egret writes on this machine
DATABASE_URL: Final = environment.text("DATABASE_URL")  # a PostgreSQL 15 to 18; without it the embedded server's socket under VAR
EGRET_ROLE: Final = environment.choice("EGRET_ROLE", default=roles.APPLICATION, options=[roles.APPLICATION, roles.OWNER])
SECRET_KEY = environment.secret("SECRET_KEY", least=50)  # signs cookies and cursors; Django refuses to use an empty one
EGRET_MASTER_KEY = environment.key_hex("EGRET_MASTER_KEY", length=32)  # wraps the data keys; sealing refuses to work without it
EGRET_LOG_KEY = environment.key_hex("EGRET_LOG_KEY", length=32)  # Ed25519 seed that signs the log's checkpoints
EGRET_LOG_NEXT_KEY = environment.key_hex("EGRET_LOG_NEXT_KEY", length=32)  # the key that takes its place; signs beside it once announced
EGRET_LOG_SM2_KEY = environment.key_hex("EGRET_LOG_SM2_KEY", length=32)  # SM2 scalar: checkpoints have an SM2 line too; see `log_keys`
EGRET_CERTIFICATE_KEY = environment.key_hex("EGRET_CERTIFICATE_KEY", length=32)  # Ed25519 seed that signs registration certificates
EGRET_CERTIFICATE_SIGNER = environment.device_key("EGRET_CERTIFICATE_SIGNER")  # in its place a key in a device: pkcs11: (RFC 7512)
EGRET_SM2_KEY = environment.key_hex("EGRET_SM2_KEY", length=32)  # SM2 scalar; with it every certificate carries an SM2 signature too
EGRET_LOG_ORIGIN = environment.text("EGRET_LOG_ORIGIN") or "egret.example/log"  # the log's name in every checkpoint, before its own id
EGRET_LOG_STORAGE: Final = environment.object_store("EGRET_LOG_STORAGE")  # s3://bucket/prefix?endpoint_url=…&region=…; empty: VAR/log
EGRET_LOG_POLICY = environment.text("EGRET_LOG_POLICY")  # file that names the log's witnesses (C2SP tlog-policy); without it, none
EGRET_TSA_URL = environment.text("EGRET_TSA_URL")  # authority that timestamps checkpoints (RFC 3161); without it, none
EGRET_TSA_ROOTS = environment.text("EGRET_TSA_ROOTS")  # PEM file of the roots that its answers are judged by
EGRET_PUBLIC_URL = environment.base_url("EGRET_PUBLIC_URL", default="http://127.0.0.1:8000")  # where outsiders reach this installation
EGRET_IDENTIFIER_PREFIX = environment.text("EGRET_IDENTIFIER_PREFIX") or "88.118.100111"  # sample prefix until a real one is applied for
STRIPE_API_KEY = environment.text("STRIPE_API_KEY")  # without it no deal can be funded, and the mutation says so
STRIPE_WEBHOOK_SECRET = environment.text("STRIPE_WEBHOOK_SECRET")  # proves that a message is Stripe's
STRIPE_API_BASE = environment.text("STRIPE_API_BASE")  # empty for Stripe itself; the simulator's address in demo and tests
REDIS_URL: Final = environment.text("REDIS_URL")  # where Celery's hints travel; without it `serve` runs the relays on threads
DEMO_CLOCK = environment.flag("EGRET_DEMO_CLOCK", default=False)  # set by `serve --demo-clock` for its own children
ALLOWED_HOSTS = environment.items("EGRET_ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
HTTPS: Final = environment.flag("EGRET_HTTPS", default=False)  # true behind a proxy that speaks TLS and sets X-Forwarded-Proto
LEAF_FAST_PATH = environment.flag("EGRET_LEAF_FAST_PATH", default=True)  # read plain values directly; off: graphql-core's executor alone
LOG_LEVEL: Final = environment.choice("EGRET_LOG_LEVEL", default="WARNING", options=["DEBUG", "INFO", "WARNING", "ERROR"])
CONNECTION_SECONDS: Final = environment.integer("EGRET_CONNECTION_SECONDS", default=60, least=0, most=3600)

# The rooms, from the ground up ------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "graphene_django",
    *("registry.base", "registry.log", "registry.identifiers", "registry.rules_store", "registry.parties", "registry.rights"),
    *("registry.certificates", "registry.filings"),
    *("pricing.fees", "pricing.inputs", "pricing.plans", "pricing.computations", "pricing.quotes"),
    *("pricing.rounds", "pricing.splits", "pricing.advice"),
    *("listings.resources", "listings.products", "listings.catalogue"),
    *("settlement.ledger", "settlement.escrow", "settlement.payments", "settlement.statements"),
    *("marketplace.screening", "marketplace.delivery", "marketplace.deals"),
    *("marketplace.oversight", "marketplace.console", "marketplace.api"),
    "marketplace",
]

# Web --------------------------------------------------------------------------------------------------------------------------------

DEBUG = False
ROOT_URLCONF = "marketplace.urls"
WSGI_APPLICATION = "marketplace.wsgi.application"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "registry.base.public_documents.Language",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
STATIC_URL = "static/"
APPEND_SLASH = False
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
GRAPHENE: dict[str, list[str]] = {"MIDDLEWARE": []}  # any entry would switch the executor's fast path off for every field
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "marketplace.console.views.only_read"
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS

# Data -------------------------------------------------------------------------------------------------------------------------------

_ADDRESS: Final = DATABASE_URL or embedded.address(database="egret")
_NAMED: Final = {"dbname", "user", "password", "host", "port"}
_LIBPQ: Final = {name: value for name, value in environment.database(_ADDRESS).items() if name not in _NAMED}
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        **environment.django_database(_ADDRESS),
        "CONN_MAX_AGE": CONNECTION_SECONDS,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 10, **_LIBPQ, "assume_role": EGRET_ROLE},
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": VAR / "files"}},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "log": {"BACKEND": "registry.log.object_store.ObjectStorage", "OPTIONS": EGRET_LOG_STORAGE}
    if EGRET_LOG_STORAGE
    else {"BACKEND": "registry.base.storage.DurableFileStorage", "OPTIONS": {"location": VAR / "log"}},
    **{
        alias: {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": VAR / alias}}
        for alias in ("documents", "assets")
    },
}

# Language and time ------------------------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
}

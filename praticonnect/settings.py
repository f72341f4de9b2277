"""The settings of the house, read from the environment (docs/house.md lists the variables)."""

from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from praticonnect import adapter_settings, env, storage_settings
from praticonnect.auth_settings import *  # noqa: F403 - the settings of one concern, kept together

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.text("PRATICONNECT_VAR", str(BASE_DIR / "var"))).resolve()
PRODUCTION = env.text("PRATICONNECT_ENV", "development") == "production"
DEBUG = False
DEMO = env.flag("PRATICONNECT_DEMO", not PRODUCTION)
SHOW_GALLERY = env.flag("PRATICONNECT_GALLERY", not PRODUCTION)
TIME_TRAVEL = env.flag("PRATICONNECT_TIME_TRAVEL")
if PRODUCTION and (TIME_TRAVEL or DEMO):
    raise ImproperlyConfigured("PRATICONNECT_TIME_TRAVEL and PRATICONNECT_DEMO must be off in production")

KEY_DIR = VAR_DIR / "keys"
SECRET_KEY = env.secret("PRATICONNECT_SECRET_KEY", KEY_DIR, production=PRODUCTION)
if len(SECRET_KEY) < 40:
    raise ImproperlyConfigured("PRATICONNECT_SECRET_KEY is weak: give at least 40 random characters")
MASTER_KEYS = env.keys("PRATICONNECT_MASTER_KEYS", KEY_DIR, production=PRODUCTION)
SIGNING_KEYS = env.keys("PRATICONNECT_SIGNING_KEYS", KEY_DIR, production=PRODUCTION)

ALLOWED_HOSTS = env.text("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
SITE_URL = env.text("PRATICONNECT_SITE_URL", "http://localhost:8000")
CSRF_TRUSTED_ORIGINS = [SITE_URL] if PRODUCTION else []

# MD-61: months a cookie choice holds, 13 at most.
COOKIE_CHOICE_MONTHS = env.whole("PRATICONNECT_COOKIE_MONTHS", 6, least=1, most=13)
TRIAL_DAYS = env.whole("PRATICONNECT_TRIAL_DAYS", 30)
# Cents that a practitioner pays to begin a subscription; Viva takes no order below 30.
SUBSCRIPTION_CENTS = env.whole("PRATICONNECT_SUBSCRIPTION_CENTS", 3900, least=30)

# The controller and its DPO (PC-01): on every page, mail, receipt and export.
CONTROLLER = {
    "name": env.text("PRATICONNECT_CONTROLLER", "PratiConnect SAS"),
    "address": env.text("PRATICONNECT_CONTROLLER_ADDRESS", "123 Avenue de la Santé, 75014 Paris, France"),
    "dpo_email": env.text("PRATICONNECT_DPO_EMAIL", "dpo@praticonnect.com"),
}

INSTALLED_APPS = [
    "praticonnect.apps.PraticonnectConfig",
    "gdpr_requests",
    "lifecycle",
    "records",
    "directory",
    "subprocessors",
    "consents",
    "care",
    "accounts",
    "adapters",
    "vault",
    "audit",
    "privacy",
    "django.forms",
    "praticonnect.apps.OfficeAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_otp",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "praticonnect.middleware.SecurityHeaders",
    "consents.cookies.middleware.Cookies",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "praticonnect.middleware.RequestContext",
    "accounts.middleware.SessionLimitsMiddleware",
    "accounts.middleware.AccountLanguageMiddleware",
    "consents.usage.middleware.Usage",
    "praticonnect.gate.Gate",
]

ROOT_URLCONF = "praticonnect.urls"
WSGI_APPLICATION = "praticonnect.wsgi.application"
FORM_RENDERER = "praticonnect.forms.Renderer"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "praticonnect.context.house",
            ],
        },
    }
]

DATABASES = {
    "default": {
        **env.database("DATABASE_URL", "postgres://praticonnect@localhost/praticonnect"),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    },
    "keys": {
        **env.database("KEYS_DATABASE_URL", "postgres://praticonnect@localhost/praticonnect_keys"),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    },
}
if all(DATABASES["keys"][part] == DATABASES["default"][part] for part in ("NAME", "HOST", "PORT")):
    raise ImproperlyConfigured(
        "KEYS_DATABASE_URL names the main database: the keys need one of their own, or dumps hold them"
    )
DATABASE_ROUTERS = ["praticonnect.database.KeysApart"]
DATABASE_ROLE = env.text("PRATICONNECT_DATABASE_ROLE", "praticonnect_app")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("REDIS_URL", "redis://localhost:6379/0")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
# Celery names a socket redis+socket://PATH where the client says unix://PATH.
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
# Codes that somebody waits for have workers of their own (Procfile: codes), which no sweep and no long call keeps.
CELERY_TASK_ROUTES = {"adapters.send_codes": {"queue": "codes"}}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_TIME_LIMIT = 1800
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

S3_ENDPOINT = env.text("S3_ENDPOINT_URL")
STORAGE_CARRIER = env.text("S3_CARRIER", "scaleway")
STORAGES = {
    "default": storage_settings.default_storage(VAR_DIR / "files", STORAGE_CARRIER),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
if not PRODUCTION:
    STORAGES["staticfiles"] = {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage",
    }
    WHITENOISE_USE_FINDERS = True
    WHITENOISE_AUTOREFRESH = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
# The one handler: documents up to 20 MB, told by their first bytes, never on disk in clear (records/uploads.py).
FILE_UPLOAD_HANDLERS = ["records.uploads.Documents"]
FILE_UPLOAD_TEMP_DIR = str(VAR_DIR / "uploads")
(VAR_DIR / "uploads").mkdir(parents=True, exist_ok=True, mode=0o700)

# The ways out (docs/door.md): each is off without its credentials; stand-ins are for development.
STAND_INS = adapter_settings.stand_ins(production=PRODUCTION)
ADAPTERS = adapter_settings.adapters(STAND_INS)
# Recording is a second service of LiveKit's (egress), which not every server has.
VIDEO_RECORDING = env.flag("LIVEKIT_RECORDING")

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
FORMAT_MODULE_PATH = "praticonnect.formats"
TIME_ZONE = "Europe/Paris"
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"

MAIL_CARRIER = env.text("EMAIL_CARRIER", "resend")
MAIL_HOST = env.text("EMAIL_HOST")
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = VAR_DIR / "mail"
if MAIL_HOST:
    EMAIL_BACKEND = "adapters.mail.Backend"
    EMAIL_HOST = MAIL_HOST
    EMAIL_TIMEOUT = 10
    EMAIL_PORT = env.whole("EMAIL_PORT", 587)
    EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
    EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
    EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", True)
# Which way e-mail leaves: SMTP, or Resend's interface where that is set up and no mail server is named.
MAIL_WAY = env.text("EMAIL_WAY") or adapter_settings.mail_way(ADAPTERS, MAIL_HOST)
if PRODUCTION and MAIL_WAY == "smtp" and not MAIL_HOST:
    raise ImproperlyConfigured("EMAIL_HOST or RESEND_API_KEY is missing: production must be able to send codes")
if MAIL_WAY not in {"smtp", "resend"}:
    raise ImproperlyConfigured("EMAIL_WAY is smtp or resend")
DEFAULT_FROM_EMAIL = env.text("PRATICONNECT_FROM_EMAIL", "PratiConnect <bonjour@praticonnect.com>")

# PC-80, PC-83: transport. Outside production the demo runs on plain loopback.
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
SECURE_HSTS_SECONDS = 63_072_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "__Host-session" if PRODUCTION else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if PRODUCTION else "csrf"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
        "manifest-src": ["'self'"],
    }
}

# Ids and names of things only: no request body, no query string, no personal value (invariant 14).
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {"short_paths": {"()": "praticonnect.short_paths.ShortPaths"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["short_paths"]}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django.server": {"level": "WARNING"},
        "fontTools": {"level": "ERROR"},
        "weasyprint": {"level": "ERROR"},
        # They write whole addresses.
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
    },
}

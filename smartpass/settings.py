"""Django's settings, from the environment.

Without DATABASE_URL the product runs on services it starts itself (see `embedded.py`), with
secrets it makes and keeps under `var/`. With it, everything secret must be given.
"""

from pathlib import Path
from typing import Any

from . import env, logs
from .rest import REST_FRAMEWORK, SPECTACULAR_SETTINGS  # noqa: F401  (Django reads them here)

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.text("SMARTPASS_VAR", str(BASE_DIR / "var")))

EMBEDDED = env.flag("SMARTPASS_EMBEDDED", default=not env.text("DATABASE_URL"))
DEBUG = env.flag("DEBUG")
PRODUCTION = not EMBEDDED and not DEBUG

# Who may read what

SECRET_KEY = env.text("SECRET_KEY") or env.generated(VAR_DIR / "secret_key") if EMBEDDED else env.required("SECRET_KEY")
VAULT_KEYS = env.keyring(
    env.text("VAULT_KEYS") or "local:" + env.generated(VAR_DIR / "vault_key")
    if EMBEDDED
    else env.required("VAULT_KEYS")
)
"""The vault's keys by id, 32 bytes each; the first encrypts, all of them decrypt."""

ALLOWED_HOSTS = env.words("ALLOWED_HOSTS") or ([] if PRODUCTION else ["localhost", "127.0.0.1"])
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")

AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = [
    "accounts.passwords.Argon2id",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# A handle is unique inside a district; accounts.backends copes with several that fit.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
AUTHENTICATION_BACKENDS = ["accounts.backends.Handle"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.signing_in.Adapter"
ACCOUNT_FORMS = {"login": "accounts.forms.SignInForm"}
ACCOUNT_LOGIN_METHODS = {"email", "username"}
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = False
# A whole school signs in from behind one address within a few minutes; one handle is tried by
# one person, so what stops guessing is the second limit of `login_failed`.
ACCOUNT_RATE_LIMITS = {"login": "900/m/ip", "login_failed": "300/m/ip,5/5m/key"}
# Our own proxy appends the address it was asked from; without one the header is anybody's word.
ALLAUTH_TRUSTED_PROXY_COUNT = env.whole("TRUSTED_PROXIES", 1 if env.flag("BEHIND_TLS_PROXY") else 0)

# Shared Chromebooks: closing the browser, or a school day, ends a session.
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_HTTPONLY = True
# A form can name every school of a large district, with four fields each.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Believed only when said to be set by our own proxy: anyone can send the header.
if env.flag("BEHIND_TLS_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# The application

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "django_celery_beat",
    "django_htmx",
    "django_structlog",
    "rest_framework",
    "drf_spectacular",
    "accounts",
    "integrations",
    "rostering",
]

MIDDLEWARE = [
    "smartpass.logs.RequestLog",
    "django.middleware.security.SecurityMiddleware",
    "smartpass.csp.ContentSecurityPolicy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # One transaction per request, with its tenant set: everything below it may ask the database.
    "accounts.tenancy.TenantMiddleware",
    "accounts.signing_in.StillWelcome",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "smartpass.urls"
WSGI_APPLICATION = "smartpass.wsgi.application"

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
                "accounts.shell.context",
            ],
        },
    },
]

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = not PRODUCTION
_STATIC_STORAGE = (
    "whitenoise.storage.CompressedManifestStaticFilesStorage"
    if PRODUCTION
    else "django.contrib.staticfiles.storage.StaticFilesStorage"
)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _STATIC_STORAGE},
}

LANGUAGE_CODE = "en-us"
TIME_ZONE = "America/New_York"
USE_TZ = True

# Where things are kept


def _database(name: str) -> dict[str, Any]:
    config = env.database(name)
    options = {
        # A worker that died must not leave its statement running and its locks held.
        "options": "-c client_connection_check_interval=2s",
        "connect_timeout": 10,
        **config.get("OPTIONS", {}),
    }
    return {**config, "OPTIONS": options, "CONN_MAX_AGE": 300, "CONN_HEALTH_CHECKS": True}


# Without any URL the settings can be read and nothing can be connected to: checks, type
# checking and --help need no server, and what does need one is given a URL by manage.py.
_NOWHERE = {"ENGINE": "django.db.backends.postgresql", "NAME": "smartpass", "HOST": "/nonexistent"}

DATABASES: dict[str, dict[str, Any]] = {
    "default": _database("DATABASE_URL") if env.text("DATABASE_URL") else dict(_NOWHERE),
}
"""`default` is the application's role, under row-level security; `owner` owns the tables and is
for migrations only (`migrate --database owner`). A production web server is not given it."""
if env.text("DATABASE_OWNER_URL"):
    DATABASES["owner"] = _database("DATABASE_OWNER_URL")
elif not env.text("DATABASE_URL"):
    DATABASES["owner"] = dict(_NOWHERE)

# Requests have their transaction from TenantMiddleware, tasks open their own.
ATOMIC_REQUESTS = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("REDIS_URL") if EMBEDDED else env.required("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env.cache_url(REDIS_URL),
        "OPTIONS": {"socket_timeout": 5, "socket_connect_timeout": 5},
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}

# Work in the background

CELERY_BROKER_URL = REDIS_URL or "redis+socket:///nonexistent"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Redelivery is only a last resort (a run's lease is what a dead worker loses), so it may be slow,
# and must be slower than the longest run: a task that outlasts it is delivered twice.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 6 * 3600}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
# Written into the scheduler's tables whenever beat starts. A tick that nobody takes within its
# minute is worth nothing: the next one looks at the same rows.
CELERY_BEAT_SCHEDULE = {
    "rostering.tick": {"task": "rostering.tick", "schedule": 60.0, "options": {"expire_seconds": 55}},
    "accounts.send_mail": {"task": "accounts.send_mail", "schedule": 60.0, "options": {"expire_seconds": 55}},
    "accounts.remind": {"task": "accounts.remind", "schedule": 600.0, "options": {"expire_seconds": 550}},
    "rostering.prune": {"task": "rostering.prune", "schedule": 24 * 3600.0},
}
# Without a deadline the scheduler, started late, fires a missed job at the wrong hour next day.
# What a longer outage missed, the product finds out from its own run rows.
CELERY_BEAT_CRON_STARTING_DEADLINE = 3600

# How many days the changes of runs, and issues that are closed, are kept.
KEEP_DAYS = int(env.text("KEEP_DAYS", "400"))

# E-mail about notices. Without a mail server, on one's own machine, letters become files.

PUBLIC_URL = env.host("PUBLIC_URL", "" if PRODUCTION else "http://127.0.0.1:8000", https_only=PRODUCTION)
"""Where people reach the pages: what links in e-mails begin with."""
DEFAULT_FROM_EMAIL = (
    env.required("MAIL_FROM") if PRODUCTION else env.text("MAIL_FROM", "SmartPass <smartpass@localhost>")
)
_MAIL = env.mail("EMAIL_URL") if PRODUCTION or env.text("EMAIL_URL") else {}
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if _MAIL else 'filebased'}.EmailBackend"
EMAIL_FILE_PATH = None if _MAIL else VAR_DIR / "mail"
EMAIL_HOST, EMAIL_PORT = _MAIL.get("host", "localhost"), _MAIL.get("port", 25)
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _MAIL.get("user", ""), _MAIL.get("password", "")
EMAIL_USE_TLS, EMAIL_USE_SSL = _MAIL.get("starttls", False), _MAIL.get("tls", False)
EMAIL_TIMEOUT = 20

# The sources

CLEVER_API_URL = env.host("CLEVER_API_URL", "https://api.clever.com", https_only=PRODUCTION)
CLEVER_AUTH_URL = env.host("CLEVER_AUTH_URL", "https://clever.com", https_only=PRODUCTION)
CLASSLINK_HOSTS = {
    "api": env.host("CLASSLINK_API_URL", "https://oneroster-proxy.apis.classlink.com", https_only=PRODUCTION),
    "auth": env.host("CLASSLINK_AUTH_URL", "https://launchpad.classlink.com", https_only=PRODUCTION),
    "info": env.host("CLASSLINK_INFO_URL", "https://nodeapi.classlink.com", https_only=PRODUCTION),
}
GOOGLE_HOSTS = {
    "api": env.host("GOOGLE_API_URL", "https://admin.googleapis.com", https_only=PRODUCTION),
    "auth": env.host("GOOGLE_AUTH_URL", "https://accounts.google.com", https_only=PRODUCTION),
    "token": env.host("GOOGLE_TOKEN_URL", "https://oauth2.googleapis.com", https_only=PRODUCTION),
    "revoke": env.host("GOOGLE_REVOKE_URL", "https://oauth2.googleapis.com", https_only=PRODUCTION),
}
ONEROSTER_FILES_ROOT = env.text("ONEROSTER_FILES_ROOT", str(VAR_DIR / "oneroster"))
SOURCE_HOSTS = {
    "clever": {"api": CLEVER_API_URL, "auth": CLEVER_AUTH_URL},
    "classlink": CLASSLINK_HOSTS,
    "gsuite": GOOGLE_HOSTS,
    "oneroster_files": {"root": ONEROSTER_FILES_ROOT},
}
"""Where each kind of source is reached. Anything but the real one is a sandbox."""
SOURCE_SECRETS = {
    "clever": {
        "client_id": env.text("CLEVER_CLIENT_ID"),
        "client_secret": env.text("CLEVER_CLIENT_SECRET"),
    },
    "classlink": {"partner_key": env.text("CLASSLINK_PARTNER_KEY")},
    "gsuite": {"client_id": env.text("GOOGLE_CLIENT_ID"), "client_secret": env.text("GOOGLE_CLIENT_SECRET")},
}

ALLOW_PRIVATE_SOURCES = env.flag("ALLOW_PRIVATE_SOURCES", default=EMBEDDED, allowed=not PRODUCTION)
"""Whether a source's address that support typed may lead into our own network: to a sandbox on this machine, say."""

# The API

#: How often one key may ask in a minute.
API_A_MINUTE = {
    "reads": int(env.text("API_READS_A_MINUTE", "600")),
    "writes": int(env.text("API_WRITES_A_MINUTE", "60")),
}

# What is written down

LOGGING = logs.configure(
    level=env.text("LOG_LEVEL", "INFO"),
    as_json=env.flag("LOG_JSON", default=PRODUCTION),
)
DJANGO_STRUCTLOG_CELERY_ENABLED = True
# The user would be looked up outside the request's transaction, where no tenant is set.
DJANGO_STRUCTLOG_USER_ID_FIELD = ""

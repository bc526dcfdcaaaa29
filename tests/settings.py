"""The product's settings for tests: fixed secrets, quick passwords, services from conftest."""

import os
import sys

# Before the product's settings are read: a test run is the same on every machine, whatever its
# environment says, and never talks to the services that environment names. Processes which a
# test starts are told so by conftest and do use what it gave them.
if "SMARTPASS_TEST_SERVICES" not in os.environ:
    for _name in (
        "DATABASE_URL",
        "DATABASE_OWNER_URL",
        "REDIS_URL",
        "CACHE_URL",
        "SMARTPASS_EMBEDDED",
        "SMARTPASS_VAR",
        "DEBUG",
        "ALLOW_PRIVATE_SOURCES",
    ):
        os.environ.pop(_name, None)
os.environ["SECRET_KEY"] = "only-for-tests"
os.environ["VAULT_KEYS"] = "test:" + "A" * 43 + "="
os.environ["CLEVER_CLIENT_ID"] = "test-client"
os.environ["CLEVER_CLIENT_SECRET"] = "test-secret"

from smartpass.settings import *  # noqa: F403  (after the environment above)

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# In the test process itself (not in those it starts) nothing is shared with another worker of the
# run: messages are kept, and done by nobody; the cache is this process's own. That one forgets at
# random beyond 300 entries unless told otherwise; the real one does not.
if "pytest" in sys.modules:
    CELERY_BROKER_URL = "memory://"
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "OPTIONS": {"MAX_ENTRIES": 1_000_000},
        }
    }

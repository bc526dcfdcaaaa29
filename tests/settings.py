"""The product's settings for tests: fixed secrets, quick passwords, services from conftest."""

import os

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
# Kept, and done by nobody, until a test starts a worker.
if not REDIS_URL:  # noqa: F405
    CELERY_BROKER_URL = "memory://"
    # The cache of this process forgets at random beyond 300 entries; the real one does not.
    CACHES["default"].update(OPTIONS={"MAX_ENTRIES": 1_000_000})  # type: ignore[call-overload]  # noqa: F405

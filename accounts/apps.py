"""The accounts app: who people are, and who may see what."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Knows nothing of rosters: an account made by hand is the ordinary case."""

    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

"""The rostering app: how accounts come to match a roster."""

from django.apps import AppConfig


class RosteringConfig(AppConfig):
    """Knows that a provider yields people, and names none."""

    name = "rostering"
    default_auto_field = "django.db.models.BigAutoField"

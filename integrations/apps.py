"""The integrations app: how we speak to each source."""

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    """Everything about one source lies in one folder of this package."""

    name = "integrations"
    default_auto_field = "django.db.models.BigAutoField"

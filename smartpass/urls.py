"""Every address of the product; each app lists its own."""

from django.urls import include, path

from accounts.api.urls import urlpatterns as api_of_accounts
from accounts.console import console
from rostering.api.urls import urlpatterns as api_of_rostering

from . import health

urlpatterns = [
    path("healthz", health.alive),
    path("readyz", health.ready),
    path("admin/", console.urls),
    path("api/v1/", include(([*api_of_accounts, *api_of_rostering], "api"))),
    path("", include("accounts.urls")),
    path("", include("rostering.urls")),
]

handler404 = "smartpass.errors.not_found"
handler500 = "smartpass.errors.broken"

"""Every address of the product; each app lists its own."""

from django.urls import include, path

from accounts.console import console

from . import health

urlpatterns = [
    path("healthz", health.alive),
    path("readyz", health.ready),
    path("admin/", console.urls),
    path("", include("accounts.urls")),
    path("", include("rostering.urls")),
]

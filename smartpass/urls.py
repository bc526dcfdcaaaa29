"""Every address of the product; each app lists its own."""

from django.contrib import admin
from django.urls import path

from . import health

urlpatterns = [
    path("healthz", health.alive),
    path("readyz", health.ready),
    path("admin/", admin.site.urls),
]

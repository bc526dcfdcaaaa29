"""The pages of a school's admins about where their accounts come from."""

from django.urls import path

from rostering import views

urlpatterns = [
    path("accounts/integrations/", views.integrations, name="integrations"),
    path("accounts/integrations/clever/", views.clever, name="clever"),
    path("accounts/syncs/", views.syncs, name="syncs"),
    path("accounts/syncs/<int:run_id>/", views.sync, name="sync"),
]

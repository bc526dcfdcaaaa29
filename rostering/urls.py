"""The pages of a school's admins about where their accounts come from."""

from django.urls import path

from rostering.views import beside_accounts, finding, helping, integrations, overview, syncs

urlpatterns = [
    path("accounts/integrations/", integrations.integrations, name="integrations"),
    path("accounts/integrations/clever/", integrations.clever, name="clever"),
    path("accounts/syncs/", syncs.syncs, name="syncs"),
    path("accounts/syncs/<int:run_id>/", syncs.sync, name="sync"),
    path("accounts/last-sync/", beside_accounts.last_sync_line, name="last_sync_line"),
    path("accounts/find/", finding.find, name="find"),
    path("accounts/schools/", overview.overview, name="overview"),
    path("help/", helping.help_page, name="help"),
]

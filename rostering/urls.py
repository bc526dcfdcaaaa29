"""The pages of a school's admins about where their accounts come from."""

from django.urls import path

from rostering.views import asking, finding, helping, integrations, overview, provenance, syncs

urlpatterns = [
    path("accounts/ask-access/", asking.ask_access, name="ask_access"),
    path("accounts/<int:account_id>/source/", provenance.account_source, name="account_source"),
    path("accounts/<int:account_id>/history/", provenance.account_history, name="account_history"),
    path("accounts/integrations/", integrations.integrations, name="integrations"),
    path("accounts/integrations/clever/", integrations.clever, name="clever"),
    path("accounts/syncs/", syncs.syncs, name="syncs"),
    path("accounts/syncs/<int:run_id>/", syncs.sync, name="sync"),
    path("accounts/find/", finding.find, name="find"),
    path("accounts/schools/", overview.overview, name="overview"),
    path("help/", helping.help_page, name="help"),
]

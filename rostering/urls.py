"""The pages of a school's admins about where their accounts come from."""

from django.urls import path

from rostering.views import (
    asking,
    beside_accounts,
    finding,
    helping,
    integrations,
    overview,
    provenance,
    steering,
    syncs,
)

urlpatterns = [
    path("accounts/ask-access/", asking.ask_access, name="ask_access"),
    path("accounts/<int:account_id>/source/", provenance.account_source, name="account_source"),
    path("accounts/<int:account_id>/history/", provenance.account_history, name="account_history"),
    path("accounts/integrations/", integrations.integrations, name="integrations"),
    path("accounts/integrations/clever/", integrations.clever, name="clever"),
    path("accounts/integrations/clever/ready/", integrations.ready, name="ready"),
    path("accounts/integrations/ask/<slug:kind>/", integrations.ask_source, name="ask_source"),
    path("accounts/connections/<int:connection_id>/sync/", steering.ask_sync, name="ask_sync"),
    path("accounts/connections/<int:connection_id>/pause/", steering.pause, name="pause"),
    path("accounts/connections/<int:connection_id>/resume/", steering.resume, name="resume"),
    path("accounts/connections/<int:connection_id>/preview/", steering.look_ahead, name="look_ahead"),
    path("accounts/connections/<int:connection_id>/preview/progress/", steering.ahead, name="ahead"),
    path("accounts/connections/<int:connection_id>/preview/names/", steering.names_ahead, name="names_ahead"),
    path("accounts/connections/<int:connection_id>/disconnect/", steering.disconnect, name="disconnect"),
    path("accounts/connections/<int:connection_id>/reconnect/", steering.reconnect, name="reconnect"),
    path("accounts/syncs/", syncs.syncs, name="syncs"),
    path("accounts/syncs/<int:run_id>/", syncs.sync, name="sync"),
    path("accounts/last-sync/", beside_accounts.last_sync_line, name="last_sync_line"),
    path("accounts/find/", finding.find, name="find"),
    path("accounts/find/account/<int:account_id>/", finding.explain, name="explain"),
    path("accounts/find/record/<int:record_id>/", finding.explain_record, name="explain_record"),
    path("accounts/find/rejection/<int:rejection_id>/", finding.let_sync_try, name="let_sync_try"),
    path("accounts/schools/", overview.overview, name="overview"),
    path("accounts/schools/csv/", overview.overview_csv, name="overview_csv"),
    path("help/", helping.help_page, name="help"),
    path("help/ask/", helping.ask_smartpass, name="ask_smartpass"),
]

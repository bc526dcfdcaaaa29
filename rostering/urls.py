"""The pages of a school's admins about where their accounts come from."""

from django.urls import path

from rostering.views import finding, helping, integrations, overview, syncs

urlpatterns = [
    path("accounts/integrations/", integrations.integrations, name="integrations"),
    path("accounts/integrations/clever/", integrations.clever, name="clever"),
    path("accounts/syncs/", syncs.syncs, name="syncs"),
    path("accounts/syncs/<int:run_id>/", syncs.sync, name="sync"),
    path("accounts/find/", finding.find, name="find"),
    path("accounts/find/account/<int:account_id>/", finding.explain, name="explain"),
    path("accounts/find/record/<int:record_id>/", finding.explain_record, name="explain_record"),
    path("accounts/find/rejection/<int:rejection_id>/", finding.let_sync_try, name="let_sync_try"),
    path("accounts/schools/", overview.overview, name="overview"),
    path("accounts/schools/csv/", overview.overview_csv, name="overview_csv"),
    path("help/", helping.help_page, name="help"),
]

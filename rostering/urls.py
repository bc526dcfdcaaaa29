"""The pages of a school's admins about where their accounts come from."""

from django.urls import path

from rostering.views import finding, helping, holds, integrations, overview, syncs, undo

urlpatterns = [
    path("accounts/integrations/", integrations.integrations, name="integrations"),
    path("accounts/integrations/clever/", integrations.clever, name="clever"),
    path("accounts/syncs/", syncs.syncs, name="syncs"),
    path("accounts/syncs/<int:run_id>/", syncs.sync, name="sync"),
    path("accounts/syncs/<int:run_id>/progress/", syncs.progress, name="sync_progress"),
    path("accounts/syncs/<int:run_id>/changes.csv", syncs.sheet, name="sync_sheet"),
    path("accounts/syncs/<int:run_id>/undo/", undo.undo, name="undo"),
    path("accounts/holds/", holds.holds, name="holds"),
    path("accounts/holds/decide/", holds.decide_several, name="decide_holds"),
    path("accounts/holds/<int:hold_id>/", holds.hold, name="hold"),
    path("accounts/holds/<int:hold_id>/approve/", holds.approve, name="approve_hold"),
    path("accounts/holds/<int:hold_id>/keep/", holds.keep, name="keep_hold"),
    path("accounts/holds/<int:hold_id>/people.csv", holds.sheet, name="hold_sheet"),
    path("accounts/find/", finding.find, name="find"),
    path("accounts/schools/", overview.overview, name="overview"),
    path("help/", helping.help_page, name="help"),
]

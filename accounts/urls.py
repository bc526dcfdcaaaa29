"""Signing in and out, and home. Of allauth's pages only these three are open."""

from allauth.account import views as allauth
from django.urls import path

from accounts.views import account, adding, bulk, door, keeping, listing, passwords, places, removing, telling, tokens

urlpatterns = [
    path("", door.home, name="home"),
    path("auth/login/", allauth.login, name="account_login"),
    path("auth/logout/", allauth.logout, name="account_logout"),
    path("auth/inactive/", allauth.account_inactive, name="account_inactive"),
    path("auth/district/", door.choose_district, name="choose_district"),
    path("auth/password/new/", passwords.change_password, name="change_password"),
    path("auth/password/", door.choose_password, name="choose_password"),
    path("school/", places.choose_school, name="choose_school"),
    path("accounts/", listing.accounts, name="accounts"),
    path("accounts/export/", listing.export_accounts, name="export_accounts"),
    path("accounts/bulk/status/", bulk.change_status, name="bulk_status"),
    path("accounts/bulk/roles/", bulk.change_roles, name="bulk_roles"),
    path("accounts/bulk/protect/", bulk.protect, name="bulk_protect"),
    path("accounts/bulk/unprotect/", bulk.unprotect, name="bulk_unprotect"),
    path("accounts/add/", adding.add_account, name="add_account"),
    path("accounts/<int:account_id>/", account.account, name="account"),
    path("accounts/<int:account_id>/profile/", account.edit_profile, name="edit_profile"),
    path("accounts/<int:account_id>/at/<int:membership_id>/", account.edit_membership, name="edit_membership"),
    path("accounts/<int:account_id>/at/<int:membership_id>/status/", account.change_status, name="change_status"),
    path("accounts/<int:account_id>/access/", adding.give_access, name="give_access"),
    path("accounts/<int:account_id>/undo/", adding.undo_add, name="undo_add"),
    path("accounts/<int:account_id>/protect/", keeping.protect, name="protect"),
    path("accounts/<int:account_id>/pins/<int:pin_id>/", keeping.let_sync_decide, name="let_sync_decide"),
    path("accounts/<int:account_id>/password/", removing.reset_password, name="reset_password"),
    path("accounts/<int:account_id>/delete/", removing.delete_account, name="delete_account"),
    path("accounts/notices/", telling.notices, name="notices"),
    path("accounts/notices/seen/", telling.notices_seen, name="notices_seen"),
    path("accounts/notices/email/", telling.mail_wish, name="mail_wish"),
    path("accounts/api-access/", tokens.api_tokens, name="api_tokens"),
    path("accounts/api-access/new/", tokens.make_token, name="make_token"),
    path("accounts/api-access/<int:token_id>/revoke/", tokens.revoke_token, name="revoke_token"),
]

"""Addresses of the API about people, and of its description."""

from django.urls import path

from accounts.api import changing, me, people, schema
from accounts.api.routing import view

urlpatterns = [
    path("schema/", schema.schema, name="schema"),
    path("me/", view(get=me.me), name="me"),
    path("accounts/", view(get=people.list_accounts, post=people.add_account), name="accounts"),
    path("accounts/<int:account_id>/", view(get=people.get_account, patch=changing.change_account), name="account"),
    path("memberships/", view(get=people.list_memberships), name="memberships"),
    path(
        "memberships/<int:membership_id>/",
        view(get=people.get_membership, patch=changing.change_membership),
        name="membership",
    ),
]

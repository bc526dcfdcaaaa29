"""Signing in and out, and home. Of allauth's pages only these three are open."""

from allauth.account import views as allauth
from django.urls import path

from accounts import views

urlpatterns = [
    path("", views.home, name="home"),
    path("auth/login/", allauth.login, name="account_login"),
    path("auth/logout/", allauth.logout, name="account_logout"),
    path("auth/inactive/", allauth.account_inactive, name="account_inactive"),
    path("auth/district/", views.choose_district, name="choose_district"),
    path("auth/password/", views.choose_password, name="choose_password"),
]

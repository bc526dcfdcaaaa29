"""Addresses of the API about sources and their syncs."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []

"""Addresses of this app."""

from django.urls import URLPattern

app_name = "sla"

urlpatterns: list[URLPattern] = []

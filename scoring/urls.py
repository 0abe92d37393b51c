"""Addresses of scores."""

from django.urls import path

from scoring import views

app_name = "scoring"

urlpatterns = [path("leads/<int:pk>/score/", views.lines, name="lines")]

"""Every address of the bare project leads to its one view."""

from django.urls import re_path

from benchmarks.bare import store

urlpatterns = [re_path("", store)]

"""Every address of the site; each app serves its own."""

from django.contrib import admin
from django.urls import include, path

from config import health
from config.api import api, unknown_address
from config.gallery import gallery
from config.home import home

urlpatterns = [
    path("", home, name="home"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("gallery/", gallery, name="gallery"),
    path("admin/", admin.site.urls),
    path("api/v1/", unknown_address, {"address": ""}, name="api_root"),
    path("api/v1/", api.urls),
    path("api/v1/<path:address>", unknown_address, name="api_unknown"),
    path("", include("accounts.urls")),
    path("", include("notifications.urls")),
    path("", include("leads.urls")),
    path("", include("scoring.urls")),
    path("", include("sla.urls")),
]

"""Registers the system checks of the whole project."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class ConfigConfig(AppConfig):
    name = "config"
    default = True

    def ready(self) -> None:
        from config import checks  # noqa: F401 - importing registers them


class AdministrationConfig(admin_apps.AdminConfig):
    """Django's admin with the site of config.administration."""

    default = False
    default_site = "config.administration.Administration"

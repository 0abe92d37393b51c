"""The queue machinery: drains, their heartbeat, and rows set aside."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DrainsConfig(AppConfig):
    name = "drains"
    verbose_name = _("Queues")

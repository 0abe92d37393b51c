"""The outbox: notices are rows first and messages second."""

from datetime import timedelta

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = _("Notices")

    def ready(self) -> None:
        from drains.registry import Drain, register
        from notifications.models import Notification
        from notifications.services import put_off, send

        register(
            Drain(
                name="notifications.deliver",
                pending=Notification.objects.due,
                handle=put_off,
                then=send,
                every=timedelta(seconds=10),
                wakes_on=("notifications.pending",),
                batch_size=20,
            )
        )

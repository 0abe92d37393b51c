"""The outbox: notices are rows first and messages second."""

from datetime import timedelta

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = _("Notices")

    def ready(self) -> None:
        from drains.registry import Drain, register
        from notifications import calling, mailing
        from notifications.models import Notification
        from notifications.services import PENDING

        register(
            Drain(
                name="notifications.deliver",
                pending=Notification.objects.due,
                handle=mailing.put_off,
                then=mailing.send,
                every=timedelta(seconds=10),
                wakes_on=(PENDING,),
                batch_size=20,
            )
        )
        # Apart from the mails, which must not wait for a receiver that takes its time.
        register(
            Drain(
                name="notifications.call",
                pending=Notification.objects.due_to_channels,
                handle=calling.put_off,
                then=calling.call,
                every=timedelta(seconds=5),
                wakes_on=(PENDING,),
                batch_size=10,
            )
        )

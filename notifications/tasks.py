"""Wake-up calls of the outbox."""

from celery import shared_task

from drains.runner import run


@shared_task(name="notifications.deliver")
def deliver() -> None:
    """Send the mails that are due."""
    run("notifications.deliver")


@shared_task(name="notifications.call")
def call() -> None:
    """Tell the channels what is due."""
    run("notifications.call")

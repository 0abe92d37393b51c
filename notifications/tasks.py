"""Wake-up calls of the outbox."""

from celery import shared_task

from drains.runner import run


@shared_task(name="notifications.deliver")
def deliver() -> None:
    """Deliver what is due."""
    run("notifications.deliver")

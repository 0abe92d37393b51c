"""Wake-up calls of intake."""

from celery import shared_task

from drains.runner import run


@shared_task(name="leads.process_submissions")
def process_submissions() -> None:
    """Process what was received."""
    run("leads.process_submissions")

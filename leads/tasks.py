"""Wake-up calls of intake."""

from celery import shared_task

from drains.runner import run


@shared_task(name="leads.process_submissions")
def process_submissions() -> None:
    """Process what was received."""
    run("leads.process_submissions")


@shared_task(name="leads.pick_up")
def pick_up() -> None:
    """Pick up from nurture what is to be looked at again."""
    run("leads.pick_up")

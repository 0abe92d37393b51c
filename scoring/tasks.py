"""Wake-up calls of scoring."""

from celery import shared_task

from drains.runner import run


@shared_task(name="scoring.rescore")
def rescore() -> None:
    """Rescore what changed, and what time changes."""
    run("scoring.rescore")

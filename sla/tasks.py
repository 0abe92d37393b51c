"""Wake-up calls of handoffs and clocks."""

from celery import shared_task

from drains.runner import run


@shared_task(name="sla.hand_off")
def hand_off() -> None:
    """Hand ready leads to sales."""
    run("sla.hand_off")


@shared_task(name="sla.assign")
def assign() -> None:
    """Give queued handoffs to reps at work."""
    run("sla.assign")


@shared_task(name="sla.absence")
def absence() -> None:
    """Tell managers of leads whose rep is away."""
    run("sla.absence")


@shared_task(name="sla.sweep")
def sweep() -> None:
    """Record breaches."""
    run("sla.sweep")


@shared_task(name="sla.escalate")
def escalate() -> None:
    """Take the steps of ladders."""
    run("sla.escalate")


@shared_task(name="sla.follow_calendars")
def follow_calendars() -> None:
    """Put clocks on corrected hours that they just missed."""
    run("sla.follow_calendars")

"""Promises get the ladder that the warnings and breach notices of before amount to, and running clocks get its steps."""

from typing import Any

from django.db import migrations
from django.db.models import F
from django.utils import timezone

from leads.bulk import insert_selected
from sla.business_time import BusinessCalendar
from sla.clock import Stretch
from sla.defaults import write_ladders
from sla.ladder import Anchor, Rung, planned_at

BATCH = 1000
ROUND_THE_CLOCK = BusinessCalendar.round_the_clock()


def plan_ladders(apps: Any, schema_editor: Any) -> None:
    """Set-based but for the steps that take leads back, which few clocks have. What was told before is not told again, and
    what lies in the past takes nothing back."""
    write_ladders(apps)
    running = apps.get_model("sla", "Clock").objects.filter(outcome="running", breached_at__isnull=True)
    reminders = running.filter(
        warned_at__isnull=True,
        promise__ladder__when="share",
        promise__ladder__amount=F("promise__warn_percent"),
    )
    _insert(apps, reminders, "warn_at")
    _insert(apps, running.filter(promise__ladder__when="after", promise__ladder__amount=0), "due_at")
    _plan_taking_back(apps)


def _insert(apps: Any, clocks: Any, at: str) -> None:
    columns = {
        "clock": F("pk"),
        "step": F("promise__ladder__id"),
        "position": F("promise__ladder__position"),
        "at": F(at),
        "state": "planned",
        "done_at": None,
        "is_late": False,
        "detail": "",
    }
    insert_selected(apps.get_model("sla", "Escalation"), clocks, columns)


def _plan_taking_back(apps: Any) -> None:
    escalation = apps.get_model("sla", "Escalation")
    steps = {
        step.promise_id: step
        for step in apps.get_model("sla", "LadderStep").objects.filter(action="reassign")
    }
    now = timezone.now()
    calendars: dict[int, BusinessCalendar] = {}
    clocks = apps.get_model("sla", "Clock").objects.filter(
        outcome="running", kind="accept", promise__in=steps
    )
    clocks = clocks.select_related("promise", "calendar_version").prefetch_related("pauses").order_by("pk")
    rows = []
    for clock in clocks.iterator(chunk_size=BATCH):
        step = steps[clock.promise_id]
        pauses = [Stretch(pause.starts_at, pause.ends_at) for pause in clock.pauses.all()]
        calendar = _calendar(clock, calendars)
        target = clock.promise.target_seconds
        if target is None:
            target = calendar.between(clock.started_at, clock.due_at)
        at = planned_at(Rung(Anchor.SHARE, step.amount), calendar, clock.started_at, target, pauses)
        if at is not None and at > now:
            rows.append(escalation(clock=clock, step=step, position=step.position, at=at))
    escalation.objects.bulk_create(rows, batch_size=BATCH)


def _calendar(clock: Any, known: dict[int, BusinessCalendar]) -> BusinessCalendar:
    version = clock.calendar_version
    if version is None or clock.promise.hours == "round_the_clock":
        return ROUND_THE_CLOCK
    if version.pk not in known:
        hours = {
            "tz": version.time_zone,
            "week": version.week,
            "holidays": version.holidays,
            "special": version.special,
        }
        known[version.pk] = BusinessCalendar.from_dict(hours)
    return known[version.pk]


class Migration(migrations.Migration):
    dependencies = [("sla", "0012_escalation_ladders")]
    operations = [migrations.RunPython(plan_ladders, migrations.RunPython.noop)]

"""The help desk log, 3,804 real cases with 13,710 events, as past handoffs: judged on business hours and on calendar hours."""

from __future__ import annotations

from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command

from leads.models import Lead, Submission
from notifications.models import Notification
from sla.models import Breach, Clock, Handoff, Pause
from sla.reports.ranks import place_of
from tests.support.shared import PROJECT, shared_path

pytestmark = [pytest.mark.data, pytest.mark.django_db, pytest.mark.long]


def run() -> str:
    out = StringIO()
    call_command(
        "import_handoffs",
        str(shared_path("data/helpdesk_event_log/helpdesk.csv")),
        mapping=PROJECT / "docs" / "examples" / "helpdesk_handoffs.json",
        stdout=out,
        stderr=out,
    )
    return out.getvalue()


def counts() -> dict[str, int]:
    return {model._meta.label: model._default_manager.count() for model in apps.get_models()}


def test_the_whole_log_is_imported_once_and_audited() -> None:
    said = run()
    assert "91 rows repeat others and were dropped." in said
    assert "3,749 handoffs were taken in." in said
    assert "55 cases were left out: the log has no event that hands them over." in said
    assert "left out:\n" not in said
    assert Handoff.objects.count() == Lead.objects.count() == Submission.objects.count() == 3749

    times = Handoff.objects.values_list("started_at", "accepted_at")
    hours = sorted((end - start).total_seconds() / 3600 for start, end in times if end is not None)
    assert len(hours) == 3519
    assert hours[0] >= 0
    # In the file 90 % are within 237 h; its clock jumps by two hours with summer time, and that is mended here.
    assert [round(hours[place_of(p, 3519) - 1], 1) for p in (10, 50, 90)] == [0.0, 4.2, 238.9]

    assert not Clock.objects.running().exists()
    assert Clock.objects.filter(kind="accept").kept().count() == 2086
    assert Clock.objects.filter(kind="first_touch").kept().count() == 2667
    assert Breach.objects.count() == 1663 + 852
    assert not Breach.objects.filter(clock__breached_at__isnull=True).exists()
    assert Pause.objects.values("clock").distinct().count() == 711
    assert not Notification.objects.exists()

    before = counts()
    assert "3,749 handoffs are here already." in run()
    assert counts() == before

    out = StringIO()
    names = ("--agreement", "Help desk, calendar hours", "--agreement", "Help desk, business hours")
    call_command("audit_handoffs", "--source", "helpdesk", *names, stdout=out)
    lines = [" ".join(line.split()) for line in out.getvalue().splitlines()]
    for line in (
        "Kept 1,879 (50.1%) 2,086 (55.6%)",
        "Median 3 h 57 min 2 h 23 min",
        "90th percentile 231 h 62 h 29 min",
        "Kept 2,137 (60.7%) 2,667 (75.8%)",
        "Median 5 h 9 min 3 h 37 min",
        "90th percentile 259 h 67 h 57 min",
    ):
        assert line in lines
    assert counts() == before

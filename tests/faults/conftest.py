"""An installation that can be killed: a team round the clock, a source with a key, and the processes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from accounts.models import Role
from leads.models import Source
from sla.models import Agreement, Calendar, CalendarVersion, Territory
from tests.faults.plant import Plant, plant_of
from tests.support.people import make_team, make_user

ALL_WEEK = {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}


@pytest.fixture
def plant(process_environment: dict[str, str], tmp_path: Path) -> Iterator[Plant]:
    """Processes on the test's own database and a Redis of their own."""
    with plant_of(process_environment, tmp_path) as made:
        yield made


@pytest.fixture
def source_key(transactional_db: None) -> str:
    """A team of three reps that works at any hour, and the key of a source whose leads it gets."""
    team = make_team("Round the clock")
    for _ in range(3):
        make_user(Role.REP, team=team)
    calendar = Calendar.objects.create(name="Always")
    CalendarVersion.objects.create(
        calendar=calendar,
        number=1,
        time_zone="UTC",
        week=ALL_WEEK,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    Territory.objects.create(
        team=team, calendar=calendar, agreement=Agreement.objects.get(), is_fallback=True
    )
    source = Source(slug="crm", name="CRM", kind="api")
    key = source.new_key()
    source.save()
    return key

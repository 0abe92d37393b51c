"""Handoffs and clocks of tests, written as rows, and the compliance figures counted by hand."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.models import Team, User
from leads.models import Contact, Lead, Source
from sla.models import AgreementVersion, CalendarVersion, Clock, Handoff, Promise
from tests.support.people import make_team, make_user

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday
_numbers = itertools.count(1)


def make_lead(source: Source | None = None, first_name: str = "Ada", last_name: str = "") -> Lead:
    """A lead that was handed off."""
    number = next(_numbers)
    contact = Contact.objects.create(
        email=f"lead{number}@acme{number}.example",
        first_name=first_name,
        last_name=last_name or f"Brandt {number}",
        created_at=START,
    )
    return Lead.objects.create(
        contact=contact,
        stage="srl",
        stage_since=START,
        created_at=START,
        first_source=source or Source.objects.get(slug="website"),
        first_activity_at=START,
        last_activity_at=START,
    )


def make_handoff(
    team: Team | None, owner: User | None = None, at: datetime = START, **fields: Any
) -> Handoff:
    """A handoff, waiting unless `fields` say otherwise; sales-ready ten seconds before."""
    source = fields.pop("source", None)
    lead = fields.pop("lead", None) or make_lead(source)
    return Handoff.objects.create(
        **{
            "lead": lead,
            "team": team,
            "owner": owner,
            "source": lead.first_source,
            "tier": "scored",
            "agreement_version": AgreementVersion.objects.get(),
            "ready_at": at - timedelta(seconds=10),
            "ready_rule": "threshold",
            "started_at": at,
            "assigned_at": at if owner else None,
            **fields,
        }
    )


def make_clock(
    handoff: Handoff,
    outcome: str = "running",
    used: int | None = None,
    at: datetime | None = None,
    kind: str = "accept",
    **fields: Any,
) -> Clock:
    """A clock due four hours (round the clock) after its start; `used` seconds after it, it ended, unless it is running."""
    start = at or handoff.started_at
    due = start + timedelta(hours=4)
    if used is None:
        used = {"kept": 600, "missed": 5 * 3600}.get(outcome, 0)
    return Clock.objects.create(
        **{
            "handoff": handoff,
            "promise": Promise.objects.get(kind=kind, tier=handoff.tier),
            "calendar_version": CalendarVersion.objects.get(),
            "owner": handoff.owner,
            "started_at": start,
            "due_at": due,
            "warn_at": start + timedelta(hours=3),
            "outcome": outcome,
            "ended_at": None if outcome == "running" else start + timedelta(seconds=used),
            "seconds_used": used if outcome in ("kept", "missed") else None,
            "kind": kind,
            "tier": handoff.tier,
            "team": handoff.team,
            "source": handoff.lead.first_source,
            **fields,
        }
    )


@dataclass
class World:
    """Two teams with two reps each, two sources, a manager of all, one of the first team, and an auditor."""

    teams: list[Team] = field(default_factory=list)
    reps: list[User] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)

    @classmethod
    def make(cls) -> World:
        """Saved."""
        teams = [make_team("North"), make_team("South")]
        reps = [
            make_user("rep", team=team, name=f"{team} {word}") for team in teams for word in ("One", "Two")
        ]
        website = Source.objects.get(slug="website")
        return cls(teams, reps, [website, Source.objects.create(slug="fair", name="Fair", kind="api")])

    @property
    def manager(self) -> User:
        """Manages all teams."""
        return make_user("sales_manager", name="Mia")


def nearest_rank(values: list[Any], percent: int) -> Any:
    """The value at place ceil(percent / 100 * n), counted by hand; None of nothing."""
    place = 0
    while place * 100 < percent * len(values):
        place += 1
    return sorted(values)[place - 1] if values else None


def count_by_hand(clocks: list[Clock], now: datetime) -> tuple[int, int, int, int, int, int, Any, Any]:
    """kept, missed, of which late, open, waived, ended, median and 90th percentile of the time used."""
    told: Counter[str] = Counter()
    for clock in clocks:
        if clock.ended_at is None:
            told["late" if now > clock.due_at else "open"] += 1
        elif clock.outcome == "waived":
            told["waived"] += 1
        elif clock.outcome != "cancelled":
            told["kept" if clock.ended_at <= clock.due_at else "missed"] += 1
    used = [clock.seconds_used for clock in clocks if clock.outcome in ("kept", "missed")]
    return (
        told["kept"],
        told["missed"] + told["late"],
        told["late"],
        told["open"],
        told["waived"],
        len(used),
        nearest_rank(used, 50),
        nearest_rank(used, 90),
    )

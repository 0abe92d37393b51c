"""A sales desk for tests: teams with a territory, reps, and leads that come in through the front door."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from accounts.models import Team, User
from drains.runner import run_until_idle
from leads.models import Form, Source
from leads.services.intake import Delivery, receive
from sla.models import (
    Agreement,
    AgreementVersion,
    Calendar,
    Clock,
    Handoff,
    PromiseKind,
    Territory,
)
from sla.services.agreements import adopt
from tests.support.people import make_team, make_user

# A Wednesday; the office of the defaults is open from 9 to 17 UTC.
MORNING = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ARRIVAL = ("leads.process_submissions", "scoring.rescore", "sla.hand_off")
_numbers = itertools.count(1)


def open_desk(
    *, reps: int = 2, fallback: bool = True, countries: Sequence[str] = ()
) -> tuple[Team, list[User]]:
    """A team with the default hours and agreement, and its reps."""
    team = make_team()
    Territory.objects.create(
        team=team,
        calendar=Calendar.objects.get(),
        agreement=Agreement.objects.get(),
        is_fallback=fallback,
        countries=list(countries),
    )
    return team, [make_user("rep", team=team) for _ in range(reps)]


def submit(now: datetime, **fields: Any) -> None:
    """One demo request of a fitting person, received and not processed."""
    number = next(_numbers)
    person = {
        "email": f"lead{number}@company{number}.example",
        "first_name": "Lead",
        "last_name": str(number),
        "job_title": "Director",
        "company_name": f"Company {number}",
        "employees": 100,
    }
    source = fields.pop("source", None) or Source.objects.get(slug="website")
    form = fields.pop("form", Form.objects.get(slug="demo"))
    body = json.dumps(person | fields).encode()
    receive(
        delivery=Delivery(
            source=source, raw=body, content_type="application/json", form=form, key=f"key{number}"
        ),
        now=now,
    )


def hand_over(now: datetime, *, count: int = 1, **fields: Any) -> list[Handoff]:
    """Leads all the way to their handoff at `now`, in the order in which they were handed off."""
    before = set(Handoff.objects.values_list("pk", flat=True))
    for _ in range(count):
        submit(now, **fields)
    run_until_idle(now, ARRIVAL)
    return list(Handoff.objects.exclude(pk__in=before).order_by("pk"))


def owner_of(handoff: Handoff) -> User:
    """The rep who has it; fails where nobody has."""
    assert handoff.owner is not None
    return handoff.owner


def clock_of(handoff: Handoff, kind: PromiseKind = PromiseKind.ACCEPT) -> Clock:
    """The newest clock of that kind."""
    return Clock.objects.filter(handoff=handoff, kind=kind).latest("pk")


def new_version(
    in_force_from: datetime,
    accept_seconds: int | None = None,
    touch_seconds: int | None = None,
    promises: Mapping[str, Mapping[str, Any]] | None = None,
    **fields: Any,
) -> AgreementVersion:
    """A next version of the agreement, with other times to answer and to touch, other terms of `promises` by kind, and other
    `fields`."""
    latest = AgreementVersion.objects.latest("number")
    version = AgreementVersion.objects.create(agreement=latest.agreement, number=latest.number + 1, **fields)
    for promise in latest.promises.all():
        ladder = list(promise.ladder.all())
        promise.pk, promise.version = None, version
        if promise.kind == PromiseKind.ACCEPT and accept_seconds is not None:
            promise.target_seconds = accept_seconds
        if promise.kind == PromiseKind.FIRST_TOUCH and touch_seconds is not None:
            promise.target_seconds = touch_seconds
        for name, value in (promises or {}).get(promise.kind, {}).items():
            setattr(promise, name, value)
        promise.save(force_insert=True)
        for step in ladder:
            step.pk, step.promise = None, promise
            step.save(force_insert=True)
    return adopt(
        version=version, name="Test", in_force_from=in_force_from, rule="tests.new_version", now=in_force_from
    )


def at_once(*deeds: Callable[[], object]) -> list[object]:
    """Run deeds in real threads that start together; what each returned or raised, in their order."""
    barrier = threading.Barrier(len(deeds))
    results: list[object] = [None] * len(deeds)

    def run(number: int, deed: Callable[[], object]) -> None:
        try:
            barrier.wait(timeout=10)
            results[number] = deed()
        except Exception as error:
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n, deed)) for n, deed in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return results

"""Killed workers, a dead Redis, doubled messages, doubled deliveries: everything once, nothing lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TypeVar

import pytest
from celery import Celery
from django.db import connection
from django.db.models import Count, F
from django.utils import timezone

from drains.registry import all_drains
from leads.models import Activity, JournalEntry, Lead, Source, State, Submission
from leads.services.intake import Delivery, receive
from sla.models import Breach, Clock, Escalation, Handoff
from tests.faults.plant import Plant, wait_until
from tests.support.servers import RedisServer

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True), pytest.mark.long]
_Result = TypeVar("_Result")


def payload(number: int) -> dict[str, object]:
    """A hand-raiser of a company of their own."""
    return {
        "email": f"ada{number}@acme{number}.example",
        "company_name": f"Acme {number}",
        "job_title": "Director",
        "activity": "demo_request",
    }


def take_in(count: int) -> None:
    """Keep `count` submissions, as the web process would, without anybody to process them."""
    source = Source.objects.get(slug="crm")
    for number in range(count):
        raw = f'{{"email": "ada{number}@acme{number}.example", "activity": "demo_request"}}'.encode()
        receive(delivery=Delivery(source, raw, "application/json", key=f"k{number}"), now=timezone.now())


def all_processed() -> bool:
    """Nothing waits before sales any more."""
    return not Submission.objects.waiting().exists() and not Lead.objects.filter(handoffs=None).exists()


def everything_once(count: int) -> None:
    """Each submission made one activity and one lead, each lead has one handoff with one accept clock."""
    assert Submission.objects.count() == count
    assert set(Submission.objects.values_list("state", "outcome")) == {(State.PROCESSED, "new_lead")}
    assert Activity.objects.count() == Lead.objects.count() == Handoff.objects.count() == count
    assert Clock.objects.of_sales().count() == count
    assert not Lead.objects.annotate(n=Count("stage_changes")).exclude(n=3).exists(), (
        "lead, MQL, SRL: once each"
    )


def run_dying_workers(plant: Plant, statements: Iterable[int]) -> int:
    """Workers one after the other, each killed at its statement, up to the first that ends; how many were killed."""
    return int(plant.run("-m", "tests.faults.dying_worker", *map(str, statements)))


def test_a_worker_killed_at_any_statement_leaves_nothing_half_done(plant: Plant, source_key: str) -> None:
    take_in(5)
    assert run_dying_workers(plant, [*range(1, 200, 9), 0]) > 5
    everything_once(5)


def test_a_sweep_killed_at_any_statement_records_each_breach_once_and_takes_each_step_once(
    plant: Plant, source_key: str
) -> None:
    take_in(4)
    assert run_dying_workers(plant, [0]) == 0
    hour = timedelta(hours=1)
    first = list(Clock.objects.of_sales().values_list("pk", flat=True))
    Clock.objects.of_sales().update(started_at=F("started_at") - hour, due_at=F("due_at") - hour)
    Escalation.objects.update(at=F("at") - hour)
    assert run_dying_workers(plant, [*range(1, 150, 9), 0]) > 5
    late = Breach.objects.filter(clock__in=Clock.objects.of_sales())
    assert sorted(late.values_list("clock", flat=True)) == sorted(first)
    assert Breach.objects.count() == Breach.objects.values("clock").distinct().count()
    assert not Escalation.objects.planned().filter(clock__in=first).exists()
    steps = JournalEntry.objects.filter(event="clock.escalated").values_list("subject_id", "after__step")
    assert len(steps) == len(set(steps))
    assert len(steps.filter(subject_id__in=first)) == 4 * len(("rep", "manager", "channel", "next rep"))
    assert not Clock.objects.filter(pk__in=first, owner=F("handoff__owner")).exists(), "passed on"


def test_a_killed_worker_is_followed_by_the_next(plant: Plant, source_key: str) -> None:
    plant.web()
    plant.beat()
    first = plant.worker()
    for number in range(40):
        assert plant.post(payload(number), f"k{number}", source_key)[0] == 202
        if number == 20:
            plant.kill(first)
    plant.worker()
    wait_until(all_processed)
    everything_once(40)


def test_posts_are_taken_while_redis_is_down_and_processed_when_it_is_back(
    plant: Plant, source_key: str
) -> None:
    server = RedisServer()
    server.start()
    try:
        plant.environment["REDIS_URL"] = server.url
        plant.web()
        plant.worker()
        plant.beat()
        for number in range(100):
            if number == 30:
                server.stop()
            if number == 70:
                server.start()
            assert plant.post(payload(number), f"k{number}", source_key)[0] == 202
        wait_until(all_processed)
        everything_once(100)
    finally:
        plant.stop_all()
        server.remove()


def test_doubled_messages_to_two_workers_do_everything_once(plant: Plant, source_key: str) -> None:
    take_in(60)
    # Not the current app: every later call of this process would go to a broker that is gone.
    sender = Celery(broker=plant.environment["REDIS_URL"], set_as_current=False)
    for _ in range(4):
        for drain in all_drains():
            sender.send_task(drain.name)
            sender.send_task(drain.name)
    plant.worker()
    plant.worker()
    wait_until(all_processed)
    everything_once(60)
    sender.close()


def at_once(count: int, work: Callable[[int], _Result]) -> list[_Result]:
    """Run `work` in `count` threads that all start at the same moment; their results."""
    barrier = threading.Barrier(count)

    def one(number: int) -> _Result:
        barrier.wait()
        try:
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_two_hundred_threads_with_one_delivery_make_one_lead(plant: Plant, source_key: str) -> None:
    source = Source.objects.get(slug="crm")
    raw = b'{"email": "ada@acme.example", "activity": "demo_request"}'
    receipts = at_once(
        200,
        lambda number: receive(
            delivery=Delivery(source, raw, "application/json", "same"), now=timezone.now()
        ),
    )
    assert run_dying_workers(plant, [0]) == 0
    assert len({receipt.submission_id for receipt in receipts}) == 1
    assert Submission.objects.count() == 200
    assert Submission.objects.filter(duplicate_of=None).count() == 1
    assert (Lead.objects.count(), Activity.objects.count(), Handoff.objects.count()) == (1, 1, 1)


def test_parallel_posts_over_http_of_one_delivery_get_one_number(plant: Plant, source_key: str) -> None:
    plant.web()
    answers = at_once(24, lambda number: plant.post(payload(1), "same", source_key))
    assert {status for status, _ in answers} == {202}
    assert len({body["id"] for _, body in answers}) == 1
    assert Submission.objects.count() == 24

"""A repeat that comes in, or is read, while another worker still works on its original."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections, transaction

from leads.models import Contact, Outcome, Submission
from leads.services.processing import process_submissions
from tests.faults.plant import wait_until
from tests.leads.arrivals import NOW, deliver

pytestmark = pytest.mark.django_db(transaction=True)
ADA = {"email": "ada@firm.example"}


def waiting(pool: ThreadPoolExecutor, work: Callable[[], Any]) -> Any:
    """Work of another connection, once it waits for ours. SQLite lets nobody write beside us and tells nothing of it."""

    def alone() -> None:
        try:
            work()
        finally:
            connections.close_all()

    future = pool.submit(alone)
    if connection.vendor == "postgresql":
        wait_until(_somebody_waits)
    return future


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def test_a_repeat_by_its_key_comes_while_its_original_is_processed() -> None:
    deliver(ADA, key="one")
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            process_submissions(list(Submission.objects.select_for_update()), NOW)
            repeat = waiting(pool, lambda: deliver(ADA, key="one"))
        repeat.result(20)

    person = Contact.objects.get().pk
    assert list(Submission.objects.values_list("contact", "email")) == [(person, "ada@firm.example")] * 2


def test_a_repeat_by_its_content_is_read_while_its_original_is_processed() -> None:
    deliver(ADA)
    deliver(ADA)
    first, second = Submission.objects.order_by("pk").values_list("pk", flat=True)

    def process(number: int) -> None:
        with transaction.atomic():
            rows = Submission.objects.select_for_update(of=("self",)).filter(pk=number)
            process_submissions(list(rows), NOW)

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            process(first)
            repeat = waiting(pool, lambda: process(second))
        repeat.result(20)

    person = Contact.objects.get().pk
    assert set(Submission.objects.values_list("contact", "email")) == {(person, "ada@firm.example")}
    assert Submission.objects.get(pk=second).outcome == Outcome.DUPLICATE

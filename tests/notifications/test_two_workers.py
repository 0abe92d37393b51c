"""Two workers at the same outbox: each notice once, and a digest stays one mail."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.mail import EmailMultiAlternatives
from django.db import connection
from pytest_django.fixtures import Settings

from notifications.models import Channel, ChannelKind, Notification, NotificationPreference, State
from notifications.services import Event, Notice, notify, save_channel, save_preference
from tests.notifications.conftest import NOW
from tests.notifications.receiver import listening
from tests.support.drains import run_dry
from tests.support.people import make_user

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def work(name: str) -> None:
    """Two workers run the drain at the same time, each as often as a run gives its worker back."""
    ready = threading.Barrier(2)

    def worker() -> None:
        try:
            ready.wait(10)
            run_dry(name, lambda: NOW + timedelta(hours=1))
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(worker) for _ in range(2)]:
            future.result()


def test_each_call_is_made_once(settings: Settings) -> None:
    settings.WEBHOOK_ALLOW_INSECURE = True
    with listening() as receiver:
        channel = Channel(name="CRM", kind=ChannelKind.WEBHOOK, url=receiver.url)
        save_channel(channel=channel, now=NOW)
        facts = [
            Event(type="clock.breached", kind="breach", dedupe_key=f"fact {number}", subject="s", body="b")
            for number in range(40)
        ]
        notify(events=facts, now=NOW)
        work("notifications.call")
        calls = Counter(call[1]["webhook-id"] for call in receiver.calls)
    assert (len(calls), set(calls.values())) == (40, {1})
    assert set(Notification.objects.values_list("state", flat=True)) == {State.SENT}


def test_each_mail_is_sent_once_and_a_digest_is_one(mailoutbox: list[EmailMultiAlternatives]) -> None:
    gathering, others = make_user(), [make_user() for _ in range(4)]
    save_preference(preference=NotificationPreference(user=gathering, digest="hourly"), now=NOW)
    for number in range(30):
        notify(
            notices=[
                Notice(recipient=reader, kind="breach", dedupe_key=f"f{number}", subject="s", body="b")
                for reader in (gathering, *others)
            ],
            now=NOW + timedelta(minutes=1),
        )
    work("notifications.deliver")
    assert Counter(mail.to[0] for mail in mailoutbox) == {
        gathering.email: 1,
        **{reader.email: 30 for reader in others},
    }
    assert set(Notification.objects.values_list("state", flat=True)) == {State.SENT}

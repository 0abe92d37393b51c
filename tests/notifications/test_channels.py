"""Channels: told once per fact, signed, tried again by the clock, never left for dead in silence."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from pytest_django.fixtures import Settings
from standardwebhooks import WebhookVerificationError

from drains.runner import run_until_idle
from notifications.calling import LONGEST_BREAK, RETRY_PAUSES, put_off
from notifications.models import OLD_SECRET_LASTS, ChannelKind, Notification, State
from notifications.services import SENDING, Event, Notice, notify, rotate_secret, save_channel
from notifications.webhooks import LARGEST_BODY
from tests.notifications.channels import deliver, make_channel, verify
from tests.notifications.conftest import NOW
from tests.notifications.receiver import Receiver, listening
from tests.support.people import make_team, make_user

pytestmark = pytest.mark.django_db


def happen(key: str = "breach:7", **fields: Any) -> None:
    """A fact that channels are told of."""
    told: dict[str, Any] = {
        "type": "clock.breached",
        "kind": "breach",
        "dedupe_key": key,
        "subject": "Overdue: Accept for Ada",
        "body": "It was due at ten.",
        "path": "/handoffs/7/",
        "data": {"clock_id": 7, "due_at": "2026-03-04T10:00:00+00:00"},
    }
    notify(events=[Event(**(told | fields))], now=NOW)


def test_a_webhook_is_told_once_with_a_signature_that_its_receiver_can_verify(
    receiver: Receiver, settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://baton.example"
    channel = make_channel(receiver.url)
    for _ in range(2):
        happen()

    assert deliver() == 1
    assert deliver(NOW + timedelta(days=3)) == 0

    (call,) = receiver.calls
    assert call[0] == "/hooks?for=baton"
    assert verify(channel.secret, call) == {
        "type": "clock.breached",
        "timestamp": "2026-03-04T10:00:00Z",
        "data": {
            "clock_id": 7,
            "due_at": "2026-03-04T10:00:00+00:00",
            "url": "https://baton.example/handoffs/7/",
        },
    }
    row = Notification.objects.get()
    assert (row.state, row.recipient, row.channel, row.sent_at) == (State.SENT, None, channel, NOW)
    assert call[1]["webhook-id"] == row.message_id
    assert channel.secret.startswith("whsec_")


def test_a_channel_gets_its_kinds_and_its_team_and_nothing_while_it_is_off(receiver: Receiver) -> None:
    north, south = make_team(), make_team()
    everything = make_channel(receiver.url)
    of_north = make_channel(receiver.url, team=north)
    warnings = make_channel(receiver.url, kinds=["warning"])
    make_channel(receiver.url, is_active=False)

    happen("a", team_id=north.pk)
    happen("b", team_id=south.pk, kind="warning")
    happen("c", kind="empty_pool")

    told = sorted(Notification.objects.values_list("channel_id", "kind"))
    assert told == sorted(
        [
            (everything.pk, "breach"),
            (everything.pk, "warning"),
            (everything.pk, "empty_pool"),
            (of_north.pk, "breach"),
            (warnings.pk, "warning"),
        ]
    )


def test_what_is_rolled_back_is_not_told(receiver: Receiver) -> None:
    make_channel(receiver.url)
    with transaction.atomic():
        happen()
        transaction.set_rollback(True)
    assert deliver() == 0
    assert receiver.calls == []


@pytest.mark.parametrize("person, channel", [(False, False), (True, True)])
def test_a_notice_is_to_a_person_or_to_a_channel(receiver: Receiver, person: bool, channel: bool) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Notification.objects.create(
            recipient=make_user() if person else None,
            channel=make_channel(receiver.url) if channel else None,
            kind="breach",
            dedupe_key="x",
            subject="x",
            body="x",
            created_at=NOW,
            next_try_at=NOW,
        )


def test_retries_follow_the_pauses_with_one_id_and_then_the_notice_is_given_up(receiver: Receiver) -> None:
    channel = make_channel(receiver.url)
    receiver.status = 500
    happen()
    now = NOW
    for pause in RETRY_PAUSES:
        assert deliver(now) == 1
        assert deliver(now + pause - timedelta(seconds=1)) == 0
        now += pause
    assert deliver(now) == 1
    assert deliver(now + timedelta(days=30)) == 0

    row = Notification.objects.get()
    assert (row.state, row.error) == (State.DEAD, "The receiver answered 500.")
    assert len(receiver.calls) == len(RETRY_PAUSES) + 1 == 10
    assert {call[1]["webhook-id"] for call in receiver.calls} == {row.message_id}
    assert len({call[1]["webhook-timestamp"] for call in receiver.calls}) == 10
    assert verify(channel.secret, receiver.calls[-1], now)
    assert list(RETRY_PAUSES) == sorted(RETRY_PAUSES)


@pytest.mark.parametrize("status", [301, 302, 307, 308, 304, 400, 401, 404, 429, 500, 503])
def test_anything_but_2xx_is_a_failure_and_a_redirect_is_never_followed(
    receiver: Receiver, status: int
) -> None:
    make_channel(receiver.url)
    with listening() as elsewhere:
        receiver.status, receiver.answer_headers = status, {"Location": elsewhere.url}
        happen()
        deliver()
        assert elsewhere.calls == []
    row = Notification.objects.pending().get()
    assert (row.attempts, row.error) == (1, f"The receiver answered {status}.")
    assert row.next_try_at == NOW + RETRY_PAUSES[0]


@pytest.mark.parametrize(
    "header, pause",
    [
        ("120", timedelta(seconds=120)),
        ("Wed, 04 Mar 2026 10:30:00 GMT", timedelta(minutes=30)),
        ("Wed, 04 Mar 2020 10:30:00 GMT", RETRY_PAUSES[0]),
        ("soon", RETRY_PAUSES[0]),
        ("1", RETRY_PAUSES[0]),
        ("99999999999999999999", timedelta(hours=24)),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_waited_for_by_the_whole_channel(
    receiver: Receiver, status: int, header: str, pause: timedelta
) -> None:
    make_channel(receiver.url)
    receiver.status, receiver.answer_headers = status, {"Retry-After": header}
    happen("one")
    happen("two")
    deliver()
    assert len(receiver.calls) == 1, "the second waits without being tried"
    assert sorted(Notification.objects.values_list("attempts", flat=True)) == [0, 1]

    receiver.status = 200
    assert deliver(NOW + pause - timedelta(seconds=1)) == 0
    happen("three")
    assert deliver(NOW + pause - timedelta(seconds=1)) == 0
    assert deliver(NOW + pause) == 3
    assert len(receiver.calls) == 4


def test_a_receiver_that_is_gone_is_switched_off_and_the_administrator_sees_why(receiver: Receiver) -> None:
    channel = make_channel(receiver.url)
    receiver.status = 410
    happen("one")
    happen("two")
    deliver()
    channel.refresh_from_db()
    assert (channel.is_active, bool(channel.closed_because)) == (False, True)
    assert len(receiver.calls) == 1
    assert Notification.objects.dead().count() == 2
    happen("three")
    assert Notification.objects.count() == 2

    channel.is_active = True
    save_channel(channel=channel, now=NOW)
    assert channel.closed_because == ""


def test_a_dead_receiver_is_asked_once_and_holds_up_no_other(receiver: Receiver) -> None:
    with listening() as gone:
        make_channel(gone.url)
    make_channel(receiver.url)
    for number in range(4):
        happen(f"fact {number}")
    deliver()
    assert len(receiver.calls) == 4
    waiting = Notification.objects.pending()
    assert sorted(waiting.values_list("attempts", flat=True)) == [0, 0, 0, 1]
    assert {at - NOW for at in waiting.values_list("next_try_at", flat=True)} == {RETRY_PAUSES[0]}
    assert RETRY_PAUSES[0] < LONGEST_BREAK


def test_an_address_that_became_an_inner_one_is_not_called(receiver: Receiver, settings: Settings) -> None:
    make_channel(receiver.url.replace("http:", "https:"))
    make_channel("https://127.0.0.1/")
    settings.WEBHOOK_ALLOW_INSECURE = False
    happen()
    deliver()
    assert receiver.calls == []
    assert all("Refused" in error for error in Notification.objects.values_list("error", flat=True))


def test_a_notice_that_is_too_large_for_receivers_is_given_up_at_once(receiver: Receiver) -> None:
    make_channel(receiver.url)
    happen(data={"x": "x" * LARGEST_BODY})
    deliver()
    assert receiver.calls == []
    assert "bytes" in Notification.objects.dead().get().error


def test_a_worker_killed_between_call_and_mark_calls_again_with_the_same_id(receiver: Receiver) -> None:
    from notifications.calling import call

    make_channel(receiver.url)
    happen()
    rows = list(Notification.objects.due_to_channels(NOW))
    put_off(rows, NOW)
    with transaction.atomic():
        call(rows, NOW)
        transaction.set_rollback(True)  # the mark is lost with the worker

    assert deliver(NOW + SENDING - timedelta(seconds=1)) == 0
    assert deliver(NOW + SENDING) == 1
    assert deliver(NOW + timedelta(days=5)) == 0
    first, second = receiver.calls
    assert first[1]["webhook-id"] == second[1]["webhook-id"]
    assert first[2] == second[2]


def test_after_a_rotation_both_secrets_sign_for_a_day(receiver: Receiver) -> None:
    channel = make_channel(receiver.url)
    old = channel.secret
    new = rotate_secret(channel=channel, now=NOW)
    last = NOW + OLD_SECRET_LASTS - timedelta(seconds=1)
    happen("one")
    deliver(last)
    happen("two")
    deliver(NOW + OLD_SECRET_LASTS)

    both, only_new = receiver.calls
    assert verify(old, both, last) == verify(new, both, last)
    assert verify(new, only_new, NOW + OLD_SECRET_LASTS)
    with pytest.raises(WebhookVerificationError):
        verify(old, only_new, NOW + OLD_SECRET_LASTS)
    assert old != new


def test_a_chat_says_the_notice_with_its_page(receiver: Receiver, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://baton.example"
    make_channel(receiver.url.replace("http:", "json:"), kind=ChannelKind.CHAT)
    receiver.status = 200
    happen()
    deliver()
    (call,) = receiver.calls
    said = json.loads(call[2])
    assert said["title"] == "Overdue: Accept for Ada"
    assert said["message"] == "It was due at ten.\nhttps://baton.example/handoffs/7/"
    assert Notification.objects.get().state == State.SENT


def test_a_chat_that_refuses_is_tried_again(receiver: Receiver) -> None:
    make_channel(receiver.url.replace("http:", "json:"), kind=ChannelKind.CHAT)
    receiver.status = 500
    happen()
    deliver()
    row = Notification.objects.pending().get()
    assert (row.attempts, row.next_try_at) == (1, NOW + RETRY_PAUSES[0])
    assert "500" in row.error
    receiver.status = 200
    deliver(NOW + RETRY_PAUSES[0])
    assert Notification.objects.get().state == State.SENT


def test_people_and_channels_are_told_apart(receiver: Receiver, mailoutbox: list[Any]) -> None:
    make_channel(receiver.url)
    person = make_user()
    notify(
        notices=[Notice(recipient=person, kind="breach", dedupe_key="f", subject="s", body="b")],
        events=[Event(type="clock.breached", kind="breach", dedupe_key="f", subject="s", body="b")],
        now=NOW,
    )
    run_until_idle(NOW, ["notifications.deliver", "notifications.call"])
    assert (len(mailoutbox), len(receiver.calls)) == (1, 1)

"""Delivering notices to channels: chats and webhooks."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.utils.translation import gettext as _

from notifications import chat, webhooks
from notifications.models import Channel, ChannelKind, Notification, State
from notifications.services import SENDING, mark, postpone

log = structlog.get_logger(__name__)

# Standard Webhooks: the first try at once, and these pauses after a failed one.
RETRY_PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
# After a failure the whole channel pauses as long as the notice that failed, but no longer than this, so that a dead receiver
# is not asked once per notice and holds up nobody else.
LONGEST_BREAK = timedelta(minutes=5)
LONGEST_RETRY_AFTER = timedelta(hours=24)


def put_off(rows: Sequence[Notification], now: datetime) -> None:
    """Claim a batch for SENDING: whoever is killed while calling leaves it to the next try after that time."""
    for row in rows:
        row.attempts += 1
        row.next_try_at = now + SENDING
    Notification.objects.bulk_update(rows, ["attempts", "next_try_at"])


def call(rows: Sequence[Notification], now: datetime) -> None:
    """Tell claimed notices to their channels, outside of any transaction; how each ended is noted on its row.

    Told first, marked after: a kill in between tells twice rather than never, with the same webhook-id.
    """
    paused: dict[int, datetime] = {}
    for row in rows:
        channel = _channel(row)
        if channel.pk in paused:
            _give_back(row, paused[channel.pk])
        elif not Channel.objects.active().filter(pk=channel.pk).exists():
            mark([row], State.DEAD, error=_("The channel is switched off."))
        else:
            until = _tell(row, channel, now)
            if until is not None:
                paused[channel.pk] = until
                Channel.objects.filter(pk=channel.pk).update(resumes_at=until)


def _channel(row: Notification) -> Channel:
    """The channel of a row of this drain, which never is a person's."""
    assert row.channel is not None
    return row.channel


def _give_back(row: Notification, until: datetime) -> None:
    """A notice that was claimed and not tried waits for its channel, with no try counted."""
    Notification.objects.filter(pk=row.pk).pending().update(attempts=row.attempts - 1, next_try_at=until)


def _tell(row: Notification, channel: Channel, now: datetime) -> datetime | None:
    """One try; returns until when the channel pauses, if it failed."""
    try:
        if channel.kind == ChannelKind.WEBHOOK:
            answer = _call_webhook(row, channel, now)
        else:
            _say(row, channel)
            answer = None
    except webhooks.TooLarge as error:
        mark([row], State.DEAD, error=str(error))
        return None
    except Exception as error:  # a receiver can fail in any way, and one must not stop the others
        return _failed(row, f"{type(error).__name__}: {error}", None, now)
    if answer is None or answer.is_success:
        mark([row], State.SENT, sent_at=now, error="")
        return None
    if answer.is_gone:
        mark([row], State.DEAD, error="410 Gone")
        closed = _("The receiver said that it is gone (410).")
        Channel.objects.filter(pk=channel.pk).update(is_active=False, closed_because=closed)
        log.warning("a channel was switched off", channel=channel.pk)
        return None
    return _failed(row, f"The receiver answered {answer.status}.", answer.retry_after, now)


def _failed(row: Notification, error: str, retry_after: timedelta | None, now: datetime) -> datetime:
    """Plan the next try, not before the receiver asked for one."""
    asked = min(retry_after or timedelta(0), LONGEST_RETRY_AFTER)
    pauses = [max(pause, asked) for pause in RETRY_PAUSES]
    postpone([row], error, pauses, now)
    pause = RETRY_PAUSES[min(row.attempts, len(RETRY_PAUSES)) - 1]
    return now + max(asked, min(pause, LONGEST_BREAK))


def _call_webhook(row: Notification, channel: Channel, now: datetime) -> webhooks.Answer:
    data = row.data | ({"url": row.url} if row.path else {})
    body = webhooks.body_of(event=row.event, at=row.created_at, data=data)
    secrets = channel.signing_secrets(now)
    return webhooks.call(
        url=channel.url,
        body=body,
        headers=webhooks.headers_of(message_id=row.message_id, body=body, secrets=secrets, now=now),
        now=now,
        allow_insecure=settings.WEBHOOK_ALLOW_INSECURE,
    )


def _say(row: Notification, channel: Channel) -> None:
    chat.say(
        url=channel.url,
        title=row.subject,
        body="\n".join(filter(None, (row.body, row.url))),
        allow_insecure=settings.WEBHOOK_ALLOW_INSECURE,
    )

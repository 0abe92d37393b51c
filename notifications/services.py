"""Writing notices, keeping preferences and channels. Delivery is in `mailing` (people) and `calling` (channels)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from drains.wake import announce
from notifications.kinds import TEST
from notifications.models import Channel, ChannelKind, Notification, NotificationPreference, State

log = structlog.get_logger(__name__)

PENDING = "notifications.pending"
# Longer than a batch can take when every message of it runs into its timeout.
SENDING = timedelta(minutes=10)


@dataclass(frozen=True)
class Notice:
    """What one person is to be told. `dedupe_key` names the fact; the person is added to it."""

    recipient: User
    kind: str
    dedupe_key: str
    subject: str
    body: str
    path: str = ""


@dataclass(frozen=True)
class Event:
    """What channels are to be told, once per fact. `type` is dotted (clock.breached); `data` holds JSON: ids, codes and times, no
    personal data. `team_id` is the team that it is about, None for no team in particular."""

    type: str
    kind: str
    dedupe_key: str
    subject: str
    body: str
    team_id: int | None = None
    path: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


def notify(*, notices: Iterable[Notice] = (), events: Iterable[Event] | None = None, now: datetime) -> None:
    """Write notices to people and events to the matching channels into the outbox, each fact once per person and channel.

    Call it in the transaction of the fact itself. A generator of events is not run where there is no channel.
    """
    rows = [*_to_people(list(notices), now), *_to_channels(events, now)]
    if rows:
        Notification.objects.bulk_create(rows, ignore_conflicts=True)
        announce(PENDING)


def retry(*, rows: Iterable[Notification], now: datetime) -> int:
    """Put given-up notices back into the queue; returns how many."""
    keys = [row.pk for row in rows]
    count = (
        Notification.objects.filter(pk__in=keys)
        .dead()
        .update(state=State.PENDING, attempts=0, next_try_at=now)
    )
    announce(PENDING)
    return count


@transaction.atomic
def save_preference(*, preference: NotificationPreference, now: datetime) -> None:
    """Keep what a person chose, and let what already waits for them follow it. What is being sent right now is sent."""
    preference.save()
    waiting = Notification.objects.filter(recipient=preference.user).untried()
    for kind in waiting.order_by("kind").values_list("kind", flat=True).distinct():
        hours = preference.hours(kind)
        waiting.filter(kind=kind).update(
            in_digest=hours.digest != "at_once", next_try_at=hours.next_digest(now)
        )
    announce(PENDING)


@transaction.atomic
def save_channel(*, channel: Channel, now: datetime) -> str:
    """Keep a channel; returns the secret of a new webhook, which is shown this once, or nothing.

    A channel that is switched on starts anew: neither its pause nor why it was switched off counts any more.
    """
    secret = ""
    if channel.kind == ChannelKind.WEBHOOK and not channel.secret:
        secret = channel.rotate_secret(now)
    if channel.is_active:
        channel.closed_because, channel.resumes_at = "", None
    channel.save()
    return secret


@transaction.atomic
def rotate_secret(*, channel: Channel, now: datetime) -> str:
    """Give a webhook a new secret and return it, this once; the old one signs beside it for a day."""
    row = Channel.objects.select_for_update().get(pk=channel.pk)
    secret = row.rotate_secret(now)
    row.save(update_fields=["secret", "previous_secret", "previous_until"])
    return secret


def send_test(*, channel: Channel, by: User, now: datetime) -> None:
    """Put a try-out for one channel into the outbox, whatever kinds of notices it gets."""
    event = Event(
        type="channel.test",
        kind=TEST,
        dedupe_key=f"test:{now.isoformat()}",
        subject=_("A test from Baton"),
        body=_("%(person)s tried out the channel “%(channel)s”. Nothing needs to be done.")
        % {"person": by, "channel": channel},
        data={"channel_id": channel.pk},
    )
    Notification.objects.bulk_create([_row_of(event, channel, now)], ignore_conflicts=True)
    announce(PENDING)


def mark(rows: Sequence[Notification], state: State, **fields: Any) -> None:
    """Note how a try ended, on rows that still wait."""
    Notification.objects.filter(pk__in=[row.pk for row in rows]).pending().update(state=state, **fields)


def postpone(
    rows: Sequence[Notification], error: Exception | str, pauses: Sequence[timedelta], now: datetime
) -> None:
    """Note a failed try on rows with the same number of tries: the next one after its pause, or given up after the last."""
    text = (error if isinstance(error, str) else f"{type(error).__name__}: {error}")[:2000]
    attempts = rows[0].attempts
    if attempts <= len(pauses):
        mark(rows, State.PENDING, error=text, next_try_at=now + pauses[attempts - 1])
    else:
        mark(rows, State.DEAD, error=text)
    log.warning("a notice was not delivered", notice=rows[0].pk, attempts=attempts, error=text)


def preferences_of(people: Iterable[User]) -> dict[int, NotificationPreference]:
    """What each of these people chose, or the default, by their key; read in one statement."""
    readers = {person.pk: person for person in people}
    chosen = {row.user_id: row for row in NotificationPreference.objects.filter(user__in=readers)}
    for key, row in chosen.items():
        row.user = readers[key]
    return {key: chosen.get(key) or NotificationPreference(user=person) for key, person in readers.items()}


def _to_people(notices: Sequence[Notice], now: datetime) -> Iterator[Notification]:
    if not notices:
        return
    preferences = preferences_of(notice.recipient for notice in notices)
    # Thousands of notices go to a few people: the moment of each person and kind is worked out once.
    planned: dict[tuple[int, str], tuple[bool, datetime] | None] = {}
    for notice in notices:
        reader = notice.recipient
        chosen = (reader.pk, notice.kind)
        if chosen not in planned:
            planned[chosen] = _plan(preferences[reader.pk], notice, now)
        plan = planned[chosen]
        if plan is not None:
            yield Notification(
                recipient=reader,
                kind=notice.kind,
                dedupe_key=f"{notice.dedupe_key}:{reader.pk}",
                subject=_one_line(notice.subject),
                body=notice.body,
                path=notice.path,
                created_at=now,
                in_digest=plan[0],
                next_try_at=plan[1],
            )


def _plan(preference: NotificationPreference, notice: Notice, now: datetime) -> tuple[bool, datetime] | None:
    """Whether it waits for a digest, and its first try; None if the person is not told of this kind."""
    if not preference.wants(notice.kind):
        return None
    hours = preference.hours(notice.kind)
    return hours.digest != "at_once", hours.next_digest(now)


def _to_channels(events: Iterable[Event] | None, now: datetime) -> Iterator[Notification]:
    channels = list(Channel.objects.active()) if events is not None else []
    for event in (events or ()) if channels else ():
        for channel in channels:
            if channel.takes(event.kind, event.team_id):
                yield _row_of(event, channel, now)


def _row_of(event: Event, channel: Channel, now: datetime) -> Notification:
    return Notification(
        channel=channel,
        kind=event.kind,
        dedupe_key=f"{event.dedupe_key}:channel-{channel.pk}",
        subject=_one_line(event.subject),
        body=event.body,
        path=event.path,
        event=event.type,
        data=dict(event.data),
        created_at=now,
        next_try_at=now,
    )


def _one_line(subject: str) -> str:
    """A subject that is one header line, whatever name of a person or company is in it."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in subject).split())[:200]

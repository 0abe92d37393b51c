"""Writing notices and delivering them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string

from accounts.models import User
from drains.wake import announce
from notifications.models import Notification, State

log = structlog.get_logger(__name__)

# Growing pauses between tries, a day in all; then the notice is given up and shown to the administrator.
RETRY_PAUSES = (
    timedelta(seconds=30),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=8),
    timedelta(hours=14),
)


@dataclass(frozen=True)
class Notice:
    """What one person is to be told. `dedupe_key` names the fact; the person is added to it."""

    recipient: User
    kind: str
    dedupe_key: str
    subject: str
    body: str
    path: str = ""


def notify(*, notices: Iterable[Notice], now: datetime) -> None:
    """Write the notices into the outbox, each fact once per person. Call it in the transaction of the fact itself."""
    rows = [
        Notification(
            recipient=notice.recipient,
            kind=notice.kind,
            dedupe_key=f"{notice.dedupe_key}:{notice.recipient.pk}",
            subject=notice.subject[:200],
            body=notice.body,
            path=notice.path,
            created_at=now,
            next_try_at=now,
        )
        for notice in notices
    ]
    if rows:
        Notification.objects.bulk_create(rows, ignore_conflicts=True)
        announce("notifications.pending")


def deliver(rows: Sequence[Notification], now: datetime) -> None:
    """Send a batch by e-mail, text and HTML. A failure is noted on its row and tried again later.

    Sent first, marked after: a kill in between sends a mail twice rather than never.
    """
    connection = get_connection()
    for row in rows:
        if not row.recipient.is_active:
            row.state, row.error = State.DEAD, "The recipient's account is closed."
            continue
        try:
            _message(row, connection).send()
        except (
            Exception
        ) as error:  # a mail server can fail in any way, and one address must not stop the others
            _postpone(row, error, now)
        else:
            row.state, row.sent_at, row.error = State.SENT, now, ""
            row.attempts += 1
    Notification.objects.bulk_update(rows, ["state", "sent_at", "error", "attempts", "next_try_at"])


def retry(*, rows: Iterable[Notification], now: datetime) -> int:
    """Put given-up notices back into the queue; returns how many."""
    keys = [row.pk for row in rows]
    count = (
        Notification.objects.filter(pk__in=keys)
        .dead()
        .update(state=State.PENDING, attempts=0, next_try_at=now)
    )
    announce("notifications.pending")
    return count


def _postpone(row: Notification, error: Exception, now: datetime) -> None:
    row.error = f"{type(error).__name__}: {error}"[:2000]
    if row.attempts < len(RETRY_PAUSES):
        row.next_try_at = now + RETRY_PAUSES[row.attempts]
    else:
        row.state = State.DEAD
    row.attempts += 1
    log.warning("a notice was not delivered", notice=row.pk, attempts=row.attempts, error=row.error)


def _message(row: Notification, connection: object) -> EmailMultiAlternatives:
    context = {"notice": row, "url": f"{settings.PUBLIC_URL}{row.path}" if row.path else ""}
    message = EmailMultiAlternatives(
        subject=row.subject,
        body=render_to_string("notifications/email.txt", context),
        to=[row.recipient.email],
        connection=connection,
        headers={
            "Message-ID": f"<notice-{row.pk}@{settings.PUBLIC_URL.partition('//')[2].partition(':')[0]}>"
        },
    )
    message.attach_alternative(render_to_string("notifications/email.html", context), "text/html")
    return message

"""Writing notices and delivering them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
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
# Longer than a batch can take when every mail of it runs into EMAIL_TIMEOUT.
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


def notify(*, notices: Iterable[Notice], now: datetime) -> None:
    """Write the notices into the outbox, each fact once per person. Call it in the transaction of the fact itself."""
    rows = [
        Notification(
            recipient=notice.recipient,
            kind=notice.kind,
            dedupe_key=f"{notice.dedupe_key}:{notice.recipient.pk}",
            subject=_one_line(notice.subject),
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


def put_off(rows: Sequence[Notification], now: datetime) -> None:
    """Claim a batch for SENDING: whoever is killed while sending leaves it to the next try after that time."""
    for row in rows:
        row.attempts += 1
        row.next_try_at = now + SENDING
    Notification.objects.bulk_update(rows, ["attempts", "next_try_at"])


def send(rows: Sequence[Notification], now: datetime) -> None:
    """Send claimed notices by e-mail, text and HTML, outside of any transaction. A failure is noted on its row.

    Sent first, marked after: a kill in between sends a mail twice rather than never.
    """
    connection = get_connection()
    try:
        connection.open()
    except Exception as error:  # no mail server: one attempt tells it for the whole batch
        for row in rows:
            _postpone(row, error, now)
    else:
        for row in rows:
            _send_one(row, connection, now)
        _close(connection)


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


def _one_line(subject: str) -> str:
    """A subject that is one header line, whatever name of a person or company is in it."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in subject).split())[:200]


def _send_one(row: Notification, connection: BaseEmailBackend, now: datetime) -> None:
    if not row.recipient.is_active:
        _mark(row, State.DEAD, error="The recipient's account is closed.")
        return
    try:
        _message(row, connection).send()
    except Exception as error:  # a mail server can fail in any way, and one address must not stop the others
        _close(connection)
        _postpone(row, error, now)
    else:
        _mark(row, State.SENT, sent_at=now, error="")


def _close(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except Exception as error:  # the mails are on their way, or noted as failed; this changes neither
        log.warning("the connection to the mail server was not closed", error=str(error))


def _postpone(row: Notification, error: Exception, now: datetime) -> None:
    text = f"{type(error).__name__}: {error}"[:2000]
    if row.attempts <= len(RETRY_PAUSES):
        _mark(row, State.PENDING, error=text, next_try_at=now + RETRY_PAUSES[row.attempts - 1])
    else:
        _mark(row, State.DEAD, error=text)
    log.warning("a notice was not delivered", notice=row.pk, attempts=row.attempts, error=text)


def _mark(row: Notification, state: State, **fields: Any) -> None:
    Notification.objects.filter(pk=row.pk).pending().update(state=state, **fields)


def _message(row: Notification, connection: BaseEmailBackend) -> EmailMultiAlternatives:
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

"""Delivering notices to people, by e-mail: each on its own, or many in one digest."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection as database
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils.translation import ngettext

from notifications.models import Notification, State
from notifications.services import SENDING, mark, postpone, preferences_of

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


def put_off(rows: Sequence[Notification], now: datetime) -> None:
    """Claim a batch for SENDING: whoever is killed while sending leaves it to the next try after that time.

    Quiet hours are looked at once more, for a retry may fall into them and a person may have changed them: what is not wanted
    now is not claimed but waits for their end. With the first notice of a digest the others of it are claimed.
    """
    preferences = preferences_of(_reader(row) for row in rows)
    claimed: dict[tuple[int, datetime], list[int]] = {}
    for row in rows:
        together = [row, *(_digest(row, now) if row.in_digest else [])]
        hours = preferences[_reader(row).pk].hours(row.kind)
        if hours.is_quiet(now):
            later = hours.next_digest(now) if row.in_digest else hours.open_from(now)
        else:
            later = now + SENDING
            row.is_claimed = True
            row.attempts += 1
        for each in together:
            each.attempts, each.next_try_at = row.attempts, later
        claimed.setdefault((row.attempts, later), []).extend(each.pk for each in together)
    for (attempts, later), keys in claimed.items():
        Notification.objects.filter(pk__in=keys).update(attempts=attempts, next_try_at=later)


def send(rows: Sequence[Notification], now: datetime) -> None:
    """Send claimed notices by e-mail, text and HTML, outside of any transaction. A failure is noted on its row.

    Sent first, marked after: a kill in between sends a mail twice rather than never.
    """
    mails = [[row, *(_claimed_with(row) if row.in_digest else [])] for row in rows if row.is_claimed]
    if not mails:
        return
    connection = get_connection()
    try:
        connection.open()
    except Exception as error:  # no mail server: one attempt tells it for the whole batch
        for mail in mails:
            postpone(mail, error, RETRY_PAUSES, now)
    else:
        for mail in mails:
            _send_one(mail, connection, now)
        _close(connection)


def _reader(row: Notification) -> Any:
    """The recipient of a row of this drain, which never is a channel's."""
    assert row.recipient is not None
    return row.recipient


def _digest(row: Notification, now: datetime) -> list[Notification]:
    """The other notices of the digest that `row` is the first of, locked where the database can."""
    others: QuerySet[Notification] = (
        Notification.objects.digest_of(_reader(row).pk, now).exclude(pk=row.pk).order_by("pk")
    )
    if database.features.has_select_for_update:
        others = others.select_for_update()
    return list(others)


def _claimed_with(row: Notification) -> list[Notification]:
    """What put_off claimed together with `row`: it has the same next try, to the microsecond, and the same number of tries."""
    return list(
        Notification.objects.filter(
            recipient=row.recipient, in_digest=True, next_try_at=row.next_try_at, attempts=row.attempts
        )
        .pending()
        .exclude(pk=row.pk)
        .order_by("pk")
    )


def _send_one(rows: Sequence[Notification], connection: BaseEmailBackend, now: datetime) -> None:
    if not _reader(rows[0]).is_active:
        mark(rows, State.DEAD, error="The recipient's account is closed.")
        return
    try:
        _message(rows, connection).send()
    except Exception as error:  # a mail server can fail in any way, and one address must not stop the others
        _close(connection)
        postpone(rows, error, RETRY_PAUSES, now)
    else:
        mark(rows, State.SENT, sent_at=now, error="")


def _close(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except Exception as error:  # the mails are on their way, or noted as failed; this changes neither
        log.warning("the connection to the mail server was not closed", error=str(error))


def _message(rows: Sequence[Notification], connection: BaseEmailBackend) -> EmailMultiAlternatives:
    first = rows[0]
    template, subject = "email", first.subject
    if len(rows) > 1:
        template = "digest"
        subject = ngettext("%d notice: %s", "%d notices: %s", len(rows)) % (len(rows), first.subject)
    context = {"notice": first, "notices": rows, "subject": subject[:200], "url": first.url}
    message = EmailMultiAlternatives(
        subject=subject[:200],
        body=render_to_string(f"notifications/{template}.txt", context),
        to=[_reader(first).email],
        connection=connection,
        headers={
            "Message-ID": f"<notice-{first.pk}@{settings.PUBLIC_URL.partition('//')[2].partition(':')[0]}>"
        },
    )
    message.attach_alternative(render_to_string(f"notifications/{template}.html", context), "text/html")
    return message

"""A mail server that refuses whom it is told to refuse, and a receiver of calls."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.mail.backends.locmem import EmailBackend
from pytest_django.fixtures import Settings

from tests.notifications.receiver import Receiver, listening

NOW = datetime(2026, 3, 4, 10, tzinfo=UTC)


class MoodyBackend(EmailBackend):
    """Django's backend of tests, with a mood."""

    refuses: set[str] = set()
    is_down = False
    opened = 0
    while_sending: Any = None

    def open(self) -> bool:
        """Connect, if the server is up."""
        type(self).opened += 1
        if self.is_down:
            raise ConnectionRefusedError("no mail server listens there")
        return True

    def send_messages(self, messages: Any) -> int:
        """Send, unless one is for somebody who is refused."""
        for message in messages:
            if type(self).while_sending is not None:
                type(self).while_sending()
            if self.refuses.intersection(message.to):
                raise smtplib.SMTPRecipientsRefused({message.to[0]: (550, b"no such mailbox")})
        return super().send_messages(messages)


@pytest.fixture
def mail_server(settings: Settings) -> type[MoodyBackend]:
    """The backend of this test, in a good mood at first."""
    settings.EMAIL_BACKEND = f"{MoodyBackend.__module__}.MoodyBackend"
    MoodyBackend.refuses, MoodyBackend.is_down = set(), False
    MoodyBackend.opened, MoodyBackend.while_sending = 0, None
    return MoodyBackend


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    """A receiver on this machine, which may be called as on a laptop."""
    settings.WEBHOOK_ALLOW_INSECURE = True
    with listening() as found:
        yield found

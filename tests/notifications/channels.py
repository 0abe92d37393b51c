"""Channels of tests: made, served by the worker, and read by their receivers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import time_machine
from standardwebhooks import Webhook

from drains.runner import run_until_idle
from notifications.models import Channel, ChannelKind
from notifications.services import save_channel
from tests.notifications.conftest import NOW


def make_channel(url: str, **fields: Any) -> Channel:
    """A saved channel, a webhook unless told otherwise."""
    fields.setdefault("kind", ChannelKind.WEBHOOK)
    fields.setdefault("name", f"Channel {Channel.objects.count()}")
    channel = Channel(url=url, **fields)
    save_channel(channel=channel, now=NOW)
    return channel


def deliver(now: datetime = NOW) -> int:
    """What the worker does."""
    return run_until_idle(now, ["notifications.call"])


def verify(channel_secret: str, call: tuple[str, dict[str, str], bytes], now: datetime = NOW) -> Any:
    """What a receiver makes of a call with the library of Standard Webhooks."""
    with time_machine.travel(now, tick=False):
        return Webhook(channel_secret).verify(call[2], call[1])

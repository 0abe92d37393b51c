"""One signed call to another system, as Standard Webhooks 1.0 describes it."""

import http.client
import json
import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from standardwebhooks import Webhook

from notifications import targets

# For the whole call, look-up of the name excepted.
TIMEOUT = timedelta(seconds=15)
LARGEST_BODY = 20_000


class TooLarge(ValueError):
    """The body is larger than receivers have to take."""


@dataclass(frozen=True)
class Answer:
    """What the receiver said: the status, and how long it asked to be left alone."""

    status: int
    retry_after: timedelta | None = None

    @property
    def is_success(self) -> bool:
        """2xx only; a redirect is a failure, for it is never followed."""
        return 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        """The receiver wants no more calls."""
        return self.status == http.client.GONE


def body_of(*, event: str, at: datetime, data: Mapping[str, object]) -> bytes:
    """The body of a call. Raises TooLarge at LARGEST_BODY bytes."""
    told = {"type": event, "timestamp": at.astimezone(UTC).isoformat().replace("+00:00", "Z"), "data": data}
    body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    if len(body) >= LARGEST_BODY:
        raise TooLarge(f"The notice has {len(body)} bytes; webhooks take less than {LARGEST_BODY}.")
    return body


def headers_of(*, message_id: str, body: bytes, secrets: Sequence[str], now: datetime) -> dict[str, str]:
    """The headers of a try at `now`, with a signature by each secret."""
    at = now.astimezone(UTC)
    signatures = [Webhook(secret).sign(message_id, at, body.decode()) for secret in secrets]
    return {
        "Content-Type": "application/json",
        "User-Agent": "Baton-Webhooks/1.0",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def call(
    *,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    now: datetime,
    allow_insecure: bool,
    look_up: targets.LookUp | None = None,
    context: ssl.SSLContext | None = None,
    timeout: timedelta = TIMEOUT,
) -> Answer:
    """POST once, to an address that was found to be public. Redirects are not followed.

    Raises targets.Refused for an inner address, OSError or http.client.HTTPException where nobody answered in time.
    """
    target = targets.parse(url, allow_insecure=allow_insecure)
    addresses = targets.resolve(target.host, target.port, allow_insecure=allow_insecure, look_up=look_up)
    connection = targets.PinnedConnection(
        target,
        addresses,
        timeout=timeout.total_seconds(),
        context=context or ssl.create_default_context(),
    )
    # A socket's own timeout begins anew with every byte; a receiver that drips would hold the worker for hours.
    watchdog = threading.Timer(timeout.total_seconds(), connection.abort)
    watchdog.daemon = True
    watchdog.start()
    try:
        connection.request("POST", target.path, body=body, headers=dict(headers))
        with connection.getresponse() as response:
            if connection.is_aborted:
                raise TimeoutError(f"The receiver did not answer within {timeout.total_seconds():g} seconds.")
            return Answer(response.status, _retry_after(response.getheader("Retry-After"), now))
    finally:
        watchdog.cancel()
        connection.close()


def _retry_after(text: str | None, now: datetime) -> timedelta | None:
    """The header in seconds or as a date; None without it, or if it cannot be read or lies in the past."""
    if not text:
        return None
    text = text.strip()
    if text.isascii() and text.isdecimal():
        return timedelta(seconds=min(int(text[:9]), 10**8))
    try:
        at = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at - now if at > now else None

"""What the public endpoints read off a request, whatever is sent: the size, the body, the sender."""

import ipaddress
from typing import Final

from django.http import HttpRequest

from leads.models import Form, Source
from leads.payload import MAX_BYTES
from leads.services.intake import Delivery

MOST_DISCARDED: Final = 16 * 1024 * 1024


def stated_size(request: HttpRequest) -> int:
    """The stated length of the body in bytes; 0 where none, or nonsense, is stated."""
    stated = str(request.META.get("CONTENT_LENGTH") or "")
    return int(stated) if stated.isascii() and stated.isdecimal() else 0


def discard(request: HttpRequest) -> None:
    """Let the sender finish a body that is refused: many read no answer before they have sent all of it, and take a
    connection that is closed on them for a failure of the network. Somebody who sends still more is cut off."""
    left = MOST_DISCARDED
    while left > 0 and (part := request.read(64 * 1024)):
        left -= len(part)


def read_body(request: HttpRequest) -> bytes | None:
    """The body, or None for one that is larger than a submission may be; such a body is not kept."""
    if stated_size(request) > MAX_BYTES:
        discard(request)
        return None
    raw = request.body
    return raw if len(raw) <= MAX_BYTES else None


def delivery(
    request: HttpRequest,
    *,
    source: Source | None,
    raw: bytes,
    content_type: str,
    key: str | None = None,
    form: Form | None = None,
    source_key: str = "",
) -> Delivery:
    """The arrival as the request brought it, with who sent it."""
    return Delivery(
        source=source,
        raw=raw,
        content_type=_storable(content_type),
        key=key,
        form=form,
        source_key=source_key,
        remote_addr=_address(request),
        user_agent=_storable(request.META.get("HTTP_USER_AGENT", "")),
        request_id=_storable(request.META.get("HTTP_X_REQUEST_ID", "")),
    )


def _storable(header: str) -> str:
    return header.replace("\x00", "").encode("utf-8", "replace").decode()


def _address(request: HttpRequest) -> str | None:
    # Behind a Unix socket there is none, and a database column for addresses refuses anything else.
    try:
        return str(ipaddress.ip_address(request.META.get("REMOTE_ADDR") or ""))
    except ValueError:
        return None

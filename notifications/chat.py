"""One message to a chat room, through apprise. Its services connect where their address says, so every connection is guarded."""

import logging
import socket
from contextvars import ContextVar
from typing import Any

import urllib3.util.connection as urllib3_connection

from notifications import targets

# The services that are chat rooms, by the scheme of their own addresses; all of them are reached by HTTP. apprise knows many
# more: mail, SMS, the desktop and the logs of this machine are none of a channel's business.
SERVICES = frozenset(
    [
        "slack",
        "workflow",
        "workflows",
        "msteams",
        "discord",
        "tgram",
        "gchat",
        "wxteams",
        "zulip",
        "mmosts",
        "rockets",
        "matrixs",
        "gotifys",
        "nctalks",
        "ntfys",
        "ntfy",
        "jsons",
    ]
)
# Of these the address names the machine; the others have one of their own.
OWN_MACHINE = frozenset(
    ["mmosts", "rockets", "matrixs", "gotifys", "nctalks", "ntfys", "jsons", "mmost", "rocket", "json"]
)
INSECURE = frozenset({"mmost", "rocket", "json"})


class ChatFailed(Exception):
    """The message was not taken; the text says what the service said."""


# None: a connection of somebody else. Otherwise whether this machine itself may be called.
_guard: ContextVar[bool | None] = ContextVar("guard", default=None)
_connect_anywhere = urllib3_connection.create_connection


def check(url: str, *, allow_insecure: bool, look_up: targets.LookUp | None = None) -> None:
    """Raises targets.Refused unless it is the address of a chat room that may be called, NotFound if its machine has no address."""
    service = _service(url)
    if service is None:
        raise targets.Refused("malformed")
    scheme = _scheme(service)
    if scheme not in SERVICES and not (allow_insecure and scheme in INSECURE):
        raise targets.Refused("scheme", scheme)
    if scheme in OWN_MACHINE:
        port = service.port or (80 if scheme in INSECURE else targets.SECURE_PORT)
        _addresses(service.host.strip("[]"), port, allow_insecure=allow_insecure, look_up=look_up)


def masked(url: str) -> str:
    """The address without what is secret in it, for people."""
    service = _service(url)
    return str(service.url(privacy=True)).partition("?")[0] if service is not None else "…"


def say(*, url: str, title: str, body: str, allow_insecure: bool) -> None:
    """Send one message. Raises ChatFailed if it was not taken, targets.Refused for an address that is not to be called."""
    check(url, allow_insecure=allow_insecure)
    import apprise

    log_capture: Any = apprise.LogCapture  # has no types
    # Redirects would be followed by default, to wherever.
    room = apprise.Apprise(asset=apprise.AppriseAsset(http_redirects=False, async_mode=False))
    room.add(url)
    token = _guard.set(allow_insecure)
    try:
        with log_capture(level=logging.WARNING) as said:
            if not room.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT):
                raise ChatFailed(said.getvalue().strip()[:500] or "The chat did not take the message.")
    finally:
        _guard.reset(token)


def _service(url: str) -> Any:
    """What apprise makes of the address; None if nothing."""
    import apprise

    return apprise.Apprise.instantiate(url, suppress_exceptions=True)


def _scheme(service: Any) -> str:
    return str(service.url()).partition(":")[0]


def _addresses(
    host: str, port: int, *, allow_insecure: bool, look_up: targets.LookUp | None = None
) -> list[str]:
    if port != targets.SECURE_PORT and not allow_insecure:
        raise targets.Refused("port", str(port))
    return targets.resolve(host, port, allow_insecure=allow_insecure, look_up=look_up)


def _connect_guarded(address: tuple[str, int], *arguments: Any, **options: Any) -> socket.socket:
    """What urllib3 connects by. Within `say`: to a public address only, and to the one that was looked at."""
    allow_insecure = _guard.get()
    if allow_insecure is None:
        return _connect_anywhere(address, *arguments, **options)
    host, port = address
    error: OSError | None = None
    for each in _addresses(host.strip("[]"), port, allow_insecure=allow_insecure):
        try:
            return _connect_anywhere((each, port), *arguments, **options)
        except OSError as failed:
            error = failed
    raise error or targets.NotFound(f"The name {host} has no address.")


urllib3_connection.create_connection = _connect_guarded

"""Which machines this one may be made to call: public addresses, and the very address that was looked at.

Whoever sets up a webhook chooses where our server connects to. So a name is looked up here, every address it has must be
public, and the connection goes to an address of that answer: what the name says a moment later does not matter.
"""

import contextlib
import http.client
import ipaddress
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

SECURE_PORT = 443
LONGEST_URL = 2000
# Taken for public by some versions of Python: the wire server of Azure; addresses of protocols, among them the metadata of
# Oracle; site-local addresses. And addresses that stand for one of version 4, which no receiver needs: NAT64, 6to4, Teredo.
_INNER = tuple(
    ipaddress.ip_network(block)
    for block in (
        "168.63.129.16/32",
        "192.0.0.0/24",
        "fec0::/10",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2002::/16",
        "2001::/32",
    )
)

LookUp = Callable[..., list[tuple[Any, ...]]]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Refused(Exception):
    """This address is not called. `reason` is a key of REASONS, for the texts of people."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{REASONS[reason]}{f' ({detail})' if detail else ''}")
        self.reason = reason


class NotFound(OSError):
    """The name has no address, now; it may have one at the next try."""


REASONS = {
    "malformed": "This is not an address of the form https://host/path.",
    "scheme": "Only https:// is called.",
    "port": "Only port 443 is called.",
    "userinfo": "A name or password inside the address is not allowed.",
    "inner": "This leads to a machine of an inner network.",
}


@dataclass(frozen=True)
class Target:
    """Where to call: the parts of a URL that were found to be in order."""

    scheme: str
    host: str
    port: int
    path: str


def parse(url: str, *, allow_insecure: bool) -> Target:
    """The parts of `url`. Raises Refused unless it is https on port 443 (anything with `allow_insecure`), without userinfo."""
    if not url.isascii() or len(url) > LONGEST_URL or any(sign <= " " or sign in '\\\x7f"<>' for sign in url):
        raise Refused("malformed")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Refused("malformed") from None
    if parts.scheme not in (("https", "http") if allow_insecure else ("https",)):
        raise Refused("scheme")
    if "@" in parts.netloc:
        raise Refused("userinfo")
    if not parts.hostname or "%" in parts.hostname:
        raise Refused("malformed")
    port = port if port is not None else SECURE_PORT if parts.scheme == "https" else 80
    if port != SECURE_PORT and not allow_insecure:
        raise Refused("port")
    return Target(parts.scheme, parts.hostname, port, _path(parts))


def _path(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def is_public(address: Address, *, allow_loopback: bool = False) -> bool:
    """Whether it belongs to the public internet: not loopback, private, link-local, multicast, reserved, or a door to such."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped, allow_loopback=allow_loopback)
        if address.scope_id:
            return False
    if address.is_loopback:
        return allow_loopback
    if address.is_multicast or address.is_reserved or any(address in block for block in _INNER):
        return False
    return address.is_global


def resolve(host: str, port: int, *, allow_insecure: bool, look_up: LookUp | None = None) -> list[str]:
    """The addresses of `host`, in the order in which to try them.

    Raises Refused if any of them is not public, NotFound if there is none. `allow_insecure` lets loopback pass.
    """
    with contextlib.suppress(ValueError):
        # An address is not looked up, and its check needs no network.
        if not is_public(ipaddress.ip_address(host), allow_loopback=allow_insecure):
            raise Refused("inner", host)
        return [host]
    try:
        found = (look_up or socket.getaddrinfo)(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotFound(f"The name {host} was not found: {error}") from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not addresses:
        raise NotFound(f"The name {host} has no address.")
    for text in addresses:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            raise Refused("inner", text) from None
        if not is_public(address, allow_loopback=allow_insecure):
            raise Refused("inner", text)
    return addresses


def check(url: str, *, allow_insecure: bool, look_up: LookUp | None = None) -> Target:
    """The target of a URL with a name that leads to public addresses only. Raises Refused, or NotFound."""
    target = parse(url, allow_insecure=allow_insecure)
    resolve(target.host, target.port, allow_insecure=allow_insecure, look_up=look_up)
    return target


def connect(addresses: Sequence[str], port: int, timeout: float | None) -> socket.socket:
    """A connection to the first of the checked addresses that answers. Raises OSError of the last."""
    error: OSError = NotFound("There is no address to connect to.")
    for address in addresses:
        try:
            return socket.create_connection((address, port), timeout)
        except OSError as failed:
            error = failed
    raise error


class PinnedConnection(http.client.HTTPConnection):
    """HTTP to an address that was checked, under the name it was asked for (Host, SNI and certificate)."""

    def __init__(
        self, target: Target, addresses: Sequence[str], *, timeout: float, context: ssl.SSLContext
    ) -> None:
        super().__init__(target.host, target.port, timeout=timeout)
        self._target = target
        self._addresses = addresses
        self._context = context
        self.is_aborted = False
        # The standard port is left out of the Host header.
        self.default_port = SECURE_PORT if target.scheme == "https" else 80

    def connect(self) -> None:
        """Connect to the pinned address; the name is the certificate's business."""
        self.sock = connect(self._addresses, self._target.port, self.timeout)
        if self._target.scheme == "https":
            self.sock = self._context.wrap_socket(
                self.sock, server_hostname=self._target.host, do_handshake_on_connect=False
            )
            self.sock.do_handshake()

    def abort(self) -> None:
        """End a call that takes too long, from another thread; what was read until then is no answer."""
        self.is_aborted = True
        sock = self.sock
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

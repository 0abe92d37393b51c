"""Refuses every connection that would leave this machine, so that no test depends on the outside."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from typing import Any

import pytest


class NetworkRefused(RuntimeError):
    """A test tried to reach another machine."""


def _is_here(host: object) -> bool:
    if host in (None, "", b"", "localhost", b"localhost"):
        return True
    name = host.decode() if isinstance(host, bytes) else str(host)
    try:
        return ipaddress.ip_address(name.split("%")[0]).is_loopback
    except ValueError:
        return False


def _guarded(original: Callable[..., Any], position: int) -> Callable[..., Any]:
    """`original` of a socket, whose argument `position` is an address that has to be here."""

    def guard(self: socket.socket, *arguments: Any, **options: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_here(arguments[position][0]):
            raise NetworkRefused(f"Tests reach no other machine, this one tried {arguments[position]!r}.")
        return original(self, *arguments, **options)

    return guard


def refuse_other_machines(patch: pytest.MonkeyPatch) -> None:
    """Guard connections, datagrams and look-ups of names until `patch` is undone."""
    patch.setattr(socket.socket, "connect", _guarded(socket.socket.connect, 0))
    patch.setattr(socket.socket, "connect_ex", _guarded(socket.socket.connect_ex, 0))
    patch.setattr(socket.socket, "sendto", _guarded(socket.socket.sendto, -1))
    look_up = socket.getaddrinfo

    def guard(host: Any, *arguments: Any, **options: Any) -> Any:
        if not _is_here(host):
            raise NetworkRefused(f"Tests look up no other machine, this one tried {host!r}.")
        return look_up(host, *arguments, **options)

    patch.setattr(socket, "getaddrinfo", guard)

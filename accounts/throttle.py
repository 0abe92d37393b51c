"""Whose wrong passwords are counted together."""

from typing import Any

from django.http import HttpRequest


def address_of(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """The address somebody tries to log in with, written in the one way in which users are kept.

    As it was typed, each spelling (ADA@..., Ada@...) would get five tries of its own.
    """
    given = (credentials or {}).get("username") or request.POST.get("username", "")
    return str(given).strip().lower()

"""Placeholder."""

from typing import NoReturn

from django.http import Http404, HttpRequest


def inbox(request: HttpRequest, **kwargs: object) -> NoReturn:
    """Placeholder."""
    raise Http404


def handoff(request: HttpRequest, **kwargs: object) -> NoReturn:
    """Placeholder."""
    raise Http404


def accept(request: HttpRequest, **kwargs: object) -> NoReturn:
    """Placeholder."""
    raise Http404


def reject(request: HttpRequest, **kwargs: object) -> NoReturn:
    """Placeholder."""
    raise Http404


def assign(request: HttpRequest, **kwargs: object) -> NoReturn:
    """Placeholder."""
    raise Http404


def touch(request: HttpRequest, **kwargs: object) -> NoReturn:
    """Placeholder."""
    raise Http404


def qualify(request: HttpRequest, **kwargs: object) -> NoReturn:
    """Placeholder."""
    raise Http404


def recycle(request: HttpRequest, **kwargs: object) -> NoReturn:
    """Placeholder."""
    raise Http404


def disqualify(request: HttpRequest, **kwargs: object) -> NoReturn:
    """Placeholder."""
    raise Http404


def open_deal(request: HttpRequest, **kwargs: object) -> NoReturn:
    """Placeholder."""
    raise Http404


def close_deal(request: HttpRequest, **kwargs: object) -> NoReturn:
    """Placeholder."""
    raise Http404


def lead_handoffs(request: HttpRequest, **kwargs: object) -> NoReturn:
    """Placeholder."""
    raise Http404

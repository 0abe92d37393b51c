"""Placeholder."""

from typing import NoReturn

from django.http import Http404, HttpRequest


def compliance(request: HttpRequest, **kwargs: object) -> NoReturn:
    """Placeholder."""
    raise Http404


def clocks(request: HttpRequest, **kwargs: object) -> NoReturn:
    """Placeholder."""
    raise Http404


def evidence(request: HttpRequest, **kwargs: object) -> NoReturn:
    """Placeholder."""
    raise Http404

"""Placeholder."""

from typing import NoReturn

from django.http import Http404, HttpRequest


def lead_list(request: HttpRequest, **kwargs: object) -> NoReturn:
    """Placeholder."""
    raise Http404


def lead_detail(request: HttpRequest, **kwargs: object) -> NoReturn:
    """Placeholder."""
    raise Http404


def timeline(request: HttpRequest, **kwargs: object) -> NoReturn:
    """Placeholder."""
    raise Http404

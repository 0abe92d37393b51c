"""Placeholder."""

from typing import NoReturn

from django.http import Http404, HttpRequest


def lines(request: HttpRequest, **kwargs: object) -> NoReturn:
    """Placeholder."""
    raise Http404

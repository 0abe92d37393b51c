"""Placeholder."""

from typing import NoReturn

from django.http import Http404, HttpRequest


def submissions(request: HttpRequest, **kwargs: object) -> NoReturn:
    """Placeholder."""
    raise Http404


def submission(request: HttpRequest, **kwargs: object) -> NoReturn:
    """Placeholder."""
    raise Http404


def decide(request: HttpRequest, **kwargs: object) -> NoReturn:
    """Placeholder."""
    raise Http404


def bulk(request: HttpRequest, **kwargs: object) -> NoReturn:
    """Placeholder."""
    raise Http404


def correct(request: HttpRequest, **kwargs: object) -> NoReturn:
    """Placeholder."""
    raise Http404


def take_back(request: HttpRequest, **kwargs: object) -> NoReturn:
    """Placeholder."""
    raise Http404

"""Shows every time in the zone of the person who reads it, and leads back to the page where a log-in had ended."""

import zoneinfo
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils import timezone

from drains.clock import last_known_time

SAFE = ("GET", "HEAD", "OPTIONS")


class ReaderTimeMiddleware:
    """Activates the reader's zone for the request, and tells the page the server's time for its countdowns."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The session is read only where there is one, so that API calls and public forms cost no query."""
        name = ""
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            name = request.user.time_zone
        with timezone.override(zoneinfo.ZoneInfo(name or settings.ORGANISATION_TIME_ZONE)):
            response = self.get_response(request)
        response.headers["X-Server-Time"] = last_known_time().isoformat()
        return response


class LogInAgainMiddleware:
    """Who was logged out meanwhile gets the log-in as a page, and afterwards the page they were on.

    Without it htmx would put the log-in into the sheet or the list it had asked for, and the log-in would lead on to the
    address of a verb, which answers no GET.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Only ways to the log-in are changed, and of those only what no plain link had asked for."""
        response = self.get_response(request)
        asked_by_htmx = "HX-Request" in request.headers
        if "Location" not in response.headers or (request.method in SAFE and not asked_by_htmx):
            return response
        log_in = resolve_url(settings.LOGIN_URL)
        if not response.headers["Location"].startswith(f"{log_in}?next="):
            return response
        there = f"{log_in}?{urlencode({'next': _page_of(request)}, safe='/')}"
        if asked_by_htmx:
            return HttpResponse(status=204, headers={"HX-Redirect": there})
        response.headers["Location"] = there
        return response


def _page_of(request: HttpRequest) -> str:
    """The path of the page on which somebody clicked, as the browser tells it; the start page where it tells none of ours."""
    told = urlsplit(request.headers.get("HX-Current-URL") or request.headers.get("Referer") or "")
    if told.netloc != request.get_host():
        return resolve_url(settings.LOGIN_REDIRECT_URL)
    return told.path + (f"?{told.query}" if told.query else "")

"""Shows every time in the zone of the person who reads it."""

import zoneinfo
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from drains.clock import last_known_time


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

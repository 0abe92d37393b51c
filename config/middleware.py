"""One id per request: in the answer, in every log line, in the tasks it wakes, beside the submission it brought."""

import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

_ACCEPTABLE = re.compile(r"[A-Za-z0-9._:+/=-]{1,64}")


class RequestIdMiddleware:
    """Keeps the sender's X-Request-ID if it is short and plain, else makes one, and answers with it.

    It stands first, so that refusals and redirects carry the id too. From here on the id is the header of the request,
    whoever made it: django_structlog binds it to the log lines, and leads.wire keeps it beside the submission.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Nobody has looked at the headers before, so changing one here changes it for everybody."""
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given if _ACCEPTABLE.fullmatch(given) else str(uuid.uuid4())
        request.META["HTTP_X_REQUEST_ID"] = request_id
        response = self.get_response(request)
        response.headers["X-Request-ID"] = request_id
        return response

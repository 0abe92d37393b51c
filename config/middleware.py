"""What stands around every request: its id, its log line, the short way of machines, and the pages for an address that is
unknown or takes a button."""

import re
import uuid
from collections.abc import Callable
from functools import cache

import structlog
from csp.utils import build_policy
from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, ResolverMatch, resolve
from django.views.defaults import page_not_found
from django_structlog.middlewares import RequestMiddleware

from drains.frames import with_room

_ACCEPTABLE = re.compile(r"[A-Za-z0-9._:+/=-]{1,64}")


class RequestIdMiddleware:
    """Keeps the sender's X-Request-ID if it is short and plain, else makes one, and answers with it.

    It stands first, so that refusals and redirects carry the id too, and everything is called with room for its frames. From here on the id is the header of the request,
    whoever made it: RequestLogMiddleware binds it to the log lines, and leads.wire keeps it beside the submission.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = with_room(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Nobody has looked at the headers before, so changing one here changes it for everybody."""
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given if _ACCEPTABLE.fullmatch(given) else str(uuid.uuid4())
        request.META["HTTP_X_REQUEST_ID"] = request_id
        response = self.get_response(request)
        response.headers["X-Request-ID"] = request_id
        return response


class RequestLogMiddleware(RequestMiddleware):
    """One log line per request, as its base has it, for less: the line that a request began nobody reads."""

    def prepare(self, request: HttpRequest) -> None:
        """Bind who asks to the log lines."""
        structlog.contextvars.bind_contextvars(request_id=request.META["HTTP_X_REQUEST_ID"])
        self.bind_user_id(request)
        self.bind_ip(request)

    @staticmethod
    def bind_user_id(request: HttpRequest) -> None:
        """Only a request with a session can be somebody's."""
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            RequestMiddleware.bind_user_id(request)

    @classmethod
    def bind_ip(cls, request: HttpRequest) -> None:
        """The address that the server saw; behind our proxy the last one that the proxy wrote down, never the visitor's word."""
        address = request.META.get("REMOTE_ADDR")
        if settings.BEHIND_PROXY:
            address = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip() or address
        structlog.contextvars.bind_contextvars(ip=address)


class MachineMiddleware:
    """Answers what only machines ask without what only people need: session, log-in, forgery tokens, messages, zone.

    What stands before it in MIDDLEWARE holds for both. The addresses in settings.MACHINE_PATHS must know their senders by
    themselves, and never by a cookie: no forgery token is asked for.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Data is no page, so a browser that is led to it may load and run nothing."""
        if request.path_info not in settings.MACHINE_PATHS:
            return self.get_response(request)
        match = request.resolver_match = _resolved(request.path_info)
        response: HttpResponse = match.func(request, *match.args, **match.kwargs)
        response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
        return response


@cache
def _resolved(path: str) -> ResolverMatch:
    """Looked up once for each of settings.MACHINE_PATHS."""
    return resolve(path)


class NotFoundMiddleware:
    """On a laptop too an unknown address gives the page that people get on a server; Django's own, for developers, shows the
    addresses of the site and needs a wide window. Stands last, so that the page knows who reads it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not settings.DEBUG:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Look the address up before Django does; a missing slash at its end is mended further out, as always."""
        try:
            resolve(request.path_info)
        except Resolver404 as error:
            return _not_found(request, error)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """What a view does not find, or does not show to this reader."""
        return _not_found(request, exception) if isinstance(exception, Http404) else None


class WrongMethodMiddleware:
    """Who opens the address of a verb (typed, or from the browser's history) reads that nothing happened and where to go on.

    Django's own answer is empty, and browsers show an error of theirs instead."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The API answers in words of its own; whoever wants no page gets none."""
        response = self.get_response(request)
        if response.status_code != 405 or response.content or not request.accepts("text/html"):
            return response
        page = render(request, "405.html", status=405)
        page.headers["Allow"] = response.headers["Allow"]
        return page


def _not_found(request: HttpRequest, error: Exception) -> HttpResponse:
    """Our page with its policy, which django-csp leaves out there for Django's own page."""
    page: HttpResponse = page_not_found(request, error)
    page.headers["Content-Security-Policy"] = build_policy(settings.CONTENT_SECURITY_POLICY["DIRECTIVES"])
    return page

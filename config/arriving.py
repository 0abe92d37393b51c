"""Addresses as they are asked for: without their last slash, with too many names, by a method that they do not know."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponsePermanentRedirect
from django.middleware.common import CommonMiddleware
from django.utils.translation import gettext as _
from django.views.defaults import bad_request

from leads.api.errors import one

API: Final = "/api/"


class AddressMiddleware(CommonMiddleware):
    """As its base, and what was sent to an address without its last slash is not lost.

    The base redirects with 301, whereupon senders ask by GET and take the page for success; with DEBUG it fails. 308 has them
    send the same again.
    """

    def process_request(  # type: ignore[override]  # the stubs know of redirects only
        self, request: HttpRequest
    ) -> HttpResponseBase | None:
        """An address with more names behind its question mark than Django reads cannot be shown to any view or error page."""
        try:
            _names = request.GET
        except TooManyFieldsSent as error:
            message = _("The address has more than %d names behind its question mark.")
            return _unreadable(request, error, message % (settings.DATA_UPLOAD_MAX_NUMBER_FIELDS or 0))
        return super().process_request(request)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Only what is found nowhere else has its slash mended."""
        sent = request.method not in ("GET", "HEAD")
        if response.status_code == 404 and sent and self.should_redirect_with_slash(request):
            mended = request.get_full_path(force_append_slash=True)
            return HttpResponsePermanentRedirect("/" + mended.lstrip("/"), preserve_request=True)
        if response.status_code == 405 and request.path_info.startswith(API):
            response = _wrong_method(request, response)
        return super().process_response(request, response)


def _unreadable(request: HttpRequest, error: TooManyFieldsSent, message: str) -> HttpResponse:
    if request.path_info.startswith(API):
        return one(400, "invalid", "address", message, _("Send only the names that are needed."))
    return bad_request(request, error)


def _wrong_method(request: HttpRequest, response: HttpResponseBase) -> HttpResponse:
    """ninja answers in bare words; programs read JSON here too."""
    allowed = response.headers["Allow"]
    message = _("%(method)s is not possible at %(path)s.") % {
        "method": request.method,
        "path": request.path_info,
    }
    told = one(405, "wrong_method", "method", message, _("Send %s.") % allowed)
    told.headers["Allow"] = allowed
    return told

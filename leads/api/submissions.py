"""Submissions over the API."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from ninja import Router, Schema

from accounts.api import FieldError
from drains.clock import current_time
from leads.models.intake import digest_of_key
from leads.payload import MAX_BYTES, parse, read
from leads.payload_errors import PayloadErrors
from leads.services.intake import Receipt, UnknownSender, keep_refused, receive, source_of
from leads.wire import delivery, read_body

router = Router(tags=["submissions"])

MAX_KEY_LENGTH = 255


class Accepted(Schema):
    """The submission is kept. `repeated`: this delivery was here before, and nothing new was made of it."""

    id: int
    repeated: bool


class Refused(Schema):
    """Nothing was made of the delivery. `id`: under that number it is kept for correction, where it could be kept."""

    errors: list[FieldError]
    id: int | None = None


_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "description": "At least one of email, external_id, anonymous_id. Unknown fields are kept.",
                    "properties": {
                        "email": {"type": "string"},
                        "external_id": {"type": "string"},
                        "first_name": {"type": "string"},
                        "last_name": {"type": "string"},
                        "job_title": {"type": "string"},
                        "company_name": {"type": "string"},
                        "industry": {"type": "string"},
                        "country": {"type": "string"},
                        "employees": {"type": "integer"},
                        "phone": {"type": "string"},
                        "message": {"type": "string"},
                        "activity": {"type": "string", "example": "demo_request"},
                        "occurred_at": {"type": "string", "format": "date-time"},
                    },
                }
            }
        },
    },
    "parameters": [
        {
            "in": "header",
            "name": "Idempotency-Key",
            "schema": {"type": "string", "maxLength": MAX_KEY_LENGTH},
            "description": "Your name for this delivery: the same key twice makes one submission.",
        },
        {
            "in": "header",
            "name": "Authorization",
            "required": True,
            "schema": {"type": "string", "example": "Bearer bk_..."},
            "description": "The key of the source.",
        },
    ],
}


@router.post(
    "/submissions",
    response={202: Accepted, 400: Refused, 401: Refused, 409: Refused, 413: Refused, 422: Refused},
    openapi_extra=_BODY,
    summary="Send a submission",
)
def post_submission(request: HttpRequest) -> Any:
    """Keep one submission and answer at once; it is processed within seconds. Answered 2xx, it is in the database."""
    return submit(request, current_time())


def submit(request: HttpRequest, now: datetime) -> JsonResponse:
    """The work of post_submission: authenticate, read, keep.

    A good delivery is authenticated by the statement that keeps it; whatever is wrong is told to known senders only.
    """
    digest = _digest(request)
    try:
        return _take(request, digest, now)
    except UnknownSender:
        return _refuse(
            401,
            "Authorization",
            _("No source has this key."),
            _("Send “Authorization: Bearer KEY” with the key of an active source."),
        )


def _take(request: HttpRequest, digest: str, now: datetime) -> JsonResponse:
    raw = read_body(request)
    if raw is None:
        source_of(digest)
        return _too_large()
    key = request.META.get("HTTP_IDEMPOTENCY_KEY", "").strip()
    if len(key) > MAX_KEY_LENGTH or "\x00" in key:
        source_of(digest)
        return _refuse(
            400,
            "Idempotency-Key",
            _("The key is too long."),
            _("Send at most %d characters.") % MAX_KEY_LENGTH,
        )
    arrival = delivery(
        request,
        source=None,
        source_key=digest,
        raw=raw,
        content_type=request.content_type or "",
        key=key or None,
    )
    try:
        read(parse(arrival.raw, arrival.content_type), now)
    except PayloadErrors as errors:
        known = replace(arrival, source=source_of(digest))
        number = keep_refused(delivery=known, errors=errors, now=now)
        return JsonResponse({"errors": errors.as_list(_), "id": number}, status=422)
    return _answer(receive(delivery=arrival, now=now))


def _answer(receipt: Receipt) -> JsonResponse:
    if receipt.differs:
        return _refuse(
            409,
            "Idempotency-Key",
            _("This key came before with other content (submission %d).") % receipt.submission_id,
            _("Send a new key for new content; the earlier submission stands."),
            receipt.submission_id,
        )
    return JsonResponse({"id": receipt.submission_id, "repeated": receipt.repeated}, status=202)


def _digest(request: HttpRequest) -> str:
    """The digest of the key that the sender shows, empty without one; no source has an empty digest."""
    scheme, _space, key = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return digest_of_key(key.strip()) if scheme.lower() == "bearer" and key.strip() else ""


def _too_large() -> JsonResponse:
    return _refuse(
        413,
        "body",
        _("The body is larger than %d bytes.") % MAX_BYTES,
        _("Send fewer or shorter fields; files do not belong into a submission."),
    )


def _refuse(status: int, field: str, message: str, remedy: str, number: int | None = None) -> JsonResponse:
    errors = [{"field": field, "message": message, "remedy": remedy}]
    return JsonResponse({"errors": errors, "id": number}, status=status)

"""What the API answers when something is wrong: always JSON that names the field, what happened, and what to do next."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from accounts.api import Problem
from accounts.services import BadToken
from leads.payload import MAX_BYTES
from leads.payload_errors import PROBLEMS, PayloadError, PayloadErrors


class Invalid(ValueError):
    """One field has a value that cannot be; found by what is in the database."""

    def __init__(self, field: str, message: str, remedy: str) -> None:
        super().__init__(message)
        self.field, self.message, self.remedy = field, message, remedy


#: Answers that every address may give, for the description.
REFUSALS: Final[dict[Any, Any]] = {
    400: Problem,
    401: Problem,
    403: Problem,
    404: Problem,
    413: Problem,
    422: Problem,
}

_INVALID = "invalid"
_DESCRIBED = gettext_noop("The fields of every address are described in /api/v1/openapi.json.")
# What is wrong with a whole body: the words of PROBLEMS speak of submissions.
_BODIES: Final = {
    "empty": (gettext_noop("The body is empty."), gettext_noop("Send one JSON object.")),
    "compressed": (
        gettext_noop("The body is compressed with gzip, which is not read here."),
        PROBLEMS["compressed"][1],
    ),
    "not_utf8": (
        gettext_noop("The body is not UTF-8 text (byte %(position)s)."),
        gettext_noop("Encode the body as UTF-8."),
    ),
    "not_json": (
        gettext_noop("The body is not valid JSON: line %(line)s, column %(column)s: %(reason)s."),
        gettext_noop("Correct the JSON at that place."),
    ),
    "not_object": (
        gettext_noop("The body is not a JSON object."),
        gettext_noop("Send one object with named fields."),
    ),
    "too_deep": (
        gettext_noop("The body is nested more than %(limit)s levels deep."),
        gettext_noop("Send the fields at the top level."),
    ),
    "too_many_keys": (gettext_noop("The body has more than %(limit)s fields."), _DESCRIBED),
}
_A_NUMBER = (
    gettext_noop("“%(name)s” is not a whole number."),
    gettext_noop("Send a whole number, without quotation marks in JSON."),
)
_TRUE_OR_FALSE = (gettext_noop("“%(name)s” is neither true nor false."), gettext_noop("Send true or false."))
_A_DAY = (gettext_noop("“%(name)s” is not a day."), gettext_noop("Send a day such as 2026-03-31."))
_A_CHOICE = (
    gettext_noop("“%(name)s” is none of the values that it can have."),
    gettext_noop("Send one of %(expected)s."),
)
# What pydantic and our own types call it -> the same for people. Beside these, all of PROBLEMS.
_WORDS: Final = {
    "missing": (gettext_noop("“%(name)s” is missing."), gettext_noop("Send it.")),
    "extra_forbidden": (
        gettext_noop("“%(name)s” is not known here."),
        gettext_noop("Leave it out, or correct its name: all names are in /api/v1/openapi.json."),
    ),
    "string_type": PROBLEMS["not_text"],
    "string_too_long": (
        gettext_noop("“%(name)s” is longer than %(max_length)s characters."),
        gettext_noop("Shorten the value."),
    ),
    "string_too_short": (gettext_noop("“%(name)s” is empty."), gettext_noop("Write something.")),
    "string_pattern_mismatch": (gettext_noop("“%(name)s” is not written as it must be."), _DESCRIBED),
    "bad_kind": (
        gettext_noop("“%(name)s” is not the name of what was done."),
        gettext_noop("Send at most 50 small letters, digits and underscores, such as demo_request."),
    ),
    "less_than_equal": (gettext_noop("“%(name)s” is too large."), gettext_noop("Send at most %(le)s.")),
    "greater_than_equal": (gettext_noop("“%(name)s” is too small."), gettext_noop("Send at least %(ge)s.")),
    "no_touch": (
        gettext_noop("“%(sent)s” is no touch by a person, so no clock is stopped by it."),
        gettext_noop(
            "Send call, email, meeting or message. Internal notes, changes of status and automatic mail are not logged as touches."
        ),
    ),
    "automatic_touch": (
        gettext_noop("What was sent automatically is no touch, so no clock is stopped by it."),
        gettext_noop("Log what a person did to reach the lead, and nothing for this."),
    ),
    "enum": _A_CHOICE,
    "literal_error": _A_CHOICE,
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), _A_NUMBER),
    **dict.fromkeys(("bool_type", "bool_parsing"), _TRUE_OR_FALSE),
    **dict.fromkeys(
        ("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"), _A_DAY
    ),
}
_OTHER = (gettext_noop("“%(name)s” cannot be read."), _DESCRIBED)


def answer(status: int, code: str, errors: Sequence[Mapping[str, str]]) -> JsonResponse:
    """The shape of every refusal."""
    return JsonResponse({"code": code, "errors": list(errors)}, status=status)


def one(status: int, code: str, field: str, message: str, remedy: str) -> JsonResponse:
    """A refusal with one thing wrong."""
    return answer(status, code, [{"field": field, "message": message, "remedy": remedy}])


def install(api: NinjaAPI) -> None:
    """Have the API answer in this shape whatever is wrong."""
    handlers: dict[type[Exception], Any] = {
        BadToken: _bad_token,
        AuthenticationError: _no_token,
        PayloadErrors: _payload,
        ValidationError: _validation,
        HttpError: _unreadable,
        RequestDataTooBig: lambda request, problem: _too_large(),
        Invalid: lambda request, problem: one(422, _INVALID, problem.field, problem.message, problem.remedy),
        Http404: _not_found,
        PermissionDenied: _forbidden,
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)


def _bad_token(request: HttpRequest, problem: BadToken) -> HttpResponse:
    return _challenge(one(401, "unauthorized", "Authorization", problem.message, problem.remedy))


def _no_token(request: HttpRequest, problem: AuthenticationError) -> HttpResponse:
    message = _("The request shows no API token.")
    remedy = _("Send “Authorization: Bearer TOKEN” with a token from the page “API tokens” of your account.")
    return _challenge(one(401, "unauthorized", "Authorization", message, remedy))


def _challenge(response: HttpResponse) -> HttpResponse:
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _forbidden(request: HttpRequest, problem: PermissionDenied) -> HttpResponse:
    remedy = _("Use the token of somebody who may. What you may do here is what you may do on the pages.")
    return one(403, "forbidden", "Authorization", str(problem) or _("You may not do this."), remedy)


def _not_found(request: HttpRequest, problem: Http404) -> HttpResponse:
    message = _("There is nothing at this address that you may see.")
    return one(404, "not_found", "path", message, _("Check the number, and whose token you use."))


def _unreadable(request: HttpRequest, problem: HttpError) -> HttpResponse:
    """ninja wraps whatever the parser of bodies says; what that was is the cause."""
    if isinstance(problem.__cause__, PayloadErrors):
        return _payload(request, problem.__cause__)
    return one(problem.status_code, _INVALID, "body", _("The request cannot be read."), _(_DESCRIBED))


def _payload(request: HttpRequest, problem: PayloadErrors) -> HttpResponse:
    if any(error.kind == "too_large" for error in problem.errors):
        return _too_large()
    return answer(422, _INVALID, [_of_body(error).as_dict(_) for error in problem.errors])


def _of_body(error: PayloadError) -> PayloadError:
    if error.field != "body" or error.kind not in _BODIES:
        return error
    message, remedy = _BODIES[error.kind]
    params: dict[str, Any] = error.params
    return PayloadError(error.field, message, remedy, **params)


def _too_large() -> HttpResponse:
    message = _("The body is larger than %d bytes.") % MAX_BYTES
    return one(413, "too_large", "body", message, _("Send less at a time."))


def _validation(request: HttpRequest, problem: ValidationError) -> HttpResponse:
    return answer(422, _INVALID, [_in_words(error) for error in problem.errors])


def _in_words(error: Mapping[str, Any]) -> dict[str, str]:
    """One finding of pydantic. `loc` is where: (body, name of the argument, field ...) or (query, field)."""
    place = [str(part) for part in error["loc"][2 if error["loc"][0] == "body" else 1 :]]
    name = ".".join(place) or "body"
    message, remedy = _WORDS.get(error["type"]) or PROBLEMS.get(error["type"]) or _OTHER
    if name == "body" and error["type"] == "missing":
        message, remedy = _BODIES["empty"]
    return PayloadError(name, message, remedy, name=name, **error.get("ctx", {})).as_dict(_)

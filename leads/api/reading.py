"""How requests are read: bodies of one JSON object, strictly by their types; query strings by the names that are known."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja import Field, Schema
from ninja.parser import Parser
from pydantic import AfterValidator, BeforeValidator, ConfigDict, StrictBool, StrictInt, WithJsonSchema
from pydantic_core import PydanticCustomError

from leads.payload import MAX_BYTES, parse
from leads.payload_errors import PayloadErrors, problem
from leads.storable import INT64_MAX, unstorable
from leads.wire import discard, stated_size

MOST_ROWS: Final = 200
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2999, 12, 31, tzinfo=UTC)


class RequestParser(Parser):
    """Reads what ninja then checks by its schemas. Whatever the content type says, a body is JSON."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """One JSON object with values that the database can keep. Raises PayloadErrors."""
        if stated_size(request) > MAX_BYTES:
            discard(request)
            raise PayloadErrors([problem("too_large", "body", size=stated_size(request), limit=MAX_BYTES)])
        return parse(request.body, "application/json")

    def parse_querydict(
        self, data: MultiValueDict, list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        """The query string. Raises PayloadErrors for text that the database cannot keep."""
        found: dict[str, Any] = super().parse_querydict(data, list_fields, request)
        if errors := list(unstorable(found)):
            raise PayloadErrors(errors)
        return found


class Asked(Schema):
    """What a request brings. A name that is not known is refused: a filter that is misspelt must not show everything."""

    model_config = ConfigDict(extra="forbid")


class Nothing(Asked):
    """A body that needs none: empty, or an object without fields."""


def check_names(request: HttpRequest, known: type[Schema]) -> None:
    """Raises PayloadErrors for names in the query string that are none of the schema's, which ninja would pass over."""
    names = {field.alias or name for name, field in known.model_fields.items()}
    if unknown := sorted(set(request.GET) - names):
        raise PayloadErrors(
            [problem("unknown_name", name, name=name, known=", ".join(sorted(names))) for name in unknown]
        )


def _moment(value: object) -> datetime:
    """ISO 8601 with an offset, between 1970 and 2999; in UTC."""
    if not isinstance(value, str):
        raise PydanticCustomError("bad_time", "not a time")
    try:
        stated = datetime.fromisoformat(value.upper())
        at = stated.astimezone(UTC) if stated.tzinfo is not None else None
    except (ValueError, OverflowError):
        raise PydanticCustomError("bad_time", "not a time") from None
    if at is None:
        raise PydanticCustomError("naive_time", "no time zone")
    if not _EARLIEST <= at <= _LATEST:
        raise PydanticCustomError("bad_time", "beyond the calendar")
    return at


def _not_blank(text: str) -> str:
    """The text without blanks around it."""
    if not (stripped := text.strip()):
        raise PydanticCustomError("string_too_short", "empty")
    return stripped


def _day(value: object) -> object:
    """Days are text: a number would be taken for seconds since 1970."""
    if not isinstance(value, str):
        raise PydanticCustomError("date_type", "not a day")
    return value


Moment = Annotated[
    datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})
]
Day = BeforeValidator(_day)
Text = AfterValidator(_not_blank)
Whole = Annotated[StrictInt, Field(ge=1, le=INT64_MAX)]
Flag = StrictBool
# In an address, where everything is text.
Number = Annotated[int, Field(ge=1, le=INT64_MAX)]
Name = Annotated[str, Field(max_length=100), Text]
Note = Annotated[str, Field(max_length=2000)]

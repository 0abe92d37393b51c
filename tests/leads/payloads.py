"""Payloads of tests: what is read of them, and what is refused."""

from datetime import UTC, datetime

import pytest

from leads import payload
from leads.payload import Arrival, PayloadErrors, parse, read

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
ANNA = "anna@acme.example"


def arrive(**data) -> Arrival:
    """What is read of Anna's address and `data`."""
    return read({"email": ANNA, **data}, NOW)


def fields_refused(data) -> list[str]:
    """The fields that the errors of `data` name."""
    with pytest.raises(PayloadErrors) as caught:
        read(data, NOW)
    return [error.field for error in caught.value.errors]


def parse_error(raw: bytes, content_type: str = JSON) -> payload.PayloadError:
    """The one error of a raw body; it says what to do about it."""
    with pytest.raises(PayloadErrors) as caught:
        parse(raw, content_type)
    (error,) = caught.value.errors
    assert error.message
    assert error.remedy
    assert "%(" not in error.message + error.remedy
    return error

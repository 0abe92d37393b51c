"""From the raw bytes of a submission to checked data. Pure: no Django.

    data = parse(raw, content_type)     # bytes -> dict of JSON values, all of them storable
    arrival = read(data, now)           # dict -> Arrival (see leads/arrivals.py)

Both raise `PayloadErrors` and nothing else, whatever they are given.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import parse_qsl

from leads.arrival_values import FUTURE_TOLERANCE, LIMITS
from leads.arrivals import Arrival, read, same_field
from leads.payload_errors import PROBLEMS, PayloadError, PayloadErrors, problem, shown
from leads.storable import INT64_MAX, INT64_MIN, Refused, unstorable

__all__ = [
    "FUTURE_TOLERANCE",
    "LIMITS",
    "MAX_BYTES",
    "MAX_DEPTH",
    "MAX_KEYS",
    "PROBLEMS",
    "Arrival",
    "PayloadError",
    "PayloadErrors",
    "delivery_digest",
    "parse",
    "read",
]

MAX_BYTES: Final = 64 * 1024  # one submission, before parsing
MAX_DEPTH: Final = 8  # objects and lists inside each other; the outermost object is level 1
MAX_KEYS: Final = 200  # keys of all objects together

_GZIP: Final = b"\x1f\x8b"
FORM_TYPE: Final = "application/x-www-form-urlencoded"
# text/plain: navigator.sendBeacon and some tracking libraries post JSON under it.
JSON_TYPES: Final = frozenset({"", "application/json", "text/json", "text/plain"})


def delivery_digest(raw: bytes) -> str:
    """SHA-256 of the raw bytes in hex: the same delivery sent twice has the same digest."""
    return hashlib.sha256(raw).hexdigest()


def parse(raw: bytes, content_type: str) -> dict[str, object]:
    """Read a JSON object or a form-encoded body. Raises PayloadErrors; never anything else.

    A form field that is sent several times becomes a list, unless it is a field we know, which is refused.
    """
    if len(raw) > MAX_BYTES:
        raise _whole("too_large", size=len(raw), limit=MAX_BYTES)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if raw.startswith(_GZIP):
            raise _whole("compressed") from None
        raise _whole("not_utf8", position=error.start + 1) from None
    if not text.strip():
        raise _whole("empty")
    data = _parse_text(text, content_type.partition(";")[0].strip().lower())
    if sum(1 for _ in _keys(data)) > MAX_KEYS:
        raise _whole("too_many_keys", limit=MAX_KEYS)
    if errors := list(unstorable(data)):
        raise PayloadErrors(errors)
    return data


def _whole(kind: str, **params: object) -> PayloadErrors:
    return PayloadErrors([problem(kind, "body", **params)])


def _parse_text(text: str, media_type: str) -> dict[str, object]:
    # RudderStack's library posts JSON under the form type; a form body never begins with a bare brace.
    if media_type in JSON_TYPES or media_type.endswith("+json"):
        return _parse_json(text)
    if media_type == FORM_TYPE:
        return _parse_json(text) if text.lstrip().startswith("{") else _parse_form(text)
    raise PayloadErrors([problem("media_type", "content_type", sent=shown(media_type))])


# --- JSON


def _parse_json(text: str) -> dict[str, object]:
    if _depth(text) > MAX_DEPTH:
        raise _whole("too_deep", limit=MAX_DEPTH)
    try:
        data: object = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=lambda _: Refused("not_a_number"),
        )
    except json.JSONDecodeError as error:
        reason = error.msg[:1].lower() + error.msg[1:]
        raise _whole("not_json", line=error.lineno, column=error.colno, reason=reason) from None
    if not isinstance(data, dict):
        raise _whole("not_object")
    return data


# Text in JSON, closed or not: what is left without it has the brackets that count.
_JSON_TEXT = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)', re.DOTALL)


def _depth(text: str) -> int:
    """How deep objects and lists are nested, counted before parsing so that no parser has to recurse for it."""
    depth = deepest = 0
    for bracket in re.findall(r"[\[\]{}]", _JSON_TEXT.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        found[key] = Refused("duplicate") if key in found else value
    return found


def _integer(digits: str) -> int | Refused:
    if len(digits) > 20:  # -9223372036854775808 has 20 characters
        return Refused("number_range")
    number = int(digits)
    return number if INT64_MIN <= number <= INT64_MAX else Refused("number_range")


def _float(digits: str) -> float | Refused:
    number = float(digits)
    return number if math.isfinite(number) else Refused("not_a_number")


def _keys(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from value
        for inner in value.values():
            yield from _keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _keys(inner)


# --- forms


def _parse_form(text: str) -> dict[str, object]:
    if text.count("&") >= MAX_KEYS:
        raise _whole("too_many_keys", limit=MAX_KEYS)
    # What is not UTF-8 becomes lone surrogates, so that its field can be named.
    pairs = parse_qsl(text, keep_blank_values=True, encoding="utf-8", errors="surrogateescape")
    if foreign := [key for key, value in pairs if _is_foreign(key) or _is_foreign(value)]:
        raise PayloadErrors(problem("not_utf8_field", shown(key), name=shown(key)) for key in foreign)
    values: dict[str, list[str]] = {}
    for key, value in pairs:
        values.setdefault(key, []).append(value)
    repeated = [key for key, several in values.items() if len(several) > 1 and same_field(key)]
    if repeated:
        raise PayloadErrors(problem("duplicate", shown(key), name=shown(key)) for key in repeated)
    return {key: several[0] if len(several) == 1 else list(several) for key, several in values.items()}


def _is_foreign(text: str) -> bool:
    return any("\udc80" <= character <= "\udcff" for character in text)

"""Which JSON values the databases can keep. Pure: no Django.

PostgreSQL refuses NUL characters and lone surrogates in text and JSON; integers beyond 64 bits and numbers that are not
finite do not come back from every database as they went in.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from leads.payload_errors import PayloadError, problem, shown

INT64_MIN: Final = -(2**63)
INT64_MAX: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Refused:
    """Stands where a parser refused a value while its field was not known yet; `kind` is a key of PROBLEMS."""

    kind: str


def unstorable(value: object, path: str = "") -> Iterator[PayloadError]:
    """Find every value (and key) inside `value` that cannot be kept, each named by its path."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            inner_path = f"{path}.{key}" if path else str(key)
            kind = _text_problem(key) if isinstance(key, str) else "not_storable"
            if kind:
                yield _named(kind, inner_path)
            yield from unstorable(inner, inner_path)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from unstorable(inner, path)
    elif kind := _scalar_problem(value):
        yield _named(kind, path)


def _named(kind: str, path: str) -> PayloadError:
    return problem(kind, shown(path), name=shown(path))


def _scalar_problem(value: object) -> str:
    if value is None or isinstance(value, bool):
        return ""
    if isinstance(value, Refused):
        return value.kind
    if isinstance(value, str):
        return _text_problem(value)
    if isinstance(value, int):
        return "" if INT64_MIN <= value <= INT64_MAX else "number_range"
    if isinstance(value, float):
        return "" if math.isfinite(value) else "not_a_number"
    return "not_storable"


def _text_problem(text: str) -> str:
    if "\x00" in text:
        return "nul"
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return "surrogate"
    return ""

"""The fields of a submission, one reader for each: from the value as sent to its normal form. Pure: no Django."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from leads.countries import country_code
from leads.payload_errors import problem, shown

FUTURE_TOLERANCE: Final = timedelta(minutes=5)  # clocks of senders differ by minutes, not by hours
_OLDEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_EMPLOYEES: Final = 2**31 - 1  # what an integer column holds

#: The longest value of each text field, in characters. 254: RFC 5321.
LIMITS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "email": 254,
        "external_id": 200,
        "anonymous_id": 200,
        "first_name": 150,
        "last_name": 150,
        "name": 301,
        "job_title": 200,
        "company_name": 200,
        "industry": 200,
        "country": 200,
        "phone": 50,
        "employees": 50,
        "website": 500,
        "message": 2000,
        "activity": 50,
        "occurred_at": 50,
        "utm_source": 500,
        "utm_medium": 500,
        "utm_campaign": 500,
        "utm_term": 500,
        "utm_content": 500,
        "origin": 200,
        "landing_page": 2000,
        "referrer": 2000,
    }
)
_NUMBERS_AS_TEXT: Final = frozenset({"external_id", "anonymous_id", "phone"})
_NO_ANSWER: Final = frozenset({"select", "unknown", "notsure", "na", "none", "notapplicable", "other", ""})


_NO_LETTERS = re.compile(r"[\W_]+")


def squash(name: str) -> str:
    """A name without case, blanks and punctuation: "Work e-mail" and "workEmail" are one."""
    return _NO_LETTERS.sub("", name.casefold())


@dataclass(frozen=True, slots=True)
class Given:
    """A value as it was sent: `label` is its path for messages, `rank` says how well its key fits (low is better)."""

    key: str
    label: str
    value: object
    rank: tuple[int, int]
    home: dict[str, object]  # what is left of the object that it came in

    def keep(self) -> None:
        """Leave the value where it was, among what is not ours."""
        self.home[self.key] = self.value


# --- one reader per kind of field: (field, what was given, time of arrival) -> value in normal form


def _text(known: str, given: Given) -> str:
    value = given.value
    if known in _NUMBERS_AS_TEXT and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise problem("not_text", known, name=shown(given.label))
    text = value.strip()
    _check_length(text, LIMITS[known], known, given)
    return text


def _check_length(text: str, limit: int, known: str, given: Given) -> None:
    if len(text) > limit:
        raise problem("too_long", known, name=shown(given.label), size=len(text), limit=limit)


# Control characters, and those that reverse the direction of what follows. Joiners stay: names need them.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def _line(known: str, given: Given, _now: datetime) -> str:
    """Text on one line: control characters and runs of blanks become one blank."""
    return " ".join(_UNSEEN.sub(" ", _text(known, given)).split())


def _full_name(known: str, given: Given, now: datetime) -> str:
    """A whole name, of which the first word is the first name and the rest the last name."""
    name = _line(known, given, now)
    for part, text in zip(("first_name", "last_name"), name.split(" ", 1), strict=False):
        _check_length(text, LIMITS[part], known, given)
    return name


def _paragraphs(known: str, given: Given, _now: datetime) -> str:
    return _text(known, given).replace("\r\n", "\n").replace("\r", "\n")


# Most addresses are plain and short: what the library says of them is known without its twenty times longer way. .test is
# let through as below.
_PLAIN_ADDRESS = re.compile(
    r"[a-z0-9]+(?:[._+-][a-z0-9]+)*@((?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,})", re.ASCII
)
_MOST_PLAIN: Final = 64  # so that no part of it can be too long
_RESERVED: Final = tuple(f".{domain}" for domain in SPECIAL_USE_DOMAIN_NAMES if domain != "test")


def _is_plain(address: str) -> bool:
    match = _PLAIN_ADDRESS.fullmatch(address) if len(address) <= _MOST_PLAIN else None
    return match is not None and not f".{match[1]}".endswith(_RESERVED)


def _email(known: str, given: Given, _now: datetime) -> str:
    text = _text(known, given)
    if _is_plain(text.lower()):
        return text.lower()
    error = problem("bad_email", known, name=shown(given.label))
    try:
        # test_environment lets .test through: it is reserved for tests and demonstrations, as .example is.
        found = validate_email(text.lower(), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise error from None
    address = f"{found.local_part}@{found.ascii_domain}".lower()
    if len(address) > LIMITS[known] or "." not in found.ascii_domain:
        raise error
    return address


def _country(known: str, given: Given, _now: datetime) -> str:
    return country_code(_text(known, given))


_SCALES: Final = {"": 1, "k": 1_000, "m": 1_000_000}
_GROUPED = re.compile(r"(?<=\d)[,.'’ \u00a0\u202f](?=\d{3}(?!\d))")
_COUNT = re.compile(
    r"(?P<below><|less than|fewer than|under|up to)?\s*(?:>=?|more than|over|about|approx\.?|circa|ca\.?|~)?\s*"
    r"(?P<low>\d{1,12})(?:\.0+)?\s*(?P<scale>[km]?)\+?"
    r"(?:\s*(?:-|–|—|to|bis)\s*(?P<high>\d{1,12})\s*(?P<high_scale>[km]?)\+?)?"
    r"\s*(?:employees|people|staff|persons)?",
    re.IGNORECASE | re.ASCII,
)


def _employees(known: str, given: Given, _now: datetime) -> int | None:
    value = given.value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        count = value
    else:
        if not isinstance(value, str):
            raise problem("bad_count", known, name=shown(given.label))
        text = _text(known, given)
        if squash(text) in _NO_ANSWER:
            return None
        match = _COUNT.fullmatch(_GROUPED.sub("", text))
        if match is None:
            raise problem("bad_count", known, name=shown(given.label))
        count = 1 if match["below"] else _lower_bound(match)
    if not 0 <= count <= _MOST_EMPLOYEES:
        raise problem("bad_count", known, name=shown(given.label))
    return count


def _lower_bound(match: re.Match[str]) -> int:
    low, scale = int(match["low"]), match["scale"]
    if not scale and match["high_scale"] and low < int(match["high"]):
        scale = match["high_scale"]  # "5-10k" means thousands on both sides, "500-1k" does not
    return low * _SCALES[scale.lower()]


def _slug(known: str, given: Given, _now: datetime) -> str:
    """ "Demo Requested", "demoRequested" and "demo-requested" are one activity: demo_requested."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", _text(known, given))
    slug = re.sub(r"[\W_]+", "_", words.lower()).strip("_")
    if not slug:
        raise problem("bad_slug", known, name=shown(given.label))
    _check_length(slug, LIMITS[known], known, given)
    return slug


def _moment(known: str, given: Given, now: datetime) -> datetime:
    name = shown(given.label)
    if not isinstance(given.value, str):
        raise problem("bad_time", known, name=name)
    text = _text(known, given)
    try:
        # RFC 3339 lets its letters be small.
        stated = datetime.fromisoformat(text.upper())
    except (ValueError, OverflowError):
        raise problem("bad_time", known, name=name) from None
    if stated.utcoffset() is None:
        raise problem("naive_time", known, name=name)
    try:
        moment = stated.astimezone(UTC)
    except OverflowError:
        raise problem("bad_time", known, name=name) from None
    if moment < _OLDEST:
        raise problem("bad_time", known, name=name)
    if moment > now + FUTURE_TOLERANCE:
        raise problem("future_time", known, name=name, minutes=int(FUTURE_TOLERANCE.total_seconds() // 60))
    return moment


_READERS: Final[dict[str, Callable[[str, Given, datetime], object]]] = {
    "email": _email,
    "name": _full_name,
    "country": _country,
    "employees": _employees,
    "message": _paragraphs,
    "activity": _slug,
    "occurred_at": _moment,
}


def read_value(known: str, given: Given, now: datetime) -> object:
    """Bring one value into the normal form of the field `known`; raises PayloadError. `now` (aware) is the arrival."""
    return _READERS.get(known, _line)(known, given, now)

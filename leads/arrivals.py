"""What one submission says about a person, read from its fields. Pure: no Django.

The field names of forms, of our own API and of Segment's reserved traits are understood in any spelling (snake_case,
camelCase, "Work e-mail"). Whatever is not understood is kept in `Arrival.extra`, so nothing that was sent is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Final

from leads.arrival_values import LIMITS, Given, read_value, squash
from leads.payload_errors import PayloadError, PayloadErrors, problem
from leads.storable import unstorable

# Other names of each field, without case and punctuation. Where several are sent, the field's own name comes first,
# then this order; the others stay in `extra`.
_ALIASES: Final[dict[str, str]] = {
    "email": "emailaddress workemail businessemail companyemail youremail contactemail useremail mail",
    "external_id": "userid externaluserid contactid",
    "anonymous_id": "anonid visitorid ajsanonymousid",
    "first_name": "givenname forename fname first",
    "last_name": "surname familyname lname last",
    "name": "fullname yourname contactname",
    "job_title": "title job jobrole jobposition position role",
    "company_name": "company organisation organization organisationname organizationname employer businessname",
    "industry": "companyindustry sector",
    "country": "countrycode countryname countryregion",
    "phone": "phonenumber telephone tel mobile mobilephone mobilenumber cell workphone businessphone yourphone",
    "employees": "employeecount numberofemployees numemployees noofemployees companysize headcount",
    "website": "websiteurl companywebsite companyurl homepage",
    "message": "yourmessage comments comment question enquiry inquiry",
    "activity": "event eventname",
    "occurred_at": "timestamp submittedat",
    "origin": "leadorigin leadsource",
    "landing_page": "landingpageurl landingpageid landingurl",
    "referrer": "referer referrerurl documentreferrer",
}
_COMPANY_PARTS: Final = {
    "name": "company_name",
    "industry": "industry",
    "employeecount": "employees",
    "employees": "employees",
    "size": "employees",
    "website": "website",
}
_ADDRESS_PARTS: Final = {"country": "country", "countrycode": "country"}
_IDENTITY: Final = ("email", "external_id", "anonymous_id")


def _name_index() -> dict[str, tuple[str, int]]:
    index: dict[str, tuple[str, int]] = {}
    for known in LIMITS:
        for rank, alias in enumerate((squash(known), *_ALIASES.get(known, "").split()), start=1):
            index[alias] = (known, rank)
    return index


_INDEX: Final = _name_index()


def same_field(key: str) -> str:
    """The field that a key of a submission names, in any spelling; blank when it is none of ours."""
    return _INDEX.get(squash(key), ("", 0))[0]


@dataclass(frozen=True, slots=True)
class Arrival:
    """One submission, checked and in normal form. Text that was not given is ""; `extra` holds all that is not ours.

    `origin` keeps "" (not stated) and "unknown" (stated as unknown) apart. `country` is an upper-case ISO alpha-2 code, or
    "" with the stated text in `extra`. `employees` is the lower bound of a range. `occurred_at` is in UTC.
    """

    email: str = ""
    external_id: str = ""
    anonymous_id: str = ""
    first_name: str = ""
    last_name: str = ""
    job_title: str = ""
    company_name: str = ""
    industry: str = ""
    country: str = ""
    phone: str = ""
    employees: int | None = None
    website: str = ""
    message: str = ""
    activity: str = ""
    occurred_at: datetime | None = None
    utm_source: str = ""
    utm_medium: str = ""
    utm_campaign: str = ""
    utm_term: str = ""
    utm_content: str = ""
    origin: str = ""
    landing_page: str = ""
    referrer: str = ""
    extra: dict[str, object] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """The fields that were given, as JSON values; `read` gives an equal Arrival back from it."""
        known = {part.name: getattr(self, part.name) for part in fields(self) if part.name != "extra"}
        if self.occurred_at is not None:
            known["occurred_at"] = self.occurred_at.isoformat()
        return {**self.extra, **{name: value for name, value in known.items() if value not in ("", None)}}


def read(data: Mapping[str, object], now: datetime) -> Arrival:
    """Check the fields of a submission and bring them into normal form.

    `now` (aware) is the time of arrival. Raises PayloadErrors with everything that is wrong, and nothing else.
    """
    if errors := list(unstorable(data)):
        raise PayloadErrors(errors)
    chosen, extra = _choose(data)
    if "name" in chosen and ("first_name" in chosen or "last_name" in chosen):
        chosen.pop("name").keep()
    values: dict[str, object] = {}
    for known, given in chosen.items():
        try:
            values[known] = read_value(known, given, now)
        except PayloadError as error:
            errors.append(error)
            continue
        if values[known] in (
            "",
            None,
        ):  # could not be understood, though it is no mistake: keep what was said
            given.keep()
    if not any(values.get(name) for name in _IDENTITY) and not any(e.field in _IDENTITY for e in errors):
        errors.insert(0, problem("no_identity", "email"))
    if errors:
        raise PayloadErrors(errors)
    if full_name := values.pop("name", ""):
        values["first_name"], _, values["last_name"] = str(full_name).partition(" ")
    return Arrival(**values, extra=_tidy(extra, data))  # type: ignore[arg-type]  # a reader gives its field's type


# --- which value belongs to which field


def _choose(data: Mapping[str, object]) -> tuple[dict[str, Given], dict[str, object]]:
    """Pick one value for each field we know, and return them with what is left over (see _tidy)."""
    extra: dict[str, object] = {}
    offered: dict[str, list[Given]] = {}
    for known, given in _offers(data, extra):
        offered.setdefault(known, []).append(given)
    chosen: dict[str, Given] = {}
    for known, several in offered.items():
        best, *others = sorted(several, key=lambda given: given.rank)
        chosen[known] = best
        for other in others:
            other.keep()
    return chosen, extra


def _offers(data: Mapping[str, object], extra: dict[str, object]) -> Iterator[tuple[str, Given]]:
    yield from _offers_of(data, extra, level=0, prefix="")
    inner = data.get("fields")
    if isinstance(inner, Mapping):
        left: dict[str, object] = {}
        extra["fields"] = left
        yield from _offers_of(inner, left, level=2, prefix="fields.")


def _offers_of(
    data: Mapping[str, object], left: dict[str, object], *, level: int, prefix: str
) -> Iterator[tuple[str, Given]]:
    for key, value in data.items():
        if level == 0 and key == "fields" and isinstance(value, Mapping):
            continue
        known, rank = _INDEX.get(squash(key), ("", 0))
        parts = (
            _COMPANY_PARTS
            if known == "company_name"
            else _ADDRESS_PARTS
            if squash(key) == "address"
            else None
        )
        if parts is not None and isinstance(value, Mapping):
            remainder: dict[str, object] = {}
            left[key] = remainder
            for part, inner in value.items():
                target = parts.get(squash(part), "")
                if target and not _blank(inner):
                    yield target, Given(part, f"{prefix}{key}.{part}", inner, (level + 1, 0), remainder)
                elif not target:
                    remainder[part] = inner
        elif known and not _blank(value):
            yield known, Given(key, f"{prefix}{key}", value, (level, 0 if key == known else rank), left)
        elif not known:
            left[key] = value


def _tidy(extra: dict[str, object], data: Mapping[str, object]) -> dict[str, object]:
    """Drop objects that were read to the end, and lift what is left of `fields` to the top where the name is free."""
    inner = extra.get("fields")
    if isinstance(inner, dict) and isinstance(data.get("fields"), Mapping):
        _drop_empty(inner, data["fields"])
        for key in [key for key in inner if key not in extra and key != "fields" and not same_field(key)]:
            extra[key] = inner.pop(key)
    return _drop_empty(extra, data)


def _drop_empty(left: dict[str, object], sent: object) -> dict[str, object]:
    for key in [
        key for key, value in left.items() if value == {} and isinstance(sent, Mapping) and sent.get(key)
    ]:
        del left[key]
    return left


def _blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())

"""Public holidays of countries and their subdivisions, from the `holidays` library.

Pure: no Django. The library is a suggestion: the dates are shown, edited and then kept in the calendar itself, so that a new
release of the library changes no deadline.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from holidays import HolidayBase

_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SMALL_WORDS = {"And": "and", "Of": "of", "The": "the"}
# The library names the Congo in a way that the pattern cannot part.
_NAMES = {"DRCongo": "Democratic Republic of the Congo", "Curacao": "Curaçao", "Turkey": "Türkiye"}


class UnknownPlace(ValueError):
    """A country or subdivision that the library does not know."""


@dataclass(frozen=True, order=True)
class Place:
    """A country or subdivision as it is chosen: its name and its code (ISO 3166)."""

    name: str
    code: str


def _library() -> Any:
    """Read when it is first asked: most processes never are, and would only hold it in memory."""
    return import_module("holidays")


@cache
def countries() -> tuple[Place, ...]:
    """The countries with holidays, by name."""
    known = _library().list_supported_countries(include_aliases=False)
    rows = {entry[1]: entry[0] for entry in _library().registry.COUNTRIES.values()}
    return tuple(sorted(Place(_spoken(rows[code]), code) for code in known if code in rows))


@cache
def subdivisions(country: str) -> tuple[Place, ...]:
    """The states, regions or cities of a country with holidays of their own, by name. Raises UnknownPlace."""
    known = _country(country)
    aliases = known.get_subdivision_aliases()
    return tuple(sorted(Place((aliases.get(code) or [code])[0], code) for code in known.subdivisions))


def public_holidays(
    country: str, subdivision: str, years: Iterable[int], language: str = "en"
) -> dict[date, str]:
    """Dates and names of the public holidays in those years, sorted, in the language where the library has it.

    Raises UnknownPlace. A year the library knows nothing of has none.
    """
    known = _country(country)
    if subdivision and subdivision not in known.subdivisions:
        raise UnknownPlace(subdivision)
    found = _library().country_holidays(
        country,
        subdiv=subdivision or None,
        years=list(years),
        expand=False,
        language=_language(known, language),
    )
    return dict(sorted(found.items()))


def _country(code: str) -> HolidayBase:
    if code not in {place.code for place in countries()}:
        raise UnknownPlace(code)
    return _library().country_holidays(code)


def _language(known: HolidayBase, wanted: str) -> str | None:
    """The wanted one, English, or the country's own, whichever comes first."""
    offered = known.supported_languages
    for want in (wanted, "en"):
        for language in sorted(offered):
            if language == want or language.startswith(f"{want}_"):
                return language
    return known.default_language


def _spoken(name: str) -> str:
    if name in _NAMES:
        return _NAMES[name]
    words = _CAPITAL.sub(" ", name).split()
    return " ".join([words[0], *(_SMALL_WORDS.get(word, word) for word in words[1:])])

"""Country names and codes as people write them, read as ISO 3166-1 alpha-2 codes. Pure: no Django."""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache
from pathlib import Path

_TABLE = Path(__file__).parent / "data" / "countries.tsv"
_LONGEST_NAME = 80  # the longest entry of the table has 52 characters


def country_code(text: str) -> str:
    """Give the upper-case alpha-2 code for a code (alpha-2, alpha-3) or a common name; blank when unknown."""
    if len(text) > _LONGEST_NAME:
        return ""
    return _lookup(text)


@lru_cache(maxsize=4096)
def _lookup(text: str) -> str:
    return _codes().get(_fold(text), "")


@cache
def _codes() -> dict[str, str]:
    codes: dict[str, str] = {}
    for line in _TABLE.read_text(encoding="utf-8").splitlines():
        alpha2, alpha3, names = line.split("\t")
        for name in (alpha2, alpha3, *names.split("; ")):
            codes.setdefault(_fold(name), alpha2)
    return codes


def _fold(text: str) -> str:
    """Forget case, accents, punctuation and the spellings that differ for no reason (&, St, The)."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("&", " and "))
    kept = "".join(
        c if c.isalnum() else " " for c in plain if not unicodedata.combining(c) and c not in ".'’"
    )
    words = ["saint" if word == "st" else word for word in kept.split()]
    if words[:1] == ["the"] and len(words) > 1:
        words = words[1:]
    return " ".join(words)


@cache
def country_names() -> tuple[tuple[str, str], ...]:
    """Every country as code and name, in the order in which a person looks for it."""
    rows = [line.split("\t") for line in _TABLE.read_text(encoding="utf-8").splitlines()]
    named = [(alpha2, names.partition("; ")[0]) for alpha2, _alpha3, names in rows]
    return tuple(sorted(named, key=lambda pair: _fold(pair[1])))

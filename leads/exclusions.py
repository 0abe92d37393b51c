"""Who is not a lead, judged by mail domain and country. Pure: no Django, no network, no writes.

The rules are the lists of `leads/data/` (see its README) and of the package disposable-email-domains. An order matters:

1. disposable: nine tenths of the disposable domains are on the personal list as well;
2. academic: berlin.de, chat.ru, nus.edu.sg, unican.es and vnn.vn are academic and personal; they count as academic,
   and `MailFinding.also` says that they are personal, so that either rule of an organisation excludes them;
3. personal;
4. business: everything else, so that an unknown domain never loses a lead.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path

import tldextract
from disposable_email_domains import blocklist

from leads.payload_errors import gettext_noop

_DATA = Path(__file__).parent / "data"
_LONGEST_DOMAIN = 253  # RFC 1035, in characters

# The public suffix list bundled with tldextract: nothing is fetched and nothing is written. Private suffixes (uk.com,
# github.io) count as suffixes too: their customers are strangers to each other.
_suffixes = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


class MailKind(StrEnum):
    """What kind of mail a domain serves."""

    BUSINESS = "business"
    PERSONAL = "personal"
    DISPOSABLE = "disposable"
    ACADEMIC = "academic"


@dataclass(frozen=True, slots=True)
class MailFinding:
    """The kind of a mail domain, the list entry that says so (blank for business), and a second kind that fits."""

    kind: MailKind
    matched_rule: str = ""
    also: MailKind | None = None


@dataclass(frozen=True, slots=True)
class ExclusionRules:
    """What an organisation excludes. Domains in lower case, countries as upper-case ISO alpha-2 codes."""

    exclude_academic: bool = True
    exclude_personal: bool = True
    exclude_disposable: bool = True
    competitor_domains: frozenset[str] = field(default_factory=frozenset)
    blocked_countries: frozenset[str] = field(default_factory=frozenset)
    allowed_domains: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Why somebody is not a lead: the kind, the rule that says so, a sentence about it.

    `rule` is a slug for filters and reports, such as "personal_mail". `template` and `params` are the sentence in two
    parts, so that the caller can translate it; `detail` is the sentence in English.
    """

    kind: str
    rule: str
    template: str
    params: tuple[tuple[str, str], ...]

    @property
    def detail(self) -> str:
        return self.template % dict(self.params)


_MAIL_RULES: dict[MailKind, tuple[str, str]] = {
    MailKind.DISPOSABLE: ("disposable_mail", gettext_noop("%(domain)s is a disposable mail domain")),
    MailKind.ACADEMIC: ("academic_mail", gettext_noop("%(domain)s is an academic mail domain")),
    MailKind.PERSONAL: ("personal_mail", gettext_noop("%(domain)s is a personal mail domain")),
}
_COMPETITOR = ("competitor", gettext_noop("%(domain)s belongs to a competitor"))
_COUNTRY = ("blocked_country", gettext_noop("%(country)s is a country that is not sold to"))

#: Every slug that `Exclusion.rule` can have, in the order in which the rules are asked.
RULE_SLUGS: tuple[str, ...] = (_COMPETITOR[0], *(slug for slug, _ in _MAIL_RULES.values()), _COUNTRY[0])


def mail_domain(email_or_domain: str) -> str:
    """The domain of an address (or the domain itself) in lower-case ASCII form; blank when there is none."""
    domain = email_or_domain.strip().rpartition("@")[2].strip(". ").lower()
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            return ""
    return domain if len(domain) <= _LONGEST_DOMAIN else ""


def mail_kind(email_or_domain: str) -> MailFinding:
    """Say what kind of mail an address or a domain is; anything that is on no list is business."""
    return _domain_kind(mail_domain(email_or_domain))


def first_exclusion(email: str, country: str, rules: ExclusionRules) -> Exclusion | None:
    """The first rule that excludes somebody with this address and country (alpha-2), or None for a possible lead.

    A competitor is excluded whatever else is true; an allowed domain wins over all other rules, the country included.
    """
    domain = mail_domain(email)
    if _listed(domain, rules.competitor_domains):
        return _exclusion(_COMPETITOR, "competitor", domain=domain)
    if _listed(domain, rules.allowed_domains):
        return None
    excluded = _excluded_kinds(rules)
    finding = _domain_kind(domain)
    for kind in (finding.kind, finding.also):
        if kind in excluded:
            return _exclusion(_MAIL_RULES[kind], kind, domain=domain)
    if country and country.strip().upper() in rules.blocked_countries:
        return _exclusion(_COUNTRY, "country", country=country.strip().upper())
    return None


def _excluded_kinds(rules: ExclusionRules) -> set[MailKind]:
    switches = {
        MailKind.DISPOSABLE: rules.exclude_disposable,
        MailKind.ACADEMIC: rules.exclude_academic,
        MailKind.PERSONAL: rules.exclude_personal,
    }
    return {kind for kind, on in switches.items() if on}


def _exclusion(rule: tuple[str, str], kind: str, **params: str) -> Exclusion:
    slug, template = rule
    return Exclusion(kind=str(kind), rule=slug, template=template, params=tuple(params.items()))


def _listed(domain: str, entries: frozenset[str]) -> bool:
    """Whether an organisation's own list names the domain or one of its parents (its entries are taken at their word)."""
    return bool(entries) and any(candidate in entries for candidate in _with_parents(domain))


def _with_parents(domain: str) -> Iterator[str]:
    """a.b.example, b.example, example: the most specific first."""
    while domain:
        yield domain
        domain = domain.partition(".")[2]


@dataclass(frozen=True, slots=True)
class _Lists:
    disposable: frozenset[str]
    personal: frozenset[str]
    business: frozenset[str]
    academic: frozenset[str]  # institutions and suffixes together
    not_academic: frozenset[str]  # stoplist and abused


@cache
def _lists() -> _Lists:
    """Read the lists once per process, on first use."""
    return _Lists(
        disposable=frozenset(blocklist),
        personal=_read("personal_domains.txt"),
        business=_read("business_domains.txt"),
        academic=_read("academic_domains.txt", "academic_suffixes.txt", "academic_suffixes_added.txt"),
        not_academic=_read("academic_stoplist.txt", "academic_abused.txt"),
    )


def _read(*names: str) -> frozenset[str]:
    return frozenset(line for name in names for line in (_DATA / name).read_text(encoding="ascii").split())


@lru_cache(maxsize=65_536)
def _domain_kind(domain: str) -> MailFinding:
    lists = _lists()
    if _listed(domain, lists.business):
        return MailFinding(MailKind.BUSINESS)
    found = [
        (kind, entry)
        for kind, entry in (
            (MailKind.DISPOSABLE, _provider_entry(domain, lists.disposable)),
            (MailKind.ACADEMIC, _academic_entry(domain, lists)),
            (MailKind.PERSONAL, _provider_entry(domain, lists.personal)),
        )
        if entry
    ]
    if not found:
        return MailFinding(MailKind.BUSINESS)
    kind, entry = found[0]
    both = kind is MailKind.ACADEMIC and len(found) > 1
    return MailFinding(kind, entry, MailKind.PERSONAL if both else None)


def _provider_entry(domain: str, entries: frozenset[str]) -> str:
    """The entry that names the domain or a parent. A parent that is a public suffix (za.com, net.ua) names nobody."""
    for candidate in _with_parents(domain):
        if candidate in entries and (candidate == domain or not _is_public_suffix(candidate)):
            return candidate
    return ""


def _academic_entry(domain: str, lists: _Lists) -> str:
    """The most specific entry decides; where a stop entry is as specific as an academic one, it wins.

    Public suffixes count here: ac.jp and rub.de are suffixes, and academic as a whole.
    """
    for candidate in _with_parents(domain):
        if candidate in lists.not_academic:
            return ""
        if candidate in lists.academic:
            return candidate
    return ""


@lru_cache(maxsize=4096)
def _is_public_suffix(domain: str) -> bool:
    return not _suffixes(domain).domain

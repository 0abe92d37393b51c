"""Which organisation an address belongs to. Pure."""

from functools import lru_cache

import tldextract

from leads.exclusions import MailKind, mail_domain, mail_kind

_suffixes = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


def company_domain(email: str) -> str:
    """The registered domain of a business address (mail.acme.co.uk -> acme.co.uk); blank for personal mail and the like."""
    return _registered(mail_domain(email)) if email else ""


@lru_cache(maxsize=10_000)
def _registered(domain: str) -> str:
    if mail_kind(domain).kind is not MailKind.BUSINESS:
        return ""
    return _suffixes(domain).top_domain_under_public_suffix or domain

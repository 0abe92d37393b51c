"""What betrays a robot. Pure, and deliberately timid: a lead taken for spam is worse than spam in the review."""

import re
from collections.abc import Callable

from leads.arrivals import Arrival
from leads.payload_errors import gettext_noop

# A field of hosted forms that people do not see; only robots fill it.
TRAP_FIELD = "fax_confirmation"
_LINK = re.compile(r"https?://|www\.", re.IGNORECASE)
_MOST_LINKS = 3


def _fills_the_trap(arrival: Arrival) -> bool:
    return bool(arrival.extra.get(TRAP_FIELD))


def _has_a_link_for_a_name(arrival: Arrival) -> bool:
    return any(_LINK.search(part) for part in (arrival.first_name, arrival.last_name, arrival.job_title))


def _is_full_of_links(arrival: Arrival) -> bool:
    return len(_LINK.findall(arrival.message)) > _MOST_LINKS


_SIGNS: tuple[tuple[Callable[[Arrival], bool], str], ...] = (
    (_fills_the_trap, gettext_noop("A hidden field was filled in, which people cannot see.")),
    (_has_a_link_for_a_name, gettext_noop("The name or job title is a link.")),
    (_is_full_of_links, gettext_noop("The message is full of links.")),
)


def spam_reason(arrival: Arrival) -> str:
    """Why this is spam, in one sentence, or an empty text."""
    return next((reason for is_sign, reason in _SIGNS if is_sign(arrival)), "")

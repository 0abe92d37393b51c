"""Time zones as people choose them."""

import zoneinfo
from functools import cache

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


@cache
def known_zones() -> frozenset[str]:
    """The IANA names this machine knows."""
    return frozenset(zoneinfo.available_timezones())


def check_zone(name: str) -> None:
    """Raises ValidationError unless `name` is an IANA zone such as Europe/Copenhagen."""
    if name not in known_zones():
        raise ValidationError(
            _("“%(name)s” is not a time zone. Choose one such as Europe/Copenhagen."), params={"name": name}
        )

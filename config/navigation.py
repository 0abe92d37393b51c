"""The left rail: each role its own workplaces."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.policies import can_open

# key (of accounts.policies.WORKPLACES), label, icon, URL name
_ENTRIES = (
    ("inbox", gettext_noop("Inbox"), "inbox", "sla:inbox"),
    ("submissions", gettext_noop("Submissions"), "file-earmark-text", "leads:submissions"),
    ("returned", gettext_noop("Returned leads"), "arrow-counterclockwise", "sla:returned"),
    ("leads", gettext_noop("Leads"), "people", "leads:list"),
    ("compliance", gettext_noop("Compliance"), "clipboard-data", "sla:compliance"),
    ("agreements", gettext_noop("Agreements"), "journal-check", "sla:agreements"),
    ("calendars", gettext_noop("Calendars"), "calendar-week", "sla:calendars"),
    ("admin", gettext_noop("Administration"), "gear", "admin:index"),
)

# The pages of one handoff belong to the list that leads to them: of sales the inbox, of marketing what came back.
_HANDOFFS = ("inbox", "returned", "compliance")


@dataclass(frozen=True)
class NavigationEntry:
    """One place in the rail."""

    key: str
    label: str
    icon: str
    url: str
    active: bool


def navigation(request: HttpRequest) -> dict[str, Any]:
    """`nav` for the templates of people who are logged in."""

    def entries() -> list[NavigationEntry]:
        if not request.user.is_authenticated:
            return []
        path, user = request.path, request.user
        home = _home_of_handoffs(path, user) if path.startswith("/handoffs/") else ""
        found = []
        for key, label, icon, name in _ENTRIES:
            if can_open(request.user, key):
                url = reverse(name)
                found.append(
                    NavigationEntry(key, _(label), icon, url, key == home or request.path.startswith(url))
                )
        return found

    return {"nav": SimpleLazyObject(entries)}


def _home_of_handoffs(path: str, user: User) -> str:
    """The workplace that is marked on the page of a handoff; evidence is part of compliance for whoever opens that."""
    places = reversed(_HANDOFFS) if path.endswith("/evidence/") else _HANDOFFS
    return next((key for key in places if can_open(user, key)), "")

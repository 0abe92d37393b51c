"""The sales rep's workplace."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from accounts.models import Role
from accounts.policies import reader, workplace
from drains.clock import current_time
from leads.counting import said_up_to
from sla.policies import can_reassign
from sla.selectors.inbox import MOST_COUNTED, InboxPage, InboxView, count_new, inbox_page

LIST = "inbox-list"
# Seconds between two questions for new rows.
POLL = 15


@workplace("inbox")
def inbox(request: HttpRequest) -> HttpResponse:
    """What waits for the reader, by time left. Asked by htmx it answers with the list alone, or with “2 new”."""
    user = reader(request)
    now = current_time()
    view = _view(request)
    if request.htmx and (seen := _seen(request)):  # type: ignore[attr-defined]
        count = count_new(user=user, view=view, seen=seen)
        return render(
            request, "components/announcer.html", {"count": count, "url": _url(view), "target": f"#{LIST}"}
        )
    page = inbox_page(user=user, view=view, number=_number(request), now=now)
    context = {
        "page": page,
        "views": _views(page),
        "url": _url(view, page.number),
        "poll_url": _poll_url(page, now),
        "poll": POLL,
        "prev_url": _url(view, page.number - 1) if page.number > 1 else "",
        "next_url": _url(view, page.number + 1) if page.has_next else "",
        "chooses": can_reassign(user),
        "bulk_verbs": [{"label": _("Reassign"), "value": "reassign", "icon": "arrow-left-right"}],
        "shows_owner": user.role != Role.REP,
        "shows_team": user.team_id is None,
        "now": now,
    }
    if request.htmx.target == LIST:  # type: ignore[attr-defined]
        return render(request, "sla/inbox.html#list", context)
    return render(request, "sla/inbox.html", context)


def _view(request: HttpRequest) -> InboxView:
    name = request.GET.get("view", "")
    return InboxView(name) if name in InboxView.values else InboxView.ALL


def _number(request: HttpRequest) -> int:
    text = request.GET.get("page", "")
    return max(1, int(text)) if text.isdecimal() and len(text) < 7 else 1


def _seen(request: HttpRequest) -> datetime | None:
    try:
        seen = parse_datetime(request.GET.get("seen", ""))
    except ValueError:
        return None
    return seen if seen is not None and timezone.is_aware(seen) else None


def _url(view: InboxView, number: int = 1, **more: Any) -> str:
    query = {"view": view.value} if view != InboxView.ALL else {}
    query |= {"page": str(number)} if number > 1 else {}
    query |= more
    return reverse("sla:inbox") + (f"?{urlencode(query)}" if query else "")


def _poll_url(page: InboxPage, now: datetime) -> str:
    """Where to ask what is new; nothing arrives among what is closed."""
    return (
        "" if page.view == InboxView.CLOSED else _url(page.view, seen=(page.tally.newest or now).isoformat())
    )


def _said(count: int | None) -> str | None:
    return None if count is None else said_up_to(MOST_COUNTED, count)


def _views(page: InboxPage) -> list[dict[str, Any]]:
    return [
        {
            "label": view.label,
            "url": _url(view),
            "active": view == page.view,
            "count": _said(page.tally.of_view.get(view)),
        }
        for view in InboxView
        # Only who passes leads on has it, and only while there is anything to pass on.
        if view != InboxView.AWAY or view == page.view or page.tally.of_view.get(view)
    ]

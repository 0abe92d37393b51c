"""Marketing's list of leads that sales gave back."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts.policies import reader, workplace
from drains.clock import current_time
from sla.selectors.returned import (
    FILTERS,
    ReturnedAsk,
    ReturnedPage,
    ReturnedView,
    choices_of,
    returned_page,
)

LIST = "returned-list"


@workplace("returned")
def returned(request: HttpRequest) -> HttpResponse:
    """What marketing picks up, by time left; asked by htmx for the list it answers with that alone."""
    user = reader(request)
    now, choices = current_time(), choices_of()
    ask = _ask(request, choices)
    page = returned_page(user=user, ask=ask, now=now)
    context = {
        "page": page,
        "ask": ask,
        "views": _views(ask, page),
        "menus": _menus(ask, choices),
        "chips": _chips(ask, choices),
        "clear_url": _url(ReturnedAsk(ask.view)),
        "url": _url(ask),
        "prev_url": _url(ask, number=ask.number - 1) if ask.number > 1 else "",
        "next_url": _url(ask, number=ask.number + 1) if page.has_next else "",
        "now": now,
    }
    if request.htmx.target == LIST:  # type: ignore[attr-defined]
        return render(request, "sla/returned.html#list", context)
    return render(request, "sla/returned.html", context)


def _ask(request: HttpRequest, choices: dict[str, dict[str, str]]) -> ReturnedAsk:
    """What of the address means something; the rest is left out."""
    view, number = request.GET.get("view", ""), request.GET.get("page", "")
    return ReturnedAsk(
        view=ReturnedView(view) if view in ReturnedView.values else ReturnedView.ALL,
        chosen={key: request.GET[key] for key in FILTERS if request.GET.get(key) in choices[key]},
        number=max(1, int(number)) if number.isdecimal() and len(number) < 7 else 1,
    )


def _url(
    ask: ReturnedAsk,
    *,
    view: ReturnedView | None = None,
    number: int | None = None,
    changes: Mapping[str, str] | None = None,
) -> str:
    """The address of the same list with some things changed; an empty value takes a filter away."""
    shown, page = view or ask.view, ask.number if number is None else number
    asked = {
        "view": "" if shown == ReturnedView.ALL else shown.value,
        **ask.chosen,
        "page": str(page) if page > 1 else "",
        **(changes or {}),
    }
    query = urlencode({key: value for key, value in asked.items() if value})
    return reverse("sla:returned") + (f"?{query}" if query else "")


def _views(ask: ReturnedAsk, page: ReturnedPage) -> list[dict[str, Any]]:
    return [
        {
            "label": view.label,
            "url": _url(ask, view=view, number=1),
            "active": view == ask.view,
            "count": page.counts.get(view.value),
        }
        for view in ReturnedView
    ]


def _menus(ask: ReturnedAsk, choices: dict[str, dict[str, str]]) -> list[dict[str, Any]]:
    return [
        {
            "label": words,
            "choices": [
                {
                    "label": label,
                    "url": _url(ask, number=1, changes={key: value}),
                    "active": ask.chosen.get(key) == value,
                }
                for value, label in choices[key].items()
            ],
        }
        for key, (words, _column) in FILTERS.items()
        if len(choices[key]) > 1
    ]


def _chips(ask: ReturnedAsk, choices: dict[str, dict[str, str]]) -> list[dict[str, Any]]:
    return [
        {
            "label": FILTERS[key][0],
            "value": choices[key][value],
            "remove_url": _url(ask, number=1, changes={key: ""}),
        }
        for key, value in ask.chosen.items()
    ]

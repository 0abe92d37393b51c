"""The gallery: every component of templates/components/ in every state, with made-up data, for eyes, tests and axe."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from sla.clock import Lateness

PAGES = {
    "form": "gallery/form.html",
    "form-errors": "gallery/form.html",
    "thanks": "gallery/thanks.html",
    "closed": "gallery/closed.html",
    "throttled": "accounts/throttled.html",
    "not-found": "404.html",
    "forbidden": "403.html",
    "broken": "500.html",
}


class SpecimenForm(forms.Form):
    """One field of each kind that the product's forms use."""

    name = forms.CharField(label="Your name", widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(
        label="Work e-mail",
        help_text="We answer to this address.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    size = forms.ChoiceField(
        label="People in your company", choices=[("", "Choose one"), ("50", "1 to 50"), ("500", "51 to 500")]
    )
    wish = forms.ChoiceField(
        label="What may we do for you?",
        choices=[("demo", "Show me the product"), ("quote", "Send me a quote")],
        widget=forms.RadioSelect,
        initial="demo",
    )
    words = forms.CharField(
        label="Anything we should know?", required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    consent = forms.BooleanField(
        label="You may write to me about this.", help_text="You can say stop at any time."
    )


class ShortForm(forms.Form):
    """A form that fits beside others on one page."""

    prefix = "short"
    email = forms.EmailField(label="Work e-mail")


def _clocks(now: datetime) -> list[dict[str, Any]]:
    hour, day = timedelta(hours=1), timedelta(days=1)
    return [
        {"name": "running", "due_at": now + timedelta(hours=1, minutes=5, seconds=10), "warn_at": now + hour},
        {"name": "running, days", "due_at": now + 3 * day + 4 * hour, "warn_at": now + 2 * day},
        {"name": "warning", "due_at": now + timedelta(minutes=4, seconds=12), "warn_at": now - hour},
        {"name": "late", "due_at": now - timedelta(minutes=12), "warn_at": now - hour},
        {
            "name": "late, office closed",
            "due_at": now - 2 * day,
            "lateness": Lateness(8_640, now + hour, now + 9 * hour),
        },
        {"name": "late, days", "due_at": now - 3 * day - 4 * hour},
        {"name": "paused", "due_at": now + day, "paused_until": now + timedelta(hours=14)},
        {"name": "kept", "due_at": now + hour, "ended_at": now - timedelta(minutes=2), "outcome": "kept"},
        {"name": "missed", "due_at": now - 5 * hour, "ended_at": now - 2 * hour, "outcome": "missed"},
        {"name": "waived", "due_at": now - hour, "outcome": "waived"},
    ]


def _track(now: datetime, here: int) -> list[dict[str, Any]]:
    names = ("Lead", "MQL", "SRL", "SQL", "Opportunity", "Customer")
    return [
        {
            "label": name,
            "state": "done" if at < here else "here" if at == here else "ahead",
            "at": now - timedelta(days=2 * (here - at), hours=3) if at <= here else None,
        }
        for at, name in enumerate(names)
    ]


def _timeline(now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "icon": "exclamation-circle-fill",
            "meaning": "late",
            "title": "Accept was due",
            "text": "Promised within 15 min of the handoff.",
            "at": now - timedelta(minutes=12),
        },
        {
            "icon": "send",
            "title": "Handed off to Ada Brandt",
            "text": "A demo request from a fitting person goes at once.",
            "by": "rule Hand-raiser",
            "at": now - timedelta(minutes=27),
        },
        {
            "icon": "person-raised-hand",
            "title": "Asked for a demo",
            "points": 40,
            "url": "#specimen-timeline",
            "at": now - timedelta(minutes=28),
        },
        {
            "icon": "camera-video",
            "title": "Came to the webinar “Cold chains”",
            "points": 20,
            "at": now - timedelta(days=3),
        },
        {
            "icon": "file-earmark-arrow-down",
            "title": "Downloaded a whitepaper",
            "points": 10,
            "at": now - timedelta(days=9),
        },
        {
            "icon": "envelope",
            "title": "Unsubscribed from the newsletter",
            "points": -5,
            "at": now - timedelta(days=40),
        },
    ]


def _table() -> dict[str, Any]:
    columns = [
        {"key": "name", "label": "Person", "sort": True},
        {"key": "company", "label": "Company", "sort": True},
        {"key": "stage", "label": "Stage"},
        {"key": "score", "label": "Score", "sort": True, "css": "end", "first": "-"},
    ]
    people = [
        ("Ada Brandt", "Fjordfrost example", "SRL", 92),
        ("Budi Santoso", "Kopi Nusantara example", "MQL", 71),
        (
            "Clara Østergaard-Villumsen af Rosenborg",
            "A company with a name that is longer than its column",
            "SQL",
            64,
        ),
        ("Dev Anand", "Quill & Co example", "Lead", 12),
    ]
    rows = [
        {
            "id": number,
            "name": name,
            "url": "#specimen-table",
            "cells": [
                {"key": "name", "value": name},
                {"key": "company", "value": company, "label": "Company"},
                {"key": "stage", "value": stage, "label": "Stage"},
                {"key": "score", "value": score, "label": "Score", "css": "end"},
            ],
        }
        for number, (name, company, stage, score) in enumerate(people, 1)
    ]
    return {"columns": columns, "rows": rows}


def _charts() -> dict[str, Any]:
    counts = [4, 18, 42, 57, 31, 12, 6, 3]
    return {
        "bars": [
            {
                "label": "Marketing: quality",
                "kept": 214,
                "missed": 11,
                "open": 0,
                "url": "#specimen-bars",
                "note": "share accepted",
            },
            {
                "label": "Sales: accept in time",
                "kept": 188,
                "missed": 29,
                "open": 8,
                "url": "#specimen-bars",
                "note": "median 9 min, 90 % within 22 min",
            },
            {"label": "Sales: first touch", "kept": 97, "missed": 66, "open": 41, "url": "#specimen-bars"},
            {"label": "Nothing yet", "kept": 0, "missed": 0, "open": 0},
        ],
        "bins": [
            {"label": f"{index * 15} min", "count": count, "kind": "kept" if index < 4 else "missed"}
            for index, count in enumerate(counts)
        ],
    }


def _list_parts() -> dict[str, Any]:
    return {
        "chips": [
            {"label": "Team", "value": "Nordics", "remove_url": "?"},
            {"label": "Source", "value": "Webinar", "remove_url": "?"},
        ],
        "options": [
            {
                "label": "Stage",
                "choices": [
                    {"label": "MQL", "url": "?stage=mql", "active": True, "count": 1240},
                    {"label": "SRL", "url": "?stage=srl", "active": False, "count": 37},
                ],
            }
        ],
        "views": [
            {"label": "Waiting", "url": "?", "active": True, "count": 14},
            {"label": "Late", "url": "?view=late", "count": 3},
            {"label": "All", "url": "?view=all"},
        ],
        "verbs": [
            {"label": "Accept", "value": "accept", "css": "btn-primary", "icon": "check2"},
            {
                "label": "Disqualify",
                "value": "disqualify",
                "css": "btn-danger",
                "confirm": "Disqualify these leads?",
                "consequence": "They leave the inbox and their clocks end. Each can be reopened from its page.",
            },
        ],
    }


def _sums() -> dict[str, Any]:
    return {
        "lines": [
            {"group": "Fit", "label": "Title: Head of Operations", "points": 20},
            {"group": "Fit", "label": "51 to 500 people", "points": 15, "note": "from the form"},
            {"group": "Engagement", "label": "Asked for a demo", "points": 40},
            {"group": "Engagement", "label": "Webinar", "points": 20},
            {"group": "Engagement", "label": "Unsubscribed", "points": -5},
        ],
        "clamps": [{"label": "Engagement is capped at 37", "points": -18}],
        "receipt": [
            {"label": "Handed off", "value": "Fri 16:50"},
            {"label": "Open hours on Friday", "value": "10 min", "note": "16:50 to 17:00, Europe/Copenhagen"},
            {"label": "Weekend", "value": "0 min", "kind": "pause"},
            {"label": "Open hours on Monday", "value": "17 min", "note": "09:00 to 09:17", "kind": "late"},
        ],
        "diff": [
            {"label": "Accept, hand-raiser", "old": "30 min", "new": "15 min"},
            {"label": "Accept, others", "old": "4 h", "new": "4 h"},
            {"label": "Attempts", "old": "", "new": "6 in 10 business days"},
            {"label": "Newsletter in the score", "old": "+5", "new": ""},
        ],
    }


def _week() -> list[dict[str, Any]]:
    working = [(9 * 60, 12 * 60), (13 * 60, 17 * 60)]
    days = [{"label": day, "spans": working} for day in ("Mon", "Tue", "Wed", "Thu")]
    return [
        *days,
        {"label": "Fri", "spans": [(9 * 60, 12 * 60)], "note": "Christmas Eve"},
        {"label": "Sat", "spans": []},
        {"label": "Sun", "spans": []},
    ]


def _ladder(now: datetime) -> dict[str, Any]:
    start = now - timedelta(minutes=20)
    return {
        "start": start,
        "end": start + timedelta(hours=1),
        "steps": [
            {"at": start, "label": "Handed off", "kind": "done", "who": "Ada Brandt"},
            {"at": start + timedelta(minutes=10), "label": "Warned", "kind": "done", "who": "Ada Brandt"},
            {"at": start + timedelta(minutes=15), "label": "Due", "kind": "late"},
            {
                "at": start + timedelta(minutes=30),
                "label": "Manager is told",
                "kind": "next",
                "who": "Mia Holm",
            },
            {"at": start + timedelta(minutes=60), "label": "Taken back and passed on", "kind": "next"},
        ],
    }


def _time_line() -> dict[str, Any]:
    return {
        "marks": [
            ("3%", {"kind": "start"}),
            ("48%", {"kind": "step"}),
            ("60%", {"kind": "due"}),
            ("97%", {"kind": "step"}),
        ],
        "ticks": [("42%", "10 min"), ("80%", "1 h")],
    }


def example_data(now: datetime) -> dict[str, Any]:
    """Made-up data for every component, as seen at `now`."""
    return {
        "now": now,
        "clocks": _clocks(now),
        "tracks": [
            {"stages": _track(now, 2), "aside": ""},
            {"stages": _track(now, 5), "aside": ""},
            {"stages": _track(now, 1), "aside": "Nurture"},
        ],
        "timeline": _timeline(now),
        "table": _table(),
        "charts": _charts(),
        "parts": _list_parts(),
        "sums": _sums(),
        "week": _week(),
        "ladder": _ladder(now),
        "time_line": _time_line(),
        "moments": [
            now - ago
            for ago in (timedelta(seconds=5), timedelta(minutes=3), timedelta(days=2), timedelta(days=90))
        ]
        + [now + timedelta(hours=5)],
        "form": SpecimenForm(),
        "wrong_form": SpecimenForm(
            {"name": "Ada", "email": "ada at example", "wish": "demo"}, auto_id="wrong_%s"
        ),
        "short_form": ShortForm(),
        "nothing": [],
        "sheet_actions": [
            {"label": "Accept", "url": "#specimen-sheet", "css": "btn-primary", "key": "a"},
            {"label": "Reject", "url": "#specimen-sheet", "key": "r"},
        ],
        "classifications": ["workable", "tier2", "excluded", "spam", "duplicate", "pending", "failed"],
        "tiers": ["hand_raiser", "1", "2"],
        "rejections": ["procedural", "clerical", "definitional"],
        "grades": ["A1", "B2", "C3", "D4"],
        "levels": ["success", "info", "warning", "error"],
        "nav_items": [
            {"label": "Inbox", "url": "#", "icon": "inbox", "active": True, "count": 14},
            {"label": "Late", "url": "#", "icon": "alarm", "active": False, "count": 3, "count_kind": "late"},
            {"label": "Leads", "url": "#", "icon": "people", "active": False},
        ],
    }


def gallery(request: HttpRequest) -> HttpResponse:
    """The gallery; `?page=` shows one of the pages that have no rail (PAGES). For whoever works on or in Baton."""
    if not (settings.DEBUG or request.user.is_authenticated):
        raise Http404
    page = request.GET.get("page", "")
    data = example_data(timezone.now())
    if page == "form-errors":
        data["form"] = data["wrong_form"]
    return render(request, PAGES.get(page, "gallery/index.html"), data | {"pages": PAGES})

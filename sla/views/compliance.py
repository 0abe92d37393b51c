"""The workplace of managers and auditors: compliance, the lists behind its figures, and the evidence of a handoff."""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.policies import can_open, reader, workplace
from drains.clock import current_time
from leads.counting import said_up_to
from leads.models import Lead
from sla.models import Side
from sla.policies import visible_handoffs
from sla.reports.evidence import evidence_of
from sla.reports.files import csv_lines
from sla.reports.filters import ANSWERS, OUTCOMES, Ask, chips, menus, read
from sla.reports.keyset import newer_than, page_of
from sla.reports.lists import MOST_COUNTED, ClockList, HandoffList, columns_of
from sla.reports.pages import Panel, awaited, cuts, marketing_figures, panels
from sla.reports.unrouted import PAGE_SIZE, unrouted_page


@workplace("compliance")
def compliance(request: HttpRequest) -> HttpResponse:
    """Both sides' promises of a period, with the period before; `quality` is asked for by the page itself."""
    now = current_time()
    ask = read(request.GET, reader(request), now)
    context = {
        "ask": ask,
        "menus": menus(ask),
        "chips": chips(ask),
        "sides": _sides(panels(ask)),
        "cuts": cuts(ask),
        "marketing": awaited(ask),
        "quality_url": reverse("sla:quality") + ask.address(by=""),
        "clear_url": ask.cleared(),
        "now": now,
    }
    return render(request, "sla/compliance.html", context)


@workplace("compliance")
def quality(request: HttpRequest) -> HttpResponse:
    """What was handed off in a period and what sales said to it; the panel alone for htmx."""
    ask = read(request.GET, reader(request), current_time())
    part = "#part" if request.htmx else ""  # type: ignore[attr-defined]
    return render(request, f"sla/quality.html{part}", {"ask": ask, "marketing": marketing_figures(ask)})


def _sides(found: Sequence[Panel]) -> list[dict[str, Any]]:
    return [
        {
            "name": side.value,
            "title": _("Sales promised") if side == Side.SALES else _("Marketing promised"),
            "panels": [panel for panel in found if panel.side == side],
        }
        for side in (Side.SALES, Side.MARKETING)
    ]


@workplace("compliance")
def not_handed_off(request: HttpRequest) -> HttpResponse:
    """Leads that are sales-ready and wait for their handoff, longest waiting first."""
    now, text = current_time(), request.GET.get("page", "")
    number = max(1, int(text)) if text.isdecimal() and len(text) < 7 else 1
    rows, has_next = unrouted_page(number, now)
    context = {
        "rows": rows,
        "first": (number - 1) * PAGE_SIZE + 1,
        "last": (number - 1) * PAGE_SIZE + len(rows),
        "prev_url": f"?page={number - 1}" if number > 1 else "",
        "next_url": f"?page={number + 1}" if has_next else "",
        "now": now,
    }
    return render(request, "sla/unrouted.html", context)


@workplace("compliance")
def clocks(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """The promises, or the handoffs (`?of=handoffs`), behind a figure; `?format=csv` gives all of them as a file."""
    now = current_time()
    ask = read(request.GET, reader(request), now)
    of_handoffs = request.GET.get("of") == "handoffs"
    listing = HandoffList(ask) if of_handoffs else ClockList(ask)
    if request.GET.get("format") == "csv":
        return _download(listing)
    return render(request, "sla/clocks.html", _list_context(request, ask, listing))


@login_required
def evidence(request: HttpRequest, pk: int) -> HttpResponse:
    """What happened to a handoff and the arithmetic of its clocks; for everybody who may see the handoff."""
    rows = (
        visible_handoffs(reader(request))
        .select_related("team", "owner", "agreement_version__agreement", "reason", "answered_by")
        .prefetch_related(Prefetch("lead", Lead.objects.select_related("contact__company")))
    )
    handoff = get_object_or_404(rows, pk=pk)
    now = current_time()
    context = {
        "handoff": handoff,
        "evidence": evidence_of(handoff, now),
        "reader_zone": timezone.get_current_timezone_name(),
        "opens_compliance": can_open(reader(request), "compliance"),
        "now": now,
    }
    return render(request, "sla/evidence.html", context)


def _download(listing: ClockList | HandoffList) -> StreamingHttpResponse:
    period = listing.ask.period
    lines = csv_lines(listing, timezone.get_current_timezone())
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    name = f"{listing.name}-{period.first:%Y-%m-%d}-{period.last:%Y-%m-%d}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _list_context(request: HttpRequest, ask: Ask, listing: ClockList | HandoffList) -> dict[str, Any]:
    of_handoffs = isinstance(listing, HandoffList)
    ask = ask.with_extra({"of": "handoffs"} if of_handoffs else {})
    counts, rows = listing.counts(), listing.rows()
    key = ask.answer if of_handoffs else ask.outcome
    page = page_of(listing.shown(), lambda name: request.GET.get(name, ""))
    before = newer_than(rows, page.rows[0]).count() if page.newer else 0
    here = ask.address(by="")
    return {
        "ask": ask,
        "now": ask.now,
        "of_handoffs": of_handoffs,
        "menus": menus(ask, _filters_of(listing)),
        "chips": chips(ask, _filters_of(listing)),
        "clear_url": ask.cleared(),
        "views": _views(ask, of_handoffs, counts),
        "columns": columns_of(listing.columns),
        "rows": [listing.row(row) for row in page.rows],
        "first": before + 1,
        "last": before + len(page.rows),
        "total": min(counts[key], MOST_COUNTED),
        "total_said": said_up_to(MOST_COUNTED, counts[key]),
        "more_than_total": counts[key] > MOST_COUNTED,
        "newer_url": f"{here}&before={page.newer}".replace("?&", "?") if page.newer else "",
        "older_url": f"{here}&after={page.older}".replace("?&", "?") if page.older else "",
        "csv_url": ask.address(by="", format="csv"),
        "compliance_url": reverse("sla:compliance") + ask.address(outcome="", answer="", of=""),
    }


def _filters_of(listing: ClockList | HandoffList) -> tuple[str, ...]:
    names = ("team", "rep", "source", "tier")
    return names if isinstance(listing, HandoffList) else (*names, "kind")


def _views(ask: Ask, of_handoffs: bool, counts: dict[str, int]) -> list[dict[str, Any]]:
    """The tabs: all, and each outcome or answer, with how many there are."""
    words = ANSWERS if of_handoffs else OUTCOMES
    name, chosen = ("answer", ask.answer) if of_handoffs else ("outcome", ask.outcome)
    every: dict[str, Any] = {"label": _("All"), "url": ask.address(by="", **{name: ""}), "active": not chosen}
    found = [every | {"count": said_up_to(MOST_COUNTED, counts[""])}]
    for key, label in words.items():
        if counts[key] or key == chosen:
            url = ask.address(by="", **{name: key})
            said = said_up_to(MOST_COUNTED, counts[key])
            found.append({"label": label, "url": url, "count": said, "active": key == chosen})
    return found

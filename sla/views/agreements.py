"""Agreements to read: the list, one with its versions, two versions side by side, on paper and as PDF."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from accounts.policies import reader
from drains.clock import current_time
from sla.agreements.checks import problems_of
from sla.agreements.document import by_section
from sla.agreements.reading import document_of
from sla.models import AgreementVersion
from sla.notices import local
from sla.policies import can_draft, visible_agreements
from sla.selectors.agreements import (
    Overview,
    Reading,
    changes_from,
    other_thresholds,
    overviews,
    side_by_side,
    telling,
)


@login_required
@require_safe
def agreements(request: HttpRequest) -> HttpResponse:
    """Every agreement with what is in force, what is proposed, and whose signature is asked."""
    now, user = current_time(), reader(request)
    rows = overviews(user, now)
    context = {
        "rows": rows,
        "asked": [row for row in rows if row.asked_side],
        "may_create": can_draft(user, None),
        "now": now,
    }
    return render(request, "sla/agreements.html", context)


@login_required
@require_safe
def agreement(request: HttpRequest, pk: int) -> HttpResponse:
    """An agreement as it is in force, or, of a new one, what is proposed or drafted."""
    overview = overview_of(request, pk)
    reading = overview.in_force or next(iter(overview.readings), None)
    if reading is None:
        raise Http404
    return _page(request, overview, reading)


@login_required
@require_safe
def version(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """One version to read, with what it changes and who signed it."""
    overview = overview_of(request, pk)
    return _page(request, overview, _of(overview, number))


@login_required
@require_safe
def compare(request: HttpRequest, pk: int) -> HttpResponse:
    """Two versions side by side."""
    overview = overview_of(request, pk)
    new = _chosen(overview, request.GET.get("to"), overview.readings[:1])
    old = _chosen(overview, request.GET.get("from"), [row for row in overview.readings if row is not new][:1])
    rows = telling(side_by_side(_with_text(old), _with_text(new))) if old and new else []
    only = request.GET.get("all") != "1"
    shown = [row for row in rows if row.changed] if only else rows
    context = {
        "overview": overview,
        "old": old,
        "new": new,
        "sections": by_section(shown),
        "changed": sum(row.changed for row in rows),
        "only": only,
        "now": current_time(),
    }
    return render(request, "sla/agreement_compare.html", context)


@login_required
@require_safe
def printed(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """One version on paper, with its signatures."""
    overview = overview_of(request, pk)
    reading = _of(overview, number)
    return render(request, "sla/agreement_print.html", _text_context(overview, reading))


@login_required
@require_safe
def pdf(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """The same as a file."""
    # It brings fonts and pictures, 25 MB of memory that no process should hold that never makes one.
    from sla.agreements.pdf import pdf_of

    overview = overview_of(request, pk)
    reading = _of(overview, number)
    name = f"{slugify(overview.agreement.name) or 'agreement'}-v{number}.pdf"
    answer = HttpResponse(
        pdf_of(document_of(_with_text(reading)), reading.standing, _signatures(reading)),
        content_type="application/pdf",
    )
    answer["Content-Disposition"] = f'inline; filename="{name}"'
    return answer


def overview_of(request: HttpRequest, pk: int) -> Overview:
    """One agreement as this person may read it. Raises Http404 for one that is not theirs."""
    user = reader(request)
    row = get_object_or_404(visible_agreements(user), pk=pk)
    return overviews(user, current_time(), row)[0]


def _of(overview: Overview, number: int) -> Reading:
    reading = overview.of(number)
    if reading is None:
        raise Http404
    return reading


def _chosen(overview: Overview, number: str | None, instead: list[Reading]) -> Reading | None:
    if number and number.isdecimal() and len(number) < 10:
        return _of(overview, int(number))
    return next(iter(instead), None)


def _with_text(reading: Reading | None) -> AgreementVersion:
    """The version with its text, which lists do without."""
    assert reading is not None
    return AgreementVersion.objects.select_related("agreement").get(pk=reading.version.pk)


def _signatures(reading: Reading) -> list[tuple[str, str, str, str]]:
    """Side, name, moment and digest of each, as told on paper: in the organisation's zone, as the text itself."""
    return [
        (str(side.label), row.name, local(row.at, None), row.digest) if row else (str(side.label), "", "", "")
        for side, row in reading.by_side
    ]


def _text_context(overview: Overview, reading: Reading) -> dict[str, Any]:
    return {
        "overview": overview,
        "reading": reading,
        "document": document_of(_with_text(reading)),
        "signatures": _signatures(reading),
    }


def _page(request: HttpRequest, overview: Overview, reading: Reading) -> HttpResponse:
    full = _with_text(reading)
    before = _before(overview, reading)
    context = _text_context(overview, reading) | {
        "changes": changes_from(_with_text(before), full) if before else [],
        "before": before,
        "problems": problems_of(full) if full.is_draft and overview.may_draft else [],
        "thresholds": other_thresholds(full) if reading.standing in ("in_force", "draft", "proposed") else [],
        "now": current_time(),
    }
    return render(request, "sla/agreement.html", context)


def _before(overview: Overview, reading: Reading) -> Reading | None:
    """What a version follows: the newest signed one of a lower number."""
    lower = [row for row in overview.readings if row.version.number < reading.version.number]
    return next((row for row in lower if row.version.is_signed), None)

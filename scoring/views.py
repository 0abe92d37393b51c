"""The part of a lead's page that answers “why 72?”."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.policies import reader
from drains.clock import current_time
from leads.policies import visible_leads
from scoring.selectors import Explanation, ScoreLine, explain


@require_safe
@login_required
def lines(request: HttpRequest, pk: int) -> HttpResponse:
    """The score of one lead as of now, with the lines that add up to it."""
    if pk >= 2**63:
        raise Http404
    lead = get_object_or_404(visible_leads(reader(request)), pk=pk)
    explanation = explain(lead=lead, now=current_time())
    context = {
        "lead": lead,
        "explanation": explanation,
        "lines": _lines(explanation),
        "clamps": _clamps(explanation),
        "now": explanation.as_of,
    }
    template = "scoring/lines.html#lines" if getattr(request, "htmx", False) else "scoring/lines.html"
    return render(request, template, context)


def _lines(explanation: Explanation) -> list[dict[str, Any]]:
    def told(line: ScoreLine, group: str) -> dict[str, Any]:
        notes = []
        if line.count is not None:
            notes.append(ngettext("once", "%(count)d times", line.count) % {"count": line.count})
        if line.capped:
            notes.append(_("no more than %(most)d for this") % {"most": line.points})
        return {"group": group, "label": line.label, "points": line.points, "note": ", ".join(notes)}

    return [told(line, _("Fit")) for line in explanation.fit_lines] + [
        told(line, _("Engagement")) for line in explanation.engagement_lines
    ]


def _clamps(explanation: Explanation) -> list[dict[str, Any]]:
    """What limits take away or give back, apart from the rules; together with the lines it is the score."""
    model = explanation.model
    engagement = (
        _("Engagement is at most %(cap)d") % {"cap": model.engagement_cap}
        if explanation.engagement_clamp < 0
        else _("Engagement is never below 0")
    )
    told = [
        (_("Fit is at most %(cap)d") % {"cap": model.fit_cap}, explanation.fit_clamp),
        (engagement, explanation.engagement_clamp),
        (_("A score is never below 0"), explanation.floor),
    ]
    return [{"label": label, "points": points} for label, points in told if points]

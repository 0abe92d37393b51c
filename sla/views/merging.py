"""What a merge of two leads would do to their handoffs: a part of the page on which marketing decides that."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.policies import reader
from drains.clock import current_time
from leads.policies import check_can_merge, visible_leads
from leads.views.following import follows_merges
from sla.clock import is_late
from sla.services.merging import outlook


@login_required
@require_safe
@follows_merges
def merge_outlook(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    """Which handoff goes on, with which clocks, and what ends; a page of its own without htmx."""
    user, now = reader(request), current_time()
    leads = visible_leads(user).select_related("contact")
    kept, absorbed = get_object_or_404(leads, pk=pk), get_object_or_404(leads, pk=other)
    check_can_merge(user)
    plan = outlook(one=kept, other=absorbed, now=now)
    earlier = {shift.clock.pk: shift.due_at for shift in plan.earlier}
    going_on = [
        {
            "clock": clock,
            "begins_earlier": clock.pk in earlier,
            "due_at": earlier.get(clock.pk, clock.due_at),
        }
        for clock in plan.goes_on
    ]
    over = [{"clock": clock, "is_late": is_late(clock.due_at, now)} for clock in plan.over]
    context = {"lead": kept, "outlook": plan, "going_on": going_on, "over": over, "now": now}
    part = "#part" if request.htmx else ""  # type: ignore[attr-defined]
    return render(request, f"sla/merge_outlook.html{part}", context)

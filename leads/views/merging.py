"""Saying that two leads are one person: look the other one up, see what will be, say why."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.policies import reader
from drains.clock import current_time
from leads import policies
from leads.forms import MergeForm
from leads.models import Lead
from leads.selectors.merge_preview import candidates, side_by_side
from leads.services.merging import merge_leads, older_first
from leads.services.people import NotPossible
from leads.views.following import follows_merges
from leads.views.people import find


@require_safe
@login_required
@follows_merges
def merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Look up the lead that is the same person; to begin with, whoever has the same name."""
    lead, user = find(request, pk), reader(request)
    policies.check_can_merge(user)
    search = request.GET.get("who", lead.contact.full_name).replace("\x00", "")[:200]
    context = {
        "lead": lead,
        "search": search,
        "found": candidates(policies.visible_leads(user), lead, search),
        "now": current_time(),
    }
    part = "#found" if getattr(request, "htmx", False) else ""
    return render(request, f"leads/merge.html{part}", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@follows_merges
def merge_with(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    """Both side by side, and what becomes of them; with a reason they become one. `keep` says which stays, else the older one."""
    one, another, user = find(request, pk), find(request, other), reader(request)
    policies.check_can_merge(user)
    kept, absorbed = _chosen(request, one, another)
    form = MergeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        now = current_time()
        try:
            merge_leads(kept=kept, absorbed=absorbed, by=user, reason=form.cleaned_data["reason"], now=now)
        except NotPossible as problem:
            form.add_error(None, str(problem))
        else:
            text = _("%(gone)s (no. %(number)d) was merged into %(kept)s.")
            messages.success(request, text % {"gone": absorbed, "number": absorbed.pk, "kept": kept})
            return redirect(kept)
    context = {
        "lead": one,
        "kept": kept,
        "absorbed": absorbed,
        "rows": side_by_side(kept, absorbed),
        "is_older": older_first(one, another)[0] == kept,
        "form": form,
        "swap_url": f"{reverse('leads:merge_with', args=[pk, other])}?keep={absorbed.pk}",
        "now": current_time(),
    }
    return render(request, "leads/merge_with.html", context, status=422 if form.is_bound else 200)


def _chosen(request: HttpRequest, one: Lead, another: Lead) -> tuple[Lead, Lead]:
    wanted = request.POST.get("keep") or request.GET.get("keep")
    for kept, absorbed in ((one, another), (another, one)):
        if wanted == str(kept.pk):
            return kept, absorbed
    return older_first(one, another)

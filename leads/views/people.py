"""The leads list, the page of one lead, and what marketing decides there."""

from collections.abc import Callable
from typing import Any, Final

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.policies import can_open, reader, workplace
from drains.clock import current_time
from leads import policies
from leads.forms import DisqualifyForm, NurtureForm
from leads.models import Lead, Tier
from leads.models.lead import STAGE_CHOICES
from leads.selectors import people, timeline
from leads.services import people as services
from leads.stages import Stage
from leads.views.following import follows_merges

STAGES: Final = dict(STAGE_CHOICES)


@require_safe
@workplace("leads")
def lead_list(request: HttpRequest) -> HttpResponse:
    """Everybody who could become a customer, by filters that live in the address."""
    question = people.Question.parse(request.GET.dict())
    page = people.lead_page(policies.visible_leads(reader(request)), question)
    views = [
        {"label": STAGES[stage] if stage else _("All"), "url": url, "active": active}
        for stage, url, active in people.saved_views(question)
    ]
    context = {
        "now": current_time(),
        "question": question,
        "page": page,
        "views": views,
        "options": _options(question, people.origins()),
        "chips": _chips(question),
        "columns": _columns(),
    }
    return render(request, "leads/list.html", context)


def _columns() -> list[dict[str, str]]:
    """The columns that a reader may hide; the person always stays."""
    return [
        {"key": "stage", "label": _("Stage")},
        {"key": "tier", "label": _("Tier")},
        {"key": "score", "label": _("Score")},
        {"key": "origin", "label": _("First origin")},
        {"key": "activity", "label": _("Last activity")},
        {"key": "newest", "label": _("Lead since")},
    ]


def _options(question: people.Question, origins: list[str]) -> list[dict[str, Any]]:
    def choice(label: object, active: bool, **changes: str) -> dict[str, Any]:
        # A choice that is set is taken away by choosing it again.
        told = dict.fromkeys(changes, "") if active else changes
        return {"label": label, "active": active, "url": question.address(**told)}

    spans = [
        (("" if low is None else str(low)), ("" if high is None else str(high)))
        for low, high in people.RANGES
    ]
    now_span = (question.filters.get("from", ""), question.filters.get("to", ""))
    return [
        {
            "label": _("Stage"),
            "choices": [
                choice(STAGES[stage], question.stage == stage, stage=stage) for stage in people.STAGES
            ],
        },
        {
            "label": _("Tier"),
            "choices": [choice(label, question.tier == tier, tier=str(tier)) for tier, label in Tier.choices],
        },
        {
            "label": _("Grade"),
            "choices": [
                choice(_("%(letter)s, by fit") % {"letter": letter}, question.letter == letter, grade=letter)
                for letter in people.LETTERS
            ],
        },
        {
            "label": _("Score"),
            "choices": [
                choice(_span(*span), span == now_span, **{"from": span[0], "to": span[1]}) for span in spans
            ],
        },
        {
            "label": _("Origin"),
            "choices": [
                choice(
                    origin or _("Not stated"),
                    question.origin == (origin or people.NOT_STATED),
                    origin=origin or people.NOT_STATED,
                )
                for origin in origins
            ],
        },
    ]


def _span(low: str, high: str) -> str:
    if low and high:
        return _("%(low)s to %(high)s") % {"low": low, "high": high}
    return _("%(low)s or more") % {"low": low} if low else _("%(high)s or less") % {"high": high}


def _chips(question: people.Question) -> list[dict[str, str]]:
    """One chip per filter, with the address without it."""
    low, high = question.filters.get("from", ""), question.filters.get("to", "")
    told = [
        (_("Search"), question.search, {"q": ""}),
        (_("Stage"), str(STAGES.get(question.stage, "")), {"stage": ""}),
        (_("Tier"), str(question.tier or ""), {"tier": ""}),
        (_("Grade"), question.letter, {"grade": ""}),
        (_("Score"), _span(low, high) if low or high else "", {"from": "", "to": ""}),
        (
            _("Origin"),
            _("not stated") if question.origin == people.NOT_STATED else question.origin,
            {"origin": ""},
        ),
    ]
    return [
        {"label": label, "value": value, "remove_url": question.address(**changes)}
        for label, value, changes in told
        if value
    ]


@require_safe
@login_required
@follows_merges
def lead_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One lead: who it is, where it stands, and the one timeline of everything."""
    lead = find(request, pk)
    now = current_time()
    context = {
        "now": now,
        "lead": lead,
        "track": timeline.stage_track(lead),
        "page": _events(request, lead),
        "facts": timeline.facts(lead),
        "attribution": timeline.attribution(lead),
        "may_decide": policies.can_decide(reader(request)),
        "may_merge": policies.can_merge(reader(request)),
        "with_marketing": lead.stage in services.WITH_MARKETING,
        "is_disqualified": lead.stage == Stage.DISQUALIFIED,
    }
    return render(request, "leads/detail.html", context)


@require_safe
@login_required
@follows_merges
def timeline_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Older events of a lead's timeline; the page of the lead from there on for a browser without script."""
    lead = find(request, pk)
    if not getattr(request, "htmx", False):
        return redirect(f"{lead.get_absolute_url()}?{request.GET.urlencode()}#timeline")
    context = {"now": current_time(), "lead": lead, "page": _events(request, lead)}
    return render(request, "leads/timeline.html", context)


def _events(request: HttpRequest, lead: Lead) -> timeline.TimelinePage:
    with_links = can_open(reader(request), "submissions")
    return timeline.events(lead, request.GET.get("before", ""), with_links=with_links)


@require_POST
@login_required
@follows_merges
def hand_off(request: HttpRequest, pk: int) -> HttpResponse:
    """Put the lead before sales now."""
    lead = find(request, pk)
    done = _("%(lead)s goes to sales. The handoff with its clock follows within seconds.") % {"lead": lead}
    return _decided(
        request, lead, lambda user: services.hand_off(lead=lead, by=user, now=current_time()), done
    )


@require_POST
@login_required
@follows_merges
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a disqualified lead back."""
    lead = find(request, pk)
    done = _("%(lead)s is a lead again; its score decides how it goes on.") % {"lead": lead}
    return _decided(request, lead, lambda user: services.reopen(lead=lead, by=user, now=current_time()), done)


@login_required
@follows_merges
def nurture(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask until when, then put the lead aside."""
    lead, user, now = find(request, pk), reader(request), current_time()
    policies.check_can_decide(user)
    form = NurtureForm(request.POST or None, today=now.date())
    if request.method == "POST" and form.is_valid():
        until, reason = form.cleaned_data["until"], form.cleaned_data["reason"]
        done = _("%(lead)s is in nurture until %(day)s.") % {"lead": lead, "day": until}
        return _decided(
            request,
            lead,
            lambda by: services.nurture(lead=lead, until=until, reason=reason, by=by, now=now),
            done,
        )
    consequence = _(
        "It leaves the way to sales until that day; then it is an MQL again by itself. Who raises a hand before goes to sales."
    )
    return _ask(request, lead, form, _("Put into nurture"), consequence, _("Put into nurture"))


@login_required
@follows_merges
def disqualify(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask why, then take the lead out."""
    lead, user = find(request, pk), reader(request)
    policies.check_can_decide(user)
    form = DisqualifyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _decided(
            request,
            lead,
            lambda by: services.disqualify(
                lead=lead, reason=form.cleaned_data["reason"], by=by, now=current_time()
            ),
            _("%(lead)s is disqualified.") % {"lead": lead},
            undo=reverse("leads:reopen", args=[lead.pk]),
        )
    consequence = _(
        "It no longer goes to sales by its score. It keeps its timeline and can be reopened here."
    )
    return _ask(request, lead, form, _("Disqualify"), consequence, _("Disqualify"), css="btn-danger")


def _ask(
    request: HttpRequest,
    lead: Lead,
    form: Any,
    title: str,
    consequence: str,
    verb: str,
    css: str = "btn-primary",
) -> HttpResponse:
    """The question before a decision: in the floating dialog, or as a page of its own."""
    context = {
        "lead": lead,
        "form": form,
        "action": request.path,
        "title": title,
        "consequence": consequence,
        "verb": verb,
        "verb_css": css,
    }
    template = "leads/decide.html#question" if getattr(request, "htmx", False) else "leads/decide.html"
    return render(request, template, context, status=422 if form.is_bound else 200)


def _decided(
    request: HttpRequest, lead: Lead, decide: Callable[[User], object], done: str, undo: str = ""
) -> HttpResponse:
    """Make the decision and go back to the lead's page with its result in words."""
    try:
        decide(reader(request))
    except services.NotPossible as reason:
        messages.error(request, str(reason))
    else:
        messages.success(request, done, extra_tags=f"undo:{undo}" if undo else "")
    return redirect(lead)


def find(request: HttpRequest, pk: int) -> Lead:
    """The lead of this number, if the person may see it; otherwise as if it did not exist."""
    # A number beyond the column is nobody's, and SQLite would not even look.
    if pk >= 2**63:
        raise Http404
    leads = policies.visible_leads(reader(request)).select_related("contact__company", "first_source")
    return get_object_or_404(leads, pk=pk)

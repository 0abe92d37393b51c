"""The page of one handoff, what sales does there, and the handoffs of a lead.

Every verb works three ways: a plain post (message, then the page again), from the inbox (the list and the sheet follow by
events), and from a dialog on another page (that page is loaded again). An answer that is too late is a 409, one that is not
possible a 422, one that is not allowed a 403; each says why.
"""

import json
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.policies import Refusal, can_open, reader
from drains.clock import current_time
from leads.views.following import follows_merges
from sla.forms import TouchForm, VerbForm
from sla.models import Handoff, PromiseKind
from sla.selectors.handoffs import detail_queryset, goes_on_as, handoff_detail, handoffs_of_lead
from sla.services.answering import AlreadyAnswered, NotPossible
from sla.services.answering import accept as accept_handoff
from sla.views.verbs import VERBS, accepted_text

SHEET, DIALOG = "detail", "floating-body"
STATUS = {AlreadyAnswered: 409, NotPossible: 422, Refusal: 403}
PROBLEMS = (AlreadyAnswered, NotPossible, Refusal)


@login_required
@require_safe
def handoff(request: HttpRequest, pk: int) -> HttpResponse:
    """One handoff: who, clocks, touches and verbs; as a sheet where htmx asks for the detail of a list.

    One that ended because its lead was merged into another leads to where that goes on; `?own` shows it all the same.
    """
    user = reader(request)
    row = find(user, pk)
    goes_on = goes_on_as(handoff=row, user=user) if "own" not in request.GET else None
    if goes_on is None:
        return _page(request, row)
    messages.info(request, _("Handoff no. %d was merged into this one: both leads were one person.") % row.pk)
    return redirect(goes_on)


@login_required
@require_POST
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the lead on, with one click or key."""
    user, now = reader(request), current_time()
    row = find(user, pk)
    try:
        row = accept_handoff(handoff=row, by=user, now=now)
    except PROBLEMS as problem:
        return _problem(request, row, problem)
    clock = row.clocks.running().filter(kind=PromiseKind.FIRST_TOUCH).first()
    return _done(request, row, accepted_text(row, user, clock.due_at if clock else None), leaves=True)


@login_required
def by_form(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """A verb that needs a form (see sla.views.verbs): the form on GET, the deed on POST."""
    user, verb = reader(request), VERBS[name]
    row = find(user, pk)
    posted = request.POST if request.method == "POST" else None
    now = current_time()
    form = verb.form(posted, handoff=row, reader=user, now=now)
    try:
        # A reader who may not do it at all, or comes too late, is told so, and not which field is empty.
        verb.check(user, row)
        if posted is None:
            return _form_page(request, row, name, form)
        if not form.is_valid():
            return _form_page(request, row, name, form, status=422)
        text = verb.run(row, form.cleaned_data, user, now)
    except NotPossible as problem:
        form.add_error(None, str(problem))
        return _form_page(request, row, name, form, status=422)
    except (AlreadyAnswered, Refusal) as problem:
        return _problem(request, row, problem)
    return _done(request, row, text, leaves=verb.leaves)


@login_required
@require_safe
@follows_merges
def lead_handoffs(request: HttpRequest, pk: int) -> HttpResponse:
    """All handoffs of a lead with clocks and outcomes, for the lead's page; a page of its own without htmx."""
    now = current_time()
    lead, rows = handoffs_of_lead(lead_id=pk, user=reader(request), now=now)
    if lead is None:
        raise Http404
    part = "#part" if request.htmx else ""  # type: ignore[attr-defined]
    return render(request, f"sla/handoff_list.html{part}", {"lead": lead, "rows": rows, "now": now})


def find(user: User, pk: int) -> Handoff:
    """The handoff with all that its page needs. Raises Http404 where the reader may not see it."""
    return get_object_or_404(detail_queryset(user), pk=pk)


def detail_context(request: HttpRequest, row: Handoff, now: datetime) -> dict[str, Any]:
    """What the sheet and the page of a handoff show."""
    user = reader(request)
    detail = handoff_detail(handoff=row, user=user, now=now)
    return {
        "detail": detail,
        "handoff": row,
        "touch_form": TouchForm(handoff=row, reader=user, now=now) if detail.verbs.work else None,
        "shows_evidence": can_open(user, "compliance"),
        "now": now,
    }


def _page(
    request: HttpRequest, row: Handoff, status: int = 200, trigger: dict[str, Any] | None = None, **more: Any
) -> HttpResponse:
    context = detail_context(request, row, current_time()) | more
    part = "#sheet" if _target(request) == SHEET else ""
    response = render(request, f"sla/handoff.html{part}", context, status=status)
    return _with_events(response, trigger or {})


def _form_page(
    request: HttpRequest, row: Handoff, name: str, form: VerbForm, status: int = 200
) -> HttpResponse:
    if isinstance(form, TouchForm) and form.is_bound and request.POST.get("place") == "page":
        return _page(request, row, status, touch_form=form)
    verb = VERBS[name]
    title, button = verb.words(row)
    context = {
        "handoff": row,
        "form": form,
        "title": title % row.lead,
        "button": button,
        "verb": verb,
        "next": _next(request, row),
        "action": reverse(f"sla:{name}", args=[row.pk]),
    }
    part = "#form" if _target(request) == DIALOG else ""
    return render(request, f"sla/handoff_form.html{part}", context, status=status)


def _done(request: HttpRequest, row: Handoff, text: str, *, leaves: bool) -> HttpResponse:
    events: dict[str, Any] = {"toast": {"level": "success", "text": text}, "inbox-changed": {}}
    if _target(request) == SHEET:
        return _page(request, find(reader(request), row.pk), trigger=events)
    if _from_inbox(request):
        events |= {"dialog-close": {}} | ({} if leaves else {"handoff-changed": {}})
        return _with_events(HttpResponse(status=204), events)
    messages.success(request, text)
    if request.htmx:  # type: ignore[attr-defined]
        here = request.htmx.current_url_abs_path or row.get_absolute_url()  # type: ignore[attr-defined]
        return HttpResponse(status=204, headers={"HX-Redirect": here})
    return redirect(_next(request, row))


def _problem(request: HttpRequest, row: Handoff, problem: Exception) -> HttpResponse:
    status, text = STATUS[type(problem)], str(problem)
    row = find(reader(request), row.pk)
    if request.htmx:  # type: ignore[attr-defined]
        events = {"toast": {"level": "warning", "text": text}, "inbox-changed": {}, "dialog-close": {}}
        return _with_events(HttpResponse(text, status=status, content_type="text/plain"), events)
    return _page(request, row, status, problem=text)


def _with_events(response: HttpResponse, events: dict[str, Any]) -> HttpResponse:
    if events:
        response.headers["HX-Trigger"] = json.dumps(events)
    return response


def _target(request: HttpRequest) -> str:
    return request.htmx.target or ""  # type: ignore[attr-defined]


def _from_inbox(request: HttpRequest) -> bool:
    here = request.htmx.current_url_abs_path if request.htmx else None  # type: ignore[attr-defined]
    lists = (reverse("sla:inbox"), reverse("sla:returned"))
    return bool(here) and urlsplit(str(here)).path in lists


def _next(request: HttpRequest, row: Handoff) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) and wanted.startswith("/")
    return wanted if safe else row.get_absolute_url()

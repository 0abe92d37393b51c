"""The marketing manager's workplace: what arrived, what it was taken for, and what marketing makes of it."""

import json
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from accounts.policies import reader, workplace
from drains.clock import current_time
from leads.filters import SubmissionFilters
from leads.forms import CorrectSubmissionForm, RejectSubmissionsForm
from leads.keyset import Cursor
from leads.models import Review, Submission
from leads.selectors.received import received
from leads.selectors.submission_list import arrived_since, submissions_page
from leads.selectors.submissions import one_row, submission_detail
from leads.services import review

MOST_AT_ONCE = 500  # chosen rows of one form post; a page has fewer


@require_safe
@workplace("submissions")
@vary_on_headers("HX-Request", "HX-Target")
def submissions(request: HttpRequest) -> HttpResponse:
    """The list; for htmx its part alone, and with `since` the announcer of what arrived after that number."""
    now = current_time()
    filters = SubmissionFilters.from_query(request.GET)
    since = request.GET.get("since", "")
    if since.isascii() and since.isdigit() and len(since) < 18:
        count = arrived_since(filters=filters, pk=int(since), now=now)
        context = {"count": count, "url": request.path + filters.address(), "target": "#list"}
        return render(request, "components/announcer.html", context)
    page = submissions_page(
        filters=filters,
        now=now,
        after=Cursor.parse(request.GET.get("after", "")),
        before=Cursor.parse(request.GET.get("before", "")),
    )
    template = "leads/submissions_list.html" if _target(request) == "list" else "leads/submissions.html"
    context = {
        "page": page,
        "now": now,
        "here": request.get_full_path(),
        "columns": _columns(),
        "verbs": _verbs(),
    }
    return render(request, template, context)


def _columns() -> list[dict[str, str]]:
    """The columns that a reader may hide."""
    return [
        {"key": "verdict", "label": _("Taken for")},
        {"key": "source", "label": _("Source")},
        {"key": "received", "label": _("Received")},
    ]


def _verbs() -> list[dict[str, str]]:
    """What can be done with chosen rows."""
    return [
        {"label": _("Accept"), "value": "accept", "css": "btn-primary", "icon": "check2"},
        {"label": _("These are leads"), "value": "lead", "icon": "person-check"},
        {"label": _("Reject"), "value": "reject", "css": "btn-danger", "icon": "x-lg"},
    ]


@require_safe
@workplace("submissions")
@vary_on_headers("HX-Request", "HX-Target")
def submission(request: HttpRequest, pk: int) -> HttpResponse:
    """One submission: a page of its own, beside the list, or (while it is being classified) its row alone."""
    target = _target(request)
    if target.startswith("row-"):
        row = one_row(pk)
        if row is None:
            raise Http404
        return render(request, "leads/submission_row.html", {"row": row, "now": current_time()})
    return render(request, _detail_template(target), _detail(request, pk))


@require_http_methods(["GET", "HEAD", "POST"])
@workplace("submissions")
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept, reject (a GET asks why) or overrule the classification of one submission."""
    rows = list(Submission.objects.filter(pk=pk).defer("raw"))
    if not rows:
        raise Http404
    if request.method != "POST":
        return _ask_why(request, rows, RejectSubmissionsForm())
    return _decide(request, rows)


@require_POST
@workplace("submissions")
def bulk(request: HttpRequest) -> HttpResponse:
    """The same verbs for the chosen rows."""
    rows = list(Submission.objects.filter(pk__in=_numbers(request.POST.getlist("chosen"))).defer("raw"))
    if not rows:
        return _answer(
            request, _("Nothing was chosen. Choose rows first, then what to do with them."), "warning"
        )
    return _decide(request, rows)


@require_POST
@workplace("submissions")
def take_back(request: HttpRequest) -> HttpResponse:
    """Undo decisions; `ids` in the address."""
    rows = list(
        Submission.objects.filter(pk__in=_numbers(request.GET.get("ids", "").split(","))).defer("raw")
    )
    count = review.take_back(submissions=rows, by=reader(request), now=current_time())
    if not count:
        return _answer(request, _("There is nothing to take back: it was decided anew since."), "warning")
    text = ngettext(
        "Taken back: the submission waits for review again.",
        "Taken back: %(n)d submissions wait for review again.",
        count,
    )
    return _answer(request, text % {"n": count})


@require_http_methods(["GET", "HEAD", "POST"])
@workplace("submissions")
@vary_on_headers("HX-Request", "HX-Target")
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Put right what was received; it is classified again within seconds."""
    context = _detail(request, pk)
    row = context["detail"].submission
    form = CorrectSubmissionForm(request.POST or None, submission=row)
    if request.method == "POST" and form.is_valid():
        try:
            review.correct(
                submission=row,
                values=form.values(),
                treat_as_lead=form.cleaned_data.get("treat_as_lead", False),
                by=reader(request),
                now=current_time(),
            )
        except review.NotPossible as error:
            form.add_error(None, str(error))
        else:
            return _answer(request, _("Corrected. It is classified again within seconds."))
    is_part = _target(request).startswith("detail")
    template = "leads/submission_correct_part.html" if is_part else "leads/submission_correct.html"
    status = 422 if form.errors else 200
    return render(request, template, {**context, "form": form, "in_list": is_part}, status=status)


# --- parts of the views


def _target(request: HttpRequest) -> str:
    htmx = request.htmx  # type: ignore[attr-defined]  # set by the middleware of django-htmx
    return str(htmx.target or "") if htmx else ""


def _detail_template(target: str) -> str:
    return "leads/submission_detail.html" if target.startswith("detail") else "leads/submission.html"


def _detail(request: HttpRequest, pk: int) -> dict[str, Any]:
    detail = submission_detail(pk)
    if detail is None:
        raise Http404
    in_list = _target(request).startswith("detail")
    return {
        "detail": detail,
        "row": detail.row,
        "received": received(detail.submission),
        "now": current_time(),
        "in_list": in_list,
        "here": reverse("leads:submissions") if in_list else reverse("leads:submission", args=[pk]),
    }


def _numbers(texts: Sequence[str]) -> list[int]:
    return [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 18][
        :MOST_AT_ONCE
    ]


def _decide(request: HttpRequest, rows: Sequence[Submission]) -> HttpResponse:
    verb = request.POST.get("verb")
    told: dict[str, Any] = {"submissions": rows, "by": reader(request), "now": current_time()}
    # What others decided before is theirs to take back.
    undone = [row for row in rows if row.review == Review.PENDING]
    if verb == "accept":
        count = review.accept(**told)
        text = ngettext("Accepted.", "%(n)d submissions accepted.", count) % {"n": count}
    elif verb == "lead":
        count = review.treat_as_leads(**told)
        text = ngettext(
            "Taken for a lead: it is processed again within seconds.",
            "%(n)d taken for leads: they are processed again within seconds.",
            count,
        ) % {"n": count}
    else:
        form = RejectSubmissionsForm(request.POST if "reason" in request.POST else None)
        if not form.is_valid():
            return _ask_why(request, rows, form)
        count = review.reject(**told, note=form.text())
        text = ngettext("Rejected.", "%(n)d submissions rejected.", count) % {"n": count}
    if not count:
        return _answer(request, _nothing_done(verb), "warning")
    undo = "" if verb == "lead" else f"{reverse('leads:submissions_take_back')}?ids={_ids(undone)}"
    return _answer(request, text, undo=undo)


def _nothing_done(verb: str | None) -> str:
    if verb == "lead":
        return _("Nothing was changed: only what was excluded or taken for spam can be overruled.")
    return _(
        "Nothing was changed: it was decided already, or is still being classified. Look again in a moment."
    )


def _ids(rows: Sequence[Submission]) -> str:
    return ",".join(str(row.pk) for row in rows)


def _ask_why(request: HttpRequest, rows: Sequence[Submission], form: RejectSubmissionsForm) -> HttpResponse:
    """The question before a rejection: in the dialog of the list, or on a page of its own."""
    is_part = bool(request.htmx)  # type: ignore[attr-defined]
    template = "leads/submission_reject_part.html" if is_part else "leads/submission_reject.html"
    context = {
        "form": form,
        "rows": rows,
        "count": len(rows),
        "action": reverse("leads:submission_decide", args=[rows[0].pk])
        if len(rows) == 1
        else reverse("leads:submissions_bulk"),
        "here": _next(request),
        "is_part": is_part,
    }
    return render(request, template, context, status=422 if form.errors else 200)


def _next(request: HttpRequest) -> str:
    """Where to go on: the page that the person came from, if it is one of ours."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure()):
        return wanted
    return reverse("leads:submissions")


def _answer(request: HttpRequest, text: str, level: str = "success", undo: str = "") -> HttpResponse:
    """Say what was done: by a toast, upon which list and sheet renew themselves, or by a message on the next page."""
    if request.htmx:  # type: ignore[attr-defined]
        told = {"level": level, "text": text, "undo_url": undo}
        events = {"toast": told, "submissions-changed": True, "dialog-close": True}
        return HttpResponse(status=204, headers={"HX-Trigger": json.dumps(events)})
    messages.add_message(
        request,
        messages.SUCCESS if level == "success" else messages.WARNING,
        text,
        extra_tags=f"undo:{undo}" if undo else "",
    )
    return redirect(_next(request))

"""The hosted form: what a visitor sees and sends. Public, without a log-in, without cookies, without script."""

import structlog
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from drains.clock import current_time
from leads.form_fields import TOKEN_FIELD, questions
from leads.hosted import HostedForm, Visit, check, new_visit, page_of, read_post, refusal
from leads.models import Form
from leads.payload import MAX_BYTES, parse
from leads.payload_errors import PayloadErrors, problem
from leads.services.intake import keep_refused, receive
from leads.spam import TRAP_FIELD
from leads.wire import delivery, read_body, stated_size

log = structlog.get_logger(__name__)
SENT = "sent"
JSON = "application/json"


# No CSRF token: the token needs a cookie, which visitors refuse and which browsers withhold from a form that is embedded in
# another site. Nothing is lost by it: a post does nothing in the name of anybody who is logged in, it says only what whoever
# sends it wants to say, and that may be said to the API as well.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def hosted_form(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a form, take what was sent, thank for it. Works as a plain form; errors come back with what was written."""
    form = get_object_or_404(Form.objects.select_related("source"), slug=slug)
    if not (form.is_active and form.source.is_active):
        return _page(request, "leads/hosted_closed.html", {"form": form}, 404)
    if request.method == "POST":
        return _take(request, form)
    if SENT in request.GET:
        return _page(request, "leads/hosted_thanks.html", {"form": form})
    query = {name: request.GET[name] for name in request.GET}
    visit = new_visit(query, request.headers.get("Referer", ""), request.build_absolute_uri())
    return _show(request, form, page_of(form), visit)


def _take(request: HttpRequest, form: Form) -> HttpResponse:
    now = current_time()
    raw = read_body(request)
    if raw is None:
        told = problem("too_large", "body", size=stated_size(request), limit=MAX_BYTES)
        return _unreadable(request, form, PayloadErrors([told]), 413)
    content_type = request.META.get("CONTENT_TYPE", "")
    try:
        post = read_post(parse(raw, content_type), questions(form.fields))
    except PayloadErrors as errors:
        if raw.strip():
            kept = delivery(request, source=form.source, raw=raw, content_type=content_type, form=form)
            keep_refused(delivery=kept, errors=errors, now=now)
        return _unreadable(request, form, errors, 422)
    page = page_of(form, post.answers)
    body = check(page, post, now)
    if body is None:
        if post.has_content:
            kept = delivery(request, source=form.source, raw=post.as_written(), content_type=JSON, form=form)
            keep_refused(delivery=kept, errors=refusal(page), now=now)
        return _show(request, form, page, post.visit, 422)
    arrival = delivery(
        request, source=form.source, raw=body, content_type=JSON, key=post.delivery_key(body), form=form
    )
    receipt = receive(delivery=arrival, now=now)
    log.info("form sent", form=form.slug, submission=receipt.submission_id, repeated=receipt.repeated)
    # 303: the browser fetches the thanks, so that reloading them sends nothing again.
    return HttpResponseRedirect(f"{form.get_absolute_url()}?{SENT}=1", status=303)


def _unreadable(request: HttpRequest, form: Form, errors: PayloadErrors, status: int) -> HttpResponse:
    """The post as a whole cannot be read, so there is nothing to put back: a clean page with the reason."""
    page = page_of(form, {})
    page.show_only(errors)
    return _show(request, form, page, new_visit({}, "", request.build_absolute_uri()), status)


def _show(
    request: HttpRequest, form: Form, page: HostedForm, visit: Visit, status: int = 200
) -> HttpResponse:
    hidden = {**visit.tracked, TOKEN_FIELD: visit.token}
    extra = render_to_string("leads/hosted_extra.html", {"hidden": hidden, "trap": TRAP_FIELD})
    return _page(request, "leads/hosted.html", {"form": form, "page": page, "extra": extra}, status)


def _page(request: HttpRequest, template: str, context: dict[str, object], status: int = 200) -> HttpResponse:
    # An empty CSRF token keeps the frame from asking for one, which would set a cookie.
    return render(request, template, {**context, "csrf_token": ""}, status=status)

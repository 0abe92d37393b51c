"""Agreements to write: a new one, the draft of the next version, its proposal, and the signatures."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from accounts.policies import reader
from drains.clock import current_time
from sla.agreements.document import Document, changes, digest_of
from sla.agreements.reading import document_of
from sla.agreements.wording import compose
from sla.forms_agreements import DraftForm, NewAgreementForm, SignForm
from sla.models import Agreement, AgreementVersion
from sla.notices import local
from sla.policies import check_can_draft, check_can_sign, signing_side
from sla.selectors.agreements import changes_from, other_thresholds, telling
from sla.services.agreements import (
    MovedOn,
    NotProposable,
    create_agreement,
    discard_draft,
    draft_from,
    edit_draft,
    propose,
    sign,
    take_back,
)
from sla.views.agreements import overview_of


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A new agreement, for a new team or region, with the text of another one."""
    user, now = reader(request), current_time()
    check_can_draft(user, None)
    form = NewAgreementForm(request.POST or None, now=now)
    if request.method == "POST" and form.is_valid():
        row = create_agreement(**form.cleaned_data, by=user, now=now)
        return redirect("sla:agreement_edit", row.agreement_id)
    status = 422 if form.is_bound else 200
    return render(request, "sla/agreement_new.html", {"form": form}, status=status)


@login_required
@require_POST
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin the next version with the text of the one in force, or of the newest one signed."""
    overview, user = overview_of(request, pk), reader(request)
    check_can_draft(user, overview.agreement)
    signed = [reading for reading in overview.readings if reading.version.is_signed]
    if not signed:
        raise Http404
    row = AgreementVersion.objects.get(pk=signed[0].version.pk)
    try:
        draft_from(version=row, by=user, now=current_time())
    except MovedOn as refused:
        messages.warning(request, str(refused))
    return redirect("sla:agreement_edit", pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Write the draft, with what it changes beside it."""
    user, now = reader(request), current_time()
    row = _unsigned(request, pk)
    if not row.is_draft:
        return redirect(row)
    was = document_of(row)
    if request.method != "POST":
        form = DraftForm(instance=row, initial={"base": digest_of(was)})
        return render(request, "sla/agreement_edit.html", _editing(request, row, form, was))
    form = DraftForm(request.POST, instance=row)
    if form.is_valid() and _save(form, row, user, now):
        messages.success(request, _("The draft is saved."))
        row.refresh_from_db()
        return redirect(
            row if request.POST.get("do") == "read" else "sla:agreement_edit", *_place(request, pk)
        )
    context = _editing(request, row, form, compose(form.facts()) if form.is_valid() else None)
    return render(request, "sla/agreement_edit.html", context, status=422)


@login_required
@require_POST
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """What the draft would change, while it is written; saves nothing."""
    row = _unsigned(request, pk)
    form = DraftForm(request.POST, instance=row)
    written = compose(form.facts()) if form.is_valid() else None
    return render(request, "sla/agreement_preview.html", _editing(request, row, form, written))


@login_required
@require_POST
def propose_draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Lay the draft before both sides."""
    return _verb(request, pk, propose, _("Proposed. Those who can sign are told."))


@login_required
@require_POST
def take_back_proposal(request: HttpRequest, pk: int) -> HttpResponse:
    """Make the proposal a draft again."""
    return _verb(
        request, pk, take_back, _("Taken back: it is a draft again, and nobody’s signature is under it.")
    )


@login_required
@require_POST
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw the draft away."""
    row, user = _unsigned(request, pk), reader(request)
    try:
        discard_draft(version=row, by=user, now=current_time())
    except MovedOn as refused:
        messages.warning(request, str(refused))
        return redirect(row)
    messages.success(request, _("The draft is discarded."))
    return redirect("sla:agreements")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def sign_version(request: HttpRequest, pk: int) -> HttpResponse:
    """Read the whole text, and sign it for one's side."""
    row, user, now = _unsigned(request, pk, check_can_sign), reader(request), current_time()
    side = signing_side(user, row.agreement)
    assert side is not None  # the check has seen to it
    if not row.is_proposed:
        return redirect(row)
    form = SignForm(request.POST or None, side=side, initial={"digest": row.digest})
    if form.is_valid():
        try:
            sign(version=row, digest=form.cleaned_data["digest"], by=user, now=now)
        except MovedOn as refused:
            form.add_error(None, str(refused))
        else:
            row.refresh_from_db()
            messages.success(request, _signed_words(row, user))
            return redirect(row)
    overview = overview_of(request, pk)
    context = {
        "overview": overview,
        "reading": overview.unsigned,
        "version": row,
        "document": document_of(row),
        "form": form,
        "side": side,
        "changes": changes_from(_in_force(overview), row),
        "now": now,
    }
    return render(request, "sla/agreement_sign.html", context, status=422 if form.errors else 200)


def _signed_words(row: AgreementVersion, user: User) -> str:
    if row.is_signed and row.in_force_from:
        return _("Signed by both sides. In force from %s.") % local(row.in_force_from, user)
    return _("Signed. The other side’s signature is still missing.")


def _verb(request: HttpRequest, pk: int, deed: Callable[..., AgreementVersion], words: str) -> HttpResponse:
    row = _unsigned(request, pk)
    try:
        deed(version=row, by=reader(request), now=current_time())
    except NotProposable as refused:
        for problem in refused.problems:
            messages.error(request, problem)
    except MovedOn as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, words)
    return redirect(row)


def _unsigned(
    request: HttpRequest, pk: int, check: Callable[[User, Agreement], None] = check_can_draft
) -> AgreementVersion:
    """The draft or proposal of an agreement, for who passes the check. Raises Refusal, and Http404 where there is none."""
    overview = overview_of(request, pk)
    check(reader(request), overview.agreement)
    if overview.unsigned is None:
        raise Http404
    return AgreementVersion.objects.select_related("agreement").get(pk=overview.unsigned.version.pk)


def _in_force(overview: Any) -> AgreementVersion | None:
    """What a new version is held against: the one in force, else the newest one signed."""
    signed = [reading for reading in overview.readings if reading.version.is_signed]
    found = overview.in_force or next(iter(signed), None)
    return AgreementVersion.objects.select_related("agreement").get(pk=found.version.pk) if found else None


def _save(form: DraftForm, row: AgreementVersion, user: User, now: datetime) -> bool:
    """Whether it is saved; what keeps it from that is added to the form."""
    try:
        edit_draft(
            version=row,
            values=form.values(),
            targets=form.targets(),
            reasons=form.cleaned_data["reasons"],
            by=user,
            now=now,
            expected=form.cleaned_data["base"] or None,
        )
    except (MovedOn, ValidationError) as refused:
        form.add_error(None, refused if isinstance(refused, ValidationError) else str(refused))
        return False
    return True


def _place(request: HttpRequest, pk: int) -> list[int]:
    return [] if request.POST.get("do") == "read" else [pk]


def _editing(
    request: HttpRequest, row: AgreementVersion, form: DraftForm, written: Document | None
) -> dict[str, Any]:
    """The editor's page; `written` is what the draft says with what is in the form, None where that cannot be read."""
    overview = overview_of(request, row.agreement_id)
    against = _in_force(overview)
    rows = telling(changes(document_of(against), written)) if against and written else []
    return {
        "overview": overview,
        "version": row,
        "form": form,
        "against": against,
        "changes": rows,
        "can_be_read": written is not None,
        "thresholds": other_thresholds(row),
    }

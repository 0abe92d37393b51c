"""Passing many leads on at once: those that were chosen in the inbox, or all that a rep who is away has."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.forms import fields_only
from accounts.models import User
from accounts.policies import reader, workplace
from drains.clock import current_time
from sla.models import Handoff
from sla.policies import check_can_assign, check_can_reassign, visible_handoffs
from sla.services.passing import Passed, share_out, takers

BY_TURNS = "turns"
# At once; a rep who left with more is passed on in several goes.
MOST = 500


class ReassignForm(forms.Form):
    """To one rep, or shared out."""

    to = forms.ChoiceField(label=gettext_lazy("To whom?"), widget=forms.RadioSelect, initial=BY_TURNS)

    def __init__(self, *args: Any, reps: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reps = {str(rep.pk): rep for rep in reps}
        field = self.fields["to"]
        field.choices = [  # type: ignore[attr-defined]
            (BY_TURNS, _("Share out by turns among the reps of each team who are there")),
            *((key, str(rep)) for key, rep in self.reps.items()),
        ]
        self.helper = fields_only()


@workplace("inbox")
def reassign(request: HttpRequest) -> HttpResponse:
    """What is about to be passed on, and to whom; POST does it. Raises Refusal for who may not."""
    user, now = reader(request), current_time()
    check_can_reassign(user)
    rows = _chosen(request, user)
    for row in rows:
        check_can_assign(user, row)
    posted = request.POST if request.method == "POST" else None
    form = ReassignForm(posted, reps=list(takers((row.team_id for row in rows), now)))
    if posted is not None and rows and form.is_valid():
        to = form.reps.get(form.cleaned_data["to"])
        _tell(request, share_out(handoffs=rows, to=to, by=user, now=now), to)
        return redirect("sla:inbox")
    context = {"rows": rows, "form": form, "back": reverse("sla:inbox"), "most": MOST}
    return render(request, "sla/reassign.html", context, status=200 if posted is None else 422)


def _chosen(request: HttpRequest, user: User) -> list[Handoff]:
    """The open handoffs that the address or the form names, as far as the reader may see them."""
    named = request.POST if request.method == "POST" else request.GET
    rows = (
        visible_handoffs(user)
        .open()
        .select_related("lead__contact", "owner", "team")
        .order_by("started_at", "pk")
    )
    rep = named.get("rep", "")
    if rep.isdecimal() and len(rep) < 10:
        return list(rows.filter(owner=int(rep))[:MOST])
    numbers = {int(text) for text in named.getlist("chosen") if text.isdecimal() and len(text) < 10}
    return list(rows.filter(pk__in=numbers)[:MOST])


def _tell(request: HttpRequest, passed: Passed, to: User | None) -> None:
    if passed.given:
        count = len(passed.given)
        words = ngettext("%(n)d lead is passed on", "%(n)d leads are passed on", count) % {"n": count}
        whom = _("to %s") % to if to is not None else _("and shared out by turns")
        messages.success(
            request,
            _("%(words)s %(whom)s. Each new owner has a clock of their own.")
            % {"words": words, "whom": whom},
        )
    for why in sorted({one.why for one in passed.kept}):
        stayed = [str(one.handoff.lead) for one in passed.kept if one.why == why]
        names = ", ".join(stayed[:5]) + (" …" if len(stayed) > 5 else "")
        messages.warning(request, _("Not passed on: %(names)s. %(why)s") % {"names": names, "why": why})

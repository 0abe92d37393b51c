"""Old numbers of leads lead to the one that stands for them."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.policies import reader
from leads import policies
from leads.models import Lead

View = Callable[..., HttpResponse]


def follows_merges(view: View) -> View:
    """Decorator of views of one lead (`pk`), inside of login_required: where that was merged into another one which the reader
    may see, they get to the page of that one, and read why. Costs nothing for leads that are there."""

    @wraps(view)
    def following(request: HttpRequest, pk: int, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, pk, *args, **kwargs)
        except Http404:
            kept = _kept(request, pk)
            if kept is None:
                raise
        gone = Lead.objects.select_related("contact").get(pk=pk)
        messages.info(
            request,
            _("Lead no. %(number)d (%(lead)s) was merged into this one.") % {"number": pk, "lead": gone},
        )
        return redirect(kept)

    return following


def _kept(request: HttpRequest, pk: int) -> Lead | None:
    # A number beyond the column is nobody's.
    number = policies.number_of_kept(pk) if pk < 2**63 else pk
    return policies.visible_leads(reader(request)).filter(pk=number).first() if number != pk else None

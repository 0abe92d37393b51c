"""The way to the workplace of the role."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.models import Role

WORKPLACE = {
    Role.MARKETING: "leads:submissions",
    Role.REP: "sla:inbox",
    Role.SALES_MANAGER: "sla:compliance",
    Role.AUDITOR: "sla:compliance",
    Role.ADMINISTRATOR: "leads:submissions",
}


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Leads everybody to where their day happens."""
    return redirect(WORKPLACE[Role(request.user.role)])  # type: ignore[union-attr]

"""Who may do what, as far as the role alone decides. `check_…` raises Refusal with a reason for people; `can_…` wraps it."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from accounts.models import Role, User


class Refusal(PermissionDenied):
    """Refused, with a reason that a person can read; shown on the 403 page."""


# Which roles open which workplace. The administrator opens all; what changes data is checked again by its verb.
WORKPLACES: dict[str, frozenset[str]] = {
    "submissions": frozenset({Role.MARKETING, Role.ADMINISTRATOR}),
    "returned": frozenset({Role.MARKETING, Role.ADMINISTRATOR}),
    # Reps find the leads of their team there, everybody else all of them (leads.policies.visible_leads).
    "leads": frozenset(Role),
    "inbox": frozenset({Role.REP, Role.SALES_MANAGER, Role.ADMINISTRATOR}),
    "compliance": frozenset({Role.SALES_MANAGER, Role.MARKETING, Role.AUDITOR, Role.ADMINISTRATOR}),
    # Who has them in the rail. A rep reads the one of the team, from its handoffs (sla.policies.visible_agreements).
    "agreements": frozenset({Role.SALES_MANAGER, Role.MARKETING, Role.AUDITOR, Role.ADMINISTRATOR}),
    # Who opens them may look; sla.policies says who changes them.
    "calendars": frozenset({Role.SALES_MANAGER, Role.MARKETING, Role.AUDITOR, Role.ADMINISTRATOR}),
    "admin": frozenset({Role.ADMINISTRATOR}),
}


def check_can_open(user: User, workplace: str) -> None:
    """Raises Refusal unless the role opens that workplace."""
    if user.role not in WORKPLACES[workplace]:
        raise Refusal(
            _("This page is not part of the %(role)s role. Ask an administrator if you need it.")
            % {"role": user.get_role_display()}
        )


def can_open(user: User, workplace: str) -> bool:
    """True where check_can_open passes."""
    return user.role in WORKPLACES[workplace]


def passes(check: Callable[..., None], *about: Any) -> bool:
    """True where a check raises no Refusal."""
    try:
        check(*about)
    except Refusal:
        return False
    return True


def check_can_change(user: User) -> None:
    """Raises Refusal for the auditor, who changes nothing."""
    if user.role == Role.AUDITOR:
        raise Refusal(_("Auditors look and change nothing. Ask a sales manager to make this change."))


def reader(request: HttpRequest) -> User:
    """Who is logged in, for views behind `workplace` or login_required."""
    assert isinstance(request.user, User)
    return request.user


View = Callable[..., HttpResponseBase]


def workplace(name: str) -> Callable[[View], View]:
    """Decorator of views: logged in, and with a role that opens the workplace."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            check_can_open(reader(request), name)
            return view(request, *args, **kwargs)

        return login_required(guarded)

    return decorate

"""Who may see which lead."""

from collections.abc import Callable
from functools import reduce
from operator import or_

from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.policies import can_open
from leads.models import Lead

# Apps further down the stream grant what they know of: sla lets a rep see the leads that were handed to their team.
_grants: list[Callable[[User], Q]] = []


def grant(rule: Callable[[User], Q]) -> None:
    """Let people see leads that match the rule (a condition on Lead), on top of what their role shows them."""
    _grants.append(rule)


def visible_leads(user: User) -> QuerySet[Lead]:
    """The one gate to leads: all for the roles that open the leads workplace, else what was granted."""
    if can_open(user, "leads"):
        return Lead.objects.all()
    if not _grants:
        return Lead.objects.none()
    return Lead.objects.filter(reduce(or_, (rule(user) for rule in _grants)))

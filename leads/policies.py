"""Who may see which lead."""

from collections.abc import Callable
from functools import reduce
from operator import or_

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import Role, User
from accounts.policies import Refusal, passes
from leads.models import Lead

# Apps further down the stream grant what they know of: sla lets a rep see the leads that were handed to their team.
_grants: list[Callable[[User], Q]] = []


def grant(rule: Callable[[User], Q]) -> None:
    """Let people see leads that match the rule (a condition on Lead), on top of what their role shows them."""
    _grants.append(rule)


def visible_leads(user: User) -> QuerySet[Lead]:
    """The one gate to leads: a rep sees what was granted, everybody else all. Leads that were merged into others are not
    there any more; `number_of_kept` follows their numbers."""
    leads = Lead.objects.not_merged()
    if user.role != Role.REP:
        return leads
    if not _grants:
        return leads.none()
    return leads.filter(reduce(or_, (rule(user) for rule in _grants)))


def number_of_kept(number: int) -> int:
    """The number of the lead that stands for the one of this number: another one where that was merged."""
    kept = Lead.objects.merged().filter(pk=number).values_list("merged_into", flat=True).first()
    return number if kept is None else kept


def check_can_merge(user: User) -> None:
    """Raises Refusal unless the person may say that two leads are one: a marketing manager, an administrator."""
    if user.role not in (Role.MARKETING, Role.ADMINISTRATOR):
        raise Refusal(_("Only marketing merges leads. Tell a marketing manager which two are one person."))


def can_merge(user: User) -> bool:
    """True where check_can_merge passes."""
    return passes(check_can_merge, user)


def check_can_decide(user: User) -> None:
    """Raises Refusal unless the person decides about leads for marketing."""
    if user.role not in (Role.MARKETING, Role.ADMINISTRATOR):
        raise Refusal(_("Only marketing decides this. Ask a marketing manager."))


def can_decide(user: User) -> bool:
    """True where check_can_decide passes."""
    return passes(check_can_decide, user)


def check_can_record_activity(user: User) -> None:
    """Raises Refusal unless the person may say what a lead did: it changes the score, which is marketing's word to sales."""
    if user.role not in (Role.MARKETING, Role.ADMINISTRATOR):
        raise Refusal(_("Only marketing records what leads do. What sales does is a touch of a handoff."))

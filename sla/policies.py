"""Who may do what with handoffs. `check_…` raises Refusal with a reason for people; `can_…` wraps it."""

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import Role, User
from accounts.policies import Refusal, check_can_change
from sla.models import Clock, Handoff
from sla.querysets import ClockQuerySet, HandoffQuerySet


def visible_handoffs(user: User) -> HandoffQuerySet:
    """The one gate to handoffs: what a person may see at all. Everything else is as if it did not exist."""
    return Handoff.objects.visible_to(user)


def visible_clocks(user: User) -> ClockQuerySet:
    """The one gate to clocks and to the figures made of them: a team's people see their team's promises."""
    return Clock.objects.visible_to(user)


def check_can_answer(user: User, handoff: Handoff) -> None:
    """Raises Refusal unless the person may accept or reject: the rep it was given to, anybody of the team from its queue,
    the team's manager."""
    check_can_change(user)
    if user.role == Role.ADMINISTRATOR or _manages(user, handoff):
        return
    if user.role != Role.REP:
        raise Refusal(_("Only sales accepts or rejects leads."))
    if handoff.owner_id == user.pk:
        return
    if handoff.team_id != user.team_id:
        raise Refusal(_("This lead was handed to another team."))
    if handoff.owner_id is not None:
        raise Refusal(_("This lead was handed to %s. Ask a manager to reassign it.") % handoff.owner)


def can_answer(user: User, handoff: Handoff) -> bool:
    """True where check_can_answer passes."""
    try:
        check_can_answer(user, handoff)
    except Refusal:
        return False
    return True


def check_can_assign(user: User, handoff: Handoff) -> None:
    """Raises Refusal unless the person may give the handoff to a rep: the team's manager, an administrator."""
    check_can_change(user)
    if user.role != Role.ADMINISTRATOR and not _manages(user, handoff):
        raise Refusal(_("Only a manager of %s assigns its leads.") % handoff.team)


def can_assign(user: User, handoff: Handoff) -> bool:
    """True where check_can_assign passes."""
    try:
        check_can_assign(user, handoff)
    except Refusal:
        return False
    return True


def check_can_work(user: User, handoff: Handoff) -> None:
    """Raises Refusal unless the person may touch, qualify, recycle or disqualify: the owner, or the team's manager."""
    check_can_change(user)
    if (
        user.role == Role.ADMINISTRATOR
        or _manages(user, handoff)
        or (user.role == Role.REP and handoff.owner_id == user.pk)
    ):
        return
    raise Refusal(_("Only %s or a manager of the team works on this lead.") % (handoff.owner or _("its rep")))


def can_work(user: User, handoff: Handoff) -> bool:
    """True where check_can_work passes."""
    try:
        check_can_work(user, handoff)
    except Refusal:
        return False
    return True


def _manages(user: User, handoff: Handoff) -> bool:
    return user.role == Role.SALES_MANAGER and user.team_id in (None, handoff.team_id)


def check_can_waive(user: User, handoff: Handoff) -> None:
    """Raises Refusal unless the person may take a clock out of the account: the team's manager."""
    check_can_change(user)
    if user.role != Role.ADMINISTRATOR and not _manages(user, handoff):
        raise Refusal(_("Only a manager of %s waives a promise.") % handoff.team)


def can_waive(user: User, handoff: Handoff) -> bool:
    """True where check_can_waive passes."""
    try:
        check_can_waive(user, handoff)
    except Refusal:
        return False
    return True


def leads_of_handoffs(user: User) -> Q:
    """What sla grants to see of leads: those whose handoffs a rep may see."""
    return Q(pk__in=visible_handoffs(user).values("lead"))


def check_can_edit_calendars(user: User) -> None:
    """Raises Refusal unless the person may change business hours: a sales manager, an administrator."""
    check_can_change(user)
    if user.role not in (Role.SALES_MANAGER, Role.ADMINISTRATOR):
        raise Refusal(_("Sales managers and administrators change calendars. Ask one of them."))


def can_edit_calendars(user: User) -> bool:
    """True where check_can_edit_calendars passes."""
    try:
        check_can_edit_calendars(user)
    except Refusal:
        return False
    return True

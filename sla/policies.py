"""Who may do what with handoffs. `check_…` raises Refusal with a reason for people; `can_…` wraps it."""

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import Role, User
from accounts.policies import Refusal, check_can_change, passes
from sla.models import Agreement, Calendar, Clock, Handoff, Side, Territory
from sla.querysets import AgreementQuerySet, ClockQuerySet, HandoffQuerySet


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
    return passes(check_can_answer, user, handoff)


def check_can_assign(user: User, handoff: Handoff) -> None:
    """Raises Refusal unless the person may give the handoff to a rep: the team's manager, an administrator."""
    check_can_change(user)
    if user.role != Role.ADMINISTRATOR and not _manages(user, handoff):
        raise Refusal(_("Only a manager of %s assigns its leads.") % handoff.team)


def check_can_reassign(user: User) -> None:
    """Raises Refusal unless the person passes leads on at all: a sales manager, an administrator. Of which teams:
    check_can_assign."""
    check_can_change(user)
    if user.role not in (Role.SALES_MANAGER, Role.ADMINISTRATOR):
        raise Refusal(_("Sales managers and administrators pass leads on. Ask one of them."))


def can_reassign(user: User) -> bool:
    """True where check_can_reassign passes."""
    return passes(check_can_reassign, user)


def can_assign(user: User, handoff: Handoff) -> bool:
    """True where check_can_assign passes."""
    return passes(check_can_assign, user, handoff)


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
    return passes(check_can_work, user, handoff)


def _manages(user: User, handoff: Handoff) -> bool:
    return user.role == Role.SALES_MANAGER and user.team_id in (None, handoff.team_id)


def check_can_waive(user: User, handoff: Handoff) -> None:
    """Raises Refusal unless the person may take a clock out of the account: the team's manager."""
    check_can_change(user)
    if user.role != Role.ADMINISTRATOR and not _manages(user, handoff):
        raise Refusal(_("Only a manager of %s waives a promise.") % handoff.team)


def can_waive(user: User, handoff: Handoff) -> bool:
    """True where check_can_waive passes."""
    return passes(check_can_waive, user, handoff)


def check_can_pick_up(user: User) -> None:
    """Raises Refusal unless the person picks up what sales gave back: marketing, an administrator."""
    check_can_change(user)
    if user.role not in (Role.MARKETING, Role.ADMINISTRATOR):
        raise Refusal(_("Only marketing picks up returned leads."))


def can_pick_up(user: User) -> bool:
    """True where check_can_pick_up passes."""
    return passes(check_can_pick_up, user)


def leads_of_handoffs(user: User) -> Q:
    """What sla grants to see of leads: those whose handoffs a rep may see."""
    return Q(pk__in=visible_handoffs(user).values("lead"))


def check_can_edit_calendar(user: User, calendar: Calendar | None) -> None:
    """Raises Refusal unless the person may change these business hours: an administrator, a sales manager of all teams, or of a
    team that works by them. A new calendar (None), and one that no team works by yet, every sales manager."""
    check_can_change(user)
    if user.role not in (Role.SALES_MANAGER, Role.ADMINISTRATOR):
        raise Refusal(_("Sales managers and administrators change calendars. Ask one of them."))
    if user.role == Role.ADMINISTRATOR or user.team_id is None or calendar is None:
        return
    teams = set(Territory.objects.filter(calendar=calendar).values_list("team", flat=True))
    if teams and user.team_id not in teams:
        raise Refusal(_("Other teams work by %s. Ask a manager of theirs, or an administrator.") % calendar)


def can_edit_calendar(user: User, calendar: Calendar | None) -> bool:
    """True where check_can_edit_calendar passes."""
    return passes(check_can_edit_calendar, user, calendar)


def visible_agreements(user: User) -> AgreementQuerySet:
    """The one gate to agreements: a rep reads the one of the team, everybody else all of them."""
    return Agreement.objects.visible_to(user)


def signing_side(user: User, agreement: Agreement) -> Side | None:
    """For which side a person signs: marketing's people for marketing; for sales a manager of all teams, or of a team that the
    agreement holds for. Administrators set the system up and are no party: they may draft and propose, and sign for nobody."""
    if not user.is_active:
        return None
    if user.role == Role.MARKETING:
        return Side.MARKETING
    if user.role == Role.SALES_MANAGER and _answers_for(user, agreement):
        return Side.SALES
    return None


def _answers_for(user: User, agreement: Agreement) -> bool:
    return user.team_id is None or agreement.territories.filter(team=user.team_id).exists()


def check_can_sign(user: User, agreement: Agreement) -> None:
    """Raises Refusal unless the person signs for one of the sides."""
    check_can_change(user)
    if signing_side(user, agreement) is None:
        if user.role == Role.SALES_MANAGER:
            raise Refusal(
                _("Your team works by another agreement. A manager of a team under this one signs it.")
            )
        raise Refusal(_("Marketing and sales managers sign agreements. Ask one of them."))


def check_can_draft(user: User, agreement: Agreement | None) -> None:
    """Raises Refusal unless the person may draft, propose and take back versions: both sides' signers, and administrators. A new
    agreement (None) may be drafted by each of them; one that no team works by yet, by every sales manager."""
    check_can_change(user)
    if user.role in (Role.MARKETING, Role.ADMINISTRATOR):
        return
    if user.role == Role.SALES_MANAGER and (
        agreement is None or _answers_for(user, agreement) or not agreement.territories.exists()
    ):
        return
    raise Refusal(_("Marketing and the sales managers of its teams change an agreement. Ask one of them."))


def can_draft(user: User, agreement: Agreement | None) -> bool:
    """True where check_can_draft passes."""
    return passes(check_can_draft, user, agreement)

"""Passing an open handoff from one rep to another: one, many at once, or back to the team's queue."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Role, User
from accounts.querysets import UserQuerySet
from drains.wake import announce
from leads.bulk import update_rows
from leads.journal import Entry, record
from sla.models import Clock, Handoff, HandoffState, PromiseKind
from sla.notices import given_back_notices
from sla.policies import check_can_assign
from sla.services.answering import AlreadyAnswered, NotPossible, check_answerable, told
from sla.services.clocks import Start, end_clocks, start_clocks
from sla.services.routing import Turns, give, refusers, turns_of
from sla.services.tenures import leave, locked_clocks, settle_running
from sla.services.terms import calendar_version_of


@dataclass(frozen=True)
class Kept:
    """A handoff of a selection that was left where it is, and why."""

    handoff: Handoff
    why: str


@dataclass(frozen=True)
class Passed:
    """What became of a selection: the handoffs that changed hands, and those that did not."""

    given: Sequence[Handoff]
    kept: Sequence[Kept]


def takers(teams: Iterable[int], now: datetime) -> UserQuerySet:
    """Who may be given leads of teams by hand: their active reps who are not absent, also outside business hours."""
    return User.objects.reps().at_work(now).filter(team__in=set(teams))


@transaction.atomic
def assign(*, handoff: Handoff, to: User, by: User, now: datetime) -> Handoff:
    """A manager gives an open handoff to a rep of its team, who gets an accept clock of their own and is to answer.

    The lead's own clocks go on. Raises NotPossible for somebody else than an active rep of the team who is not absent, and for
    one who rejected the lead or gave it back; AlreadyAnswered where the handoff ended, or is not any more as `handoff` says:
    of an acceptance and a reassignment at once one wins, and the other is told.
    """
    check_can_assign(by, handoff)
    (row,) = _locked([handoff])
    if (row.state, row.owner_id) != (handoff.state, handoff.owner_id) or not row.is_open:
        raise AlreadyAnswered(told(row))
    if row.owner_id == to.pk:
        return row
    if why := _chosen(to, [row], now).why_not(row):
        raise NotPossible(why, "to")
    give(owners={row: to}, calendars={row.team_id: calendar_version_of(row.team_id)}, now=now, by=by)
    return row


@transaction.atomic
def share_out(*, handoffs: Sequence[Handoff], to: User | None, by: User, now: datetime) -> Passed:
    """Give each of these open handoffs to one rep, or with `to` None by turns to the other reps of its team.

    What cannot change hands stays where it is, with the reason: it ended, is the rep's already, or nobody may take it. Raises
    Refusal where the person may not assign one of them. A bounded number of statements.
    """
    for handoff in handoffs:
        check_can_assign(by, handoff)
    rows = _locked(handoffs)
    chosen = _chosen(to, rows, now) if to is not None else None
    pools = takers_of(rows, now) if chosen is None else {}
    turns = turns_of(pools, refusers([row.lead_id for row in rows]))
    given: dict[Handoff, User] = {}
    kept: list[Kept] = []
    for row in rows:
        owner, why = _new_owner(row, chosen, turns)
        if owner is None:
            kept.append(Kept(row, why))
        else:
            given[row] = owner
    turns.save()
    calendars = {team: calendar_version_of(team) for team in sorted({row.team_id for row in given})}
    give(owners=given, calendars=calendars, now=now, by=by)
    return Passed(list(given), kept)


@transaction.atomic
def give_back(*, handoff: Handoff, why: str, by: User, now: datetime) -> Handoff:
    """The new owner of a lead that was accepted before cannot take it on: it goes to the team's queue, and never again to them.

    The manager is told why. Marketing's figures are not touched: sales has accepted the lead. Raises NotPossible without a
    reason, or for a lead that was never accepted (that one is rejected); AlreadyAnswered where somebody was faster.
    """
    check_answerable(handoff=handoff, by=by)
    (row,) = _locked([handoff])
    if row.state != HandoffState.WAITING or row.owner_id != handoff.owner_id:
        raise AlreadyAnswered(told(row))
    if row.accepted_at is None or row.owner is None:
        raise NotPossible(
            _("Nobody has accepted this lead yet, so it is not given back: accept or reject it.")
        )
    if not why.strip():
        raise NotPossible(_("Write why you cannot take this lead: your manager passes it on by that."), "why")
    before, rep = {"owner": row.owner_id, "state": str(row.state)}, row.owner
    leave(handoffs=[row], now=now, given_back=True, note=why.strip()[:300])
    row.owner, row.assigned_at = None, None
    update_rows([row], ["owner", "assigned_at"])
    clocks = locked_clocks([row])
    settle_running(clocks=clocks, now=now, by=by)
    _wait_anew(row, [clock for clock in clocks if clock.kind == PromiseKind.ACCEPT], now, by)
    entry = Entry("handoff.given_back", "handoff", row.pk, row.lead_id, before, {"owner": None})
    record(entries=[entry], at=now, by=by)
    given_back_notices(handoff=row, rep=rep, why=why.strip(), now=now)
    announce("handoffs.queued")
    return row


def _wait_anew(row: Handoff, for_answer: Sequence[Clock], now: datetime, by: User) -> None:
    """The rep has answered; from now on the team has the time that it promised for an answer. History has no clocks."""
    end_clocks(clocks=for_answer, at=now, now=now, by=by)
    if for_answer:
        first = for_answer[0]
        start = Start(row, first.promise, calendar_version_of(row.team_id), now, None, first.source_id)
        start_clocks(starts=[start], now=now, by=by)


def takers_of(handoffs: Iterable[Handoff], now: datetime) -> dict[int, list[User]]:
    """Who may be given leads by hand, by the teams of these handoffs."""
    pools: dict[int, list[User]] = {}
    for user in takers((row.team_id for row in handoffs), now).order_by("pk"):
        pools.setdefault(user.team_id, []).append(user)
    return pools


@dataclass(frozen=True)
class _Chosen:
    """A rep whom a manager chose, and what speaks against it."""

    rep: User
    is_absent: bool
    refused_by: Mapping[int, set[int]]

    def why_not(self, row: Handoff) -> str:
        """Why the handoff cannot be given to the rep; empty where it can."""
        rep = self.rep
        if rep.role != Role.REP or rep.team_id != row.team_id or not rep.is_active:
            return _("%(rep)s is no active rep of %(team)s.") % {"rep": rep, "team": row.team}
        if self.is_absent:
            return _("%s is absent. Choose somebody who is there.") % rep
        if rep.pk in self.refused_by.get(row.lead_id, set()):
            return _("%s rejected this lead before, or gave it back. Choose somebody else.") % rep
        return ""


def _chosen(to: User, rows: Sequence[Handoff], now: datetime) -> _Chosen:
    return _Chosen(to, to.absences.running(now).exists(), refusers([row.lead_id for row in rows]))


def _new_owner(row: Handoff, chosen: _Chosen | None, turns: Turns) -> tuple[User | None, str]:
    """The rep who gets it, or why it stays."""
    if not row.is_open:
        return None, told(row)
    if chosen is None:
        owner = turns.take(row.team_id, row.lead_id, but=row.owner_id)
        return owner, _("No other rep of %s is there to take it.") % row.team
    if row.owner_id == chosen.rep.pk:
        return None, _("It is with %s already.") % chosen.rep
    why = chosen.why_not(row)
    return (None, why) if why else (chosen.rep, "")


def _locked(handoffs: Sequence[Handoff]) -> list[Handoff]:
    rows = (
        Handoff.objects.filter(pk__in=[row.pk for row in handoffs])
        .select_related("lead__contact", "team", "owner", "answered_by")
        .select_for_update(of=("self",))
    )
    return list(rows.order_by("pk"))

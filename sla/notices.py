"""What people are told about handoffs and clocks. Texts are in the language of the site, times in the reader's zone."""

import zoneinfo
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Role, User
from leads.models import Lead
from notifications.services import Event, Notice, notify
from sla.models import Clock, Escalation, Handoff, Side, StepAction, side_of
from sla.reports.wording import whose


def local(at: datetime, reader: User | None) -> str:
    """A time in the reader's zone, with the zone's name; for a channel, which is nobody's, in the organisation's."""
    zone = zoneinfo.ZoneInfo((reader.time_zone if reader else "") or settings.ORGANISATION_TIME_ZONE)
    return f"{date_format(timezone.localtime(at, zone), 'D j M Y, H:i')} ({zone.key})"


class Managers:
    """The managers of teams and of marketing; read once, when the first of them is to be told."""

    @cached_property
    def _people(self) -> list[User]:
        return list(User.objects.active().filter(role__in=[Role.SALES_MANAGER, Role.MARKETING]))

    def of(self, team_id: int) -> list[User]:
        """Those of the team, and those of no team in particular."""
        sales = (user for user in self._people if user.role == Role.SALES_MANAGER)
        return [user for user in sales if user.team_id in (None, team_id)]

    def of_clock(self, clock: Clock) -> list[User]:
        """The managers of the side whose promise it is."""
        if side_of(clock.kind) == Side.SALES:
            return self.of(clock.team_id)
        return [user for user in self._people if user.role == Role.MARKETING]


def _of_handoff(handoff: Handoff) -> dict[str, Any]:
    """What a webhook is told of a handoff: ids, codes and times."""
    return {
        "handoff_id": handoff.pk,
        "lead_id": handoff.lead_id,
        "team_id": handoff.team_id,
        "owner_id": handoff.owner_id,
        "tier": handoff.tier,
        "started_at": handoff.started_at.isoformat(),
    }


def _of_clock(clock: Clock) -> dict[str, Any]:
    """What a webhook is told of a clock: ids, codes and times."""
    return {
        "clock_id": clock.pk,
        "handoff_id": clock.handoff_id,
        "lead_id": clock.handoff.lead_id,
        "team_id": clock.team_id,
        "owner_id": clock.owner_id,
        "tier": clock.tier,
        "promise": clock.kind,
        "started_at": clock.started_at.isoformat(),
        "due_at": clock.due_at.isoformat(),
    }


def handed_off_notices(*, handoffs: Sequence[Handoff], clocks: Iterable[Clock], now: datetime) -> None:
    """Tell each rep about the lead just given to them, and until when to answer."""
    due = {clock.handoff_id: clock.due_at for clock in clocks}
    notices, events = [], []
    for handoff in handoffs:
        if handoff.owner is None:
            continue
        subject = _("New lead: %(lead)s (%(why)s)") % {"lead": handoff.lead, "why": handoff.ready_detail}
        due_at = due.get(handoff.pk)
        events.append(
            Event(
                type="handoff.handed_off",
                kind="handed_off",
                dedupe_key=_handing(handoff),
                team_id=handoff.team_id,
                subject=subject,
                body=_("%(lead)s was handed to %(rep)s, who answers until %(until)s.")
                % {
                    "lead": handoff.lead,
                    "rep": handoff.owner,
                    "until": local(due_at, None) if due_at else _("no deadline"),
                },
                path=handoff.get_absolute_url(),
                data=_of_handoff(handoff) | {"due_at": due_at.isoformat() if due_at else None},
            )
        )
        until = local(due[handoff.pk], handoff.owner) if handoff.pk in due else _("no deadline")
        notices.append(
            Notice(
                recipient=handoff.owner,
                kind="handed_off",
                dedupe_key=_handing(handoff),
                subject=subject,
                body=_("%(lead)s was handed to you. Accept or reject until %(until)s.")
                % {"lead": handoff.lead, "until": until},
                path=handoff.get_absolute_url(),
            )
        )
    if events:
        notify(notices=notices, events=events, now=now)


def _handing(handoff: Handoff) -> str:
    """Each time that a handoff is given to somebody is a fact of its own, also where it comes back to them."""
    assert handoff.assigned_at is not None
    return f"handed_off:{handoff.pk}:{handoff.assigned_at.isoformat()}"


def escalation_notices(*, rows: Sequence[Escalation], now: datetime) -> None:
    """Tell whom the steps of ladders say: the rep (the managers, where nobody has the lead, or one who left), the managers, the
    channels. A step before the due time reminds, one at or after it says that the time is over; each step is one fact."""
    managers = Managers()
    text = StepText()
    notices = []
    for row in rows:
        clock = row.clock
        rep = acts_on(clock)
        if row.step.action == StepAction.NOTIFY_REP and rep is not None and rep.is_active:
            readers = [rep]
        elif row.step.action == StepAction.NOTIFY_CHANNEL:
            readers = []
        else:
            readers = managers.of_clock(clock)
        notices += [Notice(recipient=reader, **text.of(row, reader)) for reader in readers]
    told = [row for row in rows if row.step.action == StepAction.NOTIFY_CHANNEL]
    events = (
        Event(
            type="clock.warning" if row.step.rung.is_before_due else "clock.breached",
            team_id=row.clock.team_id,
            data=_of_clock(row.clock),
            **text.of(row, None),
        )
        for row in told
    )
    notify(notices=notices, events=events if told else None, now=now)


def acts_on(clock: Clock) -> User | None:
    """Whose work a clock is: while a promise of the lead runs, whoever has the lead now, though somebody else may answer for most
    of its time (case 26); else whoever answers for it. None for the team's queue and for marketing."""
    return clock.handoff.owner if clock.is_of_lead and clock.ended_at is None else clock.owner


class StepText:
    """What the steps of ladders say. After a long stop thousands are said: texts are looked up once, and each time is written
    once per zone."""

    def __init__(self) -> None:
        self._soon = _("Due soon: %(promise)s for %(lead)s")
        self._soon_body = _("“%(promise)s” is due %(due)s (%(who)s). Open the lead and answer in time.")
        self._over = _("Overdue: %(promise)s for %(lead)s")
        self._waits = _("“%(promise)s” was due %(due)s (%(who)s). The lead still waits for it.")
        self._came_late = _("“%(promise)s” was due %(due)s (%(who)s). It came too late.")
        self._queue = _("in the queue of %s")
        self._written: dict[tuple[datetime, str], str] = {}

    def of(self, row: Escalation, reader: User | None) -> dict[str, str]:
        """The words of a notice to a reader, or to a channel."""
        clock = row.clock
        moment = (clock.due_at, reader.time_zone if reader else "")
        if moment not in self._written:
            self._written[moment] = local(clock.due_at, reader)
        queue = self._queue % clock.team
        is_sales = side_of(clock.kind) == Side.SALES
        who = str(acts_on(clock) or queue) if is_sales else whose(clock, queue)
        texts = {"promise": clock.get_kind_display(), "lead": str(clock.handoff.lead), "who": who}
        reminds = row.step.rung.is_before_due
        if reminds:
            body = self._soon_body
        else:
            body = self._waits if clock.ended_at is None else self._came_late
        return {
            "kind": "warning" if reminds else "breach",
            # Of several steps that tell one person at the same time, one is heard.
            "dedupe_key": f"{'warning' if reminds else 'breach'}:{clock.pk}:{row.at.isoformat()}",
            "subject": (self._soon if reminds else self._over) % texts,
            "body": body % (texts | {"due": self._written[moment]}),
            "path": clock.handoff.get_absolute_url(),
        }


def given_back_notices(*, handoff: Handoff, rep: User, why: str, now: datetime) -> None:
    """Tell the managers that a rep could not take on a lead that was passed on to them, and why."""
    told = {
        "kind": "given_back",
        "dedupe_key": f"given_back:{handoff.pk}:{now.isoformat()}",
        "subject": _("%(rep)s gave back %(lead)s") % {"rep": rep, "lead": handoff.lead},
        "body": _(
            "“%(why)s” The lead is in the queue of %(team)s now, and its clocks go on: see who can take it."
        )
        % {"why": why, "team": handoff.team},
        "path": handoff.get_absolute_url(),
    }
    event = Event(type="handoff.given_back", team_id=handoff.team_id, data=_of_handoff(handoff), **told)
    notices = [Notice(recipient=reader, **told) for reader in Managers().of(handoff.team_id)]
    notify(notices=notices, events=[event], now=now)


def rep_away_notices(*, waiting: Mapping[User, int], until: Mapping[int, datetime], now: datetime) -> None:
    """Tell the managers how many open leads wait for reps who are away: absent `until` a time (number of the rep), or gone."""
    managers = Managers()
    notices, events = [], []
    for rep, count in waiting.items():
        assert rep.team_id is not None
        key, subject = f"rep_away:{rep.pk}:{now.isoformat()}", _("%s is away, and leads wait") % rep
        for reader in [None, *managers.of(rep.team_id)]:
            when = _("until %s") % local(until[rep.pk], reader) if rep.pk in until else _("for good")
            body = ngettext(
                "%(count)d open lead is with %(rep)s, who is away %(when)s. Its clocks run: pass it on.",
                "%(count)d open leads are with %(rep)s, who is away %(when)s. Their clocks run: pass them on.",
                count,
            ) % {"count": count, "rep": rep, "when": when}
            path = f"/handoffs/reassign/?rep={rep.pk}"
            if reader is None:
                data = {"owner_id": rep.pk, "team_id": rep.team_id, "handoffs": count}
                events.append(
                    Event("handoff.owner_away", "rep_away", key, subject, body, rep.team_id, path, data)
                )
            else:
                notices.append(Notice(reader, "rep_away", key, subject, body, path))
    notify(notices=notices, events=events, now=now)


def empty_pool_notices(*, handoffs: Sequence[Handoff], now: datetime, taken_back: bool = False) -> None:
    """Tell the managers that a lead waits in the queue because nobody can take it: once per handoff, and each time it was
    taken back into the queue."""
    if not handoffs:
        return
    managers = Managers()
    notices, events = [], []
    for handoff in handoffs:
        told = {
            "kind": "empty_pool",
            "dedupe_key": f"empty_pool:{handoff.pk}" + (f":{now.isoformat()}" if taken_back else ""),
            "subject": _("Nobody can take %s") % handoff.lead,
            "body": _(
                "No rep of %(team)s who could take it is at work. The lead waits in the queue and its clock runs: assign it, or end an absence."
            )
            % {"team": handoff.team},
            "path": handoff.get_absolute_url(),
        }
        events.append(
            Event(type="handoff.unassigned", team_id=handoff.team_id, data=_of_handoff(handoff), **told)
        )
        notices += [Notice(recipient=reader, **told) for reader in managers.of(handoff.team_id)]
    notify(notices=notices, events=events, now=now)


def merged_notices(*, lead: Lead, ended: Sequence[Handoff], goes_on: Handoff | None, now: datetime) -> None:
    """Tell the reps whose handoffs ended because the lead is one that somebody else has, or has vetted, and who goes on."""
    notices = []
    for handoff in ended:
        if handoff.owner is None or not handoff.owner.is_active:
            continue
        if goes_on is None:
            body = _(
                "%(lead)s turned out to be a lead that sales has vetted already. Nothing is left to do here."
            )
        elif goes_on.owner_id == handoff.owner_id:
            body = _("%(lead)s was in your inbox twice. One of the two goes on: its clocks are yours.")
        elif goes_on.owner is None:
            body = _("%(lead)s goes on in the queue of %(team)s. Nothing is left to do here.")
        else:
            body = _("%(who)s goes on with %(lead)s. Nothing is left for you to do.")
        names = {"lead": lead, "who": goes_on and goes_on.owner, "team": goes_on and goes_on.team}
        notices.append(
            Notice(
                recipient=handoff.owner,
                kind="handoff_merged",
                dedupe_key=f"handoff_merged:{handoff.pk}",
                subject=_("Two leads were one: %s") % lead,
                body=body % names,
                path=handoff.get_absolute_url(),
            )
        )
    notify(notices=notices, now=now)

"""What people are told about handoffs and clocks. Texts are in the language of the site, times in the reader's zone."""

import zoneinfo
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import Role, User
from notifications.services import Notice, notify
from sla.models import Clock, Handoff


def local(at: datetime, reader: User) -> str:
    """A time in the reader's zone, with the zone's name."""
    zone = zoneinfo.ZoneInfo(reader.time_zone or settings.ORGANISATION_TIME_ZONE)
    return f"{date_format(timezone.localtime(at, zone), 'D j M Y, H:i')} ({zone.key})"


class Managers:
    """The managers of teams, read once."""

    def __init__(self) -> None:
        self._all = list(User.objects.active().filter(role=Role.SALES_MANAGER))

    def of(self, team_id: int) -> list[User]:
        """Those of the team, and those of no team in particular."""
        return [user for user in self._all if user.team_id in (None, team_id)]


def handed_off_notices(*, handoffs: Sequence[Handoff], clocks: Iterable[Clock], now: datetime) -> None:
    """Tell each rep about the lead just given to them, and until when to answer."""
    due = {clock.handoff_id: clock.due_at for clock in clocks}
    notices = []
    for handoff in handoffs:
        if handoff.owner is None:
            continue
        until = local(due[handoff.pk], handoff.owner) if handoff.pk in due else _("no deadline")
        notices.append(
            Notice(
                recipient=handoff.owner,
                kind="handed_off",
                dedupe_key=f"handed_off:{handoff.pk}",
                subject=_("New lead: %(lead)s (%(why)s)")
                % {"lead": handoff.lead, "why": handoff.ready_detail},
                body=_("%(lead)s was handed to you. Accept or reject until %(until)s.")
                % {"lead": handoff.lead, "until": until},
                path=handoff.get_absolute_url(),
            )
        )
    notify(notices=notices, now=now)


def warning_notices(*, clocks: Sequence[Clock], now: datetime) -> None:
    """Tell the one who answers for a clock that it runs out soon; the managers where nobody does."""
    managers = Managers()
    notices = []
    for clock in clocks:
        for reader in [clock.owner] if clock.owner else managers.of(clock.team_id):
            notices.append(
                Notice(
                    recipient=reader,
                    kind="warning",
                    dedupe_key=f"warning:{clock.pk}",
                    subject=_("Due soon: %(promise)s for %(lead)s")
                    % {"promise": clock.get_kind_display(), "lead": clock.handoff.lead},
                    body=_("“%(promise)s” is due %(due)s. Open the lead and answer in time.")
                    % {"promise": clock.get_kind_display(), "due": local(clock.due_at, reader)},
                    path=clock.handoff.get_absolute_url(),
                )
            )
    notify(notices=notices, now=now)


def breach_notices(*, clocks: Sequence[Clock], now: datetime) -> None:
    """Tell the rep and the managers of the team that a promise was not kept in time."""
    managers = Managers()
    # A sweep after a long stop writes thousands: texts are looked up once, and each time is written once per zone.
    subject = _("Overdue: %(promise)s for %(lead)s")
    body = _("“%(promise)s” was due %(due)s (%(who)s). The lead still waits for it.")
    queue = _("in the queue of %s")
    written: dict[tuple[datetime, str], str] = {}
    notices = []
    for clock in clocks:
        readers = {user.pk: user for user in managers.of(clock.team_id)}
        if clock.owner is not None and clock.owner.is_active:
            readers[clock.owner.pk] = clock.owner
        texts = {"promise": clock.get_kind_display(), "lead": str(clock.handoff.lead)}
        who = str(clock.owner) if clock.owner else queue % clock.team
        for reader in readers.values():
            moment = (clock.due_at, reader.time_zone)
            if moment not in written:
                written[moment] = local(clock.due_at, reader)
            notices.append(
                Notice(
                    recipient=reader,
                    kind="breach",
                    dedupe_key=f"breach:{clock.pk}:{clock.due_at.isoformat()}",
                    subject=subject % texts,
                    body=body % (texts | {"due": written[moment], "who": who}),
                    path=clock.handoff.get_absolute_url(),
                )
            )
    notify(notices=notices, now=now)


def empty_pool_notices(*, handoffs: Sequence[Handoff], now: datetime) -> None:
    """Tell the managers that a lead waits in the queue because nobody can take it."""
    managers = Managers()
    notify(
        notices=[
            Notice(
                recipient=reader,
                kind="empty_pool",
                dedupe_key=f"empty_pool:{handoff.pk}",
                subject=_("Nobody can take %s") % handoff.lead,
                body=_(
                    "No rep of %(team)s is at work. The lead waits in the queue and its clock runs: assign it, or end an absence."
                )
                % {"team": handoff.team},
                path=handoff.get_absolute_url(),
            )
            for handoff in handoffs
            for reader in managers.of(handoff.team_id)
        ],
        now=now,
    )

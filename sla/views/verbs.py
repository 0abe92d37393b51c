"""What sales does with a handoff through a form: one entry per verb, data beside data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from leads.models import OpportunityState
from sla import forms
from sla.models import Clock, Handoff, PauseReason, Touch, TouchKind
from sla.policies import check_can_assign, check_can_pick_up, check_can_waive, check_can_work
from sla.services.answering import AlreadyAnswered, check_answerable, reject, told
from sla.services.passing import assign, give_back
from sla.services.pausing import pause_handoff, resume_handoff, waive
from sla.services.returned import PickedUp, pick_up
from sla.services.working import close_deal, disqualify, log_touch, open_deal, qualify, recycle

Cleaned = Mapping[str, Any]


@dataclass(frozen=True)
class Verb:
    """A form, who may send it, what it does (answers with the words of its toast), and how its page speaks of it.

    `leaves`: afterwards the lead is no longer where it was in the inbox, so the next one follows.
    """

    form: type[forms.VerbForm]
    check: Callable[[User, Handoff], None]
    run: Callable[[Handoff, Cleaned, User, datetime], str]
    title: Any
    button: Any
    text: Any = ""
    css: str = "btn-primary"
    leaves: bool = True
    # Title and button where somebody has the lead already.
    again: tuple[Any, Any] | None = None

    def words(self, handoff: Handoff) -> tuple[Any, Any]:
        """Its title, with a place for the lead, and its button."""
        if self.again is not None and handoff.owner_id is not None:
            return self.again
        return self.title, self.button


def _reject(handoff: Handoff, data: Cleaned, by: User, now: datetime) -> str:
    row = reject(handoff=handoff, reason=data["reason"], note=data["note"], by=by, now=now)
    return _("Rejected. %(lead)s is back with marketing: %(reason)s.") % {
        "lead": row.lead,
        "reason": data["reason"].label,
    }


def _assign(handoff: Handoff, data: Cleaned, by: User, now: datetime) -> str:
    if data["seen"] not in ("", forms.stands(handoff)):
        raise AlreadyAnswered(told(handoff))
    assign(handoff=handoff, to=data["to"], by=by, now=now)
    return _("%(lead)s is with %(rep)s now, whose clock runs.") % {"lead": handoff.lead, "rep": data["to"]}


def _give_back(handoff: Handoff, data: Cleaned, by: User, now: datetime) -> str:
    give_back(handoff=handoff, why=data["why"], by=by, now=now)
    return _("%(lead)s is in the queue of %(team)s again, and your manager was told why.") % {
        "lead": handoff.lead,
        "team": handoff.team,
    }


def _touch(handoff: Handoff, data: Cleaned, by: User, now: datetime) -> str:
    touch = log_touch(
        handoff=handoff,
        kind=TouchKind(data["kind"]),
        reached=data["reached"],
        note=data["note"],
        at=touch_time(data["at"], handoff, now),
        by=by,
        now=now,
    )
    # Counted anew: the page has read the touches of before.
    made = Touch.objects.filter(handoff=handoff).count()
    return ngettext(
        "%(kind)s logged: %(made)d touch so far.", "%(kind)s logged: %(made)d touches so far.", made
    ) % {
        "kind": touch.get_kind_display(),
        "made": made,
    }


def touch_time(written: datetime | None, handoff: Handoff, now: datetime) -> datetime:
    """When a touch was made. Forms know no seconds: the minute of the handoff itself is not before the handoff."""
    if written is None:
        return now
    begins = handoff.started_at
    return begins if written < begins < written + timedelta(minutes=1) else written


def _qualify(handoff: Handoff, data: Cleaned, by: User, now: datetime) -> str:
    qualify(handoff=handoff, bant=data, by=by, now=now)
    return _("%s is qualified. The handoff is closed; open the deal on its page.") % handoff.lead


def _recycle(handoff: Handoff, data: Cleaned, by: User, now: datetime) -> str:
    recycle(handoff=handoff, until=data["until"], note=data["note"], by=by, now=now)
    return _("%(lead)s rests in nurture until %(day)s.") % {
        "lead": handoff.lead,
        "day": date_format(data["until"], "j M Y"),
    }


def _disqualify(handoff: Handoff, data: Cleaned, by: User, now: datetime) -> str:
    disqualify(handoff=handoff, reason=data["reason"], note=data["note"], by=by, now=now)
    return _("%(lead)s is disqualified: %(reason)s.") % {
        "lead": handoff.lead,
        "reason": data["reason"].label,
    }


def _open_deal(handoff: Handoff, data: Cleaned, by: User, now: datetime) -> str:
    open_deal(handoff=handoff, amount=data["amount"], by=by, now=now)
    return _("The deal with %s is open.") % handoff.lead


def _close_deal(handoff: Handoff, data: Cleaned, by: User, now: datetime) -> str:
    deal = close_deal(
        handoff=handoff, state=OpportunityState(data["state"]), amount=data["amount"], by=by, now=now
    )
    if deal.state == OpportunityState.WON:
        return _("Won. %s is a customer.") % handoff.lead
    return _("Lost. %s goes to nurture.") % handoff.lead


def _pause(handoff: Handoff, data: Cleaned, by: User, now: datetime) -> str:
    until = data["until"]
    pause_handoff(
        handoff=handoff,
        until=until,
        reason=PauseReason(data["reason"]),
        note=data["note"],
        by=by,
        now=now,
    )
    return _("Paused until %(until)s. %(due)s") % {"until": _moment(until), "due": _due_now(handoff)}


def _resume(handoff: Handoff, data: Cleaned, by: User, now: datetime) -> str:
    resume_handoff(handoff=handoff, by=by, now=now)
    return _("The clock of %(lead)s goes on. %(due)s") % {"lead": handoff.lead, "due": _due_now(handoff)}


def _waive(handoff: Handoff, data: Cleaned, by: User, now: datetime) -> str:
    clock = data["clock"]
    waive(clock=clock, reason=data["reason"], by=by, now=now)
    return _("Waived: %(promise)s of %(lead)s. It counts neither as kept nor as missed.") % {
        "promise": clock.get_kind_display(),
        "lead": handoff.lead,
    }


def _pick_up(handoff: Handoff, data: Cleaned, by: User, now: datetime) -> str:
    done = PickedUp(data["done"])
    pick_up(
        handoff=handoff,
        done=done,
        until=data["until"] if done == PickedUp.NURTURE else None,
        note=data["note"],
        by=by,
        now=now,
    )
    if done == PickedUp.NURTURE:
        day = date_format(data["until"], "j M Y")
        return _("Picked up. %(lead)s rests in nurture until %(day)s.") % {"lead": handoff.lead, "day": day}
    if done == PickedUp.DISQUALIFIED:
        return _("Picked up. %s is disqualified.") % handoff.lead
    return _("Picked up. %s is qualified again: its score, or a raised hand, hands it off.") % handoff.lead


def _due_now(handoff: Handoff) -> str:
    """The next due time of the handoff, as it is now."""
    clock = Clock.objects.filter(pk__in=Handoff.objects.filter(pk=handoff.pk).values("next_clock")).first()
    if clock is None:
        return ""
    return _("%(promise)s: due %(due)s now.") % {
        "promise": clock.get_kind_display(),
        "due": _moment(clock.due_at),
    }


def _moment(at: datetime) -> str:
    return date_format(localtime(at), "D j M, H:i")


def accepted_text(handoff: Handoff, by: User, due_at: datetime | None) -> str:
    """What the toast says after an acceptance."""
    values: dict[str, object] = {"lead": handoff.lead, "rep": handoff.owner}
    if handoff.owner_id != by.pk:
        return _("Accepted for %(rep)s: %(lead)s.") % values
    if due_at is None:
        return _("Accepted. %(lead)s is yours.") % values
    values["until"] = date_format(localtime(due_at), "D H:i")
    return _("Accepted. %(lead)s is yours; the first touch is due %(until)s.") % values


VERBS: dict[str, Verb] = {
    "pick_up": Verb(
        forms.PickUpForm,
        lambda user, _handoff: check_can_pick_up(user),
        _pick_up,
        gettext_lazy("Pick up %s"),
        gettext_lazy("Pick up"),
        gettext_lazy("Sales gave this lead back. What you do with it ends the clock of the pick-up."),
    ),
    "reject": Verb(
        forms.RejectForm,
        lambda user, handoff: check_answerable(handoff=handoff, by=user),
        _reject,
        gettext_lazy("Reject %s"),
        gettext_lazy("Reject"),
        gettext_lazy("The lead goes back to marketing and never comes to the same rep again."),
        css="btn-danger",
    ),
    "assign": Verb(
        forms.AssignForm,
        check_can_assign,
        _assign,
        gettext_lazy("Assign %s"),
        gettext_lazy("Assign"),
        gettext_lazy(
            "The clocks of the lead go on; the rep gets a clock of their own from now, and is to answer."
        ),
        leaves=False,
        again=(gettext_lazy("Reassign %s"), gettext_lazy("Reassign")),
    ),
    "give_back": Verb(
        forms.GiveBackForm,
        lambda user, handoff: check_answerable(handoff=handoff, by=user),
        _give_back,
        gettext_lazy("Give %s back"),
        gettext_lazy("Give back"),
        gettext_lazy(
            "Somebody accepted this lead before, so its clocks go on. It goes to the queue of the team, not to you again."
        ),
    ),
    "touch": Verb(
        forms.TouchForm,
        check_can_work,
        _touch,
        gettext_lazy("Log a touch of %s"),
        gettext_lazy("Log it"),
        leaves=False,
    ),
    "qualify": Verb(
        forms.QualifyForm,
        check_can_work,
        _qualify,
        gettext_lazy("Qualify %s"),
        gettext_lazy("Qualify"),
        gettext_lazy("Budget, authority, need and timeline make the lead an SQL."),
    ),
    "recycle": Verb(
        forms.RecycleForm,
        check_can_work,
        _recycle,
        gettext_lazy("Recycle %s"),
        gettext_lazy("Recycle"),
        gettext_lazy("Not now: the lead rests in nurture, and marketing looks again on the day you name."),
    ),
    "disqualify": Verb(
        forms.DisqualifyForm,
        check_can_work,
        _disqualify,
        gettext_lazy("Disqualify %s"),
        gettext_lazy("Disqualify"),
        gettext_lazy("The lead leaves the way to a deal. Marketing can reopen it."),
        css="btn-danger",
    ),
    "pause": Verb(
        forms.PauseForm,
        check_can_work,
        _pause,
        gettext_lazy("Pause the clocks of %s"),
        gettext_lazy("Pause"),
        gettext_lazy(
            "The business time until then does not count, and nobody is warned. "
            "The clock for the answer never pauses."
        ),
    ),
    "resume": Verb(
        forms.ResumeForm,
        check_can_work,
        _resume,
        gettext_lazy("Resume the clocks of %s"),
        gettext_lazy("Resume now"),
        gettext_lazy(
            "The clocks go on from now, and are due earlier. What was paused until now stays out of the account."
        ),
        leaves=False,
    ),
    "waive": Verb(
        forms.WaiveForm,
        check_can_waive,
        _waive,
        gettext_lazy("Waive a promise of %s"),
        gettext_lazy("Waive this promise"),
        gettext_lazy(
            "It counts neither as kept nor as missed from now on. It stays in every list and figure as waived, with your "
            "name and reason, and so does its breach. This cannot be taken back."
        ),
        css="btn-danger",
        leaves=False,
    ),
    "open_deal": Verb(
        forms.OpenDealForm,
        check_can_work,
        _open_deal,
        gettext_lazy("Open a deal with %s"),
        gettext_lazy("Open deal"),
        leaves=False,
    ),
    "close_deal": Verb(
        forms.CloseDealForm,
        check_can_work,
        _close_deal,
        gettext_lazy("Close the deal with %s"),
        gettext_lazy("Close deal"),
        leaves=False,
    ),
}

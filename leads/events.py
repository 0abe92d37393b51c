"""Names for people of what the journal calls by codes: events, and the rules that did them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop


@dataclass(frozen=True)
class Telling:
    """How one event is told. `says` names the code in the entry that its detail comes from, by _DETAILS."""

    icon: str
    title: str
    meaning: str = ""
    says: str = ""

    def detail(self, told: Mapping[str, Any]) -> str:
        """What the entry adds in its own words, in the reader's language; blank where it adds nothing."""
        value = told.get(self.says)
        if not self.says or value in (None, ""):
            return ""
        if self.says == "until":
            day = parse_date(str(value))
            return _("on %(day)s") % {"day": date_format(day, "j M Y")} if day else ""
        if self.says in _MOMENTS:
            at = parse_datetime(str(value))
            return _(_MOMENTS[self.says]) % {"at": date_format(localtime(at), "j M Y, H:i")} if at else ""
        return _(_CODES.get((self.says, str(value)), str(value).replace("_", " ")))


NO_TELLING = Telling("info-circle-fill", "")
# A code that holds a time -> the sentence about it.
_MOMENTS = {
    "due_at": gettext_noop("due %(at)s"),
    "deadline": gettext_noop("was due %(at)s"),
}
_CODES = {
    ("rule", "hand_raise"): gettext_noop("a raised hand"),
    ("rule", "threshold"): gettext_noop("the score crossed its threshold"),
    ("rule", "requested"): gettext_noop("at marketing's request"),
    ("kind", "accept"): gettext_noop("accept or reject"),
    ("kind", "first_touch"): gettext_noop("first touch"),
    ("kind", "attempts"): gettext_noop("attempts to reach"),
    ("kind", "pick_up"): gettext_noop("pick-up"),
    ("kind", "call"): gettext_noop("call"),
    ("kind", "email"): gettext_noop("e-mail"),
    ("kind", "meeting"): gettext_noop("meeting"),
    ("kind", "message"): gettext_noop("message"),
    ("action", "notify_rep"): gettext_noop("the rep was told"),
    ("action", "notify_manager"): gettext_noop("the managers were told"),
    ("action", "notify_channel"): gettext_noop("the channels were told"),
    ("action", "put_first"): gettext_noop("put first in the inbox"),
    ("review", "accepted"): gettext_noop("accepted"),
    ("review", "rejected"): gettext_noop("rejected"),
    ("review", "pending"): gettext_noop("open again"),
    ("state", "won"): gettext_noop("won"),
    ("state", "lost"): gettext_noop("lost"),
    ("state", "open"): gettext_noop("open"),
    ("why", "paused:prospect_away"): gettext_noop("paused: the prospect is away"),
    ("why", "paused:waiting_for_prospect"): gettext_noop("paused: waiting for the prospect's answer"),
    ("why", "paused:agreed_later"): gettext_noop("paused: the prospect asked for a later date"),
    ("why", "resumed"): gettext_noop("the pause was ended early"),
    ("why", "lead_acted"): gettext_noop("the lead did something"),
    ("why", "merged"): gettext_noop("two leads were one person"),
    ("why", "calendar_corrected"): gettext_noop("the calendar was corrected"),
    ("reason", "prospect_away"): gettext_noop("the prospect is away"),
    ("reason", "waiting_for_prospect"): gettext_noop("waiting for the prospect's answer"),
    ("reason", "agreed_later"): gettext_noop("the prospect asked for a later date"),
    ("done", "nurture"): gettext_noop("back into nurture"),
    ("done", "requalified"): gettext_noop("re-qualified"),
    ("done", "disqualified"): gettext_noop("disqualified"),
    ("class", "procedural"): gettext_noop("procedural: misrouted"),
    ("class", "clerical"): gettext_noop("clerical: incomplete or wrong"),
    ("class", "definitional"): gettext_noop("definitional: not what was agreed"),
}
TELLINGS = {
    "lead.ready": Telling("lightning-charge", gettext_noop("Ready for sales"), "accent", "rule"),
    "lead.merged": Telling("people", gettext_noop("Merged into another lead"), "waived"),
    "lead.absorbed": Telling("people", gettext_noop("Another lead was merged into this one"), "accent"),
    "lead.nurture_dated": Telling("calendar-event", gettext_noop("To be looked at again"), "paused", "until"),
    "submission.reviewed": Telling("clipboard-check", gettext_noop("Submission reviewed"), "", "review"),
    "submission.corrected": Telling("pencil", gettext_noop("Submission corrected")),
    "submission.retried": Telling("arrow-repeat", gettext_noop("Submission read again")),
    "opportunity.opened": Telling("briefcase", gettext_noop("Deal opened")),
    "opportunity.won": Telling("trophy", gettext_noop("Deal won"), "ontime"),
    "opportunity.lost": Telling("x-circle", gettext_noop("Deal lost"), "waived"),
    "opportunity.recorded": Telling("briefcase", gettext_noop("Deal recorded"), "", "state"),
    "handoff.opened": Telling("send", gettext_noop("Handed off to sales"), "accent"),
    "handoff.assigned": Telling("person-check", gettext_noop("Handoff given")),
    "handoff.incomplete": Telling(
        "file-earmark-text", gettext_noop("Agreed fields were missing at the handoff"), "warning"
    ),
    "handoff.given_back": Telling(
        "arrow-counterclockwise", gettext_noop("Given back to the team by its rep"), "warning"
    ),
    "handoff.picked_up": Telling(
        "arrow-counterclockwise", gettext_noop("Picked up by marketing"), "ontime", "done"
    ),
    "handoff.accepted": Telling("check-circle", gettext_noop("Accepted by sales"), "ontime"),
    "handoff.rejected": Telling("hand-thumbs-down", gettext_noop("Rejected by sales"), "warning", "class"),
    "handoff.qualified": Telling("check2-all", gettext_noop("Qualified by sales"), "ontime"),
    "handoff.disqualified": Telling("ban", gettext_noop("Disqualified by sales"), "waived"),
    "handoff.recycled": Telling("recycle", gettext_noop("Recycled by sales"), "paused"),
    "handoff.merged": Telling(
        "people", gettext_noop("Handoff ended: the lead goes on in another one"), "waived"
    ),
    "handoff.withdrawn": Telling("arrow-counterclockwise", gettext_noop("Handoff withdrawn"), "waived"),
    "handoff.returned_to_queue": Telling(
        "arrow-counterclockwise", gettext_noop("Taken back into the queue"), "warning"
    ),
    "touch.logged": Telling("telephone-outbound", gettext_noop("Touch by sales"), "ontime", "kind"),
    "clock.started": Telling("stopwatch", gettext_noop("Clock started"), "", "kind"),
    "clock.escalated": Telling("alarm", gettext_noop("Reminder"), "warning", "action"),
    "clock.breached": Telling(
        "exclamation-circle-fill", gettext_noop("Promise not kept"), "late", "deadline"
    ),
    "clock.passed_on": Telling("person-check", gettext_noop("Clock passed on")),
    "clock.amended": Telling("calendar-week", gettext_noop("Clock computed anew"), "", "due_at"),
    "clock.paused": Telling("pause-circle-fill", gettext_noop("Clock paused"), "paused", "reason"),
    "clock.resumed": Telling("stopwatch", gettext_noop("Clock goes on"), "", "why"),
    "clock.recomputed": Telling("calendar-week", gettext_noop("Due time computed anew"), "", "why"),
    "clock.began_earlier": Telling(
        "people", gettext_noop("Clock with the earlier start of a merged lead"), "warning"
    ),
    "clock.waived": Telling("slash-circle", gettext_noop("Promise waived"), "waived"),
}
_RULES = {
    "leads.process_submissions": gettext_noop("intake"),
    "leads.import": gettext_noop("import"),
    "leads.record_activity": gettext_noop("an activity"),
    "leads.pick_up": gettext_noop("the day to look again"),
    "leads.people": gettext_noop("marketing"),
    "leads.review": gettext_noop("review of submissions"),
    "leads.merge": gettext_noop("a merge of two leads"),
    "scoring.rescore": gettext_noop("scoring"),
    "sla.hand_off": gettext_noop("routing"),
    "sla.assign": gettext_noop("routing"),
    "sla.sweep": gettext_noop("the sweep of clocks"),
    "sla.escalate": gettext_noop("the ladder of the promise"),
    "sla.follow_calendars": gettext_noop("the corrected calendar"),
    "sla.import_handoffs": gettext_noop("import"),
}


def tell(event: str) -> Telling | None:
    """How the event is told; None for one that has no words yet."""
    return TELLINGS.get(event)


def names_of_rule(rule: str) -> str:
    """The rule in words, its own name where it has none."""
    return _("rule: %(rule)s") % {"rule": _(_RULES.get(rule, rule))} if rule else ""

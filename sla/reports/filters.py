"""What a report is asked for: read from the address, checked against what the reader may see, written back to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Team, User
from leads.models import Source
from sla.models import HandoffTier, PromiseKind
from sla.policies import visible_clocks, visible_handoffs
from sla.querysets import ClockQuerySet, HandoffQuerySet
from sla.reports.periods import CUSTOM, DEFAULT, PERIODS, Period, custom_period, period_name, period_of

QUEUE = "queue"
# Filter -> (its words, the column of clocks).
FILTERS = {
    "team": (gettext_lazy("Team"), "team_id"),
    "rep": (gettext_lazy("Rep"), "owner_id"),
    "source": (gettext_lazy("Source"), "source_id"),
    "tier": (gettext_lazy("Tier"), "tier"),
    "kind": (gettext_lazy("Promise"), "kind"),
}
CUTS = ("team", "rep", "source", "tier")
# The same as columns of handoffs; a handoff has no kind of promise.
_OF_HANDOFFS = {"team": "team_id", "rep": "owner_id", "source": "source_id", "tier": "tier"}
OUTCOMES = {
    "kept": gettext_lazy("Kept"),
    "missed": gettext_lazy("Missed"),
    "late": gettext_lazy("Late and still open"),
    "open": gettext_lazy("Open, in time"),
    "waived": gettext_lazy("Waived, not judged"),
    "cancelled": gettext_lazy("Cancelled, not judged"),
}
ANSWERS = {
    "accepted": gettext_lazy("Accepted"),
    "rejected": gettext_lazy("Rejected"),
    "procedural": gettext_lazy("Rejected: procedural"),
    "clerical": gettext_lazy("Rejected: clerical"),
    "definitional": gettext_lazy("Rejected: definitional"),
    "waiting": gettext_lazy("Waiting for an answer"),
}
REJECTIONS = ("procedural", "clerical", "definitional")


@dataclass(frozen=True)
class Ask:
    """What a reader asks for. `chosen` holds the filters that are set, by the keys of FILTERS; `choices` what they may be set to
    (value -> words), as far as the reader may see them. `problems` says, in words, what of the address was left out."""

    user: User
    now: datetime
    period: Period
    chosen: Mapping[str, str]
    choices: Mapping[str, Mapping[str, str]]
    by: str = "team"
    outcome: str = ""
    answer: str = ""
    days: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)

    def with_extra(self, extra: Mapping[str, str]) -> Ask:
        """The same with further things in its addresses."""
        return replace(self, extra=extra)

    def cleared(self) -> str:
        """The query string without filters: the period and the cut stay."""
        return self.address(outcome="", answer="", **dict.fromkeys(FILTERS, ""))

    def address(self, **changes: str) -> str:
        """The query string of this ask with some things changed; an empty value takes a thing away."""
        asked = {
            "period": "" if self.period.key == DEFAULT else self.period.key,
            **(self.days if self.period.key == CUSTOM else {}),
            **self.chosen,
            "by": "" if self.by == CUTS[0] else self.by,
            "outcome": self.outcome,
            "answer": self.answer,
            **self.extra,
        }
        return "?" + "&".join(_pair(key, value) for key, value in {**asked, **changes}.items() if value)

    @cached_property
    def lists(self) -> str:
        """The address of the lists behind the figures, looked up once for the hundred links of a page."""
        return reverse("sla:clocks")

    def kept(self) -> list[tuple[str, str]]:
        """Everything but the period, as hidden fields of the form that chooses days."""
        query = self.address(period="", **{"from": "", "to": ""})
        return parse_qsl(query.removeprefix("?"))

    def in_period(self, key: str) -> str:
        """The query string of the same for another named period."""
        return self.address(period="" if key == DEFAULT else key, **{"from": "", "to": ""})

    def clocks(self) -> ClockQuerySet:
        """The clocks that the reader may see and the filters leave, whatever the period."""
        rows = visible_clocks(self.user).filter(
            **{FILTERS[key][1]: _value(value) for key, value in self.chosen.items()}
        )
        # What marketing promised has no owner either, and waits in no queue.
        return rows.of_sales() if self.chosen.get("rep") else rows

    def handoffs(self) -> HandoffQuerySet:
        """The handoffs of the teams the reader answers for, by the filters that handoffs know."""
        rows = visible_handoffs(self.user).filter(
            **{_OF_HANDOFFS[key]: _value(value) for key, value in self.chosen.items() if key in _OF_HANDOFFS}
        )
        # A team's manager sees the team's figures, also where somebody of the team owns a lead of another one.
        return rows.filter(team=self.user.team_id) if _bound_to_a_team(self.user) else rows

    def label(self, key: str, value: str) -> str:
        """The words of one value of a filter."""
        return self.choices[key].get(value, value)


@lru_cache(maxsize=2000)
def _pair(key: str, value: str) -> str:
    return urlencode({key: value})


def _value(value: str) -> str | None:
    return None if value == QUEUE else value


def _bound_to_a_team(user: User) -> bool:
    return user.role in ("rep", "sales_manager") and user.team_id is not None


def read(query: Mapping[str, Any], user: User, now: datetime) -> Ask:
    """The ask of an address. What it cannot mean is left out, and said in `problems`: no figure is silently another."""
    zone = ZoneInfo(settings.ORGANISATION_TIME_ZONE)
    problems: list[str] = []
    days = {key: str(query.get(key, "")) for key in ("from", "to")}
    period = _period(str(query.get("period", "")), days, now, zone, problems)
    choices = choices_of(user)
    chosen = {}
    for key in FILTERS:
        value = str(query.get(key, ""))
        if value and value in choices[key]:
            chosen[key] = value
        elif value:
            problems.append(
                _("There is no such %(filter)s (any more), so all are shown.")
                % {"filter": str(FILTERS[key][0]).lower()}
            )
    ask = Ask(user, now, period, chosen, choices, days=days, problems=tuple(problems))
    by, outcome, answer = (str(query.get(key, "")) for key in ("by", "outcome", "answer"))
    return replace(
        ask,
        by=by if by in CUTS else CUTS[0],
        outcome=outcome if outcome in OUTCOMES else "",
        answer=answer if answer in ANSWERS else "",
    )


def _period(key: str, days: Mapping[str, str], now: datetime, zone: ZoneInfo, problems: list[str]) -> Period:
    if key == CUSTOM:
        try:
            return custom_period(_day(days["from"]), _day(days["to"]), zone)
        except ValueError as error:
            problems.append(_("%(why)s This month is shown.") % {"why": str(error)})
    elif key and key not in PERIODS:
        problems.append(_("There is no such period, so this month is shown."))
    return period_of(key, now, zone)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(_("Choose both days.")) from None


def choices_of(user: User) -> dict[str, dict[str, str]]:
    """What each filter may be set to, in the order it is offered; three queries."""
    teams = Team.objects.filter(members=user) if _bound_to_a_team(user) else Team.objects.all()
    reps = User.objects.filter(pk__in=visible_clocks(user).owners()).order_by("name", "email")
    return {
        "team": {str(pk): name for pk, name in teams.values_list("pk", "name")},
        "rep": {str(rep.pk): str(rep) for rep in reps} | {QUEUE: _("Queue, nobody’s yet")},
        "source": {str(pk): name for pk, name in Source.objects.values_list("pk", "name")},
        "tier": {value: str(label) for value, label in HandoffTier.choices},
        "kind": {value: str(label) for value, label in PromiseKind.choices},
    }


def menus(ask: Ask, only: tuple[str, ...] = tuple(FILTERS)) -> list[dict[str, Any]]:
    """The menus of the filter bar, for templates/components/filter_bar.html."""
    found: list[dict[str, Any]] = [
        {
            "label": period_name(ask.period.key),
            "choices": [
                {"label": words, "url": ask.in_period(key), "active": key == ask.period.key}
                for key, (words, _of) in PERIODS.items()
            ],
        }
    ]
    for key in only:
        if len(ask.choices[key]) > 1:
            found.append(
                {
                    "label": FILTERS[key][0],
                    "choices": [
                        {
                            "label": words,
                            "url": ask.address(**{key: value}),
                            "active": ask.chosen.get(key) == value,
                        }
                        for value, words in ask.choices[key].items()
                    ],
                }
            )
    return found


def chips(ask: Ask, only: tuple[str, ...] = tuple(FILTERS)) -> list[dict[str, Any]]:
    """The chips of what is set."""
    found = [
        {
            "label": FILTERS[key][0],
            "value": ask.label(key, value),
            "remove_url": ask.address(**{key: ""}),
        }
        for key, value in ask.chosen.items()
        if key in only
    ]
    if ask.outcome:
        found.append(
            {
                "label": _("Outcome"),
                "value": OUTCOMES[ask.outcome],
                "remove_url": ask.address(outcome=""),
            }
        )
    if ask.answer:
        found.append(
            {"label": _("Answer"), "value": ANSWERS[ask.answer], "remove_url": ask.address(answer="")}
        )
    return found

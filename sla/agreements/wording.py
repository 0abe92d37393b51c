"""From what is agreed, as plain data, to the document that people read and sign. No database, no clock: the same facts and
language give the same document."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from sla.agreements.document import NOTHING, Document, Row, Section
from sla.agreements.targets import USUAL_WARNING, Target, say

_LADDER = gettext_noop("What happens when time runs out")


@dataclass(frozen=True)
class Reasons:
    """The reasons of one class that are offered, by their labels."""

    key: str
    label: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """One step of escalation in words: when, and what is done."""

    when: str
    action: str


@dataclass(frozen=True)
class Promised:
    """One kind of promise: what is asked for each tier, and the steps taken when it is not kept in time."""

    key: str
    label: str
    targets: Mapping[str, Target]
    steps: Mapping[str, tuple[Step, ...]] = field(default_factory=dict)
    # Kept or not at a moment (completeness at handoff), so that no time is told.
    at_once: str = ""


@dataclass(frozen=True)
class Facts:
    """All that a version agrees on. `tiers` are the columns: code and name. Times are told in `zone`."""

    agreement: str
    number: int
    in_force_from: datetime | None
    zone: str
    change_note: str
    marketing_party: str
    sales_party: str
    mql_definition: str
    srl_definition: str
    sql_definition: str
    mql_threshold: int
    ready_threshold: int
    required_fields: tuple[str, ...]
    exclusions: str
    tiers: tuple[tuple[str, str], ...]
    sales: tuple[Promised, ...]
    marketing: tuple[Promised, ...]
    reasons: tuple[Reasons, ...]
    attempts_before_unreachable: int
    recycle_limit: int
    recycle_after_days: int
    route_around: str
    review_every_months: int
    volume_per_rep: int | None
    value_per_rep: Decimal | None
    acceptance_percent: int
    clerical_percent: int


def compose(facts: Facts) -> Document:
    """The document of a version."""
    sections = [
        _about(facts),
        _definitions(facts),
        _promises("sales", _("What sales promises"), facts.sales, facts),
        _promises("marketing", _("What marketing promises"), facts.marketing, facts),
        _goals(facts),
        _reasons(facts),
        _ladder(facts),
        _recycling(facts),
        _review(facts),
    ]
    title = _("%(agreement)s, version %(number)d") % {"agreement": facts.agreement, "number": facts.number}
    return Document(_clean(title), tuple(section for section in sections if section.rows))


def _about(facts: Facts) -> Section:
    if facts.in_force_from is None:
        begins = _("As soon as both sides have signed")
    else:
        local = facts.in_force_from.astimezone(ZoneInfo(facts.zone))
        begins = _("%(when)s (%(zone)s), and not before both sides have signed") % {
            "when": date_format(local, "j F Y, H:i"),
            "zone": facts.zone,
        }
    return Section(
        "about",
        _("Parties"),
        _rows(
            ("marketing", _("For marketing"), facts.marketing_party),
            ("sales", _("For sales"), facts.sales_party),
            ("begins", _("In force from"), begins),
            ("why", _("What changes and why"), facts.change_note),
        ),
    )


def _definitions(facts: Facts) -> Section:
    return Section(
        "definitions",
        _("What we call a lead"),
        _rows(
            ("mql", _("MQL, marketing qualified lead"), facts.mql_definition),
            ("mql_threshold", _("Score of an MQL, at least"), str(facts.mql_threshold)),
            ("srl", _("SRL, sales ready lead"), facts.srl_definition),
            ("ready_threshold", _("Score of a sales ready lead, at least"), str(facts.ready_threshold)),
            ("sql", _("SQL, sales qualified lead"), facts.sql_definition),
            ("exclusions", _("No lead at all"), facts.exclusions),
        ),
    )


def _promises(key: str, title: str, promised: Iterable[Promised], facts: Facts) -> Section:
    note = _(
        "In business hours of the team, unless it says round the clock. Clocks show a warning from %d %% on."
    )
    kinds, rows = list(promised), []
    if any(any(kind.steps.values()) for kind in kinds):
        told = _("Who is told, and when, is written under “%s”.") % _(_LADDER)
    else:
        told = _("Nobody is told.")
    for kind in kinds:
        cells = [_promise(kind, kind.targets.get(tier)) for tier, _name in facts.tiers]
        rows.append(Row(kind.key, kind.label, tuple(cells)))
    return Section(key, title, tuple(rows), facts.tiers, f"{note % USUAL_WARNING} {told}")


def _promise(kind: Promised, target: Target | None) -> str:
    if target is None:
        return NOTHING
    return kind.at_once or say(target)


def _goals(facts: Facts) -> Section:
    volume = NOTHING if facts.volume_per_rep is None else str(facts.volume_per_rep)
    value = NOTHING if facts.value_per_rep is None else f"{facts.value_per_rep:.2f}"
    return Section(
        "goals",
        _("What marketing promises every month"),
        _rows(
            ("fields", _("Filled at handoff"), ", ".join(facts.required_fields)),
            ("volume", _("Workable leads for each rep"), volume),
            ("value", _("Their value for each rep"), value),
            (
                "acceptance",
                _("Accepted, of the leads answered"),
                _("at least %d %%") % facts.acceptance_percent,
            ),
            ("clerical", _("Rejected as incomplete or wrong"), _("at most %d %%") % facts.clerical_percent),
        ),
    )


def _reasons(facts: Facts) -> Section:
    rows = [(reasons.key, reasons.label, ", ".join(reasons.reasons)) for reasons in facts.reasons]
    if not rows:
        rows = [("all", _("Reasons"), _("All reasons in use, with a reason for every lead given back"))]
    attempts = ngettext("%d attempt", "%d attempts", facts.attempts_before_unreachable)
    rows.append(
        ("attempts", _("Before “unable to reach”"), attempts % facts.attempts_before_unreachable),
    )
    return Section("reasons", _("Why a lead may be given back"), _rows(*rows))


def _ladder(facts: Facts) -> Section:
    """Each promise with steps, tier by tier; nothing where no promise has any."""
    rows = []
    for kind in (*facts.sales, *facts.marketing):
        if any(kind.steps.values()):
            cells = [_steps(kind.steps.get(tier, ())) for tier, _name in facts.tiers]
            rows.append(Row(kind.key, kind.label, tuple(cells)))
    return Section("ladder", _(_LADDER), tuple(rows), facts.tiers)


def _steps(steps: Iterable[Step]) -> str:
    """One line for each time at which something happens."""
    at_once = groupby(steps, key=lambda step: step.when)
    return (
        "\n".join(f"{when}: {'; '.join(step.action for step in group)}" for when, group in at_once) or NOTHING
    )


def _recycling(facts: Facts) -> Section:
    times = ngettext("%d time at most", "%d times at most", facts.recycle_limit) % facts.recycle_limit
    days = ngettext("%d day", "%d days", facts.recycle_after_days) % facts.recycle_after_days
    return Section(
        "recycling",
        _("Leads that come back"),
        _rows(
            ("limit", _("A lead is recycled"), times),
            ("days", _("In nurture, unless sales names a day"), days),
            ("route_around", _("When the rep cannot take a lead"), facts.route_around),
        ),
    )


def _review(facts: Facts) -> Section:
    every = ngettext("every month", "every %d months", facts.review_every_months)
    if facts.review_every_months != 1:
        every = every % facts.review_every_months
    return Section("review", _("Review"), _rows(("every", _("Both sides look at this agreement"), every)))


def _rows(*lines: tuple[str, str, str]) -> tuple[Row, ...]:
    return tuple(Row(key, label, (_clean(text) or NOTHING,)) for key, label, text in lines)


def _clean(text: str) -> str:
    """Lines end in one way, without blanks at their end, so that what looks the same is the same."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines())

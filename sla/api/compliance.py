"""The figures of both sides over the API: the same, from the same functions, as the compliance page."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema

from accounts.api import TokenAuth, asker
from accounts.policies import check_can_open
from drains.clock import current_time
from leads.api.errors import REFUSALS, Invalid
from leads.api.reading import Asked, Day, Number, check_names
from sla.models import HandoffTier, PromiseKind, Side
from sla.reports.compliance import Group, KindReport, Tally, kind_reports
from sla.reports.filters import Ask, read
from sla.reports.marketing import Passed, goals, passed
from sla.reports.periods import CUSTOM, custom_period
from sla.reports.unrouted import unrouted

router = Router(tags=["compliance"], auth=TokenAuth())


class ComplianceFilters(Asked):
    """Of which days, cut by what, and of whom."""

    from_: Annotated[date, Day] | None = Field(None, alias="from", description="First day; needs `to`.")
    to: Annotated[date, Day] | None = Field(None, description="Last day, included; needs `from`.")
    period: Literal["this_month", "last_month", "7d", "30d", "90d", "this_quarter"] | None = Field(
        None, description="Instead of days. Without either: this month."
    )
    by: Literal["team", "rep", "source", "tier"] = "team"
    team: Number | None = None
    rep: str = Field("", pattern=r"^(queue|[1-9][0-9]{0,17})?$", description="Number of the rep, or `queue`.")
    source: Number | None = None
    tier: HandoffTier | None = None
    kind: PromiseKind | None = None


class PeriodOut(Schema):
    """Whole days of the organisation's zone, both included."""

    first: date
    last: date
    starts_at: datetime
    ends_before: datetime
    zone: str


class TallyOut(Schema):
    """What became of the promises whose clocks started in the period. `late`: those of `missed` that still run. Waived ones are
    in no share."""

    kept: int
    missed: int
    late: int
    open: int
    waived: int
    decided: int
    share: float | None = Field(description="Kept of decided, from 0 to 1.")
    median_seconds: float | None = Field(description="Of those that ended, in the hours of the promise.")
    p90_seconds: float | None


class GroupOut(Schema):
    """One team, rep, source or tier; `value` as the filters take it."""

    value: str
    label: str
    tally: TallyOut


class KindOut(Schema):
    """One promise. What marketing promised is cut by source where sales is cut by team or rep."""

    kind: PromiseKind
    side: Side
    by: str
    now: TallyOut
    before: TallyOut = Field(description="Of the period before, equally long.")
    groups: list[GroupOut]


class PassedOut(Schema):
    """What was handed off in a period, and what sales said to it."""

    handed_off: int
    accepted: int
    waiting: int
    rejected: dict[str, int] = Field(description="By class of the reason.")
    share_accepted: float | None
    routing_median_seconds: float | None = Field(
        description="From sales-ready to handed off, round the clock."
    )
    routing_p90_seconds: float | None


class GoalsOut(Schema):
    """What marketing promised, in percent, lowest and highest where teams work by different agreements."""

    accepted_least: tuple[int, int]
    clerical_most: tuple[int, int]


class UnroutedOut(Schema):
    """What is sales-ready and not handed off now, whatever the period."""

    count: int
    oldest: datetime | None


class ComplianceOut(Schema):
    """Both sides' promises of a period."""

    period: PeriodOut
    promises: list[KindOut]
    marketing: PassedOut
    marketing_before: PassedOut
    goals: GoalsOut | None
    unrouted: UnroutedOut
    as_of: datetime


@router.get(
    "/compliance",
    response={200: ComplianceOut, **REFUSALS},
    url_name="compliance",
    summary="Compliance figures",
)
def get_compliance(request: HttpRequest, asked: Query[ComplianceFilters]) -> Any:
    """The figures of both sides for whoever opens the compliance page; of a team's manager those of the team."""
    user, now = asker(request), current_time()
    check_can_open(user, "compliance")
    check_names(request, ComplianceFilters)
    ask = read(_query(asked), user, now)
    if ask.problems:
        # Of the page's filters each may be left out with a word; here it is refused: no figure is silently another.
        raise _refusal(asked, ask)
    this, before = passed(ask)
    agreed, waiting = goals(ask), unrouted(now)
    return ComplianceOut(
        period=_period(ask),
        promises=[_kind(report) for report in kind_reports(ask)],
        marketing=_passed(this),
        marketing_before=_passed(before),
        goals=GoalsOut(accepted_least=agreed.accepted, clerical_most=agreed.clerical) if agreed else None,
        unrouted=UnroutedOut(count=waiting.count, oldest=waiting.oldest),
        as_of=now,
    )


def _query(asked: ComplianceFilters) -> dict[str, str]:
    """As the address of the page has it."""
    days = (asked.from_, asked.to)
    if any(days) and asked.period is not None:
        raise Invalid("period", _("Both days and a named period are asked for."), _("Send one of the two."))
    told = {
        "from": asked.from_,
        "to": asked.to,
        "period": CUSTOM if any(days) else asked.period,
        "by": asked.by,
    }
    told |= {name: getattr(asked, name) for name in _FILTERS}
    return {name: str(value) for name, value in told.items() if value not in (None, "")}


_FILTERS = ("team", "rep", "source", "tier", "kind")


def _refusal(asked: ComplianceFilters, ask: Ask) -> Invalid:
    """The parameter that could not be followed, in words that promise no other figures, as those of the page do."""
    if asked.from_ is not None and asked.to is not None and ask.period.key != CUSTOM:
        try:
            custom_period(asked.from_, asked.to, ZoneInfo(settings.ORGANISATION_TIME_ZONE))
        except ValueError as error:
            return Invalid("to", str(error), _("Send other days, or a named period."))
    if any((asked.from_, asked.to)) and ask.period.key != CUSTOM:
        missing = "from" if asked.from_ is None else "to"
        return Invalid(missing, _("Of the two days one is missing."), _("Send both, from and to."))
    name = next(name for name in _FILTERS if getattr(asked, name) and name not in ask.chosen)
    message = _("There is no such %(name)s that you may see.") % {"name": name}
    return Invalid(name, message, _("Correct it, or leave it out."))


def _period(ask: Ask) -> PeriodOut:
    period = ask.period
    return PeriodOut(
        first=period.first,
        last=period.last,
        starts_at=period.start,
        ends_before=period.end,
        zone=period.zone.key,
    )


def _kind(report: KindReport) -> KindOut:
    return KindOut(
        kind=PromiseKind(report.kind),
        side=report.side,
        by=report.by,
        now=_tally(report.now),
        before=_tally(report.before),
        groups=[_group(group) for group in report.groups],
    )


def _group(group: Group) -> GroupOut:
    return GroupOut(value=group.value, label=group.label, tally=_tally(group.tally))


def _tally(tally: Tally) -> TallyOut:
    used = tally.used
    return TallyOut(
        kept=tally.kept,
        missed=tally.missed,
        late=tally.late,
        open=tally.open,
        waived=tally.waived,
        decided=tally.decided,
        share=tally.share,
        median_seconds=used.median if used.count else None,
        p90_seconds=used.p90 if used.count else None,
    )


def _passed(row: Passed) -> PassedOut:
    took = row.routing
    return PassedOut(
        handed_off=row.count,
        accepted=row.accepted,
        waiting=row.waiting,
        rejected=row.rejected,
        share_accepted=row.share_accepted,
        routing_median_seconds=took.median.total_seconds() if took.count else None,
        routing_p90_seconds=took.p90.total_seconds() if took.count else None,
    )

"""The compliance page as its template reads it: figures with their comparison, groups with their links."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sla.models import Side
from sla.reports.compliance import Group, KindReport, Tally, kind_reports
from sla.reports.filters import ANSWERS, CUTS, FILTERS, REJECTIONS, Ask
from sla.reports.marketing import Goals, Passed, goals, passed
from sla.reports.unrouted import unrouted
from sla.reports.wording import elapsed, moment, percent, worked


@dataclass(frozen=True)
class Figure:
    """One figure for the tag of that name (accounts/templatetags/ui.py)."""

    label: str
    value: str
    unit: str = ""
    period: str = ""
    comparison: str = ""
    direction: str = ""
    meaning: str = ""
    url: str = ""


@dataclass(frozen=True)
class Panel:
    """One promise: its figures, and the rows of its bars."""

    kind: str
    title: str
    side: Side
    figures: tuple[Figure, ...]
    bars: tuple[dict[str, Any], ...]
    cut: str
    total: int


def panels(ask: Ask) -> list[Panel]:
    """Both sides, a panel for each promise."""
    return [
        Panel(
            report.kind,
            report.label,
            report.side,
            _figures(ask, report),
            tuple(_bar(ask, report, group) for group in report.groups),
            str(FILTERS[report.by][0]),
            report.now.total,
        )
        for report in kind_reports(ask)
    ]


def cuts(ask: Ask) -> list[dict[str, Any]]:
    """The tabs of the cut."""
    return [
        {
            "label": FILTERS[key][0],
            "url": ask.address(by="" if key == CUTS[0] else key),
            "active": key == ask.by,
        }
        for key in CUTS
    ]


def _waiting(ask: Ask) -> Figure:
    """What is sales-ready and not handed off now, whatever the period: no clock tells of it yet."""
    found = unrouted(ask.now)
    since = _("oldest since %s") % moment(found.oldest, ask.now) if found.count else _("every ready lead was")
    return Figure(
        _("Ready, not handed off"),
        _number(found.count),
        "",
        since,
        meaning="late" if found.is_late else "",
        url=reverse("sla:unrouted"),
    )


def _list(ask: Ask, **changes: str) -> str:
    return ask.lists + ask.address(by="", **changes)


def _figures(ask: Ask, report: KindReport) -> tuple[Figure, ...]:
    now, before = report.now, report.before
    decided = {"kept": number_format(now.kept, force_grouping=True), "n": _number(now.decided)}
    ended = _("of %s that ended") % _number(now.used.count) if now.used.count else _("none has ended yet")
    return (
        Figure(
            _("Share kept"),
            percent(now.share),
            "%" if now.decided else "",
            _few(now) or (_("%(kept)s of %(n)s decided") % decided if now.decided else _("none decided yet")),
            *_points(now.share, before.share, ask),
            url=_list(ask, kind=report.kind, outcome="kept"),
        ),
        Figure(
            _("Missed"),
            _number(now.missed),
            "",
            ngettext("%d of them still open", "%d of them still open", now.late) % now.late
            if now.late
            else _("all of them have ended")
            if now.missed
            else "",
            _("%s before") % _number(before.missed) if before.decided else "",
            meaning="late" if now.missed else "",
            url=_list(ask, kind=report.kind, outcome="missed"),
        ),
        Figure(
            _("Open, in time"),
            _number(now.open),
            "",
            _("of %s started") % _number(now.total),
            url=_list(ask, kind=report.kind, outcome="open"),
        ),
        Figure(
            _("Waived"),
            _number(now.waived),
            "",
            _("not judged, each with a reason") if now.waived else "",
            _("%s before") % _number(before.waived) if before.waived else "",
            meaning="waived" if now.waived else "",
            url=_list(ask, kind=report.kind, outcome="waived"),
        ),
        Figure(
            _("Median time used"),
            worked(now.used.median),
            "",
            ended,
            _("%s before") % worked(before.used.median) if before.used.count else "",
            url=_list(ask, kind=report.kind),
        ),
        Figure(
            _("90 % within"),
            worked(now.used.p90),
            "",
            ended,
            _("%s before") % worked(before.used.p90) if before.used.count else "",
            url=_list(ask, kind=report.kind),
        ),
    )


def _number(value: int) -> str:
    return number_format(value, use_l10n=True, force_grouping=True)


def _few(tally: Tally) -> str:
    if not tally.is_small:
        return ""
    return _("%(kept)d of only %(n)d decided") % {"kept": tally.kept, "n": tally.decided}


def _points(now: float | None, before: float | None, ask: Ask) -> tuple[str, str]:
    """The change of a share in points, and its direction. By the rounded shares, so that it can be checked by eye."""
    if now is None or before is None:
        return "", ""
    change = int(percent(now)) - int(percent(before))
    words = {"n": abs(change), "period": ask.period.before_label}
    if change > 0:
        return ngettext("%(n)d point more", "%(n)d points more", change) % words, "up"
    if change < 0:
        return ngettext("%(n)d point less", "%(n)d points less", -change) % words, "down"
    return _("as before"), ""


def _bar(ask: Ask, report: KindReport, group: Group) -> dict[str, Any]:
    tally = group.tally

    def to(outcome: str) -> str:
        return _list(ask, kind=report.kind, outcome=outcome, **{report.by: group.value})

    return {
        "label": group.label,
        "url": to(""),
        "kept": tally.kept,
        "missed": tally.missed,
        "open": tally.open,
        "waived": tally.waived,
        "kept_url": to("kept") if tally.kept else "",
        "missed_url": to("missed") if tally.missed else "",
        "open_url": to("open") if tally.open else "",
        "waived_url": to("waived") if tally.waived else "",
        "note": _bar_note(tally),
        "small": tally.is_small,
        "median": worked(tally.used.median),
        "p90": worked(tally.used.p90),
    }


def _bar_note(tally: Tally) -> str:
    notes = []
    if tally.late:
        notes.append(ngettext("%d late and still open", "%d late and still open", tally.late) % tally.late)
    if tally.is_small:
        notes.append(_("too few to judge"))
    return " · ".join(notes)


def marketing_figures(ask: Ask) -> tuple[Figure, ...]:
    """Marketing's side: what was handed off, how fast, what sales said to it, and what is not handed off."""
    return (*_quality(ask, *passed(ask), goals(ask)), _waiting(ask))


def awaited(ask: Ask) -> tuple[Figure, ...]:
    """The same in their places, before what was handed off is read; what is not handed off is told at once."""
    places = [Figure(figure.label, "…") for figure in _quality(ask, Passed(), Passed(), None)]
    return (*places, _waiting(ask))


def _quality(ask: Ask, now: Passed, before: Passed, agreed: Goals | None) -> tuple[Figure, ...]:
    return (
        Figure(
            _("Handed off"),
            _number(now.count),
            "",
            ngettext("%d waits for an answer", "%d wait for an answer", now.waiting) % now.waiting
            if now.waiting
            else "",
            _("%s before") % _number(before.count) if before.count else "",
            url=_handoffs(ask),
        ),
        Figure(
            _("Routed, median"),
            elapsed(now.routing.median),
            "",
            _("from sales-ready to handed off"),
            _("%s before") % elapsed(before.routing.median) if before.routing.count else "",
            url=_handoffs(ask),
        ),
        Figure(
            _("90 % routed within"),
            elapsed(now.routing.p90),
            "",
            _("round the clock"),
            _("%s before") % elapsed(before.routing.p90) if before.routing.count else "",
            url=_handoffs(ask),
        ),
        _accepted(ask, now, before, agreed),
        *(_rejected(ask, name, now, agreed) for name in REJECTIONS),
    )


def _handoffs(ask: Ask, **changes: str) -> str:
    return ask.lists + ask.address(by="", kind="", of="handoffs", **changes)


def _accepted(ask: Ask, now: Passed, before: Passed, agreed: Goals | None) -> Figure:
    """Late below what every team of the figure was promised."""
    share = now.share_accepted
    is_short = share is not None and agreed is not None and share * 100 < agreed.accepted[0]
    return Figure(
        _("Accepted of those answered"),
        percent(share),
        "%" if now.answered else "",
        _("promised: %s %%") % _span(agreed.accepted) if agreed else "",
        *_points(share, before.share_accepted, ask),
        meaning="late" if is_short else "",
        url=_handoffs(ask, answer="accepted"),
    )


def _span(percents: tuple[int, int]) -> str:
    low, high = percents
    return str(low) if low == high else _("%(low)d to %(high)d") % {"low": low, "high": high}


def _rejected(ask: Ask, name: str, now: Passed, agreed: Goals | None) -> Figure:
    """Of the classes, marketing promises a share of the clerical ones alone."""
    count = now.rejected.get(name, 0)
    note = ngettext("%d handoff", "%d handoffs", count) % count
    is_over = False
    if name == "clerical" and agreed is not None:
        note = _("%(count)s · promised: at most %(most)s %%") % {
            "count": note,
            "most": _span(agreed.clerical),
        }
        is_over = bool(now.answered) and count * 100 > agreed.clerical[1] * now.answered
    return Figure(
        str(ANSWERS[name]),
        percent(count / now.answered) if now.answered else "–",
        "%" if now.answered else "",
        note,
        meaning="late" if is_over else "",
        url=_handoffs(ask, answer=name),
    )

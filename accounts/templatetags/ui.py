"""Template tags of the design system; `{% load ui %}`. The components are described in templates/components/README.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from django import template
from django.http import QueryDict
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import get_script_prefix, get_urlconf, reverse
from django.utils.formats import number_format
from django.utils.html import format_html, json_script
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from accounts.dates import exact_moment
from accounts.templatetags import faces
from drains.clock import current_time

register = template.Library()


def _now(context: template.Context) -> datetime:
    """The page's one `now`: the view's, or, on pages whose view has none, the clock read here at the edge."""
    given = context.get("now")
    return given if isinstance(given, datetime) else current_time()


def _utc(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else ""


@register.simple_tag
def icon(name: str, label: str = "", css: str = "") -> SafeString:
    """An icon of the sprite; with `label` it is an image with that name, else it is decoration."""
    return _drawn_icon(static("icons.svg"), name, label, css)


# Pages draw a few dozen different ones again and again; labels that name a row may push each other out.
@lru_cache(maxsize=1000)
def _drawn_icon(sprite: str, name: str, label: str, css: str) -> SafeString:
    href = f"{sprite}#{name}"
    if label:
        return format_html(
            '<svg class="icon {}" role="img" aria-label="{}"><use href="{}"></use></svg>', css, label, href
        )
    return format_html('<svg class="icon {}" aria-hidden="true"><use href="{}"></use></svg>', css, href)


# Drawn here and not by templates of their own, like the icon: a list has a hundred, and a template costs three times as much.
@register.simple_tag(takes_context=True)
def clock(
    context: template.Context, of: object = None, label: str = "", receipt_url: str = "", **facts: Any
) -> SafeString:
    """A clock. Facts are read from `of` (due_at, warn_at, ended_at, outcome, paused_until, lateness) or given by name."""
    names = ("due_at", "warn_at", "ended_at", "outcome", "paused_until", "lateness")
    # A template says "" for what is missing.
    told: dict[str, Any] = {name: facts.get(name, getattr(of, name, None)) or None for name in names}
    told["outcome"] = str(told["outcome"] or "")
    face = faces.clock_face(now=facts.get("now") or _now(context), **told)
    as_link = format_html('a href="{}" data-dialog', receipt_url) if receipt_url else "span"
    return format_html(
        '<{} class="clock" data-clock data-meaning="{}" data-state="{}" data-due="{}" data-warn="{}" data-ended="{}"'
        ' data-paused-until="{}" data-outcome="{}"{} title="{}">{}{}<span class="clock-text">{}</span></{}>',
        as_link,
        face.meaning,
        face.state,
        *(_utc(told[name]) for name in ("due_at", "warn_at", "ended_at", "paused_until")),
        told["outcome"],
        _growth(told["lateness"]),
        _("due %(due)s") % {"due": exact_moment(told["due_at"])},
        icon(face.icon),
        format_html('<span class="clock-label">{}</span>', label) if label else "",
        face.text,
        "a" if receipt_url else "span",
    )


def _growth(lateness: faces.Lateness | None) -> SafeString | str:
    """What the page's script needs to go on counting business hours; nothing where it counts round the clock."""
    if lateness is None:
        return ""
    return format_html(
        ' data-late="{}" data-late-from="{}" data-late-until="{}"',
        lateness.seconds,
        _utc(lateness.grows_from),
        _utc(lateness.grows_until),
    )


@register.simple_tag
def figure(of: object = None, id: str = "", **facts: str) -> SafeString:  # noqa: A002 - as in HTML
    """One figure. Facts are read from `of` (label, value, unit, period, comparison, direction, meaning, url) or given by name;
    with `id` its value is one that the page keeps up to date."""
    names = ("label", "value", "unit", "period", "comparison", "direction", "meaning", "url")
    label, value, unit, period, comparison, direction, meaning, url = (
        facts.get(name) or getattr(of, name, "") or "" for name in names
    )
    arrow = icon(f"arrow-{direction}") if direction in ("up", "down") else ""
    direction = format_html(' data-direction="{}"', direction) if direction else ""
    return format_html(
        '<div class="figure"{}><p class="figure-label">{}</p><p class="figure-value"{}>{}{}</p><p class="figure-note">{}{}</p></div>',
        format_html(' data-meaning="{}"', meaning) if meaning else "",
        format_html('<a href="{}">{}</a>', url, label) if url else label,
        format_html(' id="{}" data-live', id) if id else "",
        value,
        format_html("<small>{}</small>", unit) if unit else "",
        format_html("<span>{}</span>", period) if period else "",
        format_html('<span class="figure-change"{}>{}{}</span>', direction, arrow, comparison)
        if comparison
        else "",
    )


@register.simple_tag(takes_context=True)
def when(context: template.Context, at: datetime | None, absent: str = "") -> SafeString:
    """A moment: relative, with the exact one in the reader's zone on hover and focus; `absent` when there is none."""
    if at is None:
        return format_html('<span class="faint">{}</span>', absent or "–")
    return format_html(
        '<time class="when" datetime="{}" title="{}" tabindex="0" data-when>{}</time>',
        _utc(at),
        exact_moment(at),
        faces.relative_moment(at, now=_now(context)),
    )


@register.simple_tag
def address(name: str, number: int) -> str:
    """The URL of a name that takes one number: what `url` gives, in much less time, for the rows of lists."""
    before, after = _around_number(name, get_script_prefix(), get_urlconf())
    return f"{before}{number}{after}"


@lru_cache(maxsize=200)
def _around_number(name: str, _prefix: str, urlconf: str | None) -> tuple[str, str]:
    mark = "9" * 15
    before, _mark, after = reverse(name, urlconf, args=[int(mark)]).partition(mark)
    return before, after


@register.simple_tag
def server_time() -> str:
    """The server's clock as the page is written, in UTC; the page's script corrects a wrong laptop clock by it."""
    return _utc(current_time())


@register.simple_tag
def ui_words() -> SafeString:
    """The words and icons of clocks for the page's script, as a JSON data block (never run, so the CSP lets it be)."""
    more = {
        "failed": _("That did not go through, and nothing was changed. Try again in a moment."),
        "offline": _("The server cannot be reached. Nothing was changed; try again when you are online."),
        "undo": _("Undo"),
        "dismiss": _("Dismiss"),
        "chosen": _("%(n)s chosen"),
        "new": _("%(n)s new"),
    }
    looks = {state: {"meaning": look[0], "icon": look[1]} for state, look in faces.CLOCK_LOOKS.items()}
    return json_script({"words": faces.words() | more, "looks": looks}, "ui-words")


@register.filter
def signed(value: float) -> str:
    """A number with its sign: +10, −5, 0. The minus is the typographic one, as wide as the plus."""
    body = number_format(abs(value), use_l10n=True, force_grouping=True)
    return f"+{body}" if value > 0 else f"−{body}" if value < 0 else body


@register.filter
def thousands(value: float | str | None) -> str:
    """A number grouped for reading; a dash for none. A text is a number that was put into words already: "1,000+"."""
    if isinstance(value, str):
        return value
    return "–" if value is None else number_format(value, use_l10n=True, force_grouping=True)


@register.filter
def duration(span: timedelta | float | None) -> str:
    """A length of time (timedelta or seconds) in words: 42 s, 12 min, 3 h 5 min, 2 d 4 h; a dash for none."""
    return "–" if span is None else faces.amount_of_time(span)


@register.filter
def share(part: float | None, whole: float | None = 1) -> str:
    """`part` of `whole` in per cent, rounded down so that 99.6 % is never shown as all; a dash without a whole."""
    if part is None or not whole:
        return "–"
    return _("%(n)s %%") % {"n": int(100 * part / whole + 1e-9)}


@register.filter
def initials(name: str) -> str:
    """At most two initials of a name or address."""
    parts = [part for part in str(name).replace("@", " ").replace(".", " ").split() if part[0].isalnum()]
    return "".join(part[0] for part in (parts[:1] + parts[1:2])).upper() or "?"


@register.filter
def undo_url(message: Any) -> str:
    """The address that takes a message's deed back: messages.success(request, text, extra_tags="undo:/path/")."""
    for tag in str(getattr(message, "extra_tags", "") or "").split():
        if tag.startswith("undo:"):
            return tag.removeprefix("undo:")
    return ""


# Kind of badge and value -> (shape, letter, word, meaning). Told by shape and letter; colour only helps.
BADGES: dict[str, dict[str, tuple[str, str, Any, str]]] = {
    "classification": {
        "workable": ("circle", "L", gettext_lazy("Workable lead"), "ontime"),
        "lead": ("circle", "L", gettext_lazy("Lead"), "ontime"),
        "tier2": ("triangle", "2", gettext_lazy("Tier 2 nurture"), "paused"),
        "excluded": ("octagon", "X", gettext_lazy("Excluded"), "waived"),
        "spam": ("diamond", "S", gettext_lazy("Spam"), "late"),
        "duplicate": ("square", "D", gettext_lazy("Duplicate"), "waived"),
        "pending": ("circle", "?", gettext_lazy("Not yet classified"), "waived"),
        "failed": ("diamond", "!", gettext_lazy("Set aside"), "warning"),
    },
    "tier": {
        "hand_raiser": ("hexagon", "H", gettext_lazy("Hand-raiser"), "accent"),
        "1": ("circle", "1", gettext_lazy("Tier 1"), "ontime"),
        "2": ("triangle", "2", gettext_lazy("Tier 2"), "paused"),
        # The same under the names that handoffs have for them.
        "scored": ("circle", "S", gettext_lazy("Qualified by score"), "ontime"),
        "tier_2": ("triangle", "2", gettext_lazy("Tier 2"), "paused"),
    },
    "rejection": {
        "procedural": ("square", "P", gettext_lazy("Procedural"), "paused"),
        "clerical": ("diamond", "C", gettext_lazy("Clerical"), "warning"),
        "definitional": ("octagon", "D", gettext_lazy("Definitional"), "late"),
    },
}
# Fit by letter: the fuller the shape, the better the fit.
GRADE_SHAPES = {"A": "hexagon", "B": "circle", "C": "square", "D": "dashed"}


@register.simple_tag
def badge(kind: str, value: object, label: str = "", bare: bool = False) -> SafeString:
    """A badge of `kind` (classification, tier, rejection, grade); `label` overrules the word, `bare` hides it."""
    return _drawn_badge(kind, str(value), str(label), bool(bare), get_language())


# A list draws the same few badges a hundred times; a thousand are more than all that exist.
@lru_cache(maxsize=1000)
def _drawn_badge(kind: str, key: str, label: str, bare: bool, language: str | None) -> SafeString:
    return render_to_string("components/badge.html", _badge(kind, key, label, bare))


@register.simple_tag
def chip(value: object, icon: str = "", meaning: str = "") -> SafeString:
    """A chip that is no filter: words with an icon, and one of the five meanings."""
    return _drawn_chip(str(value), icon, meaning)


# Outcomes repeat in a list; "late by 3 h" does as well.
@lru_cache(maxsize=1000)
def _drawn_chip(value: str, icon: str, meaning: str) -> SafeString:
    return render_to_string("components/chip.html", {"value": value, "icon": icon, "meaning": meaning})


def _badge(kind: str, key: str, label: str, bare: bool) -> dict[str, Any]:
    if kind == "grade":
        shape, letter = GRADE_SHAPES.get(key[:1].upper(), "circle"), key.upper()
        word, meaning = label or _("Grade %(grade)s") % {"grade": letter}, "accent"
        return {
            "shape": shape,
            "letter": letter,
            "word": word,
            "meaning": meaning,
            "bare": True,
            "grade": True,
        }
    known = BADGES.get(kind, {}).get(key)
    shape, letter, word, meaning = known or ("circle", key[:1].upper() or "?", key or _("unknown"), "waived")
    return {"shape": shape, "letter": letter, "word": label or word, "meaning": meaning, "bare": bare}


@register.inclusion_tag("components/sort_header.html", takes_context=True)
def sort_header(
    context: template.Context, label: str, key: str, css: str = "", first: str = ""
) -> dict[str, Any]:
    """A table head that sorts by `key` through `?sort=`; `first="-"` makes the first click sort downwards."""
    request = context.get("request")
    query: QueryDict = request.GET.copy() if request is not None else QueryDict(mutable=True)
    current = query.get("sort", "")
    direction = "ascending" if current == key else "descending" if current == f"-{key}" else ""
    query["sort"] = f"{first}{key}" if not direction else f"-{key}" if direction == "ascending" else key
    query.pop("after", None)
    query.pop("before", None)
    query.pop("page", None)
    return {"label": label, "key": key, "css": css, "direction": direction, "url": f"?{query.urlencode()}"}


@register.inclusion_tag("components/bars.html")
def bars(rows: Iterable[Mapping[str, Any]], caption: str, of: str = "") -> dict[str, Any]:
    """Compliance bars with their table. Rows: label, kept, missed, open, waived, url, note (the last three optional).

    What was waived is drawn and counted, and is in no share."""
    drawn = []
    for row in rows:
        kept, missed, still_open, waived = (
            int(row.get(name) or 0) for name in ("kept", "missed", "open", "waived")
        )
        total = kept + missed + still_open + waived
        parts, at = [], 0.0
        for name, count in (
            ("kept", kept),
            ("missed", missed),
            ("open", still_open),
            ("waived", waived),
        ):
            width = 100 * count / total if total else 0
            if count:
                parts.append({"name": name, "x": f"{at:.2f}%", "width": f"{width:.2f}%"})
            at += width
        drawn.append({**row, "parts": parts, "total": total, "decided": kept + missed})
    return {"rows": drawn, "caption": caption, "of": of or _("Group")}


@register.inclusion_tag("components/histogram.html")
def histogram(
    bins: Iterable[Mapping[str, Any]], caption: str, unit: str = "", mark: str = ""
) -> dict[str, Any]:
    """A small histogram with its table. Bins: label, count, kind (kept, missed; optional); `mark` names a bin to mark."""
    told = list(bins)
    top = max((int(one["count"]) for one in told), default=0)
    step = 100 / len(told) if told else 100
    drawn = [
        {
            **one,
            "x": f"{index * step + step * 0.1:.2f}%",
            "width": f"{step * 0.8:.2f}%",
            "y": f"{100 - (100 * int(one['count']) / top if top else 0):.2f}%",
            "height": f"{100 * int(one['count']) / top if top else 0:.2f}%",
        }
        for index, one in enumerate(told)
    ]
    return {"bins": drawn, "caption": caption, "unit": unit, "mark": mark, "top": top}


def _percent(value: float) -> str:
    return f"{max(0.0, min(100.0, value)):.2f}%"


@register.inclusion_tag("components/calendar_week.html")
def calendar_week(days: Iterable[Mapping[str, Any]], zone: str, caption: str = "") -> dict[str, Any]:
    """Business hours of a week. Days: label, note (optional), spans as pairs of minutes since midnight."""
    drawn = []
    for day in days:
        spans = [
            {"x": _percent(start / 14.4), "width": _percent((end - start) / 14.4)}
            for start, end in day["spans"]
        ]
        hours = ", ".join(f"{a // 60:02d}:{a % 60:02d}–{b // 60:02d}:{b % 60:02d}" for a, b in day["spans"])
        drawn.append({**day, "spans": spans, "hours": hours or _("closed")})
    return {"days": drawn, "zone": zone, "caption": caption or _("Business hours")}


@register.inclusion_tag("components/ladder.html", takes_context=True)
def ladder(
    context: template.Context, steps: Iterable[Mapping[str, Any]], start: datetime, end: datetime
) -> dict[str, Any]:
    """What happens when on one clock, on a line from `start` to `end`. Steps: at, label, kind (done, next, late), who."""
    now = _now(context)
    whole = (end - start).total_seconds() or 1.0
    drawn = [
        {**step, "x": _percent(4 + 92 * (step["at"] - start).total_seconds() / whole)}
        for step in sorted(steps, key=lambda step: step["at"])
    ]
    return {
        "steps": drawn,
        "now": now,
        "now_x": _percent(4 + 92 * (now - start).total_seconds() / whole),
    }


@register.inclusion_tag("components/stage_track.html", takes_context=True)
def stage_track(
    context: template.Context, stages: Iterable[Mapping[str, Any]], aside: str = ""
) -> dict[str, Any]:
    """The lead's way. Stages: label, state (done, here, ahead), at (optional). `aside` names where it left the way."""
    return {"stages": list(stages), "aside": aside, "now": _now(context)}

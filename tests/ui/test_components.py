"""The gallery shows every component, every icon exists, and the words of clocks and times are right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.template import Context, Template
from django.test import RequestFactory, signals
from django.test.utils import override_script_prefix
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from accounts.models import User
from accounts.templatetags import faces, ui
from config.gallery import PAGES, gallery

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=n) for n in (1, 60, 3600, 86400))


@contextmanager
def templates_used() -> Iterator[set[str]]:
    """The names of all templates that are rendered meanwhile."""
    names: set[str] = set()

    def note(template: Template, **_: object) -> None:
        names.add(str(template.name))

    signals.template_rendered.connect(note)
    try:
        yield names
    finally:
        signals.template_rendered.disconnect(note)


def show(page: str = "") -> str:
    request = RequestFactory().get("/gallery/", {"page": page} if page else {})
    request.user = User(name="Mia Holm", email="mia@example.com")
    return gallery(request).content.decode()


def test_the_gallery_shows_every_component() -> None:
    ui._drawn_badge.cache_clear()  # what an earlier test drew would not be drawn again
    with templates_used() as used:
        show()
    files = {f"components/{path.name}" for path in (ROOT / "templates/components").glob("*.html")}
    assert files - used == set()


@pytest.mark.parametrize("page", PAGES)
def test_the_gallery_shows_the_pages_without_a_rail(page: str) -> None:
    assert "<h1>" in show(page)


def test_every_id_in_the_gallery_is_unique() -> None:
    ids = re.findall(r'\sid="([^"]+)"', show())
    assert sorted(ids) == sorted(set(ids))


def test_every_icon_that_is_named_is_in_the_sprite() -> None:
    sprite = set(re.findall(r'<symbol id="([^"]+)"', (ROOT / "static/icons.svg").read_text()))
    named = {look[1] for look in faces.CLOCK_LOOKS.values()}
    for path in (ROOT / "templates").rglob("*.html"):
        named |= set(re.findall(r'{%\s*icon "([^"]+)"', path.read_text()))
        named |= set(re.findall(r'\bicon="([^"]+)"', path.read_text()))
    assert named - sprite == set()


def test_the_sprite_that_every_page_loads_has_no_icon_that_nothing_names() -> None:
    sprite = set(re.findall(r'<symbol id="([^"]+)"', (ROOT / "static/icons.svg").read_text()))
    sources = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "static/js").glob("*.js")]
    sources += [
        path for module in ("config", "accounts", "leads", "sla") for path in (ROOT / module).rglob("*.py")
    ]
    named = {"arrow-up", "arrow-down"}  # by the direction of a figure
    for path in sources:
        named |= set(re.findall(r"""["']([a-z0-9]+(?:-[a-z0-9]+)*)["']""", path.read_text()))
    assert sprite - named == set()


def test_the_readme_names_every_component() -> None:
    readme = (ROOT / "templates/components/README.md").read_text()
    missing = [
        path.stem
        for path in (ROOT / "templates/components").glob("*.html")
        if f"| {path.stem} |" not in readme and f"`{path.stem}`" not in readme
    ]
    assert missing == []


@pytest.mark.parametrize(
    "name", ["leads:submission", "leads:submission_decide", "sla:accept", "sla:evidence"]
)
def test_the_quick_address_of_a_row_is_the_url(name: str) -> None:
    with override_script_prefix("/baton/"):
        assert ui.address(name, 7) == reverse(name, args=[7])
    assert ui.address(name, 10**17) == reverse(name, args=[10**17])


@pytest.mark.parametrize(
    "away, state",
    [(2 * HOUR, "running"), (10 * MINUTE, "warning"), (0 * SECOND, "warning"), (-SECOND / 1000, "late")],
)
def test_a_clock_turns_exactly_at_its_times(away: timedelta, state: str) -> None:
    due = NOW + away
    assert faces.clock_state(now=NOW, due_at=due, warn_at=due - 10 * MINUTE) == state


def test_an_overdue_clock_is_late_although_it_is_told_to_be_paused() -> None:
    assert faces.clock_state(now=NOW, due_at=NOW - HOUR, paused_until=NOW + HOUR) == "late"


@pytest.mark.parametrize("ended, state", [(-SECOND, "kept"), (0 * SECOND, "kept"), (SECOND, "missed")])
def test_an_ended_clock_is_judged_by_its_end_whatever_was_written(ended: timedelta, state: str) -> None:
    assert faces.clock_state(now=NOW, due_at=NOW - DAY, ended_at=NOW - DAY + ended, outcome="kept") == state


@pytest.mark.parametrize(
    "facts, text",
    [
        ({"due_at": NOW + HOUR + 5 * MINUTE + 10 * SECOND}, "due in 1:05:10"),
        ({"due_at": NOW + 3 * DAY + 4 * HOUR}, "due in 3 d 4 h"),
        ({"due_at": NOW - 12 * MINUTE}, "late by 12 min"),
        ({"due_at": NOW - 3 * HOUR}, "late by 3 h"),
        ({"due_at": NOW - 2 * HOUR, "ended_at": NOW - 30 * MINUTE}, "missed by 1 h 30 min"),
        ({"due_at": NOW + DAY, "paused_until": NOW + 21 * HOUR}, "paused until Tue 09:00"),
        ({"due_at": NOW - DAY, "outcome": "waived"}, "waived"),
    ],
)
def test_a_clock_says_in_words_what_is_left(facts: dict[str, datetime], text: str) -> None:
    with timezone.override("UTC"):
        assert faces.clock_face(now=NOW, **facts).text == text  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "away, text",
    [
        (-5 * SECOND, "just now"),
        (-50 * SECOND, "1 min ago"),
        (-3 * MINUTE, "3 min ago"),
        (-25 * HOUR, "1 d ago"),
        (5 * HOUR, "in 5 h"),
        (-20 * DAY, "10 Feb"),
        (-100 * DAY, "22 Nov 2025"),
    ],
)
def test_a_moment_is_told_as_seen_from_now(away: timedelta, text: str) -> None:
    with timezone.override("UTC"):
        assert faces.relative_moment(NOW + away, now=NOW) == text


@pytest.mark.parametrize(
    "source",
    [
        '{% translate "Score" %}',
        '{% translate "Score" as words %}[{{ words }}]',
        '{% translate "<b>100 %</b>" %}',
        '{% translate "Score"|upper %}',
        '{% translate "May" context "month" %}',
        '{% translate "Score" noop %}',
        "{% translate given %}",
    ],
)
def test_words_that_are_looked_up_once_are_those_that_django_finds(source: str) -> None:
    """Django's own tag is what a template has that loads it last."""
    ours, theirs = Template(source), Template("{% load i18n %}" + source)
    for language in ("en", "da", "en", "id"):
        with override(language):
            context = {"given": "<Score>"}
            assert ours.render(Context(context)) == theirs.render(Context(context))


def test_words_are_those_of_the_readers_language() -> None:
    template = Template('{% translate "Yes" %}')
    said = []
    for language in ("en", "da", "fr", "da"):
        with override(language):
            said.append(template.render(Context()))
    # Of Django's own catalogue.
    assert said == ["Yes", "Ja", "Oui", "Ja"]


def test_a_share_is_never_rounded_up_to_all() -> None:
    shown = Template("{% load ui %}{{ 996|share:1000 }} {{ 57|share:100 }} {{ 1|share:0 }}").render(Context())
    assert shown == "99 % 57 % –"


def test_the_script_knows_every_state_and_word_of_the_server() -> None:
    script = (ROOT / "static/js/clock.js").read_text()
    used = set(re.findall(r'fill\((?:\w+ \? )?"(\w+)"', script))
    assert used <= set(faces.words())
    assert {"due_in", "late_by"} <= used

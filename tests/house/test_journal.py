"""What is written into the journal can be read: every event has words wherever it is shown, and no words are left of others."""

from __future__ import annotations

import ast

from leads.events import TELLINGS
from leads.selectors.timeline import SILENT
from sla.reports.happenings import EVENTS
from tests.house.source import APPS, listed, modules

WRITERS = {"Entry", "record_selected", "_record", "_journal"}
# Where an event is named by the state that it leads to.
BY_STATE = {"handoff": ("qualified", "recycled", "disqualified"), "opportunity": ("won", "lost")}
# What agreements, calendars and scoring models write is no part of a lead's story.
OF_LEADS = ("lead.", "submission.", "activity.", "opportunity.", "handoff.", "touch.", "clock.")
OF_HANDOFFS = ("handoff.", "touch.", "clock.")


def written() -> set[str]:
    """The events that the code writes, by the texts that it hands to the journal."""
    found: set[str] = set()
    for module in modules(APPS):
        for call in module.calls():
            if getattr(call.func, "id", "") in WRITERS:
                for given in [*call.args, *(keyword.value for keyword in call.keywords)]:
                    found |= _events(given)
    return {event for event in found if event.startswith(OF_LEADS)}


def _events(given: ast.expr) -> set[str]:
    if isinstance(given, ast.Constant) and isinstance(given.value, str):
        return {given.value}
    if isinstance(given, ast.JoinedStr) and isinstance(given.values[0], ast.Constant):
        stem = str(given.values[0].value)
        return {f"{stem}{state}" for state in BY_STATE.get(stem.removesuffix("."), ())}
    return set()


def test_every_event_of_a_lead_has_words_on_its_timeline() -> None:
    wordless = written() - {*TELLINGS, *SILENT}
    assert not wordless, listed(sorted(wordless), "Give them words in leads/events.py.")


def test_every_event_of_a_handoff_has_words_in_its_evidence() -> None:
    wordless = {event for event in written() if event.startswith(OF_HANDOFFS)} - EVENTS.keys()
    assert not wordless, listed(sorted(wordless), "Give them words in sla/reports/happenings.py.")


def test_no_words_are_left_of_events_that_nobody_writes() -> None:
    left = {*TELLINGS, *EVENTS} - written()
    assert not left, listed(sorted(left), "Take their words out.")

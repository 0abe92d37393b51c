"""What an agreement says: targets as people say them, one text for page, paper and digest, and what differs between two."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from sla.agreements.document import (
    Document,
    Row,
    Section,
    changes,
    compare,
    digest_of,
    text_of,
)
from sla.agreements.pdf import pdf_of
from sla.agreements.targets import MAX_COUNT, MAX_DAYS, MAX_SECONDS, NotATarget, Target, parse, say
from sla.agreements.wording import Facts, Promised, Step, compose

TIERS = (("hand_raiser", "Hand-raiser"), ("scored", "Qualified by score"))
FACTS = Facts(
    agreement="Nordics",
    number=2,
    in_force_from=None,
    zone="UTC",
    change_note="Because.",
    marketing_party="Marketing",
    sales_party="Sales",
    mql_definition="Fits.",
    srl_definition="Ready.",
    sql_definition="BANT.",
    mql_threshold=30,
    ready_threshold=65,
    required_fields=("E-mail address",),
    exclusions="Students.",
    tiers=TIERS,
    sales=(Promised("accept", "Accept or reject", {"hand_raiser": Target(seconds=900)}),),
    marketing=(),
    reasons=(),
    attempts_before_unreachable=6,
    recycle_limit=3,
    recycle_after_days=90,
    route_around="",
    review_every_months=3,
    volume_per_rep=None,
    value_per_rep=None,
    acceptance_percent=90,
    clerical_percent=10,
)
HOURS = st.sampled_from(["business", "round_the_clock"])
WARNINGS = st.integers(1, 99)
TARGETS = st.one_of(
    st.builds(Target, seconds=st.integers(1, MAX_SECONDS), hours=HOURS, warn_percent=WARNINGS),
    st.builds(Target, days=st.integers(1, MAX_DAYS), hours=HOURS, warn_percent=WARNINGS),
    st.builds(
        Target,
        days=st.integers(1, MAX_DAYS),
        count=st.integers(1, MAX_COUNT),
        hours=HOURS,
        warn_percent=WARNINGS,
    ),
)
LINES = st.text(alphabet="ab *#|:\n", max_size=12)


def document(cells: list[str]) -> Document:
    """A document of one section with these cells."""
    return Document(
        "A", (Section("s", "S", tuple(Row(str(n), "L", (cell,)) for n, cell in enumerate(cells))),)
    )


@given(TARGETS)
def test_what_is_said_of_a_target_can_be_typed(target: Target) -> None:
    assert parse(say(target), counted=target.count is not None) == target


@pytest.mark.parametrize(
    ("typed", "target"),
    [
        ("15 min", Target(seconds=900)),
        ("15m", Target(seconds=900)),
        ("1 h 30 min", Target(seconds=5400)),
        ("1.5 hours", Target(seconds=5400)),
        ("1,5 h", Target(seconds=5400)),
        ("90 s", Target(seconds=90)),
        ("10 business days", Target(days=10)),
        ("1 working day", Target(days=1)),
        ("10 Days, round the clock", Target(days=10, hours="round_the_clock")),
        (
            "5 min  round the clock, warned at 50 %",
            Target(seconds=300, hours="round_the_clock", warn_percent=50),
        ),
    ],
)
def test_targets_are_typed_as_people_say_them(typed: str, target: Target) -> None:
    assert parse(typed) == target


@pytest.mark.parametrize(
    "typed", ["15", "min", "0 min", "4 fortnights", "1.3 s", "-4 h", "0 days", "9" * 30 + " h"]
)
def test_what_names_no_time_is_refused_in_words(typed: str) -> None:
    with pytest.raises(NotATarget):
        parse(typed)


def test_attempts_are_typed_with_their_time() -> None:
    assert parse("6 in 10 business days", counted=True) == Target(days=10, count=6)
    assert parse("6 attempts in 48 h", counted=True) == Target(seconds=172_800, count=6)
    with pytest.raises(NotATarget, match="6 in 10 business days"):
        parse("10 business days", counted=True)


@given(st.lists(LINES, min_size=1, max_size=3), st.lists(LINES, min_size=1, max_size=3))
def test_the_digest_differs_exactly_where_the_text_does(one: list[str], other: list[str]) -> None:
    left, right = document(one), document(other)
    assert (text_of(left) == text_of(right)) == (one == other)
    assert (digest_of(left) == digest_of(right)) == (one == other)


def test_the_digest_of_a_known_document_never_changes() -> None:
    """Signatures of years ago are under it."""
    table = Section("t", "Promises", (Row("a", "Accept", ("15 min", "4 h")),), TIERS, "In business hours.")
    known = Document("Nordics, version 2", (table, *document(["one\ntwo"]).sections))
    assert digest_of(known) == "7fefa6cc8813d1c8a010bc5c033efd3e55cdd00a7791e68f400ba46c05ce6a4a"


@given(st.sampled_from([field.name for field in dataclasses.fields(Facts) if field.type in (int, str)]))
def test_everything_that_is_agreed_is_in_the_text(name: str) -> None:
    if name == "zone":
        return
    value: Any = getattr(FACTS, name)
    changed: dict[str, Any] = {name: value + 1 if isinstance(value, int) else value + " More."}
    other = dataclasses.replace(FACTS, **changed)
    assert text_of(compose(FACTS)) != text_of(compose(other))


def test_a_document_survives_being_kept() -> None:
    made = compose(FACTS)
    assert Document.from_dict(made.to_dict()) == made
    with pytest.raises(ValueError, match="format 2"):
        Document.from_dict({"format": 2})


def test_changes_name_the_promise_the_tier_and_both_targets() -> None:
    faster = Promised("accept", "Accept or reject", {"hand_raiser": Target(seconds=600)})
    (change,) = changes(compose(FACTS), compose(dataclasses.replace(FACTS, sales=(faster,))))
    assert (change.label, change.old, change.new) == ("Accept or reject, hand-raiser", "15 min", "10 min")
    assert change.section == "What sales promises"


def test_lines_that_one_side_alone_has_stand_in_the_comparison() -> None:
    steps = {"scored": (Step("at 75 %", "tell the rep"), Step("1 h late", "tell the manager"))}
    ladder = Promised("accept", "Accept or reject", {"hand_raiser": Target(seconds=900)}, steps)
    old, new = compose(FACTS), compose(dataclasses.replace(FACTS, sales=(ladder,)))
    found = {row.key: (row.old, row.new) for row in compare(old, new) if row.changed}
    assert found["ladder.accept.scored"] == ("", "at 75 %: tell the rep\n1 h late: tell the manager")
    back = {row.key: (row.old, row.new) for row in changes(new, old)}
    assert back["ladder.accept.scored"][1] == ""
    notes = [section.note for document in (old, new) if (section := document.section("sales"))]
    assert [note.split("on. ")[1] for note in notes] == [
        "Nobody is told.",
        "Who is told, and when, is written under “What happens when time runs out”.",
    ]


def test_the_kept_text_does_not_follow_the_language_of_its_reader() -> None:
    made = compose(FACTS)
    with translation.override("de"):
        assert digest_of(Document.from_dict(made.to_dict())) == digest_of(made)


def test_the_pdf_embeds_letters_beyond_latin() -> None:
    names = "Łukasz Żółć, Ελένη Παπαδοπούλου, Дмитрий Иванов, Nguyễn Thị Hồng"
    made = compose(dataclasses.replace(FACTS, change_note=names, exclusions="x " * 4000))
    file = pdf_of(
        made,
        "proposed",
        [("Marketing", names, "Sun 22 Nov 2026, 10:00 (UTC)", "d" * 64), ("Sales", "", "", "")],
    )
    assert file.startswith(b"%PDF-")
    assert b"DejaVu" in file
    assert b"/FontFile2" in file

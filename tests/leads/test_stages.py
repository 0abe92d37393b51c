"""The stages and the moves between them: the table, the picture in the docs, the one function."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from leads.models import Contact, JournalEntry, Lead, Source, StageChange
from leads.models.lead import STAGE_CHOICES
from leads.services.stages import Move, StageChangedMeanwhile, change_stage
from leads.stages import TRANSITIONS, MoveRefused, Stage, diagram, event_of, stage_of_both

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
ARCHITECTURE = Path(__file__).parents[2] / "docs" / "architecture.md"


def make_lead(stage: Stage = Stage.LEAD) -> Lead:
    """A lead in a stage, with nothing else."""
    contact = Contact.objects.create(email="ada@acme.example", created_at=NOW)
    return Lead.objects.create(
        contact=contact,
        stage=stage.value,
        stage_since=NOW,
        created_at=NOW,
        first_source=Source.objects.get(slug="website"),
        first_activity_at=NOW,
        last_activity_at=NOW,
    )


def test_the_picture_in_the_docs_is_the_table() -> None:
    text = ARCHITECTURE.read_text()
    shown = text.split("<!-- stages -->\n```mermaid\n")[1].split("```\n<!-- /stages -->")[0]
    assert shown == diagram(), "run: python -c 'from leads.stages import diagram; print(diagram())'"


def test_every_stage_has_a_name_for_people() -> None:
    assert {value for value, _ in STAGE_CHOICES} == {stage.value for stage in Stage}


def test_every_stage_can_be_reached_and_none_is_a_dead_end() -> None:
    reached = {target for _, target in TRANSITIONS} | {Stage.LEAD}
    left = {origin for origin, _ in TRANSITIONS}
    assert reached == set(Stage)
    # But for the lead that another one stands for: its way is over.
    assert left == set(Stage) - {Stage.MERGED}


@pytest.mark.parametrize("origin", Stage)
@pytest.mark.parametrize("target", Stage)
def test_a_move_is_named_exactly_where_it_is_possible(origin: Stage, target: Stage) -> None:
    if (origin, target) in TRANSITIONS:
        assert event_of(origin, target)
    else:
        with pytest.raises(MoveRefused):
            event_of(origin, target)


@pytest.mark.parametrize("kept", [stage for stage in Stage if stage != Stage.MERGED])
@pytest.mark.parametrize("absorbed", [stage for stage in Stage if stage != Stage.MERGED])
def test_a_merge_takes_the_further_stage_over_and_none_that_is_behind(kept: Stage, absorbed: Stage) -> None:
    both = stage_of_both(kept, absorbed)
    behind = absorbed if both == kept else kept
    assert both == stage_of_both(absorbed, kept)
    assert event_of(behind, both, taken_over=True)
    if behind != both and (both, behind) not in TRANSITIONS:
        with pytest.raises(MoveRefused):
            event_of(both, behind, taken_over=True)


def test_only_a_merge_jumps() -> None:
    assert event_of(Stage.LEAD, Stage.CUSTOMER, taken_over=True)
    assert (Stage.LEAD, Stage.CUSTOMER) not in TRANSITIONS


@pytest.mark.django_db
def test_a_change_writes_history_and_journal() -> None:
    lead = make_lead()
    change_stage(moves=[Move(lead, Stage.MQL, "Score of 40")], now=NOW, rule="test")
    lead.refresh_from_db()
    change = StageChange.objects.get(lead=lead)
    entry = JournalEntry.objects.get(event="lead.stage_changed")
    assert (lead.stage, lead.stage_since) == ("mql", NOW)
    assert (change.from_stage, change.to_stage, change.rule, change.reason) == (
        "lead",
        "mql",
        "test",
        "Score of 40",
    )
    assert (entry.before, entry.after["stage"]) == ({"stage": "lead"}, "mql")


@pytest.mark.django_db
def test_an_impossible_move_changes_nothing() -> None:
    lead = make_lead()
    with pytest.raises(MoveRefused):
        change_stage(moves=[Move(lead, Stage.CUSTOMER)], now=NOW, rule="test")
    lead.refresh_from_db()
    assert lead.stage == "lead"
    assert not StageChange.objects.exists()


@pytest.mark.django_db
def test_a_stage_that_changed_meanwhile_is_not_overwritten() -> None:
    lead = make_lead()
    stale = Lead.objects.get(pk=lead.pk)
    change_stage(moves=[Move(lead, Stage.MQL)], now=NOW, rule="test")
    with pytest.raises(StageChangedMeanwhile):
        change_stage(moves=[Move(stale, Stage.DISQUALIFIED)], now=NOW, rule="test")
    lead.refresh_from_db()
    assert lead.stage == "mql"
    assert StageChange.objects.count() == 1


@pytest.mark.django_db
def test_the_second_mql_date_stands_beside_the_first() -> None:
    lead = make_lead()
    for target in (Stage.MQL, Stage.NURTURE, Stage.MQL):
        change_stage(moves=[Move(lead, target)], now=NOW, rule="test")
    assert StageChange.objects.filter(lead=lead, to_stage="mql").count() == 2

"""The journal is append-only in the database itself, whoever tries."""

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connection, transaction

from leads.journal import Entry, record
from leads.models import JournalEntry

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry() -> JournalEntry:
    """One row of the journal."""
    record(entries=[Entry("lead.created", "lead", 7, 7)], at=NOW, rule="test")
    return JournalEntry.objects.get()


def test_an_update_is_refused(entry: JournalEntry) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        JournalEntry.objects.filter(pk=entry.pk).update(event="something.else")
    entry.refresh_from_db()
    assert entry.event == "lead.created"


def test_a_delete_is_refused(entry: JournalEntry) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        JournalEntry.objects.all().delete()
    with pytest.raises(TypeError, match="append-only"):
        entry.delete()
    assert JournalEntry.objects.count() == 1


@pytest.mark.postgres
def test_a_truncate_is_refused(entry: JournalEntry) -> None:
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("TRUNCATE leads_journalentry")
    assert JournalEntry.objects.count() == 1


def test_an_entry_needs_a_person_or_a_rule() -> None:
    with pytest.raises(ValueError, match="person or the rule"):
        record(entries=[Entry("lead.created", "lead", 7, 7)], at=NOW)

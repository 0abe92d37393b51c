"""Journal rows that the database makes from a query say the same as those that Python writes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import F

from leads.journal import Entry, IsoTime, record, record_selected
from leads.models import Contact, JournalEntry

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize("microseconds", [0, 1, 500_000, 123_456])
def test_an_entry_made_by_the_database_is_the_one_that_python_writes(microseconds: int) -> None:
    made_at = NOW + timedelta(microseconds=microseconds)
    person = Contact.objects.create(email="ada@acme.example", created_at=made_at)
    told = {"made_at": made_at.isoformat(), "number": person.pk, "of": None}
    entry = Entry("contact.made", "contact", person.pk, person.pk, after=told)
    record(entries=[entry], at=NOW, rule="test")
    count = record_selected(
        rows=Contact.objects.filter(pk=person.pk),
        event="contact.made",
        subject_kind="contact",
        lead="pk",
        after={"made_at": IsoTime(F("created_at")), "number": F("pk"), "of": F("company_id")},
        at=NOW,
        rule="test",
    )
    assert count == 1
    by_python, by_database = JournalEntry.objects.order_by("pk").values(*_told())
    assert by_python == by_database


def test_an_entry_needs_a_person_or_a_rule() -> None:
    with pytest.raises(ValueError, match="the person or the rule"):
        record_selected(
            rows=Contact.objects.all(), event="x", subject_kind="contact", lead="pk", after={}, at=NOW
        )


def _told() -> list[str]:
    return [field.attname for field in JournalEntry._meta.concrete_fields if not field.primary_key]

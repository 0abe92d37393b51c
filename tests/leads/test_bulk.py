"""Other values for many rows in one statement."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from leads.bulk import update_rows, update_values
from leads.models import Contact

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)


@pytest.mark.django_db
def test_many_rows_are_written_as_bulk_update_writes_them() -> None:
    contacts = Contact.objects.bulk_create([Contact(created_at=NOW) for _ in range(2500)])
    for number, contact in enumerate(contacts):
        contact.first_name, contact.extra = f"'; -- %s {number}", {"n": number, "t": "ä\"'"}
        contact.employees = None if number % 2 else number
        contact.created_at = datetime(2020, 1, 1, microsecond=number, tzinfo=UTC)
    assert update_rows(contacts, ["first_name", "extra", "employees", "created_at", "company"]) == 2500
    found = Contact.objects.in_bulk()
    for contact in contacts:
        same = found[contact.pk]
        for name in ("first_name", "extra", "employees", "created_at", "company_id"):
            assert getattr(same, name) == getattr(contact, name)


@pytest.mark.django_db
def test_columns_of_nulls_and_no_rows_at_all_are_fine() -> None:
    contact = Contact.objects.create(created_at=NOW, employees=5)
    contact.employees = None
    assert update_rows([contact], ["employees", "company"]) == 1
    assert update_rows([], ["employees"]) == 0
    contact.refresh_from_db()
    assert contact.employees is None


@pytest.mark.django_db
def test_rows_that_have_moved_on_are_left_and_not_counted() -> None:
    first, second = Contact.objects.bulk_create(
        [Contact(created_at=NOW, country=code) for code in ("DK", "SE")]
    )
    values = {first.pk: ["1"], second.pk: ["2"]}
    assert update_values(Contact, ["phone"], values, only_where=("country", "DK")) == 1
    assert list(Contact.objects.order_by("pk").values_list("phone", flat=True)) == ["1", ""]

"""From received to classified: one person stays one, a repeat makes nothing, and a batch is no other than its rows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leads.models import Activity, Company, Contact, ExclusionRule, Lead, Outcome, Review, Submission
from leads.services.intake import Delivery, receive, receive_many
from leads.services.processing import process_submissions
from tests.leads.arrivals import NOW, arrive, contact_of, deliver, process, website
from tests.support.statements import statements

pytestmark = pytest.mark.django_db


def test_acceptance_55_every_retry_is_logged_and_makes_one_lead_with_one_activity() -> None:
    for _ in range(3):
        deliver({"email": "ada@firm.example"}, key="delivery-1")
    process()
    for _ in range(2):
        deliver({"email": "ada@firm.example"}, key="delivery-1")
    process()
    rows = Submission.objects.all()
    assert rows.count() == 5
    assert rows.with_outcome(Outcome.DUPLICATE).count() == 4
    assert set(rows.with_outcome(Outcome.DUPLICATE).values_list("review", flat=True)) == {Review.NOT_NEEDED}
    assert Lead.objects.count() == Activity.objects.count() == 1
    # Whether logged before or after the original was processed, a repeat shows whose it is.
    assert set(rows.values_list("contact__email", "email")) == {("ada@firm.example", "ada@firm.example")}


def test_acceptance_55_a_double_click_without_a_key_makes_one_lead_with_one_activity() -> None:
    for seconds in (0, 1, 30):
        deliver({"email": "ada@firm.example"}, now=NOW + timedelta(seconds=seconds))
    process()
    assert Submission.objects.with_outcome(Outcome.DUPLICATE).count() == 2
    assert Lead.objects.count() == Activity.objects.count() == 1
    assert set(Submission.objects.values_list("contact__email", flat=True)) == {"ada@firm.example"}


def test_acceptance_56_a_second_enquiry_is_an_activity_on_the_known_lead() -> None:
    first = arrive("Ada@Firm.example", form="newsletter")
    second = arrive("ada@firm.example", form="demo", now=NOW + timedelta(hours=1))
    assert second.outcome == Outcome.KNOWN_LEAD
    assert second.contact_id == first.contact_id
    lead = Lead.objects.get()
    assert Activity.objects.filter(contact=lead.pk).count() == 2
    assert lead.last_activity_at == NOW + timedelta(hours=1)
    assert lead.dirty_at is not None


def test_what_comes_late_is_no_last_touch() -> None:
    arrive("ada@firm.example", utm_source="search", occurred_at=(NOW - timedelta(hours=1)).isoformat())
    arrive("ada@firm.example", utm_source="fair", occurred_at=(NOW - timedelta(days=2)).isoformat())
    lead = Lead.objects.get()
    assert (lead.last_origin, lead.last_activity_at) == ("search", NOW - timedelta(hours=1))
    assert lead.first_activity_at == NOW - timedelta(days=2)


def test_what_could_not_be_read_is_no_original_of_a_repeat() -> None:
    for _ in range(2):
        deliver(b"{")
        process()
    assert set(Submission.objects.values_list("outcome", flat=True)) == {Outcome.REFUSED}


@pytest.mark.parametrize("alone", [0, 1])
def test_of_two_that_wait_the_earlier_is_the_original_whichever_is_processed_first(alone: int) -> None:
    rows = [deliver({"email": "ada@firm.example"}) for _ in range(2)]
    with transaction.atomic():
        process_submissions([rows[alone]], NOW)
    process()
    for row in rows:
        row.refresh_from_db()
    assert [row.outcome for row in rows] == [Outcome.NEW_LEAD, Outcome.DUPLICATE]
    assert rows[1].duplicate_of == rows[0]


def test_acceptance_61_two_people_on_one_device_stay_two() -> None:
    ada = arrive("ada@firm.example", anonymous_id="device-1")
    bob = arrive("bob@firm.example", anonymous_id="device-1")
    assert ada.contact_id != bob.contact_id
    assert Lead.objects.count() == 2


def test_acceptance_61_two_people_of_one_batch_on_one_device_stay_two() -> None:
    ada = deliver({"email": "ada@firm.example", "anonymous_id": "device-1"})
    bob = deliver({"email": "bob@firm.example", "anonymous_id": "device-1"})
    process()
    ada.refresh_from_db()
    bob.refresh_from_db()
    assert ada.contact_id != bob.contact_id


def test_a_visitor_whom_nobody_knew_becomes_the_person_who_names_an_address() -> None:
    visit = deliver({"anonymous_id": "device-1", "activity": "page_view"})
    process()
    visit.refresh_from_db()
    assert (visit.outcome, visit.outcome_rule) == (Outcome.EXCLUDED, "anonymous")
    row = arrive("ada@firm.example", anonymous_id="device-1")
    assert row.contact_id == visit.contact_id
    assert contact_of(row).company == Company.objects.get(domain="firm.example")
    assert Activity.objects.filter(contact=row.contact_id).count() == 2


def test_an_import_run_twice_changes_nothing_the_second_time() -> None:
    source = website()
    deliveries = [
        Delivery(source=source, raw=b'{"email": "p%d@firm.example"}' % number, key=f"row-{number}")
        for number in range(20)
    ]
    assert receive_many(deliveries=deliveries, now=NOW) == 20
    assert receive_many(deliveries=deliveries, now=NOW) == 0
    process()
    assert Submission.objects.count() == Lead.objects.count() == 20


def test_the_same_key_with_other_content_is_kept_and_told_apart() -> None:
    delivery = Delivery(source=website(), raw=b'{"email": "a@firm.example"}', key="k")
    other = Delivery(source=website(), raw=b'{"email": "b@firm.example"}', key="k")
    first = receive(delivery=delivery, now=NOW)
    again = receive(delivery=other, now=NOW)
    assert (again.submission_id, again.repeated, again.differs) == (first.submission_id, True, True)
    process()
    assert list(Contact.objects.values_list("email", flat=True)) == ["a@firm.example"]


def statements_for(size: int) -> int:
    for number in range(size):
        deliver(
            {"email": f"p{number}@firm{size}-{number}.example", "company_name": "Firm"},
            key=f"{size}-{number}",
        )
    rows = list(Submission.objects.waiting())
    assert len(rows) == size
    with CaptureQueriesContext(connection) as captured:
        process_submissions(rows, NOW)
    return statements(captured)


def test_a_batch_takes_a_bounded_number_of_statements() -> None:
    few, many = statements_for(5), statements_for(200)
    assert many <= few <= 25


# --- A batch and its rows one by one

_PEOPLE = ["ada@firm.example", "bob@firm.example", "eve@gmail.com", "dan@uni-graz.at", "", "not an address"]
_ARRIVALS = st.fixed_dictionaries(
    {
        "email": st.sampled_from(_PEOPLE),
        "external_id": st.sampled_from(["", "", "crm-1", "crm-2"]),
        "anonymous_id": st.sampled_from(["", "device-1", "device-2"]),
        "country": st.sampled_from(["", "DE", "KP"]),
        "company_name": st.sampled_from(["", "Firm", "Firm Ltd"]),
        "industry": st.sampled_from(["", "Mining"]),
        "first_name": st.sampled_from(["", "Ada", "www.spam.example"]),
    }
)
_STEPS = st.lists(
    st.tuples(_ARRIVALS, st.sampled_from([0, 1, 7]), st.sampled_from([None, None, "k1", "k2"])),
    min_size=2,
    max_size=7,
)


def result_of(steps: list[tuple[dict[str, Any], int, str | None]], *, one_by_one: bool) -> list[Any]:
    """What became of the arrivals, with contacts numbered by first appearance; everything is rolled back."""
    with transaction.atomic():
        ExclusionRule.objects.create(kind="country", value="KP")
        ExclusionRule.objects.create(kind="out_of_target", value="mining")
        now = NOW
        for fields, minutes, key in steps:
            now += timedelta(minutes=minutes)
            deliver({name: value for name, value in fields.items() if value}, now=now, key=key)
            if one_by_one:
                process(now)
        process(now)
        seen: dict[int | None, int] = {}
        found: list[Any] = []
        base = min(Submission.objects.values_list("pk", flat=True))
        for row in Submission.objects.order_by("pk").select_related("contact__company", "contact__lead"):
            contact = row.contact
            lead = getattr(contact, "lead", None)
            original = row.duplicate_of_id and row.duplicate_of_id - base
            found.append((row.outcome, row.outcome_rule, row.email, row.activity, original, row.review))
            found.append(seen.setdefault(row.contact_id, len(seen)))
            if contact is not None:
                found.append((contact.email, contact.country, contact.industry, contact.exclusion_rule))
                found.append((contact.company and contact.company.name, contact.company_name))
            if lead is not None:
                found.append((lead.stage, lead.tier, lead.first_activity_at, lead.last_activity_at))
        found.append(
            sorted(
                (number - base, seen[contact])
                for number, contact in Activity.objects.values_list("submission_id", "contact_id")
            )
        )
        transaction.set_rollback(True)
    return found


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_STEPS)
def test_a_batch_and_its_rows_one_by_one_have_the_same_outcome(steps: Any) -> None:
    assert result_of(steps, one_by_one=False) == result_of(steps, one_by_one=True)

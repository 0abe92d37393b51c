"""The Olist funnel, 8,000 real contact requests and 842 won deals, through the doors of every other submission."""

from __future__ import annotations

import hashlib
from io import StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db.models import Count

from accounts.models import User
from leads.models import Lead, Opportunity
from leads.stages import Stage
from sla.models import Clock, Handoff
from sla.reports.funnel import funnel
from tests.support.shared import PROJECT, shared_path

pytestmark = [pytest.mark.data, pytest.mark.django_db, pytest.mark.long]

EXAMPLES = PROJECT / "docs" / "examples"
FOLDER = "data/olist_marketing_funnel"


def run(file: str, mapping: str) -> str:
    """What the command says."""
    out = StringIO()
    path: Path = shared_path(f"{FOLDER}/{file}")
    call_command("import_leads", str(path), mapping=EXAMPLES / mapping, stdout=out, stderr=out)
    return out.getvalue()


def counts() -> dict[str, int]:
    """Rows of every table."""
    return {model._meta.label: model._default_manager.count() for model in apps.get_models()}


def digest() -> str:
    """A fingerprint of everything that leads and handoffs say."""
    rows = [*Lead.objects.order_by("pk").values_list(), *Handoff.objects.order_by("pk").values_list()]
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def test_the_whole_funnel_is_imported_once_and_reported() -> None:
    said = run("olist_marketing_qualified_leads_dataset.csv", "olist_leads.json")
    assert "8,000 rows were taken in." in said
    assert "842 rows were taken in." in run("olist_closed_deals_dataset.csv", "olist_deals.json")

    assert Lead.objects.count() == 8000
    assert Opportunity.objects.won().count() == 842
    assert Lead.objects.in_stage(Stage.CUSTOMER.value).count() == 842
    assert Lead.objects.in_stage(Stage.SRL.value).count() == 7158
    assert Handoff.objects.queued().count() == 7158
    assert Handoff.objects.count() == 8000
    assert not Clock.objects.exists()
    origins = dict(Lead.objects.values_list("first_origin").annotate(Count("pk")))
    assert (origins[""], origins["unknown"]) == (60, 1099)
    assert Lead.objects.values("first_landing_page").distinct().count() == 495
    people = User.objects.filter(email__endswith="@olist.example")
    assert people.count() == 41
    assert not people.filter(is_active=True).exists()
    assert people.filter(email__startswith="sr-").count() == 22

    report = funnel(zone=ZoneInfo("America/Sao_Paulo"), sources=["olist-leads"])
    assert (report.total.leads, report.total.won, report.negative, report.same_day) == (8000, 842, 1, 33)
    assert {(row.origin, row.leads, row.won) for row in report.origins} >= {
        ("", 60, 14),
        ("unknown", 1099, 179),
    }
    assert (report.overall.days.median, report.overall.days.p90) == (14, 162)
    assert len(report.by_rep) == 22
    assert sum(row.days.count for row in report.by_rep) == 842

    before, leads = counts(), digest()
    for file, mapping, number in (
        ("olist_marketing_qualified_leads_dataset.csv", "olist_leads.json", "8,000"),
        ("olist_marketing_qualified_leads_dataset.dmy.csv", "olist_leads_dmy.json", "8,000"),
        ("olist_closed_deals_dataset.csv", "olist_deals.json", "842"),
    ):
        assert f"{number} rows are here already." in run(file, mapping)
    assert counts() == before
    assert digest() == leads

    out = StringIO()
    call_command("report_funnel", stdout=out)
    said = out.getvalue()
    assert "7,158 leads have no won deal. They are not won yet; none of them counts as lost." in said
    assert "33 deals were won on the date of the first contact, 1 before it" in said

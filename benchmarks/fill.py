"""Fills an empty database with N leads and 10 N activities by set-based inserts: seconds for 200,000 leads.

What is written is arithmetic on row numbers, so that every run and both databases get the same rows.
"""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.core.management.color import no_style
from django.db import connection, models, transaction

from benchmarks.dialect import Dialect, execute, mixed, pick
from benchmarks.passing import Passing
from benchmarks.people import Cast
from leads.models import (
    Activity,
    Company,
    Contact,
    ContactIdentity,
    JournalEntry,
    Lead,
    Opportunity,
    StageChange,
    Submission,
)
from notifications.models import Notification
from scoring.engine import Span, apply_scores, load
from scoring.models import ScoringModel
from sla.models import Breach, Clock, Handoff, Qualification, Touch

DAY = 86_400
SPAN = 400 * DAY
KINDS = (
    ["page_view"] * 44
    + ["product_page"] * 16
    + ["blog_post"] * 16
    + ["email_click"] * 12
    + ["return_visit"] * 10
    + ["newsletter"] * 6
    + ["whitepaper"] * 6
    + ["pricing_page"] * 4
    + ["webinar"] * 3
    + ["case_study"] * 1
    + ["demo_request"] * 1
    + ["contact_request"] * 1
)
TITLES = ["", "", "Developer", "Engineer", "Office Manager", "Team Lead", "Head of Sales", "Director", "CEO"]
INDUSTRIES = ["", "", "Manufacturing", "Software", "Retail", "Logistics", "Health"]
COUNTRIES = ["DE", "DE", "FR", "GB", "US", "US", "US", "NL", "SE", "ES", "IT", "PL"]


def insert(model: type[models.Model], source: str, **columns: str) -> None:
    """INSERT ... SELECT from a table expression; columns that are not named get the default of their field."""
    fields = model._meta.local_concrete_fields
    values = {str(f.column): _default(f) for f in fields if not (f.primary_key or f.generated)}
    values |= columns
    names = ", ".join(f'"{name}"' for name in values)
    execute(f"INSERT INTO {model._meta.db_table} ({names}) SELECT {', '.join(values.values())} FROM {source}")


def _default(field: Any) -> str:
    if field.has_default():
        value = field.get_default()
        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        if isinstance(value, dict | list):
            return f"'{json.dumps(value)}'"
        return f"'{value}'" if isinstance(value, str) else str(value)
    return "NULL" if field.null else "''"


def fill(leads: int, now: datetime, say: Callable[[str], None]) -> Cast:
    """Write everything and let the database take its statistics. The database must have no leads."""
    dialect = Dialect(connection.vendor, now)
    with transaction.atomic():
        cast = Cast.hire()
        say("people")
        _write_people(dialect, leads, cast)
        say("submissions")
        _write_submissions(dialect, leads, cast)
        say("activities")
        _write_activities(dialect, leads)
        say("handoffs and clocks")
        _write_handoffs(dialect, leads, cast)
        _write_history()
        _reset_sequences()
    say("scores")
    _settle_scores(leads, now)
    take_statistics()
    return cast


def take_statistics(*tables: str) -> None:
    """What autovacuum does in time: statistics, and the map of the pages that all may see."""
    if connection.vendor == "postgresql":
        execute(f"VACUUM (ANALYZE) {', '.join(tables)}")
    else:
        execute("ANALYZE")


def _write_people(dialect: Dialect, leads: int, cast: Cast) -> None:
    companies = max(1, leads // 5)
    insert(
        Company,
        dialect.series(companies),
        id="n",
        domain="'company' || n || '.example'",
        name="'Company ' || n",
    )
    company = f"1 + {mixed(1, companies)}"
    age = mixed(2, SPAN)
    insert(
        Contact,
        dialect.series(leads),
        id="n",
        email=f"'person' || n || '@company' || ({company}) || '.example'",
        first_name=pick(["Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gita", "Hugo"], 3),
        last_name="'Person ' || n",
        job_title=pick(TITLES, 4),
        company_name=f"'Company ' || ({company})",
        company_id=company,
        industry=pick(INDUSTRIES, 5),
        country=pick(COUNTRIES, 6),
        phone=f"CASE WHEN n % 2 = 0 THEN '+49 30 ' || {mixed(7, 9_000_000)} ELSE '' END",
        employees=f"CASE WHEN n % 3 = 0 THEN NULL ELSE 1 + {mixed(8, 2000)} END",
        created_at=dialect.ago(age),
    )
    insert(
        ContactIdentity,
        f"{Contact._meta.db_table} AS contact",
        contact_id="contact.id",
        kind="'email'",
        value="contact.email",
    )
    origin = pick(["google", "newsletter", "linkedin", "partner", ""], 9)
    insert(
        Lead,
        dialect.series(leads),
        contact_id="n",
        stage=Passing(dialect, cast).stage_of_lead(),
        stage_since=dialect.ago(f"{age} / 2"),
        tier="CASE WHEN n % 10 = 3 THEN 2 ELSE 1 END",
        created_at=dialect.ago(age),
        first_source_id=str(cast.source.pk),
        first_origin=origin,
        last_origin=origin,
        first_activity_at=dialect.ago(age),
        last_activity_at=dialect.ago(f"{age} / 2"),
        nurture_until=dialect.date(dialect.ago(f"-90 * {DAY}")),
    )


def _write_submissions(dialect: Dialect, leads: int, cast: Cast) -> None:
    person = f"(n - 1) % {leads} + 1"
    text = f"""'{{"email": "person' || ({person}) || '@company.example", "activity": "whitepaper", "id": ' || n || '}}'"""
    received = f"({leads * 3 // 2} - n) * {SPAN} / {max(1, leads * 3 // 2)}"
    insert(
        Submission,
        dialect.series(leads * 3 // 2),
        id="n",
        source_id=str(cast.source.pk),
        received_at=dialect.ago(received),
        raw=dialect.blob(text),
        content_type="'application/json'",
        delivery_key="'delivery-' || n",
        digest=dialect.digest("n"),
        state="'processed'",
        processed_at=dialect.ago(f"{received} - 2"),
        outcome=f"CASE WHEN n <= {leads} THEN 'new_lead' ELSE 'known_lead' END",
        outcome_rule="'match'",
        email=f"'person' || ({person}) || '@company' || (1 + {mixed(1, max(1, leads // 5), person)}) || '.example'",
        activity=pick(KINDS, 10),
        contact_id=person,
        review=f"CASE WHEN n > {leads * 3 // 2 - leads // 50} THEN 'pending' ELSE 'accepted' END",
    )


def _write_activities(dialect: Dialect, leads: int) -> None:
    submissions = leads * 3 // 2
    insert(
        Activity,
        dialect.series(leads * 10),
        id="n",
        contact_id=f"CASE WHEN n <= {submissions} THEN (n - 1) % {leads} + 1 ELSE 1 + {mixed(11, leads)} END",
        kind_id=pick(KINDS, 10),
        occurred_at=dialect.ago(mixed(12, SPAN)),
        submission_id=f"CASE WHEN n <= {submissions} THEN n END",
    )
    execute(
        f"""
        UPDATE {Lead._meta.db_table} SET first_activity_at = deeds.first, last_activity_at = deeds.last
        FROM (SELECT contact_id, MIN(occurred_at) AS first, MAX(occurred_at) AS last
              FROM {Activity._meta.db_table} GROUP BY contact_id) AS deeds
        WHERE deeds.contact_id = {Lead._meta.db_table}.contact_id
        """
    )


def _write_handoffs(dialect: Dialect, leads: int, cast: Cast) -> None:
    passing = Passing(dialect, cast)
    source = passing.handoffs(leads)
    insert(Handoff, source, **passing.handoff_columns())
    insert(Clock, source, **passing.accept_clock_columns())
    insert(Clock, f"{source} WHERE state NOT IN ('waiting', 'rejected')", **passing.touch_clock_columns())
    Handoff.objects.point_to_next_clock(Handoff.objects.open().values_list("pk", flat=True))
    insert(
        Breach,
        f"{Clock._meta.db_table} AS clock WHERE clock.breached_at IS NOT NULL",
        clock_id="clock.id",
        deadline="clock.breached_at",
        owner_id="clock.owner_id",
        recorded_at="clock.breached_at",
    )
    insert(
        Touch, f"{source} WHERE state NOT IN ('waiting', 'rejected', 'accepted')", **passing.touch_columns()
    )
    insert(Qualification, f"{source} WHERE state = 'qualified'", **passing.qualification_columns())
    insert(Opportunity, f"{source} WHERE state = 'qualified' AND n % 2 = 0", **passing.opportunity_columns())
    insert(
        Notification,
        f"{source} WHERE rep IS NOT NULL",
        recipient_id="rep",
        kind="'handed_off'",
        dedupe_key="'handed_off:' || n",
        subject="'New lead: Person ' || lead",
        body="'It was handed to you.'",
        path="'/handoffs/' || n || '/'",
        state="'sent'",
        created_at=dialect.ago("age"),
        next_try_at=dialect.ago("age"),
        sent_at=dialect.ago("age - 1"),
        attempts="1",
    )


def _write_history() -> None:
    lead, handoff = Lead._meta.db_table, Handoff._meta.db_table
    insert(
        StageChange,
        f"{lead} AS lead WHERE lead.stage <> 'lead'",
        lead_id="lead.contact_id",
        from_stage="'lead'",
        to_stage="'mql'",
        at="lead.stage_since",
        rule="'scoring.rescore'",
        reason="'Score of at least 30 and fit of at least 10.'",
    )
    insert(
        StageChange,
        f"{handoff} AS handoff",
        lead_id="handoff.lead_id",
        from_stage="'mql'",
        to_stage="'srl'",
        at="handoff.started_at",
        rule="'sla.hand_off'",
    )
    submission, change, clock = (model._meta.db_table for model in (Submission, StageChange, Clock))
    sources = (
        (submission, "submission.processed", "submission", "id", "contact_id", "received_at"),
        (change, "lead.stage_changed", "lead", "lead_id", "lead_id", "at"),
        (handoff, "handoff.opened", "handoff", "id", "lead_id", "started_at"),
        (
            f"(SELECT clock.*, handoff.lead_id FROM {clock} clock JOIN {handoff} handoff ON handoff.id = handoff_id) AS c",
            "clock.started",
            "clock",
            "id",
            "lead_id",
            "started_at",
        ),
    )
    for source, event, kind, subject, lead_id, at in sources:
        insert(
            JournalEntry,
            source,
            at=f'"{at}"',
            event=f"'{event}'",
            subject_kind=f"'{kind}'",
            subject_id=subject,
            lead_id=lead_id,
            rule="'bench'",
        )


def _reset_sequences() -> None:
    written = [Company, Contact, Submission, Activity, Handoff, Clock]
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), written):
            cursor.execute(statement)


def _settle_scores(leads: int, now: datetime) -> None:
    """Scores as the engine computes them, and nobody left who should be an MQL or with sales but is not."""
    rules = load(ScoringModel.objects.active().get())
    with transaction.atomic():
        apply_scores(rules, Span(first=1, last=leads), now)
        low = rules.model.mql_threshold
        execute(
            f"""
            UPDATE {Lead._meta.db_table} SET hand_answered_at = hand_raised_at,
                threshold_armed = (score < {rules.model.ready_threshold}),
                stage = CASE WHEN stage = 'lead' AND score >= {low} AND fit >= {rules.model.mql_min_fit} AND tier = 1
                        THEN 'mql' ELSE stage END
            """
        )

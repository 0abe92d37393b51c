"""The drain that turns received submissions into contacts, leads and activities."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext as _

from drains.wake import announce
from leads.bulk import update_rows
from leads.exclusions import Exclusion, first_exclusion
from leads.journal import Entry, record
from leads.models import (
    Activity,
    ActivityKind,
    Contact,
    Lead,
    Outcome,
    Review,
    StageChange,
    State,
    Submission,
    Tier,
)
from leads.payload import LIMITS, Arrival
from leads.services.deals import deals_of, record_deals
from leads.services.identify import Match, identify, one_at_a_time
from leads.services.reading import DECISION, TREAT_AS_LEAD, read_batch
from leads.services.review import leave_behind
from leads.services.rules import IntakeRules, intake_rules
from leads.signals import activities_recorded, contacts_changed
from leads.stages import Stage

RULE = "leads.process_submissions"
_RESULT_FIELDS = [
    "state",
    "processed_at",
    "duplicate_of",
    "outcome",
    "outcome_rule",
    "outcome_detail",
    "email",
    "activity",
    "contact",
    "review",
]


@transaction.atomic
def process_submissions(submissions: Sequence[Submission], now: datetime) -> None:
    """Work on a claimed batch in a bounded number of statements, whatever its size.

    Afterwards each submission is processed, with its outcome, the rule that decided it and why; leads that got an activity
    are dirty, so that scoring looks at them.
    """
    # Before anything is read: what another worker makes of an original, its repeat must see.
    one_at_a_time()
    readings = read_batch(submissions)
    deals, readings = deals_of(readings)
    previous = {row.pk: row.contact_id for row in submissions}
    matches = identify([reading for reading in readings if reading.arrival is not None])
    leads = _leads_of(matches, intake_rules(), now)
    acted_at = _record_activities(matches, leads)
    leave_behind(moved=_moved(matches, previous), now=now)
    record_deals(deals=deals, now=now, rule=RULE)
    _finish(submissions, now)
    if changed := {match.contact.pk for match in matches if match.changed}:
        contacts_changed.send(sender=Contact, contacts=changed, now=now, rule=RULE)
    if acted_at:
        activities_recorded.send(sender=Activity, acted_at=acted_at, now=now, rule=RULE)
    announce("leads.dirty")


def _leads_of(matches: Sequence[Match], rules: IntakeRules, now: datetime) -> dict[int, Lead]:
    """Decide each submission's outcome; returns the leads concerned, new ones saved, known ones brought up to date."""
    leads = {
        lead.pk: lead
        for lead in Lead.objects.select_for_update()
        .filter(pk__in={match.contact.pk for match in matches})
        .order_by("pk")
    }
    new: dict[int, Lead] = {}
    known: dict[int, Lead] = {}
    judged: dict[int, Contact] = {}
    for match in matches:
        submission, contact = match.reading.submission, match.contact
        made_it = submission.outcome == Outcome.NEW_LEAD and submission.contact_id == contact.pk
        submission.contact = contact
        if lead := leads.get(contact.pk):
            if not made_it:
                submission.outcome, submission.outcome_rule = Outcome.KNOWN_LEAD, "known_identity"
                submission.outcome_detail = _("Known already: the activity was added.")
            _bring_up_to_date(lead, match, now)
            if lead.pk not in new:
                known[lead.pk] = lead
            continue
        exclusion = _exclusion(match, rules)
        if _judge(contact, exclusion):
            judged[contact.pk] = contact
        if exclusion is not None:
            submission.outcome, submission.outcome_rule = Outcome.EXCLUDED, exclusion.rule
            submission.outcome_detail = _(exclusion.template) % dict(exclusion.params)
            continue
        submission.outcome, submission.outcome_rule = Outcome.NEW_LEAD, "no_exclusion"
        submission.outcome_detail = _("No exclusion applies.")
        leads[contact.pk] = _new_lead(match, rules, now)
        new[contact.pk] = leads[contact.pk]
    update_rows(judged.values(), ["exclusion_rule", "exclusion_detail"])
    _save_leads(list(new.values()), known, now)
    return leads


_ANONYMOUS = Exclusion("anonymous", "anonymous", "Known by an anonymous id only, not yet a person.", ())


def _exclusion(match: Match, rules: IntakeRules) -> Exclusion | None:
    if match.reading.submission.corrections.get(DECISION) == TREAT_AS_LEAD:
        return None
    arrival = match.reading.arrival
    assert arrival is not None
    if not match.email and not arrival.external_id:
        return _ANONYMOUS
    return first_exclusion(match.email, match.country, rules.exclusions)


def _judge(contact: Contact, exclusion: Exclusion | None) -> bool:
    """Note the verdict on the contact; True when it is another one than before."""
    rule = exclusion.rule if exclusion else ""
    if contact.exclusion_rule == rule:
        return False
    contact.exclusion_rule = rule
    contact.exclusion_detail = exclusion.detail[:200] if exclusion else ""
    return True


def _new_lead(match: Match, rules: IntakeRules, now: datetime) -> Lead:
    reading, arrival = match.reading, match.reading.arrival
    assert arrival is not None
    assert reading.occurred_at is not None
    lead = Lead(
        contact=match.contact,
        stage=Stage.LEAD.value,
        stage_since=reading.occurred_at,
        created_at=reading.occurred_at,
        tier=Tier.TWO if match.industry.lower() in rules.industries_out_of_target else Tier.ONE,
        first_source=reading.submission.source,
        first_origin=_origin(arrival),
        first_medium=arrival.utm_medium,
        first_campaign=arrival.utm_campaign,
        first_landing_page=arrival.landing_page,
        first_activity_at=reading.occurred_at,
        last_activity_at=reading.occurred_at,
    )
    _bring_up_to_date(lead, match, now)
    return lead


def _origin(arrival: Arrival) -> str:
    """Where the visitor came from, as long as its column; a campaign's name may be longer than any name of an origin."""
    return (arrival.utm_source or arrival.origin)[: LIMITS["origin"]]


def _bring_up_to_date(lead: Lead, match: Match, now: datetime) -> None:
    """Last touch and dates. Deliveries may come out of order: the later activity is the last one, not the later row."""
    reading, arrival = match.reading, match.reading.arrival
    assert arrival is not None
    assert reading.occurred_at is not None
    lead.dirty_at = lead.dirty_at or now
    lead.first_activity_at = min(lead.first_activity_at, reading.occurred_at)
    if reading.occurred_at < lead.last_activity_at:
        return
    lead.last_activity_at = reading.occurred_at
    origin = _origin(arrival)
    if origin or arrival.landing_page or arrival.utm_campaign:
        lead.last_origin, lead.last_medium = origin, arrival.utm_medium
        lead.last_campaign, lead.last_landing_page = arrival.utm_campaign, arrival.landing_page


def _save_leads(fresh: Sequence[Lead], known: dict[int, Lead], now: datetime) -> None:
    Lead.objects.bulk_create(fresh, batch_size=500)
    update_rows(
        known.values(),
        [
            "dirty_at",
            "first_activity_at",
            "last_activity_at",
            "last_origin",
            "last_medium",
            "last_campaign",
            "last_landing_page",
        ],
    )
    StageChange.objects.bulk_create(
        [StageChange(lead=lead, to_stage=lead.stage, at=lead.created_at, rule=RULE) for lead in fresh],
        batch_size=500,
    )
    record(
        entries=[
            Entry(
                "lead.created", "lead", lead.pk, lead.pk, after={"stage": lead.stage, "tier": int(lead.tier)}
            )
            for lead in fresh
        ],
        at=now,
        rule=RULE,
    )


def _record_activities(matches: Sequence[Match], leads: dict[int, Lead]) -> dict[int, datetime]:
    """One activity per submission; processed again after a correction, it moves to the right person.

    Returns, for leads with a new activity, when the latest of them was.
    """
    slugs = {match.reading.activity for match in matches}
    ActivityKind.objects.bulk_create(
        [ActivityKind(slug=slug, label=slug.replace("_", " ").capitalize()) for slug in sorted(slugs)],
        ignore_conflicts=True,
    )
    corrected = {match.reading.submission.pk for match in matches if match.reading.submission.corrections}
    existing = (
        {row.submission_id: row for row in Activity.objects.filter(submission__in=corrected)}
        if corrected
        else {}
    )
    new: list[Activity] = []
    for match in matches:
        reading = match.reading
        row = existing.get(reading.submission.pk) or Activity(submission=reading.submission)
        assert reading.occurred_at is not None
        row.contact, row.kind_id, row.occurred_at = match.contact, reading.activity, reading.occurred_at
        row.detail = _detail(match)
        row.voided_at = None
        if row.pk is None:
            new.append(row)
    update_rows(existing.values(), ["contact", "kind", "occurred_at", "detail", "voided_at"])
    Activity.objects.bulk_create(new, batch_size=500, ignore_conflicts=True)
    acted_at: dict[int, datetime] = {}
    for row in new:
        if row.contact_id in leads:
            acted_at[row.contact_id] = max(row.occurred_at, acted_at.get(row.contact_id, row.occurred_at))
    return acted_at


def _detail(match: Match) -> str:
    arrival, form = match.reading.arrival, match.reading.submission.form
    assert arrival is not None
    return (form.title if form else arrival.landing_page)[:300]


def _moved(matches: Sequence[Match], previous: dict[int, int | None]) -> dict[int, Submission]:
    """Contacts that lost a corrected submission to another contact."""
    return {
        contact_id: match.reading.submission
        for match in matches
        if (contact_id := previous[match.reading.submission.pk]) and contact_id != match.contact.pk
    }


def _finish(submissions: Sequence[Submission], now: datetime) -> None:
    for submission in submissions:
        submission.state, submission.processed_at = State.PROCESSED, now
        if submission.duplicate_of is not None:
            submission.contact_id = submission.duplicate_of.contact_id
        if submission.source.kind == "import" and submission.review == Review.PENDING:
            submission.review = Review.NOT_NEEDED
    update_rows(submissions, _RESULT_FIELDS)
    _tell_repeats(submissions)
    record(
        entries=[
            Entry(
                "submission.processed",
                "submission",
                row.pk,
                row.contact_id
                if row.outcome in (Outcome.NEW_LEAD, Outcome.KNOWN_LEAD, Outcome.DEAL)
                else None,
                after={"outcome": row.outcome, "rule": row.outcome_rule},
            )
            for row in submissions
        ],
        at=now,
        rule=RULE,
    )


def _tell_repeats(submissions: Sequence[Submission]) -> None:
    """Repeats that were logged before their original was processed, or corrected, belong to its contact as well."""
    original = Submission.objects.filter(pk=OuterRef("duplicate_of"))
    Submission.objects.filter(duplicate_of__in=[row.pk for row in submissions]).update(
        contact=Subquery(original.values("contact")[:1]),
        email=Subquery(original.values("email")[:1]),
        activity=Subquery(original.values("activity")[:1]),
    )

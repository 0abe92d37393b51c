"""The score in the database = the sum of its lines = what a person works out from the rules."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from drains.runner import run_until_idle
from leads.models import Activity, ActivityKind, Contact, Lead
from scoring.engine import grade_of
from scoring.models import BehaviourRule, Operator, ProfileField, ProfileRule, ScoringModel
from scoring.selectors import explain
from tests.scoring import naive
from tests.scoring.make import NOW, activate, make_activity, make_lead

pytestmark = pytest.mark.django_db
KINDS = ("page_view", "whitepaper", "webinar", "demo_request")
WORDS = (
    "",
    "director",
    "Sales Director",
    "HEAD of",
    "intern",
    "a_b",
    "a%b",
    "10%",
    "\\",
    "Geschäftsführer",
    "GESCHÄFTSFÜHRER",
)
# Rule and title differ in case alone: beyond ASCII, SQLite by itself would take them for two.
BEYOND_ASCII = (("geschäftsführer", "STV. GESCHÄFTSFÜHRER (KÖLN)"), ("Директор", "коммерческий директор"))
ORDINARY = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def profile_rules(draw):
    field = draw(st.sampled_from(ProfileField.values))
    points = draw(st.integers(-60, 60))
    if field == "employees":
        operator = draw(st.sampled_from([Operator.AT_LEAST, Operator.BELOW, Operator.IS_KNOWN]))
        values = [] if operator == Operator.IS_KNOWN else [draw(st.integers(-5, 3 * 10**9))]
    else:
        operator = draw(st.sampled_from([Operator.IS_ONE_OF, Operator.CONTAINS, Operator.IS_KNOWN]))
        texts = st.lists(st.sampled_from(WORDS[1:]), min_size=1, max_size=3)
        values = [] if operator == Operator.IS_KNOWN else draw(texts)
    return {"field": field, "operator": operator.value, "values": values, "points": points}


@st.composite
def behaviour_rules(draw):
    points = draw(st.integers(-40, 40))
    cap = draw(st.none() | (st.integers(0, 60) if points >= 0 else st.integers(-60, -1)))
    return {
        "points": points,
        "cap": cap,
        "window_days": draw(st.none() | st.sampled_from([1, 30, 90])),
    }


@st.composite
def models(draw):
    kinds = draw(st.lists(st.sampled_from(KINDS), unique=True, max_size=4))
    return {
        "profile": draw(st.lists(profile_rules(), max_size=5)),
        "behaviour": [{**draw(behaviour_rules()), "kind": kind} for kind in kinds],
        "fit_cap": draw(st.integers(1, 80)),
        "engagement_cap": draw(st.integers(1, 80)),
        "ready_threshold": 160,
        "mql_threshold": 150,
    }


PEOPLE = st.fixed_dictionaries(
    {
        "job_title": st.sampled_from(WORDS),
        "company_name": st.sampled_from(WORDS),
        "industry": st.sampled_from(WORDS),
        "country": st.sampled_from(["", "DE", "US"]),
        "phone": st.sampled_from(["", "123"]),
        "employees": st.none() | st.integers(0, 2**31 - 1),
    }
)
# Ages round the ends of windows, to the microsecond, and activities dated a little into the future.
AGES = st.sampled_from([1, 30, 90]).flatmap(
    lambda days: st.sampled_from([-1, 0, 1, 10**6]).map(lambda m: timedelta(days=days, microseconds=m))
) | st.timedeltas(timedelta(minutes=-5), timedelta(days=120))
DEEDS = st.lists(st.tuples(st.sampled_from(KINDS), AGES, st.booleans()), max_size=12)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))


@ORDINARY
@given(model=models(), person=PEOPLE, deeds=DEEDS, now=MOMENTS)
@example(model={"profile": [], "behaviour": []}, person={}, deeds=[("webinar", timedelta(0), False)], now=NOW)
def test_the_score_is_the_sum_of_its_lines_and_what_a_person_works_out(model, person, deeds, now):
    active = activate(**model)
    lead = make_lead(at=now, **person)
    for kind, age, voided in deeds:
        make_activity(lead, kind, now - age, voided_at=now if voided else None)
    Lead.objects.filter(pk=lead.pk).update(dirty_at=now)
    run_until_idle(now, ["scoring.rescore"])
    lead = Lead.objects.get(pk=lead.pk)
    contact = Contact.objects.get(pk=lead.pk)
    activities = list(Activity.objects.filter(contact=contact))
    profile = list(ProfileRule.objects.filter(model=active))
    behaviour = list(BehaviourRule.objects.filter(model=active))
    fit = naive.fit(active, profile, contact)
    engagement = naive.engagement(active, behaviour, activities, now)
    assert (lead.fit, lead.engagement, lead.score) == (fit, engagement, max(0, fit + engagement))
    assert lead.grade == naive.grade(active, fit, engagement)
    assert lead.next_change_at == naive.next_change(behaviour, activities, now)
    hands = [a.occurred_at for a in activities if a.kind_id == "demo_request" and a.voided_at is None]
    assert lead.hand_raised_at == max(hands, default=None)
    assert lead.dirty_at is None
    told = explain(lead=lead, now=now)
    lines = sum(line.points for line in (*told.fit_lines, *told.engagement_lines))
    assert lines + told.fit_clamp + told.engagement_clamp + told.floor == told.score == lead.score
    assert told.grade == lead.grade


@ORDINARY
@given(
    fit=st.integers(-100, 100),
    engagement=st.integers(0, 100),
    caps=st.tuples(st.integers(1, 90), st.integers(1, 90)),
)
def test_the_grade_in_python_is_the_grade_by_quarters(fit, engagement, caps):
    model = ScoringModel(fit_cap=caps[0], engagement_cap=caps[1])
    assert grade_of(model, fit, engagement) == naive.grade(model, fit, engagement)


@pytest.mark.parametrize(("wanted", "title"), BEYOND_ASCII)
def test_words_compare_without_case_in_every_alphabet(wanted: str, title: str) -> None:
    contains = {"field": "job_title", "operator": "contains", "values": [wanted], "points": 20}
    is_one_of = {"field": "industry", "operator": "is_one_of", "values": [wanted], "points": 7}
    activate([contains, is_one_of])
    lead = make_lead(job_title=title, industry=wanted.upper())
    make_lead(job_title=title[:5], industry=f"{wanted} {wanted}")

    run_until_idle(NOW, ["scoring.rescore"])

    assert list(Lead.objects.order_by("pk").values_list("fit", flat=True)) == [27, 0]
    assert explain(lead=lead, now=NOW).fit == 27


@pytest.mark.parametrize("microseconds", [0, 1, 100_000, 123_456, 999_999])
def test_dates_come_back_from_the_engine_to_the_microsecond(microseconds):
    activate(behaviour=[{"kind": "demo_request", "points": 5, "window_days": 30}])
    at = NOW.replace(microsecond=microseconds)
    lead = make_lead()
    make_activity(lead, "demo_request", at)
    run_until_idle(NOW + timedelta(seconds=1), ["scoring.rescore"])
    lead.refresh_from_db()
    assert lead.hand_raised_at == at
    assert lead.next_change_at == at + timedelta(days=30)
    assert Lead.objects.filter(next_change_at=at + timedelta(days=30), hand_raised_at=at).exists()
    assert not Lead.objects.filter(next_change_at__lt=at + timedelta(days=30)).exists()


def test_a_model_without_rules_and_kinds_that_raise_hands_scores_nought():
    activate()
    ActivityKind.objects.update(raises_hand=False)
    lead = make_lead()
    make_activity(lead, "webinar")
    run_until_idle(NOW, ["scoring.rescore"])
    lead.refresh_from_db()
    assert (lead.score, lead.grade, lead.dirty_at) == (0, "D4", None)
    assert explain(lead=lead, now=NOW).score == 0


def test_the_lines_say_how_often_and_where_a_cap_cut():
    activate(
        profile=[{"field": "job_title", "operator": "contains", "values": ["director"], "points": 60}],
        behaviour=[{"kind": "webinar", "points": 20, "cap": 30}],
        fit_cap=50,
        engagement_cap=25,
        ready_threshold=75,
    )
    lead = make_lead(job_title="Sales Director")
    for _ in range(3):
        make_activity(lead, "webinar")
    told = explain(lead=lead, now=NOW)
    (fit,), (webinars,) = told.fit_lines, told.engagement_lines
    assert (fit.points, told.fit_clamp, told.fit) == (60, -10, 50)
    assert (webinars.count, webinars.points, webinars.capped) == (3, 30, True)
    assert (told.engagement_clamp, told.engagement, told.floor, told.score) == (-5, 25, 0, 75)

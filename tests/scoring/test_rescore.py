"""Rescoring: what a new score leads to, once, whatever path it comes by; bounded in SQL, safe side by side."""

import threading
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Max
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Role
from drains.runner import run_until_idle
from leads.models import Activity, ActivityKind, JournalEntry, Lead, StageChange
from leads.services.handing import HAND_RAISE, THRESHOLD, mark_handed_off
from scoring.models import ModelState, ScoringModel
from scoring.services import activate as activate_model
from scoring.services import copy_as_draft, rescore_all
from tests.scoring.make import NOW, activate, make_activity, make_lead
from tests.support.people import make_user
from tests.support.statements import statements

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SCORE = ["scoring.rescore"]
DIRECTOR = {"field": "job_title", "operator": "contains", "values": ["director"], "points": 20}
WEBINAR = {"kind": "webinar", "points": 25, "window_days": 30}


@pytest.fixture
def model(db):
    return activate([DIRECTOR], [WEBINAR], mql_threshold=20, mql_min_fit=10, ready_threshold=70)


def crossed(model, **person):
    lead = make_lead(job_title="Director", **person)
    for _ in range(2):
        make_activity(lead, "webinar")
    return lead


def hand_off(lead, now):
    """What sla does with a ready lead."""
    lead.refresh_from_db()
    mark_handed_off(leads=[lead], now=now, rule="sla.hand_off")


def crossings(lead) -> int:
    return JournalEntry.objects.filter(lead_id=lead.pk, event="lead.ready").count()


def by_drain(lead, now):
    Lead.objects.filter(pk=lead.pk).update(dirty_at=now)
    run_until_idle(now, SCORE)


def by_command(lead, now):
    rescore_all(now=now)


def by_new_model(lead, now):
    draft = copy_as_draft(model=ScoringModel.objects.active().get(), by=make_user(Role.ADMINISTRATOR))
    activate_model(model=draft, by=make_user(Role.ADMINISTRATOR), now=now)
    run_until_idle(now, SCORE)


def by_time(lead, now):
    Lead.objects.filter(pk=lead.pk).update(next_change_at=now)
    run_until_idle(now, SCORE)


PATHS = [by_drain, by_command, by_new_model, by_time]


@pytest.mark.parametrize("first", PATHS)
@pytest.mark.parametrize("second", PATHS)
def test_a_crossing_hands_off_once_whatever_path_comes_first_and_second(model, first, second):
    lead = crossed(model)
    first(lead, NOW)
    lead.refresh_from_db()
    assert (lead.stage, lead.ready_rule, lead.score) == ("mql", THRESHOLD, 70)
    second(lead, NOW + timedelta(seconds=1))
    hand_off(lead, NOW + timedelta(seconds=2))
    second(lead, NOW + timedelta(seconds=3))
    lead.refresh_from_db()
    assert (lead.stage, lead.ready_at) == ("srl", None)
    assert crossings(lead) == 1


def test_a_lead_given_back_above_the_threshold_is_not_handed_off_again(model):
    lead = crossed(model)
    by_drain(lead, NOW)
    hand_off(lead, NOW)
    Lead.objects.filter(pk=lead.pk).update(stage="mql")
    by_drain(lead, NOW + DAY)
    assert crossings(lead) == 1


def test_below_the_threshold_and_over_it_again_is_a_second_crossing(model):
    lead = crossed(model)
    by_drain(lead, NOW)
    hand_off(lead, NOW)
    Lead.objects.filter(pk=lead.pk).update(stage="mql")
    run_until_idle(NOW + 40 * DAY, SCORE)
    for _ in range(2):
        make_activity(lead, "webinar", NOW + 41 * DAY)
    run_until_idle(NOW + 42 * DAY, SCORE)
    assert crossings(lead) == 2


def test_falling_below_the_threshold_undoes_nothing(model):
    lead = crossed(model)
    by_drain(lead, NOW)
    run_until_idle(NOW + 40 * DAY, SCORE)
    lead.refresh_from_db()
    assert (lead.score, lead.ready_rule) == (20, THRESHOLD)
    hand_off(lead, NOW + 40 * DAY)
    Activity.objects.all().update(voided_at=NOW)
    by_drain(lead, NOW + 41 * DAY)
    lead.refresh_from_db()
    assert lead.stage == "srl"


def test_a_window_ends_by_itself_at_its_last_microsecond(model):
    lead = crossed(model)
    run_until_idle(NOW, SCORE)
    end = NOW + 30 * DAY
    run_until_idle(end - timedelta(microseconds=1), SCORE)
    lead.refresh_from_db()
    assert (lead.score, lead.next_change_at) == (70, end)
    run_until_idle(end, SCORE)
    lead.refresh_from_db()
    assert (lead.score, lead.next_change_at) == (20, None)


def test_a_raised_hand_that_fits_goes_at_once_whatever_the_score(model):
    ActivityKind.objects.update_or_create(
        slug="demo_request", defaults={"label": "Demo", "raises_hand": True}
    )
    lead = make_lead()
    make_activity(lead, "demo_request")
    run_until_idle(NOW, SCORE)
    lead.refresh_from_db()
    assert (lead.score, lead.stage, lead.ready_rule, lead.ready_at) == (0, "mql", HAND_RAISE, NOW)


def test_a_raised_hand_that_does_not_fit_stays(model):
    activate([{**DIRECTOR, "points": -20}], [WEBINAR], mql_threshold=20, ready_threshold=70)
    lead = make_lead(job_title="Director")
    make_activity(lead, "demo_request")
    run_until_idle(NOW, SCORE)
    lead.refresh_from_db()
    assert (lead.stage, lead.ready_at) == ("lead", None)


def test_tier_2_never_goes_by_its_score_but_by_a_raised_hand(model):
    lead = crossed(model, tier=2)
    run_until_idle(NOW, SCORE)
    lead.refresh_from_db()
    assert (lead.score, lead.stage, lead.ready_at) == (70, "lead", None)
    make_activity(lead, "demo_request", NOW + DAY)
    run_until_idle(NOW + DAY, SCORE)
    lead.refresh_from_db()
    assert lead.ready_rule == HAND_RAISE


def test_an_mql_needs_its_score_and_its_fit(model):
    fits, active = make_lead(job_title="Director"), make_lead()
    make_activity(active, "webinar")
    run_until_idle(NOW, SCORE)
    assert list(StageChange.objects.values_list("lead_id", "to_stage", "rule")) == [
        (fits.pk, "mql", "scoring.rescore")
    ]


def test_sql_per_batch_does_not_follow_its_size(model):
    def statements_for(size: int) -> int:
        leads = [make_lead(job_title="Director") for _ in range(size)]
        Activity.objects.bulk_create(
            Activity(contact_id=lead.pk, kind_id="webinar", occurred_at=NOW)
            for lead in leads
            for _ in range(2)
        )
        with CaptureQueriesContext(connection) as captured:
            run_until_idle(NOW, SCORE)
        assert Lead.objects.to_rescore(NOW).count() == 0
        return statements(captured)

    few = statements_for(5)
    assert statements_for(500) <= few


def test_the_command_scores_all_can_be_repeated_and_needs_a_model(model, capsys, time_machine):
    lead = crossed(model)
    time_machine.move_to(NOW)
    call_command("rescore", "--no-progress")
    assert "1 leads have changed" in capsys.readouterr().out
    call_command("rescore", "--no-progress")
    assert "0 leads have changed" in capsys.readouterr().out
    lead.refresh_from_db()
    assert crossings(lead) == 1
    ScoringModel.objects.active().update(state=ModelState.RETIRED)
    with pytest.raises(CommandError, match="No scoring model is active"):
        call_command("rescore", "--no-progress")


def test_a_changed_active_model_takes_effect_in_the_administration(model):
    lead = crossed(model)
    run_until_idle(NOW, SCORE)
    client = Client()
    client.force_login(make_user(Role.ADMINISTRATOR))
    address = f"/admin/scoring/scoringmodel/{model.pk}/change/"
    rule, deed = model.profile_rules.get(), model.behaviour_rules.get()
    fields = {
        "name": model.name,
        "version": model.version,
        **{
            name: getattr(model, name)
            for name in (
                "fit_cap",
                "engagement_cap",
                "mql_threshold",
                "mql_min_fit",
                "ready_threshold",
                "hand_raise_min_fit",
            )
        },
        **{
            f"{kind}-{part}_FORMS": 1
            for kind in ("profile_rules", "behaviour_rules")
            for part in ("TOTAL", "INITIAL")
        },
        "profile_rules-0-id": rule.pk,
        "profile_rules-0-model": model.pk,
        "profile_rules-0-label": rule.label,
        "profile_rules-0-field": rule.field,
        "profile_rules-0-operator": rule.operator,
        "profile_rules-0-values": '["director"]',
        "profile_rules-0-points": 5,
        "behaviour_rules-0-id": deed.pk,
        "behaviour_rules-0-model": model.pk,
        "behaviour_rules-0-label": deed.label,
        "behaviour_rules-0-kind": deed.kind_id,
        "behaviour_rules-0-points": 25,
        "behaviour_rules-0-cap": "",
        "behaviour_rules-0-window_days": 30,
    }
    answer = client.post(address, fields)
    assert answer.status_code == 302
    dirty = Lead.objects.aggregate(at=Max("dirty_at"))["at"]
    assert dirty is not None
    run_until_idle(dirty, SCORE)
    assert Lead.objects.get(pk=lead.pk).fit == 5


def test_activating_and_copying_by_actions_of_the_administration(model):
    client = Client()
    client.force_login(make_user(Role.ADMINISTRATOR))
    address = "/admin/scoring/scoringmodel/"
    client.post(address, {"action": "copy", "_selected_action": [model.pk]})
    draft = ScoringModel.objects.get(state=ModelState.DRAFT)
    assert (draft.version, draft.profile_rules.count(), draft.behaviour_rules.count()) == (
        model.version + 1,
        1,
        1,
    )
    client.post(address, {"action": "make_active", "_selected_action": [draft.pk]})
    assert ScoringModel.objects.active().get() == draft
    model.refresh_from_db()
    assert model.state == ModelState.RETIRED


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_hundred_events_at_once_are_all_in_the_score():
    activate([], [{"kind": "webinar", "points": 1}], engagement_cap=1000, ready_threshold=1050)
    lead = make_lead()
    errors = []

    def one_event():
        try:
            make_activity(lead, "webinar", NOW)
            run_until_idle(NOW, SCORE)
        except Exception as error:  # shown by the assertion below
            errors.append(error)
        finally:
            connection.close()

    for _ in range(10):
        threads = [threading.Thread(target=one_event) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not errors
    run_until_idle(NOW, SCORE)
    assert Lead.objects.get(pk=lead.pk).score == 100

"""Rescoring, and what a new score leads to."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from django.db import transaction
from django.db.models import Max, Min
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.policies import check_can_change
from drains.wake import announce
from leads.journal import Entry, record
from leads.models import Activity, Lead
from leads.services.handing import HAND_RAISE, THRESHOLD, Readiness, make_ready
from leads.services.stages import Move, change_stage
from leads.stages import Stage
from scoring.engine import Rules, Span, apply_scores, load
from scoring.models import BehaviourRule, ModelState, ProfileRule, ScoringModel

RULE = "scoring.rescore"
# Stages in which a raised hand can hand a lead off; a score alone does so from the first two only.
OPEN_TO_SALES = (Stage.LEAD.value, Stage.MQL.value, Stage.NURTURE.value, Stage.DISQUALIFIED.value)
RANGE = 20_000
_Rule = TypeVar("_Rule", ProfileRule, BehaviourRule)


@transaction.atomic
def rescore(leads: Sequence[Lead], now: datetime) -> None:
    """Score a claimed batch by the active model and act on it, in a bounded number of statements."""
    rules = load(ScoringModel.objects.active().get())
    span = Span(keys=[lead.pk for lead in leads])
    apply_scores(rules, span, now)
    act_on_scores(rules, span, now)


def rescore_all(*, now: datetime, progress: Callable[[int], None] = lambda done: None) -> int:
    """Score every lead anew, in ranges of RANGE numbers, each a transaction; returns how many rows changed.

    Safe to stop and to start again: a lead is scored by what is known, not by what was scored before. `progress` gets the
    numbers passed since the last call.
    """
    rules = load(ScoringModel.objects.active().get())
    ends = Lead.objects.aggregate(first=Min("pk"), last=Max("pk"))
    if ends["first"] is None:
        return 0
    changed = 0
    for first in range(ends["first"], ends["last"] + 1, RANGE):
        span = Span(first=first, last=min(first + RANGE - 1, ends["last"]))
        with transaction.atomic():
            changed += apply_scores(rules, span, now)
            act_on_scores(rules, span, now)
        progress(span.last - span.first + 1)
    return changed


def act_on_scores(rules: Rules, span: Span, now: datetime) -> None:
    """Make MQLs and sales-ready leads of those whose fresh score says so, and arm thresholds that were left again."""
    model = rules.model
    scored = Lead.objects.filter(span.condition("pk")).in_stage(*OPEN_TO_SALES)
    scored.filter(threshold_armed=False, score__lt=model.ready_threshold).update(threshold_armed=True)
    candidates = list(
        scored.to_act_on(
            mql_score=model.mql_threshold,
            mql_fit=model.mql_min_fit,
            ready_score=model.ready_threshold,
            hand_fit=model.hand_raise_min_fit,
        )
        .select_for_update(of=("self",))
        .order_by("pk")
    )
    if not candidates:
        return
    hands = _raised_hands(candidates, rules)
    ready: dict[Lead, Readiness] = {}
    for lead in candidates:
        if reason := _readiness(lead, hands.get(lead.pk), model, now):
            ready[lead] = reason
    make_ready(leads=ready, now=now, rule=RULE)
    rising = [lead for lead in candidates if lead not in ready and lead.stage == Stage.LEAD]
    why = _("Score of at least %(score)d and fit of at least %(fit)d.") % {
        "score": model.mql_threshold,
        "fit": model.mql_min_fit,
    }
    change_stage(moves=[Move(lead, Stage.MQL, why) for lead in rising], now=now, rule=RULE)


def _readiness(lead: Lead, hand: Activity | None, model: ScoringModel, now: datetime) -> Readiness | None:
    if hand is not None and lead.fit >= model.hand_raise_min_fit:
        # What an import brings keeps its own date; what happens now is ready now.
        live = hand.submission is None or hand.submission.source.starts_clocks
        return Readiness(HAND_RAISE, hand.kind.label, now if live else hand.occurred_at, hand)
    if (
        lead.stage in (Stage.LEAD, Stage.MQL)
        and lead.tier == 1
        and lead.threshold_armed
        and lead.fit >= model.mql_min_fit
        and lead.score >= model.ready_threshold
    ):
        detail = _("Score %(score)d, threshold %(threshold)d") % {
            "score": lead.score,
            "threshold": model.ready_threshold,
        }
        return Readiness(THRESHOLD, detail, now)
    return None


def _raised_hands(leads: Sequence[Lead], rules: Rules) -> dict[int, Activity]:
    """The newest unanswered raised hand of each lead."""
    newest: dict[int, Activity] = {}
    answered = {lead.pk: lead.hand_answered_at for lead in leads}
    rows = (
        Activity.objects.filter(
            contact__in=[lead.pk for lead in leads], kind__in=rules.hand_kinds, voided_at__isnull=True
        )
        .select_related("kind", "submission__source")
        .order_by("occurred_at", "pk")
    )
    for row in rows:
        limit = answered[row.contact_id]
        if limit is None or row.occurred_at > limit:
            newest[row.contact_id] = row
    return newest


@transaction.atomic
def activate(*, model: ScoringModel, by: User, now: datetime) -> None:
    """Let a model score from now on: the active one is retired, and every lead is scored anew in the background."""
    check_can_change(by)
    rows = {row.pk: row for row in ScoringModel.objects.select_for_update().order_by("pk")}
    chosen = rows[model.pk]
    if chosen.state == ModelState.ACTIVE:
        return
    ScoringModel.objects.active().update(state=ModelState.RETIRED)
    chosen.state = ModelState.ACTIVE
    chosen.save(update_fields=["state"])
    record(
        entries=[Entry("scoring.activated", "scoring_model", chosen.pk, after={"version": chosen.version})],
        at=now,
        by=by,
    )
    rescore_in_background(now=now)


def rescore_in_background(*, now: datetime) -> None:
    """Mark every lead for scoring, in ranges of RANGE numbers; the drain works them off within its batches."""
    ends = Lead.objects.aggregate(first=Min("pk"), last=Max("pk"))
    if ends["first"] is None:
        return
    for first in range(ends["first"], ends["last"] + 1, RANGE):
        rows = Lead.objects.not_merged().filter(pk__gte=first, pk__lt=first + RANGE, dirty_at__isnull=True)
        rows.update(dirty_at=now)
    announce("leads.dirty")


@transaction.atomic
def copy_as_draft(*, model: ScoringModel, by: User) -> ScoringModel:
    """A draft with the same rules, under the next version of the name."""
    check_can_change(by)
    last = ScoringModel.objects.filter(name=model.name).aggregate(last=Max("version"))["last"]
    draft = ScoringModel.objects.get(pk=model.pk)
    draft.pk, draft.version, draft.state = None, last + 1, ModelState.DRAFT
    draft._state.adding = True
    draft.save()
    ProfileRule.objects.bulk_create(_copies(model.profile_rules.all(), draft))
    BehaviourRule.objects.bulk_create(_copies(model.behaviour_rules.all(), draft))
    return draft


def _copies(rules: Iterable[_Rule], draft: ScoringModel) -> list[_Rule]:
    copies = list(rules)
    for rule in copies:
        rule.pk, rule.model = None, draft
        rule._state.adding = True
    return copies

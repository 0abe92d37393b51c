"""One handoff, as its page and the sheet beside the inbox show it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from leads.models import Lead, Opportunity, OpportunityState
from leads.policies import visible_leads
from leads.stages import Stage
from sla.agreements.fields import label_of
from sla.clock import Lateness, Look, look
from sla.models import Clock, Handoff, HandoffState, Pause, PromiseKind, Side, Touch, Waiver, side_of
from sla.policies import can_answer, can_assign, can_pick_up, can_waive, can_work, visible_handoffs
from sla.querysets import HandoffQuerySet
from sla.reports.wording import target_words, whose
from sla.selectors.lateness import lateness_of
from sla.services.completeness import missing_fields
from sla.services.pausing import can_be_paused, can_be_waived


@dataclass(frozen=True)
class ClockFact:
    """One clock with what the component needs: `outcome` is waived for one that nobody kept or missed. `pauses` are those
    that go on."""

    clock: Clock
    outcome: str
    lateness: Lateness | None
    pauses: Sequence[Pause] = ()
    waiver: Waiver | None = None

    @property
    def promised(self) -> str:
        """What its promise says."""
        return target_words(self.clock.promise)

    @property
    def whose(self) -> str:
        """Who answers for it."""
        return whose(self.clock, _("the team, in its queue"))


@dataclass(frozen=True)
class Verbs:
    """What the reader can do with the handoff as it stands; the verbs themselves check again."""

    accept: bool = False
    reject: bool = False
    assign: bool = False
    give_back: bool = False
    work: bool = False
    open_deal: bool = False
    close_deal: bool = False
    pause: bool = False
    resume: bool = False
    waive: bool = False
    pick_up: bool = False


@dataclass(frozen=True)
class HandoffDetail:
    """A handoff with all that its page shows of sla."""

    handoff: Handoff
    clocks: Sequence[ClockFact]
    touches: Sequence[Touch]
    deal: Opportunity | None
    verbs: Verbs

    @property
    def missing(self) -> list[str]:
        """Agreed fields that are empty still, in words, while marketing's clock for them runs."""
        if not any(
            fact.clock.kind == PromiseKind.COMPLETENESS and fact.clock.ended_at is None
            for fact in self.clocks
        ):
            return []
        return [label_of(code) for code in missing_fields(self.handoff)]

    @property
    def attempts(self) -> int:
        """How many touches are logged."""
        return len(self.touches)

    @property
    def attempts_agreed(self) -> int:
        """How many the agreement asks for before a lead counts as unable to reach."""
        return self.handoff.agreement_version.attempts_before_unreachable


def with_clocks(handoffs: HandoffQuerySet) -> HandoffQuerySet:
    """Handoffs with their clocks, the pauses and waivers of those, and who is named in them; two statements beside."""
    clocks = (
        Clock.objects.select_related("promise", "owner", "waiver__by", "calendar_version")
        .prefetch_related(Prefetch("pauses", Pause.objects.select_related("by")))
        .order_by("started_at", "pk")
    )
    return handoffs.prefetch_related(Prefetch("clocks", clocks))


def detail_queryset(user: User) -> QuerySet[Handoff]:
    """Visible handoffs with all that a detail needs; six statements for one of them."""
    return (
        with_clocks(visible_handoffs(user))
        .select_related(
            "owner",
            "team",
            "reason",
            "answered_by",
            "agreement_version__agreement",
            "qualification",
        )
        .prefetch_related(
            # Beside, and not joined to the eight tables above: planning thirteen of them takes longer than all else.
            Prefetch("lead", Lead.objects.select_related("contact__company", "first_source")),
            Prefetch("touches", Touch.objects.select_related("by").order_by("-at", "-pk")),
            "lead__opportunities",
        )
    )


def handoff_detail(*, handoff: Handoff, user: User, now: datetime) -> HandoffDetail:
    """What the page of a handoff from `detail_queryset` shows to this reader; no statement of its own."""
    deals = list(handoff.lead.opportunities.all())
    deal = next((row for row in deals if row.state == OpportunityState.OPEN), None)
    return HandoffDetail(
        handoff=handoff,
        clocks=[_clock_fact(clock, now) for clock in sorted(handoff.clocks.all(), key=_place)],
        touches=list(handoff.touches.all()),
        deal=deal,
        verbs=_verbs(handoff, deal, user, now),
    )


def goes_on_as(*, handoff: Handoff, user: User) -> Handoff | None:
    """Where a handoff that ended in a merge goes on: the open one of its lead, else the latest, as far as the reader may see it.
    None for any other handoff."""
    if handoff.state != HandoffState.MERGED:
        return None
    return visible_handoffs(user).filter(lead=handoff.lead_id).not_merged().open_first().first()


def handoffs_of_lead(*, lead_id: int, user: User, now: datetime) -> tuple[Lead | None, list[HandoffDetail]]:
    """A lead with its handoffs, newest first, as far as the reader may see them; no lead where they may not see it."""
    lead = visible_leads(user).select_related("contact").filter(pk=lead_id).first()
    if lead is None:
        return None, []
    rows = detail_queryset(user).filter(lead=lead).order_by("-started_at", "-pk")
    return lead, [handoff_detail(handoff=row, user=user, now=now) for row in rows]


def _place(clock: Clock) -> tuple[bool, bool, datetime]:
    """What runs comes first, sales' before marketing's, by what is due next; then what is over, in its order."""
    is_over = clock.ended_at is not None
    return is_over, side_of(clock.kind) == Side.MARKETING, clock.ended_at or clock.due_at


def _clock_fact(clock: Clock, now: datetime) -> ClockFact:
    going_on = [stretch for stretch in clock.pauses.all() if clock.ended_at is None and stretch.ends_at > now]
    return ClockFact(
        clock, _outcome(clock, now), lateness_of(clock, now), going_on, getattr(clock, "waiver", None)
    )


def look_of(clock: Clock, now: datetime) -> Look:
    """How a clock looks at `now`, on pages and in the API alike."""
    return look(
        due_at=clock.due_at,
        warn_at=clock.warn_at,
        ended_at=clock.ended_at,
        cancelled=clock.is_cancelled,
        waived=clock.is_waived,
        paused_until=clock.paused_until,
        now=now,
    )


def _outcome(clock: Clock, now: datetime) -> str:
    shown = look_of(clock, now)
    # The component has one face for what is out of the account, whether a manager or the course of things took it out.
    return "waived" if shown in (Look.CANCELLED, Look.WAIVED) else ""


def _verbs(handoff: Handoff, deal: Opportunity | None, user: User, now: datetime) -> Verbs:
    waiting, accepted = handoff.state == HandoffState.WAITING, handoff.state == HandoffState.ACCEPTED
    answer, work = can_answer(user, handoff), can_work(user, handoff)
    qualified = handoff.state == HandoffState.QUALIFIED and work
    has_owner = handoff.owner_id is not None or (handoff.team_id == user.team_id and user.role == "rep")
    clocks = list(handoff.clocks.all())
    paused = any(
        clock.ended_at is None and clock.paused_until and clock.paused_until > now for clock in clocks
    )
    return Verbs(
        accept=waiting and answer and has_owner,
        reject=waiting and answer and handoff.accepted_at is None,
        assign=(waiting or accepted) and can_assign(user, handoff),
        give_back=waiting and answer and handoff.accepted_at is not None and handoff.owner_id is not None,
        work=accepted and work,
        open_deal=qualified and deal is None and handoff.lead.stage in (Stage.SQL, Stage.CUSTOMER),
        close_deal=qualified and deal is not None,
        pause=work and not paused and any(can_be_paused(clock, now) for clock in clocks),
        resume=work and paused,
        waive=can_waive(user, handoff) and any(can_be_waived(clock) for clock in clocks),
        pick_up=can_pick_up(user)
        and any(clock.kind == PromiseKind.PICK_UP and clock.ended_at is None for clock in clocks),
    )

"""The handoffs of the benchmarks as SQL: every fifth lead has one, a twentieth of them is open, a fifth was answered late.

All times are counted in seconds before now; the columns of `handoffs` are the vocabulary of the others.
"""

from benchmarks.dialect import Dialect, mixed, pick
from benchmarks.people import FIRST_REP, FIRST_TEAM, REPS, TEAMS, Cast
from sla.models import PromiseKind

EVERY = 5
DAY = 86_400
HALF_YEAR = 182 * DAY
CLOSED = ["rejected"] * 3 + ["qualified"] * 10 + ["recycled"] * 3 + ["disqualified"] * 3
TIERS = ["hand_raiser"] * 3 + ["scored"] * 6 + ["tier_2"]


class Passing:
    """Expressions over the numbers of handoffs, 1 to N / 5; handoff n belongs to lead 5 n."""

    def __init__(self, dialect: Dialect, cast: Cast) -> None:
        self.ago = dialect.ago
        self.series = dialect.series
        self.cast = cast

    def state(self, number: str) -> str:
        """The state of a handoff."""
        waits = f"CASE WHEN ({number}) / 20 % 5 < 3 THEN 'waiting' ELSE 'accepted' END"
        return f"CASE WHEN ({number}) % 20 = 0 THEN {waits} ELSE {pick(CLOSED, 21, number)} END"

    def stage_of_lead(self) -> str:
        """The stage of lead n: by the state of its handoff, where it has one."""
        state = self.state(f"(n / {EVERY})")
        qualified = f"CASE n / {EVERY} % 4 WHEN 0 THEN 'opportunity' WHEN 2 THEN 'customer' ELSE 'sql' END"
        return f"""CASE WHEN n % {EVERY} <> 0 THEN CASE WHEN n % 20 = 7 THEN 'nurture' ELSE 'lead' END
            ELSE CASE {state} WHEN 'waiting' THEN 'srl' WHEN 'accepted' THEN 'srl' WHEN 'rejected' THEN 'mql'
            WHEN 'qualified' THEN {qualified} WHEN 'recycled' THEN 'nurture' ELSE 'disqualified' END END"""

    def handoffs(self, leads: int) -> str:
        """The table expression: n, lead, state, tier, rep, team, late, and seconds ago of start, answer, touch and end."""
        rep = mixed(22, REPS)
        base = f"""SELECT n, n * {EVERY} AS lead, {self.state("n")} AS state, {pick(TIERS, 23)} AS tier,
            {rep} AS seat, CASE WHEN {mixed(24, 5)} = 0 THEN 1 ELSE 0 END AS late, {mixed(25, 1000)} AS chance
            FROM {self.series(leads // EVERY)}"""
        terms = f"""SELECT base.*, {self.cast.target(PromiseKind.ACCEPT)} AS accept_target,
            {self.cast.target(PromiseKind.FIRST_TOUCH)} AS touch_target,
            CASE WHEN state = 'waiting' AND n % 100 = 0 THEN NULL ELSE {FIRST_REP} + seat END AS rep,
            {FIRST_TEAM} + seat % {TEAMS} AS team FROM ({base}) AS base"""
        used = f"""SELECT terms.*, accept_target * (1 + 2 * late) / 2 AS answer_used,
            touch_target * (1 + 2 * late) / 2 AS touch_used FROM ({terms}) AS terms"""
        dated = f"""SELECT used.*, CASE state WHEN 'waiting' THEN accept_target * 11 / 10 * chance / 1000
            WHEN 'accepted' THEN answer_used + touch_target * chance / 1000
            ELSE 10 * {DAY} + {mixed(26, HALF_YEAR - 10 * DAY)} END AS age FROM ({used}) AS used"""
        return f"({dated}) AS dated"

    def handoff_columns(self) -> dict[str, str]:
        """Columns of Handoff."""
        answered = "state <> 'waiting'"
        return {
            "id": "n",
            "lead_id": "lead",
            "source_id": str(self.cast.source.pk),
            "team_id": "team",
            "owner_id": "rep",
            "tier": "tier",
            "agreement_version_id": str(self.cast.agreement_version),
            "state": "state",
            "ready_at": self.ago("age + 5"),
            "ready_rule": "CASE tier WHEN 'hand_raiser' THEN 'hand_raise' ELSE 'threshold' END",
            "ready_detail": "'Score 70 of 65'",
            "started_at": self.ago("age"),
            "assigned_at": f"CASE WHEN rep IS NOT NULL THEN {self.ago('age')} END",
            "accepted_at": f"CASE WHEN state NOT IN ('waiting', 'rejected') THEN {self._answered()} END",
            "answered_by_id": f"CASE WHEN {answered} THEN rep END",
            "answered_at": f"CASE WHEN {answered} THEN {self._answered()} END",
            "ended_at": f"CASE state WHEN 'waiting' THEN NULL WHEN 'accepted' THEN NULL WHEN 'rejected' "
            f"THEN {self._answered()} ELSE {self._ended()} END",
            "reason_id": "CASE state WHEN 'rejected' THEN (SELECT MIN(id) FROM sla_reason WHERE kind = 'rejection') "
            "WHEN 'disqualified' THEN (SELECT MIN(id) FROM sla_reason WHERE kind = 'disqualification') END",
        }

    def accept_clock_columns(self) -> dict[str, str]:
        """Columns of the clocks for accepting: running where the handoff waits, with its breach where it is late."""
        late = "CASE WHEN state = 'waiting' THEN age > accept_target ELSE late = 1 END"
        return self._clock(PromiseKind.ACCEPT, "age", "accept_target") | {
            "outcome": self._outcome("waiting"),
            "ended_at": f"CASE WHEN state <> 'waiting' THEN {self._answered()} END",
            "seconds_used": "CASE WHEN state <> 'waiting' THEN answer_used END",
            "breached_at": f"CASE WHEN {late} THEN {self.ago('age - accept_target')} END",
        }

    def touch_clock_columns(self) -> dict[str, str]:
        """Columns of the clocks for the first touch: running where the handoff is accepted and open, all of them in time."""
        return self._clock(PromiseKind.FIRST_TOUCH, "age - answer_used", "touch_target") | {
            "outcome": self._outcome("accepted"),
            "ended_at": f"CASE WHEN state <> 'accepted' THEN {self._touched()} END",
            "seconds_used": "CASE WHEN state <> 'accepted' THEN touch_used END",
            "breached_at": f"CASE WHEN state <> 'accepted' AND late = 1 "
            f"THEN {self.ago('age - answer_used - touch_target')} END",
        }

    def touch_columns(self) -> dict[str, str]:
        """Columns of Touch."""
        return {
            "handoff_id": "n",
            "kind": "'call'",
            "by_id": "rep",
            "at": self._touched(),
            "recorded_at": self._touched(),
            "reached": "TRUE",
        }

    def qualification_columns(self) -> dict[str, str]:
        """Columns of Qualification."""
        bant = {name: f"'Told about {name}.'" for name in ("budget", "authority", "need", "timeline")}
        return {"handoff_id": "n", "by_id": "rep", "at": self._ended(), **bant}

    def opportunity_columns(self) -> dict[str, str]:
        """Columns of Opportunity: half of them won."""
        return {
            "lead_id": "lead",
            "state": "CASE WHEN n % 4 = 0 THEN 'open' ELSE 'won' END",
            "amount": mixed(27, 90_000),
            "opened_at": self._ended(),
            "closed_at": f"CASE WHEN n % 4 <> 0 THEN {self.ago('0')} END",
            "owner_id": "rep",
        }

    def _clock(self, kind: PromiseKind, age: str, target: str) -> dict[str, str]:
        return {
            "handoff_id": "n",
            "promise_id": self.cast.promise(kind),
            "calendar_version_id": str(self.cast.calendar_version),
            "owner_id": "rep",
            "started_at": self.ago(age),
            "due_at": self.ago(f"{age} - {target}"),
            "warn_at": self.ago(f"{age} - {target} * 3 / 4"),
            "kind": f"'{kind.value}'",
            "tier": "tier",
            "team_id": "team",
            "source_id": str(self.cast.source.pk),
        }

    def _outcome(self, running: str) -> str:
        return f"CASE WHEN state = '{running}' THEN 'running' WHEN late = 1 THEN 'missed' ELSE 'kept' END"

    def _answered(self) -> str:
        return self.ago("age - answer_used")

    def _touched(self) -> str:
        return self.ago("age - answer_used - touch_used")

    def _ended(self) -> str:
        return self.ago(f"age - answer_used - touch_used - {DAY}")

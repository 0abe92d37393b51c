"""The one place where a lead's stage changes."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import User
from leads.bulk import update_values
from leads.journal import Entry, record
from leads.models import Lead, StageChange
from leads.signals import stages_changed
from leads.stages import Stage, event_of


class StageChangedMeanwhile(RuntimeError):
    """Somebody else moved the lead between reading and writing; nothing was changed, and trying again is safe."""


@dataclass(frozen=True)
class Move:
    """One lead to one stage. `at` differs from `now` only for facts recorded later than they happened.

    `into` is the lead that another one is merged into; with `taken_over` the stage comes from one that was.
    """

    lead: Lead
    to: Stage
    reason: str = ""
    at: datetime | None = None
    into: Lead | None = None
    taken_over: bool = False


@transaction.atomic
def change_stage(*, moves: Sequence[Move], now: datetime, by: User | None = None, rule: str = "") -> None:
    """Move leads, with a row of history and of the journal each; three statements and one per kind of move.

    Raises leads.stages.MoveRefused for a move that the transition table does not have, and StageChangedMeanwhile where the
    stage in the database is not the one that was read.
    """
    groups: dict[tuple[str, Stage], list[Move]] = defaultdict(list)
    for move in moves:
        event_of(move.lead.stage, move.to, taken_over=move.taken_over)
        groups[move.lead.stage, move.to].append(move)
    for (origin, target), group in groups.items():
        fields = {
            move.lead.pk: (target.value, move.at or now, move.into.pk if move.into else None)
            for move in group
        }
        columns = ["stage", "stage_since", "merged_into"]
        moved = update_values(Lead, columns, fields, only_where=("stage", origin))
        if moved != len(group):
            raise StageChangedMeanwhile(
                f"{len(group) - moved} of {len(group)} leads are no longer in {origin}."
            )
    _write_history(moves, now, by, rule)
    for move in moves:
        move.lead.stage, move.lead.stage_since = move.to.value, move.at or now
    if moves:
        numbers = [move.lead.pk for move in moves]
        stages_changed.send(sender=Lead, lead_ids=numbers, now=now, by=by, rule=rule)


def _write_history(moves: Sequence[Move], now: datetime, by: User | None, rule: str) -> None:
    StageChange.objects.bulk_create(
        [
            StageChange(
                lead=move.lead,
                from_stage=move.lead.stage,
                to_stage=move.to.value,
                at=move.at or now,
                by=by,
                rule=rule,
                reason=move.reason[:300],
            )
            for move in moves
        ],
        batch_size=1000,
    )
    record(
        entries=[
            Entry(
                event="lead.stage_changed",
                subject_kind="lead",
                subject_id=move.lead.pk,
                lead_id=move.lead.pk,
                before={"stage": move.lead.stage},
                after={"stage": move.to.value, "as_of": (move.at or now).isoformat()},
            )
            for move in moves
        ],
        at=now,
        by=by,
        rule=rule,
    )

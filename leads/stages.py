"""The stages of a lead and the moves between them (pure). The diagram in docs/architecture.md is made from here."""

from enum import StrEnum


class Stage(StrEnum):
    """Where a lead stands. The names shown to people may differ; these stay."""

    LEAD = "lead"
    MQL = "mql"
    SRL = "srl"
    SQL = "sql"
    OPPORTUNITY = "opportunity"
    CUSTOMER = "customer"
    NURTURE = "nurture"
    DISQUALIFIED = "disqualified"
    # Turned out to be somebody whom another lead stands for; that one goes on.
    MERGED = "merged"


S = Stage

# (from, to) -> what happened. A move that is not here cannot be made.
TRANSITIONS: dict[tuple[Stage, Stage], str] = {
    (S.LEAD, S.MQL): "qualified by marketing",
    (S.LEAD, S.NURTURE): "put into nurture",
    (S.LEAD, S.DISQUALIFIED): "disqualified by marketing",
    (S.MQL, S.SRL): "handed off",
    (S.MQL, S.NURTURE): "put into nurture",
    (S.MQL, S.DISQUALIFIED): "disqualified by marketing",
    (S.SRL, S.SQL): "qualified by sales",
    (S.SRL, S.MQL): "rejected by sales",
    (S.SRL, S.NURTURE): "recycled by sales",
    (S.SRL, S.DISQUALIFIED): "disqualified by sales",
    (S.SQL, S.OPPORTUNITY): "deal opened",
    (S.SQL, S.NURTURE): "recycled by sales",
    (S.SQL, S.DISQUALIFIED): "disqualified by sales",
    (S.OPPORTUNITY, S.CUSTOMER): "deal won",
    (S.OPPORTUNITY, S.NURTURE): "deal lost",
    (S.CUSTOMER, S.OPPORTUNITY): "cross-sell opened",
    (S.NURTURE, S.MQL): "picked up from nurture",
    (S.NURTURE, S.DISQUALIFIED): "disqualified by marketing",
    (S.DISQUALIFIED, S.LEAD): "reopened",
    (S.DISQUALIFIED, S.MQL): "reopened",
    # A deal recorded elsewhere (a CRM, an import) is a fact, whatever this system thought of the lead.
    (S.LEAD, S.OPPORTUNITY): "deal recorded elsewhere",
    (S.MQL, S.OPPORTUNITY): "deal recorded elsewhere",
    (S.SRL, S.OPPORTUNITY): "deal recorded elsewhere",
    (S.NURTURE, S.OPPORTUNITY): "deal recorded elsewhere",
    (S.DISQUALIFIED, S.OPPORTUNITY): "deal recorded elsewhere",
    # Two leads were one person: one of them ends here, whatever its stage, and the other goes on.
    **{(stage, S.MERGED): "merged into another lead" for stage in Stage if stage != S.MERGED},
}

# Of two leads that are merged the one that stays stands where the further one stood: the first of these that either is in. What
# sales has, or what lives, comes before what rests.
_FURTHER = (
    S.OPPORTUNITY,
    S.CUSTOMER,
    S.SQL,
    S.SRL,
    S.MQL,
    S.NURTURE,
    S.LEAD,
    S.DISQUALIFIED,
)
# The stages in which sales has vetted the lead: no handoff is open beside them.
VETTED = frozenset({S.OPPORTUNITY, S.CUSTOMER, S.SQL})
SALES_HAS_IT = VETTED | {S.SRL}


class MoveRefused(ValueError):
    """The transition table has no such move."""

    def __init__(self, origin: Stage, target: Stage) -> None:
        super().__init__(f"A lead cannot move from {origin} to {target}.")
        self.origin = origin
        self.target = target


def stage_of_both(kept: str, absorbed: str) -> Stage:
    """Where a lead stands that was in `kept`, and takes one in that was in `absorbed`. Neither was merged before."""
    return min((Stage(kept), Stage(absorbed)), key=_FURTHER.index)


def event_of(origin: str, target: str, *, taken_over: bool = False) -> str:
    """What the move from `origin` to `target` is called. Raises MoveRefused where there is none.

    `taken_over`: a merge brings the stage of the other lead, which may be any that is further on.
    """
    move = (Stage(origin), Stage(target))
    if taken_over and stage_of_both(*move) == move[1]:
        return "taken over from a merged lead"
    if move not in TRANSITIONS:
        raise MoveRefused(*move)
    return TRANSITIONS[move]


def diagram() -> str:
    """The state diagram as Mermaid text."""
    lines = ["stateDiagram-v2", "    [*] --> lead"]
    lines += [f"    {origin} --> {target}: {event}" for (origin, target), event in TRANSITIONS.items()]
    return "\n".join(lines) + "\n"

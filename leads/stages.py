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
}


class MoveRefused(ValueError):
    """The transition table has no such move."""

    def __init__(self, origin: Stage, target: Stage) -> None:
        super().__init__(f"A lead cannot move from {origin} to {target}.")
        self.origin = origin
        self.target = target


def event_of(origin: str, target: str) -> str:
    """What the move from `origin` to `target` is called. Raises MoveRefused where there is none."""
    move = (Stage(origin), Stage(target))
    if move not in TRANSITIONS:
        raise MoveRefused(*move)
    return TRANSITIONS[move]


def can_move(origin: str, target: str) -> bool:
    """True where the transition table has the move."""
    return (Stage(origin), Stage(target)) in TRANSITIONS


def diagram() -> str:
    """The state diagram as Mermaid text."""
    lines = ["stateDiagram-v2", "    [*] --> lead"]
    lines += [f"    {origin} --> {target}: {event}" for (origin, target), event in TRANSITIONS.items()]
    return "\n".join(lines) + "\n"

"""What the pages of agreements show; a bounded number of queries for any number of versions."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Prefetch
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from scoring.models import ScoringModel
from sla.agreements.document import Change, changes, compare
from sla.agreements.reading import document_of
from sla.models import Agreement, AgreementVersion, Side, Signature, Territory
from sla.policies import can_draft, signing_side, visible_agreements

# What a version is at a moment, in words.
STANDINGS = {
    "draft": gettext_lazy("Draft"),
    "proposed": gettext_lazy("Proposed"),
    "to_come": gettext_lazy("To come"),
    "in_force": gettext_lazy("In force"),
    "superseded": gettext_lazy("Superseded"),
}


@dataclass(frozen=True)
class Reading:
    """One version with all that is said about it. `by_side` has both sides; a side that has not signed has None."""

    version: AgreementVersion
    standing: str
    by_side: tuple[tuple[Side, Signature | None], ...]
    ended_at: datetime | None = None

    @property
    def words(self) -> str:
        """The standing, as people call it."""
        return str(STANDINGS[self.standing])

    @property
    def waits_for(self) -> tuple[Side, ...]:
        """The sides that have not signed a proposal."""
        return tuple(side for side, signature in self.by_side if signature is None)


@dataclass
class Overview:
    """An agreement in the list, and at the head of its page."""

    agreement: Agreement
    teams: list[str]
    readings: list[Reading]
    asked_side: Side | None = None
    may_draft: bool = False
    in_force: Reading | None = None
    to_come: list[Reading] = field(default_factory=list)
    unsigned: Reading | None = None

    def of(self, number: int) -> Reading | None:
        """The version with that number."""
        return next((reading for reading in self.readings if reading.version.number == number), None)


def overviews(user: User, now: datetime, agreement: Agreement | None = None) -> list[Overview]:
    """The agreements that a person may read, each with its versions, newest first; four queries, without the texts.

    Reps read what is signed; drafts and proposals are for those who negotiate and audit them.
    """
    teams = Territory.objects.select_related("team").order_by("team__name")
    versions = AgreementVersion.objects.defer("document").order_by("-number")
    if user.role == "rep":
        versions = versions.signed()
    rows = visible_agreements(user).prefetch_related(
        Prefetch("territories", queryset=teams),
        Prefetch("versions", queryset=versions.prefetch_related("signatures__by")),
    )
    if agreement is not None:
        rows = rows.filter(pk=agreement.pk)
    return [_overview(row, user, now) for row in rows]


def _overview(row: Agreement, user: User, now: datetime) -> Overview:
    readings = _readings(list(row.versions.all()), now)
    found = Overview(row, [territory.team.name for territory in row.territories.all()], readings)
    found.in_force = next((reading for reading in readings if reading.standing == "in_force"), None)
    found.to_come = [reading for reading in readings if reading.standing == "to_come"]
    found.unsigned = next((reading for reading in readings if not reading.version.is_signed), None)
    found.may_draft = can_draft(user, row)
    side = signing_side(user, row)
    if found.unsigned and found.unsigned.version.is_proposed and side in found.unsigned.waits_for:
        found.asked_side = side
    return found


def _readings(versions: list[AgreementVersion], now: datetime) -> list[Reading]:
    """Newest first, with what each is at `now` (twins: AgreementVersionQuerySet.in_force, AgreementVersion.is_to_come)."""
    signed = sorted(
        ((row.in_force_from, row.number) for row in versions if row.is_signed and row.in_force_from),
    )
    begun = [place for place in signed if place[0] <= now]
    found = []
    for version in versions:
        ended_at, standing = None, version.state
        if version.is_signed and version.in_force_from:
            place = (version.in_force_from, version.number)
            ended_at = next((later[0] for later in signed if later > place), None)
            standing = (
                "to_come" if version.is_to_come(now) else "in_force" if place == begun[-1] else "superseded"
            )
        names = {signature.side: signature for signature in version.signatures.all()}
        found.append(Reading(version, standing, tuple((side, names.get(side)) for side in Side), ended_at))
    return found


def changes_from(old: AgreementVersion | None, new: AgreementVersion | None) -> list[Change]:
    """What differs, without the lines in which any two versions differ."""
    if old is None or new is None:
        return []
    return telling(changes(document_of(old), document_of(new)))


def side_by_side(old: AgreementVersion, new: AgreementVersion) -> list[Change]:
    """All lines of both."""
    return compare(document_of(old), document_of(new))


def telling(rows: Iterable[Change]) -> list[Change]:
    """Without from when a version holds and why it was made: any two differ in that, and pages tell it at their heads."""
    return [row for row in rows if row.key not in ("about.begins", "about.why")]


def other_thresholds(version: AgreementVersion) -> list[str]:
    """In words, where the active scoring model does not do what was agreed; one query."""
    model = ScoringModel.objects.active().first()
    if model is None:
        return []
    pairs: list[tuple[Any, int, int]] = [
        (_("an MQL"), version.mql_threshold, model.mql_threshold),
        (_("a sales-ready lead"), version.ready_threshold, model.ready_threshold),
    ]
    return [
        _(
            "The agreed score of %(what)s is %(agreed)d; the active scoring model %(model)s asks for %(actual)d."
        )
        % {"what": what, "agreed": agreed, "model": model, "actual": actual}
        for what, agreed, actual in pairs
        if agreed != actual
    ]

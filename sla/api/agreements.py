"""Agreements to read: what is in force, and each version with its text, digest, signatures and targets."""

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest
from ninja import Field, Path, Router, Schema

from accounts.api import TokenAuth, asker
from drains.clock import current_time
from leads.api.errors import REFUSALS
from leads.api.reading import Number
from sla.agreements.document import text_of
from sla.agreements.reading import document_of
from sla.api.schemas import TargetOut
from sla.models import AgreementVersion, HandoffTier, Hours, Promise, PromiseKind, Side
from sla.policies import visible_agreements
from sla.selectors.agreements import Overview, Reading, overviews

router = Router(tags=["agreements"], auth=TokenAuth())


class VersionSummary(Schema):
    """A version, and what it is now."""

    number: int
    standing: str = Field(description="draft, proposed, to_come, in_force or superseded.")
    in_force_from: datetime | None
    in_force_until: datetime | None
    digest: str = Field(description="SHA-256 of the text that was proposed; empty for a draft.")


class AgreementOut(Schema):
    """An agreement with its versions, the newest first."""

    id: int
    name: str
    teams: list[str]
    in_force: int | None = Field(description="Number of the version in force.")
    versions: list[VersionSummary]


class AgreementList(Schema):
    """All agreements that you may read, by name."""

    items: list[AgreementOut]
    next: None = None


class SignatureOut(Schema):
    """One side's name under the text with this digest."""

    side: Side
    name: str
    at: datetime
    digest: str


class PromiseOut(Schema):
    """One promise: by which side, for which tier, how fast."""

    kind: PromiseKind
    side: Side
    tier: HandoffTier
    target: TargetOut
    warn_percent: int


class VersionOut(VersionSummary):
    """A version with all that it says. `text` is what `digest` is the SHA-256 of, in UTF-8."""

    agreement: int
    title: str
    text: str
    document: dict[str, Any] = Field(description="The same text by sections.")
    signatures: list[SignatureOut]
    promises: list[PromiseOut]
    acceptance_percent: int
    clerical_percent: int
    attempts_before_unreachable: int
    recycle_limit: int
    recycle_after_days: int
    mql_threshold: int
    ready_threshold: int
    required_fields: list[str]


@router.get(
    "/agreements", response={200: AgreementList, **REFUSALS}, url_name="agreements", summary="Agreements"
)
def list_agreements(request: HttpRequest) -> Any:
    """The agreements that you may read: a rep that of the team, everybody else all."""
    return AgreementList(items=[_agreement(row) for row in overviews(asker(request), current_time())])


@router.get(
    "/agreements/{agreement_id}/versions/{number}",
    response={200: VersionOut, **REFUSALS},
    url_name="agreement_version",
    summary="One version of an agreement",
)
def get_version(request: HttpRequest, agreement_id: Path[Number], number: Path[Number]) -> Any:
    """The text as it was signed, its digest, its signatures and its targets. A rep reads signed versions."""
    user = asker(request)
    agreement = visible_agreements(user).filter(pk=agreement_id).first()
    found = overviews(user, current_time(), agreement) if agreement is not None else []
    reading = found[0].of(number) if found else None
    if reading is None:
        raise Http404
    return _version(reading)


def _agreement(row: Overview) -> AgreementOut:
    return AgreementOut(
        id=row.agreement.pk,
        name=row.agreement.name,
        teams=row.teams,
        in_force=row.in_force.version.number if row.in_force else None,
        versions=[VersionSummary.model_validate(_summary(reading)) for reading in row.readings],
    )


def _summary(row: Reading) -> dict[str, Any]:
    return {
        "number": row.version.number,
        "standing": row.standing,
        "in_force_from": row.version.in_force_from,
        "in_force_until": row.ended_at,
        "digest": row.version.digest,
    }


_TERMS = (
    *("acceptance_percent", "clerical_percent", "attempts_before_unreachable", "recycle_limit"),
    *("recycle_after_days", "mql_threshold", "ready_threshold", "required_fields"),
)


def _version(row: Reading) -> VersionOut:
    full = AgreementVersion.objects.select_related("agreement").get(pk=row.version.pk)
    document = document_of(full)
    promises = full.promises.order_by("kind", "tier")
    return VersionOut.model_validate(
        _summary(row)
        | {name: getattr(full, name) for name in _TERMS}
        | {
            "agreement": full.agreement_id,
            "title": full.title,
            "text": text_of(document),
            "document": document.to_dict(),
            "signatures": [
                SignatureOut(side=side, name=one.name, at=one.at, digest=one.digest)
                for side, one in row.by_side
                if one is not None
            ],
            "promises": [_promise(promise) for promise in promises],
        }
    )


def _promise(row: Promise) -> PromiseOut:
    target = TargetOut(
        seconds=row.target_seconds, days=row.target_days, count=row.count, hours=Hours(row.hours)
    )
    return PromiseOut(
        kind=PromiseKind(row.kind),
        side=row.side,
        tier=HandoffTier(row.tier),
        target=target,
        warn_percent=row.warn_percent,
    )

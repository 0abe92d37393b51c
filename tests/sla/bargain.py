"""Two sides that negotiate: a marketing manager, a sales manager, and drafts that they write by the services."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import User
from sla.agreements.reading import target_of
from sla.agreements.targets import Target
from sla.models import AgreementVersion
from sla.services.agreements import draft_from, edit_draft, propose, sign
from tests.support.people import make_user


def sides() -> tuple[User, User]:
    """Somebody for marketing, and a manager of all teams for sales."""
    return make_user("marketing"), make_user("sales_manager")


def standard() -> AgreementVersion:
    """The version that an installation starts with."""
    return AgreementVersion.objects.get(agreement__name="Standard agreement", number=1)


def targets_of(version: AgreementVersion) -> dict[tuple[str, str], Target]:
    """What a version promises."""
    return {(row["kind"], row["tier"]): target_of(row) for row in version.promises.values()}


def rewrite(
    version: AgreementVersion,
    *,
    by: User,
    now: datetime,
    targets: dict[tuple[str, str], Target | None] | None = None,
    **values: Any,
) -> AgreementVersion:
    """Change some targets (None: no longer promised) and fields of a draft."""
    wanted = targets_of(version) | (targets or {})
    return edit_draft(
        version=version,
        values=values,
        targets={place: target for place, target in wanted.items() if target is not None},
        reasons=list(version.reasons.all()),
        by=by,
        now=now,
    )


def proposal(by: User, now: datetime, **changes: Any) -> AgreementVersion:
    """The next version, with hand-raisers to be answered in ten minutes, laid before both sides."""
    draft = draft_from(version=standard(), by=by, now=now)
    faster = {("accept", "hand_raiser"): Target(seconds=600)}
    changes.setdefault("targets", faster)
    rewrite(draft, by=by, now=now, **changes)
    return propose(version=draft, by=by, now=now)


def sign_both(version: AgreementVersion, marketing: User, sales: User, now: datetime) -> AgreementVersion:
    """Both signatures."""
    for person in (marketing, sales):
        sign(version=version, digest=version.digest, by=person, now=now)
    version.refresh_from_db()
    return version

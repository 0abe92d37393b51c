"""What people are told about agreements: that their signature is asked, and what both sides have signed."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import Role, User
from notifications.services import Event, Notice, notify
from sla.models import AgreementVersion
from sla.notices import local


def proposed_notices(*, version: AgreementVersion, by: User, now: datetime) -> None:
    """Ask those who can sign for either side, and tell the channels."""
    told = {
        "kind": "agreement",
        # A proposal that was taken back and changed is another fact than the first.
        "dedupe_key": f"agreement_proposed:{version.pk}:{version.digest[:16]}:{now.isoformat()}",
        "subject": _("Your signature is asked: %s") % version.title,
        "path": version.get_absolute_url(),
    }
    body = _("%(person)s proposed %(version)s. Read what changes, and sign it for your side.")
    words = {"person": by, "version": version.title}
    notify(
        notices=[Notice(recipient=reader, body=body % words, **told) for reader in _signers(version)],
        events=[_event("agreement.proposed", version, told, _("%(version)s waits for signatures.") % words)],
        now=now,
    )


def signed_notices(*, version: AgreementVersion, by: User, now: datetime) -> None:
    """Tell both sides, and the reps who will be held to it, from when it is in force."""
    assert version.in_force_from is not None  # it has just been signed
    told = {
        "kind": "agreement",
        "dedupe_key": f"agreement_signed:{version.pk}",
        "subject": _("Signed by both sides: %s") % version.title,
        "path": version.get_absolute_url(),
    }
    body = _(
        "%(version)s is in force from %(from)s. Handoffs that began before keep the version they began under."
    )
    words = {"version": version.title}
    readers = [*_signers(version), *_reps(version)]
    notify(
        notices=[
            Notice(
                recipient=reader, body=body % (words | {"from": local(version.in_force_from, reader)}), **told
            )
            for reader in readers
        ],
        events=[
            _event(
                "agreement.signed",
                version,
                told,
                body % (words | {"from": local(version.in_force_from, None)}),
            )
        ],
        now=now,
    )


def _event(kind: str, version: AgreementVersion, told: dict[str, str], body: str) -> Event:
    data = {
        "agreement_id": version.agreement_id,
        "version": version.number,
        "digest": version.digest,
        "in_force_from": version.in_force_from.isoformat() if version.in_force_from else None,
    }
    return Event(
        type=kind,
        kind=told["kind"],
        dedupe_key=told["dedupe_key"],
        subject=told["subject"],
        body=body,
        path=told["path"],
        data=data,
    )


def _signers(version: AgreementVersion) -> Iterable[User]:
    """Whoever can sign for one of the sides (sla.policies.signing_side)."""
    teams = version.agreement.territories.values("team")
    sales = Q(role=Role.SALES_MANAGER) & (Q(team__isnull=True) | Q(team__in=teams))
    return User.objects.active().filter(Q(role=Role.MARKETING) | sales).order_by("pk")


def _reps(version: AgreementVersion) -> Iterable[User]:
    teams = version.agreement.territories.values("team")
    return User.objects.active().reps().filter(team__in=teams).order_by("pk")

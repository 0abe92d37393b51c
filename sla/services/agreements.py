"""Drafting, proposing and signing versions of an agreement. What is in force is never edited: it is followed by a new version."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.policies import Refusal
from leads.journal import Entry, record
from sla.agreements.checks import problems_of
from sla.agreements.document import digest_of
from sla.agreements.reading import document_of, facts_of
from sla.agreements.targets import Target
from sla.agreements.wording import compose
from sla.models import (
    Agreement,
    AgreementVersion,
    LadderStep,
    Promise,
    Reason,
    Side,
    Signature,
    VersionState,
)
from sla.models.version import COPIED
from sla.notices_agreements import proposed_notices, signed_notices
from sla.policies import check_can_draft, check_can_sign, signing_side
from sla.services.ladders import give_default_ladder

BOTH = {side.value for side in Side}


class MovedOn(RuntimeError):
    """Somebody else was first, or the version is no longer what was looked at. The text says who, what and what to do."""


class NotProposable(RuntimeError):
    """The draft is not whole yet; `problems` say to people what is missing."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


@transaction.atomic
def create_agreement(*, name: str, copy_of: AgreementVersion, by: User, now: datetime) -> AgreementVersion:
    """A new agreement, for a new team or region, whose first version is drafted from another one's text.

    Raises ValidationError where the name is taken, and Refusal.
    """
    check_can_draft(by, None)
    agreement = Agreement(name=name)
    agreement.full_clean()
    agreement.save()
    version = _copy(copy_of, agreement, 1, based_on=None, now=now)
    _journal("agreement.created", version, by, now, after={"copy_of": copy_of.pk})
    return version


@transaction.atomic
def draft_from(*, version: AgreementVersion, by: User, now: datetime) -> AgreementVersion:
    """The draft of the next version, with the text of an earlier one. Raises MovedOn where one is drafted or proposed already,
    and Refusal."""
    agreement = Agreement.objects.select_for_update().get(pk=version.agreement_id)
    check_can_draft(by, agreement)
    if known := agreement.versions.unsigned().first():
        raise MovedOn(
            _("Version %(number)d is %(state)s already. Change that one, or discard it first.")
            % {"number": known.number, "state": known.get_state_display().lower()}
        )
    newest = agreement.versions.latest("number").number
    draft = _copy(version, agreement, newest + 1, based_on=version, now=now)
    _journal("agreement.drafted", draft, by, now, after={"based_on": version.pk})
    return draft


@transaction.atomic
def edit_draft(
    *,
    version: AgreementVersion,
    values: Mapping[str, Any],
    targets: Mapping[tuple[str, str], Target],
    reasons: Iterable[Reason],
    by: User,
    now: datetime,
    expected: str | None = None,
) -> AgreementVersion:
    """Write a draft: fields by name, the targets of all promises by kind and tier, the reasons offered (none: all in use).

    `expected` is the digest of the draft as it was opened. Raises MovedOn where somebody else wrote it meanwhile or it is no
    draft any more, ValidationError for values that cannot be, and Refusal.
    """
    row = _locked(version, by)
    _must_be_draft(row)
    before = document_of(row)
    if expected is not None and digest_of(before) != expected:
        raise MovedOn(_("Somebody else changed this draft meanwhile. Look at it, then change it again."))
    for name in COPIED:
        if name in values:
            setattr(row, name, values[name])
    row.in_force_from = values.get("in_force_from", row.in_force_from)
    row.change_note = values.get("change_note", row.change_note)
    row.full_clean(exclude=["agreement", "based_on"])
    row.save()
    _write_promises(row, targets)
    row.reasons.set(reasons)
    after = compose(facts_of(row))
    changed = {"before": digest_of(before), "after": digest_of(after)}
    if changed["before"] != changed["after"]:
        entry = {"digest": changed["after"]}
        _journal("agreement.edited", row, by, now, before={"digest": changed["before"]}, after=entry)
    return row


@transaction.atomic
def discard_draft(*, version: AgreementVersion, by: User, now: datetime) -> None:
    """Throw a draft away; of a new agreement that never had another version, the agreement too. Raises MovedOn and Refusal."""
    row = _locked(version, by)
    _must_be_draft(row)
    _journal("agreement.discarded", row, by, now, before={"state": row.state})
    Promise.objects.filter(version=row).delete()
    row.delete()
    agreement = row.agreement
    if not agreement.versions.exists() and not agreement.territories.exists():
        agreement.delete()


@transaction.atomic
def propose(*, version: AgreementVersion, by: User, now: datetime) -> AgreementVersion:
    """Lay the draft before both sides: its text is kept, with the digest that signatures are under.

    Raises NotProposable with what is missing, MovedOn where it is no draft any more, and Refusal.
    """
    row = _locked(version, by)
    _must_be_draft(row)
    if problems := problems_of(row):
        raise NotProposable(problems)
    document = document_of(row)
    row.document, row.digest, row.state = document.to_dict(), digest_of(document), VersionState.PROPOSED
    row.save(update_fields=["document", "digest", "state"])
    _journal("agreement.proposed", row, by, now, after={"digest": row.digest})
    proposed_notices(version=row, by=by, now=now)
    return row


@transaction.atomic
def take_back(*, version: AgreementVersion, by: User, now: datetime) -> AgreementVersion:
    """Make a proposal a draft again; signatures under it are void. Raises MovedOn where both have signed, and Refusal."""
    row = _locked(version, by)
    if not row.is_proposed:
        raise MovedOn(_("This version is %s, so it cannot be taken back.") % row.get_state_display().lower())
    void = {signature.side: signature.by_id for signature in row.signatures.all()}
    row.signatures.all().delete()
    before = {"digest": row.digest, "signatures": void}
    row.document, row.digest, row.state = None, "", VersionState.DRAFT
    row.save(update_fields=["document", "digest", "state"])
    _journal("agreement.taken_back", row, by, now, before=before)
    return row


@transaction.atomic
def sign(*, version: AgreementVersion, digest: str, by: User, now: datetime) -> Signature:
    """Sign the text with that digest for the side of one's role. The second signature puts the version in force: from the time
    asked for, and never from a time before the signatures or before the version that it follows.

    Raises MovedOn where the text is another one by now or the side has signed, and Refusal.
    """
    row = (
        AgreementVersion.objects.select_for_update(of=("self",))
        .select_related("agreement")
        .get(pk=version.pk)
    )
    check_can_sign(by, row.agreement)
    side = signing_side(by, row.agreement)
    assert side is not None  # check_can_sign has seen to it
    signed = {signature.side: signature for signature in row.signatures.all()}
    _check_open_for(side, row, signed, by, digest)
    mine = Signature.objects.create(version=row, side=side, by=by, name=str(by), at=now, digest=row.digest)
    _journal("agreement.signed", row, by, now, after={"side": side.value, "digest": row.digest})
    if {*signed, side.value} == BOTH:
        _put_in_force(row, now)
        _journal("agreement.in_force", row, by, now, after={"from": _iso(row.in_force_from)})
        signed_notices(version=row, by=by, now=now)
    return mine


@transaction.atomic
def adopt(
    *, version: AgreementVersion, name: str, in_force_from: datetime, rule: str, now: datetime
) -> AgreementVersion:
    """Put a draft in force without people, as of any time: what an installation starts with, and what an import judges the past
    by. `name` stands where the names of the signers stand; it says so."""
    version.in_force_from = in_force_from
    document = compose(facts_of(version))
    version.document, version.digest = document.to_dict(), digest_of(document)
    for side in Side:
        Signature.objects.create(
            version=version, side=side, name=name, at=in_force_from, digest=version.digest
        )
    version.state = VersionState.SIGNED
    version.save()
    _journal("agreement.adopted", version, None, now, after={"from": _iso(in_force_from)}, rule=rule)
    return version


def _locked(version: AgreementVersion, by: User) -> AgreementVersion:
    rows = AgreementVersion.objects.select_for_update(of=("self",)).select_related("agreement")
    row = rows.filter(pk=version.pk).first()
    if row is None:
        raise MovedOn(_("Somebody discarded this draft meanwhile."))
    check_can_draft(by, row.agreement)
    return row


def _must_be_draft(row: AgreementVersion) -> None:
    if row.is_draft:
        return
    if row.is_proposed:
        raise MovedOn(_("This version is proposed. Take it back to change it; signatures are void then."))
    raise MovedOn(_("This version is signed and never changes. Draft the next one."))


def _check_open_for(
    side: Side, row: AgreementVersion, signed: Mapping[str, Signature], by: User, digest: str
) -> None:
    if known := signed.get(side):
        raise MovedOn(
            _("%(name)s signed for %(side)s on %(when)s already.")
            % {
                "name": known.name,
                "side": side.label.lower(),
                "when": date_format(localtime(known.at), "j F Y, H:i"),
            }
        )
    if not row.is_proposed:
        raise MovedOn(
            _("This version was taken back and waits for no signature now. Look at it again later.")
        )
    if digest != row.digest:
        raise MovedOn(_("The text is not the one you read any more. Read it again before you sign."))
    if any(signature.by_id == by.pk for signature in signed.values()):
        raise Refusal(_("You signed for the other side. Two different people sign an agreement."))


def _put_in_force(row: AgreementVersion, now: datetime) -> None:
    earlier = row.agreement.versions.signed().values_list("in_force_from", flat=True)
    asked = row.in_force_from or now
    row.in_force_from = max([now, asked, *(at for at in earlier if at is not None)])
    row.state = VersionState.SIGNED
    row.save(update_fields=["in_force_from", "state"])


def _copy(
    source: AgreementVersion,
    agreement: Agreement,
    number: int,
    *,
    based_on: AgreementVersion | None,
    now: datetime,
) -> AgreementVersion:
    fields = {name: getattr(source, name) for name in COPIED}
    draft = AgreementVersion.objects.create(
        agreement=agreement, number=number, based_on=based_on, created_at=now, **fields
    )
    draft.reasons.set(source.reasons.all())
    promises, steps = [], []
    for promise in source.promises.prefetch_related("ladder"):
        ladder = list(promise.ladder.all())
        promise.pk, promise.version, promise._state.adding = None, draft, True
        promises.append(promise)
        for step in ladder:
            step.pk, step.promise, step._state.adding = None, promise, True
            steps.append(step)
    Promise.objects.bulk_create(promises)
    LadderStep.objects.bulk_create(steps)
    return draft


def _write_promises(row: AgreementVersion, targets: Mapping[tuple[str, str], Target]) -> None:
    """Changed ones keep their number, so that what hangs on a promise stays with it."""
    known = {(promise.kind, promise.tier): promise for promise in row.promises.all()}
    # A new promise begins with the standard steps; one whose steps were all taken away stays without.
    had_ladder = {promise.pk for promise in known.values()}
    for place, target in targets.items():
        promise = known.pop(place, None) or Promise(version=row, kind=place[0], tier=place[1])
        promise.target_seconds, promise.target_days, promise.count = target.seconds, target.days, target.count
        promise.hours, promise.warn_percent = target.hours, target.warn_percent
        promise.full_clean(exclude=["version"])
        promise.save()
        if promise.pk not in had_ladder:
            give_default_ladder(promises=[promise])
    Promise.objects.filter(pk__in=[promise.pk for promise in known.values()]).delete()


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _journal(
    event: str,
    row: AgreementVersion,
    by: User | None,
    now: datetime,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    rule: str = "",
) -> None:
    """Numbers, times and digests only."""
    facts = {"agreement": row.agreement_id, "number": row.number} | dict(after or {})
    entry = Entry(event, "agreement_version", row.pk, None, before=dict(before or {}), after=facts)
    record(entries=[entry], at=now, by=by, rule=rule)

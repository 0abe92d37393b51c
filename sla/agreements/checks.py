"""What a draft must say before it can be laid before both sides."""

from django.utils.translation import gettext as _

from sla.agreements.fields import REQUIRABLE
from sla.models import AgreementVersion, HandoffTier, Promise, PromiseKind, ReasonKind


def problems_of(version: AgreementVersion) -> list[str]:
    """In words for people, what keeps the draft from being proposed; empty for one that is whole. Three queries."""
    promises = {(row.kind, row.tier): row for row in version.promises.all()}
    return [
        *_missing_promises(promises),
        *_contradictions(promises),
        *_missing_words(version),
        *_missing_reasons(version),
    ]


def _missing_promises(promises: dict[tuple[str, str], Promise]) -> list[str]:
    """The two that every handoff hangs on: without an answer and a first touch a lead would lie for ever."""
    return [
        _("Promise “%(promise)s” for “%(tier)s”: every tier needs a target.")
        % {"promise": kind.label, "tier": tier.label}
        for kind in (PromiseKind.ACCEPT, PromiseKind.FIRST_TOUCH)
        for tier in HandoffTier
        if (kind.value, tier.value) not in promises
    ]


def _contradictions(promises: dict[tuple[str, str], Promise]) -> list[str]:
    """Both are counted in the same hours from the acceptance on, so the end of the attempts has to come first."""
    found = []
    for tier in HandoffTier:
        attempts, end = (promises.get((kind, tier.value)) for kind in ("attempts", "disposition"))
        if attempts is None or end is None or attempts.hours != end.hours:
            continue
        if _longer(attempts.target_days, end.target_days) or _longer(
            attempts.target_seconds, end.target_seconds
        ):
            found.append(
                _("“%s”: the attempts take longer than the time in which the lead has to be decided on.")
                % tier.label
            )
    return found


def _longer(one: int | None, other: int | None) -> bool:
    return one is not None and other is not None and one > other


def _missing_words(version: AgreementVersion) -> list[str]:
    found = []
    if not version.marketing_party.strip() or not version.sales_party.strip():
        found.append(_("Say who the parties are."))
    if not all(
        (version.mql_definition.strip(), version.srl_definition.strip(), version.sql_definition.strip())
    ):
        found.append(_("Say what an MQL, an SRL and an SQL is."))
    if unknown := [code for code in version.required_fields if code not in REQUIRABLE]:
        found.append(_("Contacts have no field “%s”.") % ", ".join(map(str, unknown)))
    return found


def _missing_reasons(version: AgreementVersion) -> list[str]:
    """None chosen means all in use."""
    kinds = set(version.reasons.values_list("kind", flat=True))
    if kinds and kinds != set(ReasonKind.values):
        return [_("Choose a reason for rejecting and one for disqualifying, or all of them.")]
    return []

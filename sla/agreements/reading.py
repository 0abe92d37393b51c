"""Reads what a version agrees on into plain data, from the models of today or from those of a migration."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.apps import apps as current_apps
from django.conf import settings
from django.utils.translation import gettext as _

from sla.agreements.document import Document
from sla.agreements.fields import label_of
from sla.agreements.steps import say_action, say_when
from sla.agreements.targets import BUSINESS, USUAL_WARNING, Target
from sla.agreements.wording import Facts, Promised, Reasons, Step, compose
from sla.models.agreement import MARKETING_KINDS, SALES_KINDS, HandoffTier, PromiseKind
from sla.models.handoff import ReasonClass, ReasonKind


def document_of(version: Any, apps: Any = current_apps) -> Document:
    """What a version says: as it was proposed, or, while it is a draft, as it stands now; five queries at most."""
    return Document.from_dict(version.document) if version.document else compose(facts_of(version, apps))


def facts_of(version: Any, apps: Any = current_apps) -> Facts:
    """The facts as the tables hold them. `apps` may be those of a migration, which knows fewer columns."""
    promises = apps.get_model("sla", "Promise").objects.filter(version_id=version.pk).order_by("pk")
    reasons = apps.get_model("sla", "Reason").objects.filter(pk__in=version.reasons.values("pk"))
    return facts_from(
        version,
        list(promises.values()),
        list(reasons.order_by("kind", "pk").values()),
        _steps_of(version, apps),
    )


def _steps_of(version: Any, apps: Any) -> list[Mapping[str, Any]]:
    """The ladders of all promises; none where the models are those of a time before ladders."""
    try:
        steps = apps.get_model("sla", "LadderStep").objects
    except LookupError:
        return []
    rows = steps.filter(promise__version_id=version.pk).order_by("promise_id", "position")
    return list(rows.values("promise__kind", "promise__tier", "when", "amount", "hours", "action"))


def facts_from(
    version: Any,
    promises: Iterable[Mapping[str, Any]],
    reasons: Iterable[Mapping[str, Any]],
    steps: Iterable[Mapping[str, Any]] = (),
) -> Facts:
    """The facts of a version, saved or not, with the promises, reasons and steps of ladders that are given."""
    rows, rungs = list(promises), list(steps)
    return Facts(
        agreement=version.agreement.name,
        number=version.number,
        in_force_from=version.in_force_from,
        zone=settings.ORGANISATION_TIME_ZONE,
        required_fields=tuple(label_of(code) for code in version.required_fields),
        tiers=tuple((tier.value, str(tier.label)) for tier in HandoffTier),
        sales=tuple(_promised(kind, rows, rungs) for kind in SALES_KINDS),
        marketing=tuple(_promised(kind, rows, rungs) for kind in MARKETING_KINDS),
        reasons=_reasons(list(reasons)),
        **{name: getattr(version, name) for name in _PLAIN},
    )


_PLAIN = (
    *("change_note", "marketing_party", "sales_party", "mql_definition", "srl_definition", "sql_definition"),
    *("mql_threshold", "ready_threshold", "exclusions", "attempts_before_unreachable", "recycle_limit"),
    *("recycle_after_days", "route_around", "review_every_months", "volume_per_rep", "value_per_rep"),
    *("acceptance_percent", "clerical_percent"),
)


def target_of(promise: Mapping[str, Any]) -> Target:
    """What a row of promises asks."""
    return Target(
        seconds=promise["target_seconds"],
        days=promise.get("target_days"),
        count=promise.get("count"),
        hours=promise.get("hours", BUSINESS),
        warn_percent=promise.get("warn_percent", USUAL_WARNING),
    )


def _promised(
    kind: PromiseKind, rows: Iterable[Mapping[str, Any]], rungs: Iterable[Mapping[str, Any]]
) -> Promised:
    steps: dict[str, list[Step]] = {}
    for rung in rungs:
        if rung["promise__kind"] == kind:
            when = say_when(rung["when"], rung["amount"], rung["hours"])
            steps.setdefault(rung["promise__tier"], []).append(Step(when, say_action(rung["action"])))
    return Promised(
        key=kind.value,
        label=str(kind.label),
        targets={row["tier"]: target_of(row) for row in rows if row["kind"] == kind},
        at_once=_at_once(kind),
        steps={tier: tuple(found) for tier, found in steps.items()},
    )


def _at_once(kind: PromiseKind) -> str:
    return _("at handoff") if kind == PromiseKind.COMPLETENESS else ""


def _reasons(rows: list[Mapping[str, Any]]) -> tuple[Reasons, ...]:
    """By class of rejection, then the disqualifications."""
    found: dict[str, Reasons] = {}
    for row in rows:
        key = row["reason_class"] or row["kind"]
        label = str(
            ReasonClass(row["reason_class"]).label if row["reason_class"] else ReasonKind(row["kind"]).label
        )
        known = found.get(key, Reasons(key, label, ()))
        found[key] = Reasons(key, label, (*known.reasons, row["label"]))
    order = [*ReasonClass.values, *ReasonKind.values]
    return tuple(sorted(found.values(), key=lambda reasons: order.index(reasons.key)))

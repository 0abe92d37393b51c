"""Two leads side by side, before somebody says that they are one person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from leads.models import Activity, ContactIdentity, IdentityKind, Lead, Opportunity, Submission
from leads.selectors.people import Question, lead_page
from leads.stages import stage_of_both

# So many are offered; who is not among them is found by more letters.
OFFERED = 10


@dataclass(frozen=True)
class Row:
    """One fact of both, and what it will be. Values are texts, numbers, times or days."""

    label: str
    kept: Any
    absorbed: Any
    then: Any

    @property
    def values(self) -> tuple[Any, Any, Any]:
        """In the order of the columns."""
        return self.kept, self.absorbed, self.then


def candidates(leads: QuerySet[Lead], lead: Lead, search: str) -> list[Lead]:
    """Up to OFFERED other leads whose address, name, last name or company begins with the text; none for less than two letters."""
    if len(search.strip()) < 2:
        return []
    return lead_page(leads.exclude(pk=lead.pk), Question(search=search)).rows[:OFFERED]


def side_by_side(kept: Lead, absorbed: Lead) -> list[Row]:
    """What both are, and what the kept one will be; four queries."""
    rows = [_both(_(label), kept.contact, absorbed.contact, name) for label, name in _facts()]
    addresses = _addresses(kept, absorbed)
    mine, theirs = addresses.get(kept.pk, []), addresses.get(absorbed.pk, [])
    stages = dict(Lead._meta.get_field("stage").flatchoices)
    rows += [
        Row(_("E-mail"), ", ".join(mine), ", ".join(theirs), ", ".join([*mine, *theirs])),
        Row(
            _("Stage"),
            stages[kept.stage],
            stages[absorbed.stage],
            stages[stage_of_both(kept.stage, absorbed.stage).value],
        ),
        Row(_("Score"), kept.score, absorbed.score, _("computed from both")),
        Row(
            _("Lead since"),
            kept.created_at,
            absorbed.created_at,
            min(kept.created_at, absorbed.created_at),
        ),
    ]
    pair = [kept.pk, absorbed.pk]
    counted = [
        (_("Submissions"), _counts(Submission.objects.filter(contact__in=pair), "contact")),
        (_("Activities"), _counts(Activity.objects.filter(contact__in=pair), "contact")),
        (_("Deals"), _counts(Opportunity.objects.filter(lead__in=pair), "lead")),
    ]
    for label, counts in counted:
        one, other = counts.get(kept.pk, 0), counts.get(absorbed.pk, 0)
        rows.append(Row(label, one, other, one + other))
    return [row for row in rows if row.kept not in ("", None) or row.absorbed not in ("", None)]


def _facts() -> Sequence[tuple[str, str]]:
    return (
        (_("Name"), "full_name"),
        (_("Job title"), "job_title"),
        (_("Company"), "company_name"),
        (_("Industry"), "industry"),
        (_("Country"), "country"),
        (_("Phone"), "phone"),
        (_("Employees"), "employees"),
    )


def _both(label: str, kept: Any, absorbed: Any, name: str) -> Row:
    one, other = getattr(kept, name), getattr(absorbed, name)
    return Row(label, one, other, other if one in ("", None) else one)


def _addresses(kept: Lead, absorbed: Lead) -> Mapping[int, list[str]]:
    found: dict[int, list[str]] = {}
    rows = ContactIdentity.objects.filter(contact__in=[kept.pk, absorbed.pk], kind=IdentityKind.EMAIL)
    for contact, value in rows.order_by("pk").values_list("contact_id", "value"):
        found.setdefault(contact, []).append(value)
    return found


def _counts(rows: QuerySet[Any], column: str) -> dict[int, int]:
    return dict(rows.order_by().values_list(column).annotate(count=Count("pk")))

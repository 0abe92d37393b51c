"""What an import needs before its rows can flow: its source, a team that may take leads, users for the colleagues it names."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_noop as _

from accounts.models import Role, Team, User
from leads.importing.meaning import ImportMapping, Origin, Person, mistake
from leads.models import Source, SourceKind
from leads.payload_errors import PayloadError, PayloadErrors
from sla.defaults import AGREEMENT, CALENDAR
from sla.models import Agreement, Calendar, Territory


@dataclass(frozen=True)
class Ground:
    """The source of the rows, and the address of each colleague by the id in the file."""

    source: Source
    addresses: Mapping[str, str]


def find_source(origin: Origin) -> Source | None:
    """The source that a mapping names, if it is here. Raises PayloadErrors where it is another kind of source."""
    source = Source.objects.select_related("team").filter(slug=origin.slug).first()
    if source is not None and (errors := _unlike(source, origin)):
        raise PayloadErrors(errors)
    return source


@transaction.atomic
def prepare(mapping: ImportMapping, people: Mapping[str, set[str]]) -> Ground:
    """Find or make source, team, territory and users; what is here already stays as it is.

    A new team works by the default calendar and agreement and is no fallback. Raises PayloadErrors, with nothing written.
    """
    source = find_source(mapping.source)
    team = source.team if source is not None and source.team else _team(mapping.source.team)
    if source is None:
        source = make_source(mapping.source, team)
    return Ground(source, _users(mapping, people, team))


def make_source(origin: Origin, team: Team) -> Source:
    """The source of an import: what it brings is history, so it starts no clocks by itself."""
    return Source.objects.create(
        slug=origin.slug,
        name=origin.name,
        kind=SourceKind.IMPORT,
        identity_namespace=origin.namespace,
        starts_clocks=False,
        team=team,
    )


def _unlike(source: Source, wanted: Origin) -> list[PayloadError]:
    errors = []
    if source.kind != SourceKind.IMPORT or source.starts_clocks:
        errors.append(
            mistake(
                "source.slug",
                _("“%(slug)s” is a source of another kind, or one that starts clocks."),
                _("Choose another short name for the import."),
                slug=wanted.slug,
            )
        )
    elif source.namespace != (wanted.namespace or wanted.slug) or (
        source.team and source.team.name != wanted.team
    ):
        errors.append(
            mistake(
                "source",
                _(
                    "The source “%(slug)s” is here with ids of the system “%(namespace)s” and the team “%(team)s”."
                ),
                _("Write the same into the mapping, or choose another short name."),
                slug=wanted.slug,
                namespace=source.namespace,
                team=source.team or "–",
            )
        )
    return errors


def _team(name: str) -> Team:
    team, _made = Team.objects.get_or_create(name=name)
    if not Territory.objects.filter(team=team).exists():
        calendar = Calendar.objects.filter(name=CALENDAR).first() or Calendar.objects.order_by("pk").first()
        agreement = (
            Agreement.objects.filter(name=AGREEMENT).first() or Agreement.objects.order_by("pk").first()
        )
        if calendar is None or agreement is None:
            text = _("The team “%(team)s” has no calendar and no agreement, and there is none to give it.")
            remedy = _("Make a calendar and an agreement in the administration first.")
            raise PayloadErrors([mistake("source.team", text, remedy, team=name)])
        Territory.objects.create(team=team, calendar=calendar, agreement=agreement)
    return team


def _users(mapping: ImportMapping, people: Mapping[str, set[str]], team: Team) -> dict[str, str]:
    """One user per id, however many parts it plays: the one that is here, else an inactive rep without a password,
    named by the first part of the mapping that it plays."""
    if mapping.deal is None:
        return {}
    parts = mapping.deal.people
    wanted = {number: [person.email_of(number) for person in parts.values()] for number in people}
    known = set(
        User.objects.filter(email__in={a for several in wanted.values() for a in several}).values_list(
            "email", flat=True
        )
    )
    found: dict[str, str] = {}
    for number, played in sorted(people.items()):
        address = next((address for address in wanted[number] if address in known), "")
        if not address:
            first: Person = next(person for part, person in parts.items() if part in played)
            address = first.email_of(number)
            User.objects.create_user(
                address, None, name=first.name_of(number), role=Role.REP, team=team, is_active=False
            )
            known.add(address)
        found[number] = address
    return found

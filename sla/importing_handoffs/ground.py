"""What the handoffs of a log need before they can be taken in: source, team, calendar, agreements, and who keeps the pauses."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_noop as _

from accounts.models import Role, Team, User
from leads.importing.meaning import mistake
from leads.models import Source
from leads.payload_errors import PayloadErrors
from sla.defaults import BEGINNING
from sla.importing import find_source, make_source
from sla.importing_handoffs.meaning import Contract, Hours, LogMapping
from sla.models import Agreement, AgreementVersion, Calendar, CalendarVersion, Promise, Territory
from sla.services.agreements import adopt
from sla.services.terms import Versions

RULE = "sla.import_handoffs"
# Stands where the names of the signers would: nobody signed what an import measures the past by.
ADOPTED_BY = "Described in the mapping of an import"


@dataclass(frozen=True)
class Ground:
    """Where the handoffs belong, and what they are judged by."""

    source: Source
    team: Team
    calendar_version: CalendarVersion
    versions: Versions
    recorder: User


@transaction.atomic
def prepare(mapping: LogMapping, now: datetime) -> Ground:
    """Find or make all that the mapping names; what is here already stays as it is.

    Raises PayloadErrors, with nothing written, for a calendar or an agreement that is neither here nor described.
    """
    source = find_source(mapping.source)
    calendar = _calendar(mapping.calendar, now)
    agreements = [_agreement(contract, mapping.tier, now) for contract in mapping.agreements]
    team = source.team if source is not None and source.team else None
    if team is None:
        team = Team.objects.get_or_create(name=mapping.source.team)[0]
    Territory.objects.get_or_create(team=team, defaults={"calendar": calendar, "agreement": agreements[0]})
    return Ground(
        source=source or make_source(mapping.source, team),
        team=team,
        calendar_version=calendar.current,
        versions=Versions(agreements[0]),
        recorder=_recorder(mapping, team),
    )


def _calendar(hours: Hours, now: datetime) -> Calendar:
    calendar = Calendar.objects.filter(name=hours.name).first()
    if calendar is None:
        if not hours.week:
            _refuse("calendar", _("There is no calendar “%(name)s”."), hours.name)
        calendar = Calendar.objects.create(name=hours.name)
        CalendarVersion.objects.create(
            calendar=calendar, number=1, time_zone=hours.time_zone, week=dict(hours.week), created_at=now
        )
    return calendar


def _agreement(contract: Contract, tier: str, now: datetime) -> Agreement:
    """An agreement that is made here holds from the beginning: it is what the past is measured by."""
    agreement = Agreement.objects.filter(name=contract.name).first()
    if agreement is None:
        if not contract.promises:
            _refuse("agreements", _("There is no agreement “%(name)s”."), contract.name)
        agreement = Agreement.objects.create(name=contract.name)
        version = AgreementVersion.objects.create(agreement=agreement, number=1, created_at=now)
        Promise.objects.bulk_create(_promises(version, contract, tier))
        adopt(version=version, name=ADOPTED_BY, in_force_from=BEGINNING, rule=RULE, now=now)
    return agreement


def _promises(version: AgreementVersion, contract: Contract, tier: str) -> Iterable[Promise]:
    for kind, promised in contract.promises.items():
        yield Promise(
            version=version,
            kind=kind,
            tier=tier,
            target_seconds=promised.target_seconds,
            target_days=promised.target_days,
            count=promised.count,
            hours=promised.hours,
        )


def _recorder(mapping: LogMapping, team: Team) -> User:
    known = User.objects.filter(email=mapping.recorded_by.email).first()
    return known or User.objects.create_user(
        mapping.recorded_by.email,
        None,
        name=mapping.recorded_by.name,
        role=Role.REP,
        team=team,
        is_active=False,
    )


def _refuse(where: str, message: str, name: str) -> None:
    remedy = _("Correct the name, or describe it in the mapping so that it is made.")
    raise PayloadErrors([mistake(where, message, remedy, name=name)])

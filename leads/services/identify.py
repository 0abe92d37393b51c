"""Whose submission is it? Finds the contacts of a batch by their identities and makes those that are missing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection

from leads.bulk import update_rows
from leads.companies import company_domain
from leads.models import Company, Contact, ContactIdentity, IdentityKind, Submission
from leads.services.reading import Reading, corrected_fields

Key = tuple[str, str, str]

# One number for "somebody makes contacts", so that two batches cannot both make the same person. The unique constraint
# on ContactIdentity would refuse the second anyway; the lock saves the batch from failing.
_LOCK = 0x62_61_74_6F_6E
# Fields of a contact that an arrival fills where they are blank.
FILLED = (
    "first_name",
    "last_name",
    "job_title",
    "company_name",
    "industry",
    "country",
    "phone",
    "website",
    "employees",
)


@dataclass
class Match:
    """The contact of one reading. `email`, `country` and `industry` are the contact's as known with this reading and those
    before it: what comes later in the batch must not judge it."""

    reading: Reading
    contact: Contact
    email: str
    country: str
    industry: str
    # Whether the reading filled or corrected a field of a contact that was known before.
    changed: bool = False


def identify(readings: Sequence[Reading]) -> list[Match]:
    """Match every reading to a contact, in a bounded number of statements. Needs a transaction.

    E-mail decides before external id, and external id before anonymous id, where they point to different contacts.
    """
    one_at_a_time()
    known = _known({key for reading in readings for key in keys_of(reading)})
    work = _Work()
    matches = [work.match(reading, known) for reading in readings]
    attach_companies(work.addressed.values(), work.company_names)
    Contact.objects.bulk_create(work.fresh, batch_size=500)
    ContactIdentity.objects.bulk_create(
        [
            ContactIdentity(contact=contact, kind=key[0], namespace=key[1], value=key[2])
            for key, contact in work.missing
        ],
        batch_size=500,
    )
    if work.changed:
        update_rows(work.changed.values(), ["email", *FILLED, "extra", "company"])
    _take_identities_along(matches, known)
    return matches


class _Work:
    """What matching one reading after the other finds to be written."""

    def __init__(self) -> None:
        self.fresh: list[Contact] = []
        self.changed: dict[int, Contact] = {}
        self.missing: list[tuple[Key, Contact]] = []
        # Contacts that got an address, by identity, and the names that they give their companies, by domain.
        self.addressed: dict[int, Contact] = {}
        self.company_names: dict[str, str] = {}

    def match(self, reading: Reading, known: dict[Key, Contact]) -> Match:
        """The contact of the reading, made where there is none; `known` learns its identities."""
        own = keys_of(reading)
        contact = _match(own, known)
        changed = False
        address = contact.email if contact else ""
        if contact is None:
            contact = _new_contact(reading)
            self.fresh.append(contact)
        elif fill_blanks(contact, reading) and contact.pk:
            self.changed[contact.pk] = contact
            changed = True
        for key in own:
            if key not in known:
                known[key] = contact
                self.missing.append((key, contact))
        if contact.email != address:
            self.addressed[id(contact)] = contact
            domain = company_domain(contact.email)
            self.company_names[domain] = self.company_names.get(domain) or contact.company_name
        return Match(reading, contact, contact.email, contact.country, contact.industry, changed)


def _match(own: Sequence[Key], known: dict[Key, Contact]) -> Contact | None:
    """The contact that these identities belong to. An anonymous id names a device: it joins a visitor whom nobody knew yet,
    and never two people with addresses of their own."""
    for key in own:
        contact = known.get(key)
        if contact is not None and (key[0] != IdentityKind.ANONYMOUS or len(own) == 1 or not contact.email):
            return contact
    return None


def keys_of(reading: Reading) -> list[Key]:
    """The identities of a reading, the deciding one first."""
    arrival = reading.arrival
    assert arrival is not None
    keys: list[Key] = []
    if arrival.email:
        keys.append((IdentityKind.EMAIL.value, "", arrival.email))
    if arrival.external_id:
        keys.append((IdentityKind.EXTERNAL.value, reading.submission.source.namespace, arrival.external_id))
    if arrival.anonymous_id:
        keys.append((IdentityKind.ANONYMOUS.value, "", arrival.anonymous_id))
    return keys


def fill_blanks(contact: Contact, reading: Reading) -> bool:
    """Fill what is blank with what the arrival says; a corrected field overwrites, and empties what was emptied.

    True when something changed. The address is never emptied.
    """
    arrival = reading.arrival
    assert arrival is not None
    corrected = corrected_fields(reading.submission.corrections)
    changed = False
    for name in ("email", *FILLED):
        value, current = getattr(arrival, name), getattr(contact, name)
        is_blank = value in ("", None)
        if value == current or (is_blank and name == "email"):
            continue
        if name in corrected or (not is_blank and current in ("", None)):
            setattr(contact, name, value)
            changed = True
    extra = {key: value for key, value in arrival.extra.items() if key not in contact.extra}
    if extra:
        contact.extra = {**contact.extra, **extra}
        changed = True
    return changed


def attach_companies(contacts: Iterable[Contact], names: Mapping[str, str]) -> None:
    """Give contacts with a business address the company of their mail domain, made where missing. Does not save them.

    `names` are names of companies by domain, for those that have none yet.
    """
    contacts = list(contacts)
    domains = {domain for contact in contacts if (domain := company_domain(contact.email))}
    found: dict[str, Company] = {}
    if domains:
        Company.objects.bulk_create(
            [Company(domain=domain, name=names.get(domain, "")) for domain in sorted(domains)],
            ignore_conflicts=True,
        )
        found = {company.domain: company for company in Company.objects.filter(domain__in=domains)}
    nameless = [company for company in found.values() if not company.name and names.get(company.domain)]
    for company in nameless:
        company.name = names[company.domain]
    update_rows(nameless, ["name"])
    for contact in contacts:
        contact.company = found.get(company_domain(contact.email))


def _take_identities_along(matches: Sequence[Match], known: dict[Key, Contact]) -> None:
    """A corrected address moves a submission to another contact: the ids it brought go along, unless the contact left
    behind has other submissions, which may have brought them as well."""
    moved: dict[Key, tuple[int, Contact]] = {}
    for match in matches:
        submission = match.reading.submission
        if submission.corrections and submission.contact_id not in (None, match.contact.pk):
            for key in keys_of(match.reading):
                if key[0] != IdentityKind.EMAIL and known[key].pk == submission.contact_id:
                    moved[key] = (submission.contact_id, match.contact)
    if not moved:
        return
    numbers = {match.reading.submission.pk for match in matches}
    left = {old for old, _ in moved.values()}
    busy = set(
        Submission.objects.filter(contact__in=left).exclude(pk__in=numbers).values_list("contact", flat=True)
    )
    rows = []
    for row in ContactIdentity.objects.filter(value__in={key[2] for key in moved}):
        old, new = moved.get((row.kind, row.namespace, row.value), (None, None))
        if new is not None and old not in busy:
            row.contact = new
            rows.append(row)
    update_rows(rows, ["contact"])


def one_at_a_time() -> None:
    """Let nobody else make contacts, or change whose an identity is, until the running transaction ends."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _known(keys: set[Key]) -> dict[Key, Contact]:
    rows = ContactIdentity.objects.filter(value__in={key[2] for key in keys}).select_related("contact")
    found = {(row.kind, row.namespace, row.value): row.contact for row in rows}
    # One object per contact, so that two arrivals of one person in one batch fill the same one.
    single: dict[int, Contact] = {}
    return {key: single.setdefault(contact.pk, contact) for key, contact in found.items() if key in keys}


def _new_contact(reading: Reading) -> Contact:
    assert reading.occurred_at is not None
    contact = Contact(created_at=reading.occurred_at)
    fill_blanks(contact, reading)
    return contact

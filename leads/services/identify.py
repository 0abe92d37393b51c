"""Whose submission is it? Finds the contacts of a batch by their identities and makes those that are missing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection

from leads.companies import company_domain
from leads.models import Company, Contact, ContactIdentity, IdentityKind
from leads.payload import Arrival
from leads.services.reading import Reading

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
    """The contact of one reading; `is_new` when this batch made it."""

    reading: Reading
    contact: Contact
    is_new: bool


def identify(readings: Sequence[Reading]) -> list[Match]:
    """Match every reading to a contact, in a bounded number of statements. Needs a transaction.

    E-mail decides before external id, and external id before anonymous id, where they point to different contacts.
    """
    _one_at_a_time()
    keys = {key for reading in readings for key in keys_of(reading)}
    known = _known(keys)
    fresh: list[Contact] = []
    matches: list[Match] = []
    changed: dict[int, Contact] = {}
    missing: list[tuple[Key, Contact]] = []
    for reading in readings:
        own = keys_of(reading)
        contact = _match(own, known)
        is_new = contact is None
        if contact is None:
            contact = _new_contact(reading)
            fresh.append(contact)
        elif (
            fill_blanks(contact, reading.arrival, overwrite=bool(reading.submission.corrections))
            and contact.pk
        ):
            changed[contact.pk] = contact
        for key in own:
            if key not in known:
                known[key] = contact
                missing.append((key, contact))
        matches.append(Match(reading, contact, is_new))
    attach_companies(fresh)
    Contact.objects.bulk_create(fresh, batch_size=500)
    ContactIdentity.objects.bulk_create(
        [
            ContactIdentity(contact=contact, kind=key[0], namespace=key[1], value=key[2])
            for key, contact in missing
        ],
        batch_size=500,
    )
    if changed:
        Contact.objects.bulk_update(changed.values(), ["email", *FILLED, "extra"], batch_size=200)
    return matches


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


def fill_blanks(contact: Contact, arrival: Arrival | None, *, overwrite: bool = False) -> bool:
    """Fill what is blank with what the arrival says (a correction overwrites); True when something changed."""
    assert arrival is not None
    changed = False
    for name in ("email", *FILLED):
        value, current = getattr(arrival, name), getattr(contact, name)
        if value not in ("", None) and value != current and (overwrite or current in ("", None)):
            setattr(contact, name, value)
            changed = True
    extra = {key: value for key, value in arrival.extra.items() if key not in contact.extra}
    if extra:
        contact.extra = {**contact.extra, **extra}
        changed = True
    return changed


def attach_companies(contacts: Iterable[Contact]) -> None:
    """Give contacts with a business address the company of their mail domain, made where missing. Does not save them."""
    domains = {id(contact): company_domain(contact.email) for contact in contacts if contact.email}
    wanted = {domains[id(contact)]: contact.company_name for contact in contacts if domains.get(id(contact))}
    if not wanted:
        return
    Company.objects.bulk_create(
        [Company(domain=domain, name=wanted[domain]) for domain in sorted(wanted)], ignore_conflicts=True
    )
    numbers = dict(Company.objects.filter(domain__in=wanted).values_list("domain", "pk"))
    for contact in contacts:
        contact.company_id = numbers.get(domains.get(id(contact), ""))


def _one_at_a_time() -> None:
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
    arrival = reading.arrival
    assert arrival is not None
    assert reading.occurred_at is not None
    contact = Contact(created_at=reading.occurred_at)
    fill_blanks(contact, arrival)
    return contact

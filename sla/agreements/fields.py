"""The fields of a contact that an agreement may ask marketing to have filled at handoff."""

from collections.abc import Iterable
from typing import Any

from django.utils.functional import Promise as Lazy
from django.utils.translation import gettext_lazy as _

REQUIRABLE: dict[str, str | Lazy] = {
    "email": _("E-mail address"),
    "first_name": _("First name"),
    "last_name": _("Last name"),
    "job_title": _("Job title"),
    "company_name": _("Company name"),
    "industry": _("Industry"),
    "country": _("Country"),
    "phone": _("Phone"),
    "website": _("Website"),
    "employees": _("Employees"),
}


def label_of(code: str) -> str:
    """A field in words; one of an earlier release by its code."""
    return str(REQUIRABLE.get(code, code))


def missing(contact: Any, codes: Iterable[str]) -> list[str]:
    """Which of the fields are empty, by code. Zero employees is an answer."""
    return [code for code in codes if getattr(contact, code, None) in (None, "")]

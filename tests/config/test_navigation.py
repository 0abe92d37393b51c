"""The left rail marks the workplace that a page belongs to."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from accounts.models import Role, User
from config.navigation import navigation


@pytest.mark.parametrize(
    ("role", "path", "marked"),
    [
        (Role.REP, "/inbox/", ["inbox"]),
        (Role.REP, "/handoffs/7/reject/", ["inbox"]),
        (Role.REP, "/handoffs/7/evidence/", ["inbox"]),
        (Role.SALES_MANAGER, "/handoffs/7/", ["inbox"]),
        (Role.SALES_MANAGER, "/handoffs/7/evidence/", ["compliance"]),
        (Role.MARKETING, "/handoffs/7/", ["returned"]),
        (Role.AUDITOR, "/handoffs/7/", ["compliance"]),
        (Role.AUDITOR, "/profile/", []),
    ],
)
def test_the_page_of_a_handoff_belongs_to_the_list_that_leads_to_it(
    role: str, path: str, marked: list[str]
) -> None:
    request = RequestFactory().get(path)
    request.user = User(role=role)
    assert [entry.key for entry in navigation(request)["nav"] if entry.active] == marked


def test_who_is_not_logged_in_has_no_workplaces() -> None:
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    assert list(navigation(request)["nav"]) == []

"""People of tests: a user of any role, with a team where the role needs one."""

from __future__ import annotations

import itertools
from typing import Any

from accounts.models import Role, Team, User

PASSWORD = "correct horse battery"
_numbers = itertools.count(1)


def make_team(name: str = "") -> Team:
    """A saved team with a name of its own."""
    return Team.objects.create(name=name or f"Team {next(_numbers)}")


def make_user(role: str = Role.REP, **fields: Any) -> User:
    """A saved user who can log in with PASSWORD; a rep without `team` gets a new team."""
    number = next(_numbers)
    if role == Role.REP and "team" not in fields:
        fields["team"] = make_team()
    fields.setdefault("email", f"person{number}@example.com")
    fields.setdefault("name", f"Person {number}")
    fields.setdefault("is_staff", role == Role.ADMINISTRATOR)
    fields.setdefault("is_superuser", role == Role.ADMINISTRATOR)
    return User.objects.create_user(password=PASSWORD, role=role, **fields)

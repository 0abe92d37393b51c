"""A drain of the tests' own: teams whose name begins with "todo" wait to be renamed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.models import Team
from drains import registry
from drains.registry import Drain, register

NOW = datetime(2026, 3, 4, 10, tzinfo=UTC)
NAME = "tests.rename"


def rename(rows: Sequence[Any], now: datetime) -> None:
    """Take each team out of the queue; a name with "poison" in it cannot be worked on."""
    for team in rows:
        if "poison" in team.name:
            raise ValueError(f"{team.name} is poison")
        team.name = team.name.replace("todo", "done")
        team.save()


def waiting(now: datetime) -> Any:
    """The teams that wait."""
    return Team.objects.filter(name__startswith="todo").order_by("pk")


def teams(*names: str) -> list[Team]:
    """Saved teams of these names."""
    return [Team.objects.create(name=name) for name in names]


def names() -> list[str]:
    """The names of all teams, in the order in which they were made."""
    return list(Team.objects.order_by("pk").values_list("name", flat=True))


@pytest.fixture
def drain_of(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Drain]:
    """Registers a drain for the time of one test."""
    monkeypatch.setattr(registry, "_drains", dict(registry._drains))

    def make(**options: Any) -> Drain:
        defaults: dict[str, Any] = {"pending": waiting, "handle": rename, "every": timedelta(seconds=5)}
        return register(Drain(name=NAME, **(defaults | options)))

    return make

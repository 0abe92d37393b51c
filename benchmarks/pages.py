"""Statements and time of every page of the workplaces, asked for by somebody whose role opens it."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django.conf import settings
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Role
from benchmarks.measure import Aim, Line, Result, Skipped, timed
from benchmarks.people import Cast
from sla.models import Handoff

AIM_MS, AIM_STATEMENTS = 60, 15
WARM_UP = 2


@dataclass(frozen=True)
class Page:
    """One address as one role opens it; `part` for what htmx asks for."""

    role: Role
    name: str
    url: str
    part: bool = False


def measure(leads: int, cast: Cast, rounds: int) -> list[Line]:
    """Two lines per page, time and statements. The limit is a page that runs SELECT 1 behind the same middleware."""
    clients = {role: Client(raise_request_exception=False) for role in cast.users}
    for role, user in cast.users.items():
        clients[role].force_login(user, backend=settings.AUTHENTICATION_BACKENDS[-1])
    limit = _limit(clients[Role.MARKETING.value], rounds * 3)
    lines: list[Line] = []
    for page in pages(leads, cast):
        lines += _measure(page, clients[page.role.value], limit, rounds)
    return lines


def pages(leads: int, cast: Cast) -> list[Page]:
    """Every page of the three workplaces, on rows that the harness filled in."""
    rep = cast.users[Role.REP.value]
    own = Handoff.objects.open().filter(owner=rep).order_by("pk").last()
    past = Handoff.objects.rejected().order_by("pk").last() or Handoff.objects.order_by("pk").last()
    marketing = partial(Page, Role.MARKETING)
    manager = partial(Page, Role.SALES_MANAGER)
    found = [
        marketing("/submissions/", reverse("leads:submissions")),
        marketing("a submission", reverse("leads:submission", args=[leads * 3 // 2])),
        marketing("/leads/", reverse("leads:list")),
        marketing("/leads/ MQLs by score", reverse("leads:list") + "?stage=mql&sort=-score"),
        marketing("/leads/ MQLs by activity", reverse("leads:list") + "?stage=mql&sort=-activity"),
        marketing("/leads/ searched", reverse("leads:list") + f"?q=person{leads // 2}"),
        manager("/compliance/", reverse("sla:compliance")),
        manager("/compliance/ 90 days", reverse("sla:compliance") + "?period=90d"),
        manager(
            "/compliance/ 90 days of a source",
            reverse("sla:compliance") + f"?period=90d&source={cast.source.pk}",
        ),
        manager("/compliance/quality/ 90 days", reverse("sla:quality") + "?period=90d", part=True),
        manager("/compliance/clocks/", reverse("sla:clocks")),
        manager(
            "/compliance/clocks/ missed in 90 days", reverse("sla:clocks") + "?period=90d&outcome=missed"
        ),
        Page(Role.REP, "/inbox/", reverse("sla:inbox")),
        Page(Role.REP, "/inbox/ team queue", reverse("sla:inbox") + "?view=queue"),
        manager("/inbox/ of all teams", reverse("sla:inbox")),
    ]
    if own is not None:
        found += [Page(Role.REP, "a handoff", reverse("sla:handoff", args=[own.pk])), *_lead(own.lead_id)]
    if past is not None:
        found.append(manager("evidence", reverse("sla:evidence", args=[past.pk])))
    return found


def _lead(lead: int) -> list[Page]:
    """A lead's page and what it loads."""
    marketing = partial(Page, Role.MARKETING)
    return [
        marketing("a lead", reverse("leads:detail", args=[lead])),
        marketing("a lead: timeline", reverse("leads:timeline", args=[lead]), part=True),
        marketing("a lead: score", reverse("scoring:lines", args=[lead]), part=True),
        marketing("a lead: handoffs", reverse("sla:lead_handoffs", args=[lead]), part=True),
    ]


def _measure(page: Page, client: Client, limit: float, rounds: int) -> list[Line]:
    answer = _get(client, page)
    if answer == 404:
        return [Skipped("pages", page.name, "answers 404, so it is not built yet")]
    if answer != 200:
        return [Skipped("pages", page.name, f"answers {answer} to {page.role.label}", failed=True)]
    with CaptureQueriesContext(connection) as captured:
        _get(client, page)
    # Read at once: the next request empties the log.
    statements = len(captured)
    for _round in range(WARM_UP):
        _get(client, page)
    times = [timed(lambda: _get(client, page)) for _round in range(rounds)]
    name, note = page.name, f"as {page.role.label}, {page.url}"
    median = statistics.median(times)
    return [
        Result("pages", name, median, "ms", limit, "SELECT 1", (Aim(AIM_MS, of="figure"),), note),
        Result("pages", name, statements, "SQL", aims=(Aim(AIM_STATEMENTS, of="figure"),)),
    ]


def _get(client: Client, page: Page) -> int:
    headers = {"HX-Request": "true"} if page.part else {}
    return client.get(page.url, headers=headers).status_code


def _limit(client: Client, rounds: int) -> float:
    """Median milliseconds of a page that asks the database for 1, with the session and all middleware."""
    ask: Callable[[], object] = lambda: client.get("/")  # noqa: E731
    with override_settings(ROOT_URLCONF="benchmarks.select_one"):
        for _round in range(WARM_UP):
            ask()
        return statistics.median(timed(ask) for _round in range(rounds))

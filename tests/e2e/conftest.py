"""Pages in a real Chromium, with guards: whatever the console complains about fails the test.

def test_the_inbox_is_usable(page_for, axe):
    page = page_for("rep", width=360, scheme="dark")
    page.goto("/inbox/")
    axe(page)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal, Protocol

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests.support.browser import ARGUMENTS, find_chromium
from tests.support.people import make_user
from tests.support.shared import PROJECT

TIMEOUT_MS = 10_000
HEIGHT = 900
# A phone, a tablet, a laptop. Colours come by scheme and layout by width, and no rule of CSS joins the two: a page
# that is right in these looks is right in all six. Each is opened anew, as a person would see it.
LOOKS: tuple[tuple[int, Literal["light", "dark"]], ...] = ((360, "dark"), (768, "light"), (1280, "light"))
PICTURES = PROJECT / "var" / "e2e"
# What a page has to be for everybody: WCAG 2.2, levels A and AA.
AXE_OPTIONS = {
    "resultTypes": ["violations"],
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    },
}
NO_BROWSER = "no Chromium on this machine"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is an end-to-end test; those of a browser need one."""
    for item in items:
        if item.path.is_relative_to(PROJECT / "tests" / "e2e"):
            item.add_marker("e2e")
            if "browser" in getattr(item, "fixturenames", ()) and not find_chromium():
                item.add_marker(pytest.mark.skip(reason=NO_BROWSER))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it loudly when no page was looked at."""
    skipped = [r for r in terminalreporter.stats.get("skipped", []) if NO_BROWSER in str(r.longrepr)]
    if skipped:
        terminalreporter.section("BROWSER TESTS NOT RUN", sep="!", red=True, bold=True)
        terminalreporter.line(
            f"{len(skipped)} browser tests were skipped: {NO_BROWSER}. Install it (on Debian: apt-get install"
            " chromium), or name it with CHROMIUM=PATH, and run: make test-e2e"
        )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Leave a note on the test whether it failed, for the picture of its page."""
    report: pytest.TestReport = yield  # type: ignore[assignment]
    if report.when == "call":
        item.stash[_failed] = report.failed
    return report  # type: ignore[return-value]


_failed = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests. Each page has a context, and so cookies, of its own."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright keeps an event loop running in this thread, which Django takes for asynchronous code.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS, headless=True)
        yield chromium
        chromium.close()


@dataclass
class Guard:
    """Collects what must not happen on a page, except for what the test said it expects."""

    expected: tuple[str, ...] = ()
    complaints: list[str] = field(default_factory=list)

    def watch(self, context: BrowserContext, home: str) -> None:
        """Listen to every page of `context`; whatever is not at `home` is a complaint.

        Chromium itself finds no other machine (see ARGUMENTS). A route that refuses would cost its cache.
        """
        context.on("console", self._console)
        context.on("weberror", lambda error: self.complain(f"uncaught: {error.error}"))
        context.on("request", lambda request: self._is_at(home, request.url))

    def complain(self, text: str) -> None:
        """Remember `text`, unless a pattern of `expected` is found in it."""
        if not any(re.search(pattern, text) for pattern in self.expected):
            self.complaints.append(text)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complain(f"console {message.type}: {message.text} ({message.location.get('url', '')})")

    def _is_at(self, home: str, url: str) -> None:
        if not url.startswith((home, "data:", "blob:")):
            self.complain(f"request to another site: {url}")


class PageFor(Protocol):
    """Opens pages; see the fixture `page_for`."""

    def __call__(
        self,
        who: str | User | None = None,
        *,
        width: int = 1280,
        scheme: Literal["light", "dark"] = "light",
        time_zone: str = "Europe/Berlin",
        expect: tuple[str, ...] = (),
    ) -> Page: ...


@pytest.fixture
def page_for(
    browser: Browser, live_server: LiveServer, transactional_db: None, request: pytest.FixtureRequest
) -> Iterator[PageFor]:
    """Pages of people: `page_for("rep")` of a new user of that role, `page_for(user)`, `page_for()` of a visitor.

    `width` in pixels, `scheme` light or dark, `time_zone` of the browser; `expect` are patterns of console
    messages that belong to the test. Addresses are relative to the server: `page.goto("/")`.
    """
    opened: list[tuple[BrowserContext, Guard]] = []

    def open_page(
        who: str | User | None = None,
        *,
        width: int = 1280,
        scheme: Literal["light", "dark"] = "light",
        time_zone: str = "Europe/Berlin",
        expect: tuple[str, ...] = (),
    ) -> Page:
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": HEIGHT},
            color_scheme=scheme,
            timezone_id=time_zone,
            locale="en-GB",
            reduced_motion="reduce",
        )
        context.set_default_timeout(TIMEOUT_MS)
        guard = Guard(expect)
        guard.watch(context, live_server.url)
        opened.append((context, guard))
        user = make_user(who) if isinstance(who, str) else who
        if user is not None:
            client = Client()
            client.force_login(user)
            value = client.cookies[settings.SESSION_COOKIE_NAME].value
            context.add_cookies(
                [{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": live_server.url}]
            )
        return context.new_page()

    yield open_page
    for number, (context, _) in enumerate(opened):
        if request.node.stash.get(_failed, True):
            _keep_pictures(context, f"{request.node.name}-{number}")
        context.close()
    complaints = [text for _, guard in opened for text in guard.complaints]
    assert not complaints, "The browser complained:\n" + "\n".join(complaints)


def _keep_pictures(context: BrowserContext, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    for page in context.pages:
        page.screenshot(path=PICTURES / f"{re.sub(r'[^a-zA-Z0-9]+', '-', name)}.png", full_page=True)


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], None]:
    """`axe(page)` fails with a readable list where the page as it stands breaks a rule of accessibility."""
    checker = Axe()

    def check(page: Page) -> None:
        found = checker.run(page, options=AXE_OPTIONS).response["violations"]
        lines = [
            f"{rule['id']} ({rule['impact']}): {rule['help']}\n"
            + "\n".join(f"    {node['target'][0]}\n        {_reason(node)}" for node in rule["nodes"][:10])
            for rule in found
        ]
        assert not found, f"{page.url} breaks {len(found)} rules:\n" + "\n".join(lines)

    return check


def _reason(node: dict[str, list[dict[str, str]]]) -> str:
    return "; ".join(check["message"] for kind in ("any", "all", "none") for check in node[kind])

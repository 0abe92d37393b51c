"""House rules for templates: what the content security policy would block must not be written at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from tests.house.source import listed, templates

# Mail programs know no stylesheets: letters carry their looks in attributes, and are never shown as pages.
LETTERS = re.compile(r"(^|/)(emails?|letters?)(/|\.html$|_)|/email\.html$")
# Django's own syntax may hold quotes and angle brackets; for the parser it is plain text.
DJANGO = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}", re.DOTALL)
COMMENT = re.compile(r"{%\s*comment.*?%}.*?{%\s*endcomment\s*%}", re.DOTALL)


class Page(HTMLParser):
    """Collects what an inline-free policy forbids."""

    def __init__(self) -> None:
        super().__init__()
        self.findings: list[tuple[int, str]] = []
        self._script_from: int | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at attributes; remember where a script without a file begins."""
        names = [name for name, _ in attrs]
        for name in names:
            if name == "style" or name.startswith(("on", "hx-on")):
                self.findings.append((self.getpos()[0], f"<{tag} {name}=...>"))
        if tag == "style":
            self.findings.append((self.getpos()[0], "<style>"))
        kind = dict(attrs).get("type") or ""
        if tag == "script" and "src" not in names and "json" not in kind:
            self._script_from = self.getpos()[0]

    def handle_data(self, data: str) -> None:
        """A script with a body is one too many."""
        if self._script_from is not None and data.strip():
            self.findings.append((self._script_from, "<script> with a body"))
            self._script_from = None

    def handle_endtag(self, tag: str) -> None:
        """The script ended, empty."""
        if tag == "script":
            self._script_from = None


def without_syntax(text: str) -> str:
    """The template with its tags blanked, line for line, so that only HTML is left."""
    keep_lines = lambda match: "x" + "\n" * match[0].count("\n")  # noqa: E731 - used twice, right here
    return DJANGO.sub(keep_lines, COMMENT.sub(keep_lines, text))


def _pages() -> Iterator[tuple[Path, str]]:
    return ((path, text) for path, text in templates() if not LETTERS.search(path.as_posix()))


def test_templates_have_no_inline_script_style_or_handler() -> None:
    findings = []
    for path, text in _pages():
        page = Page()
        page.feed(without_syntax(text))
        page.close()
        findings += [f"{path}:{line}: {what}" for line, what in page.findings]
    assert not findings, listed(
        findings, "Put it into static/css or static/js, with a class or a data attribute."
    )


def test_templates_name_no_other_site() -> None:
    pattern = re.compile(r"""(?:src|href)\s*=\s*["'](?:https?:)?//""")
    findings = [
        f"{path}:{number}: {line.strip()[:100]}"
        for path, text in _pages()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]
    assert not findings, listed(
        findings, "Scripts, styles and pictures come from static/; pages work offline."
    )


def test_templates_use_no_unescaped_output() -> None:
    pattern = re.compile(r"\|\s*safe\b|{%\s*autoescape\s+off")
    findings = [
        f"{path}:{number}: {line.strip()[:100]}"
        for path, text in templates()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]
    assert not findings, listed(findings, "Build HTML with format_html in a template tag.")

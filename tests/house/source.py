"""The project's own source, parsed once, for the house rules."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.support.shared import PROJECT

APPS = ("drains", "accounts", "notifications", "leads", "scoring", "sla")
PACKAGES = ("config", *APPS)


@dataclass(frozen=True)
class Module:
    """One Python file; `path` is relative to the project."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def is_migration(self) -> bool:
        """Whether Django made it, or runs it once."""
        return "migrations" in self.path.parts

    def calls(self) -> Iterator[ast.Call]:
        """Every call in it."""
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.Call))

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        """Every function and method in it."""
        return (n for n in ast.walk(self.tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))

    def at(self, node: ast.expr | ast.stmt, remark: str) -> str:
        """A line of a list of findings."""
        return f"{self.path}:{node.lineno}: {remark}"


@cache
def modules(packages: tuple[str, ...] = PACKAGES) -> tuple[Module, ...]:
    """All modules of the named top-level packages."""
    return tuple(
        Module(path.relative_to(PROJECT), text, ast.parse(text))
        for package in packages
        for path in sorted((PROJECT / package).rglob("*.py"))
        for text in [path.read_text(encoding="utf-8")]
    )


@cache
def templates() -> tuple[tuple[Path, str], ...]:
    """Path, relative to the project, and text of every HTML template of the project and its apps."""
    roots = [PROJECT / "templates", *(PROJECT / package / "templates" for package in PACKAGES)]
    return tuple(
        (path.relative_to(PROJECT), path.read_text(encoding="utf-8"))
        for root in roots
        for path in sorted(root.rglob("*.html"))
    )


def listed(findings: list[str], remedy: str) -> str:
    """A readable message for an assert."""
    return f"{len(findings)} found. {remedy}\n" + "\n".join(findings)

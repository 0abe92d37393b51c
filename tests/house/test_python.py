"""House rules for Python that neither ruff nor mypy nor import-linter can check."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.house.source import APPS, Module, listed, modules

MODULE_LINES = 400
FUNCTION_LINES = 60
# A state that has a meaning has a method with that name, in querysets.py; nobody else compares these columns.
STATES = {"status", "state", "stage", "outcome"}
STATE_LOOKUPS = {"exact", "in", "isnull", "iexact"}
NARROWING = {"filter", "exclude", "get", "Q", "When"}
# The clock is read where the world comes in, and handed down as `now`.
EDGE_FILES = {"views.py", "api.py", "tasks.py", "middleware.py", "admin.py", "webhooks.py"}
EDGE_FOLDERS = {"views", "api", "commands", "middleware", "admin", "templatetags"}
# The loop that runs the drains is an edge too, and so is the process itself.
EDGE_MODULES = {
    Path("drains/runner.py"),
    Path("drains/clock.py"),
    Path("config/health.py"),
    Path("config/embedded.py"),
}


def _is_edge(path: Path) -> bool:
    return (
        path.name in EDGE_FILES or path in EDGE_MODULES or bool(EDGE_FOLDERS.intersection(path.parent.parts))
    )


def _may_compare_states(path: Path) -> bool:
    """Querysets; constraints of models; filters of the administration; defaults, which migrations run on bare models."""
    return bool({"querysets", "models", "admin", "defaults"}.intersection({path.stem, *path.parent.parts}))


def _called_name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def state_lookups(call: ast.Call) -> list[str]:
    """The keywords of a call that compare a state, of the row itself or of one it points to."""
    found = []
    for keyword in call.keywords:
        parts = (keyword.arg or "").split("__")
        column = parts[:-1] if len(parts) > 1 and parts[-1] in STATE_LOOKUPS else parts
        if column[-1] in STATES:
            found.append(keyword.arg or "")
    return found


def reads_clock(call: ast.Call) -> bool:
    function = call.func
    if not isinstance(function, ast.Attribute):
        return isinstance(function, ast.Name) and function.id in {"current_time", "last_known_time"}
    owner = ast.unparse(function.value)
    return (owner, function.attr) in {
        ("timezone", "now"),
        ("timezone", "localtime"),
        ("timezone", "localdate"),
        ("datetime", "now"),
        ("datetime", "utcnow"),
        ("datetime", "today"),
        ("datetime.datetime", "now"),
        ("date", "today"),
        ("datetime.date", "today"),
        ("time", "time"),
    } and not (function.attr in {"localtime", "localdate"} and call.args)


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _apps() -> list[Module]:
    return [module for module in modules(APPS) if not module.is_migration]


def test_states_are_compared_only_in_querysets() -> None:
    findings = [
        module.at(call, f"{_called_name(call)}({', '.join(names)}=...)")
        for module in _apps()
        if not _may_compare_states(module.path)
        for call in module.calls()
        if _called_name(call) in NARROWING and (names := state_lookups(call))
    ]
    assert not findings, listed(findings, "Give the condition a name in querysets.py and call that.")


def test_the_clock_is_read_only_at_the_edges() -> None:
    findings = [
        module.at(call, ast.unparse(call))
        for module in _apps()
        if not _is_edge(module.path)
        for call in module.calls()
        if reads_clock(call)
    ]
    assert not findings, listed(
        findings, "Take `now` as an argument; views, tasks and commands read the clock."
    )


def test_no_module_is_longer_than_a_reader_can_hold() -> None:
    findings = [
        f"{module.path}: {lines} lines"
        for module in modules()
        if not module.is_migration and (lines := module.text.count("\n")) > MODULE_LINES
    ]
    assert not findings, listed(findings, f"Split a module of more than {MODULE_LINES} lines by noun.")


def test_no_function_is_longer_than_a_screen() -> None:
    findings = [
        module.at(function, f"{function.name} has {_length(function)} lines")
        for module in modules()
        if not module.is_migration
        for function in module.functions()
        if _length(function) > FUNCTION_LINES
    ]
    assert not findings, listed(findings, f"Split a function of more than {FUNCTION_LINES} lines.")


def test_html_is_marked_safe_by_format_html_only() -> None:
    findings = [
        module.at(call, ast.unparse(call)[:80])
        for module in modules()
        for call in module.calls()
        if _called_name(call) == "mark_safe"
    ]
    assert not findings, listed(findings, "format_html escapes what it is given; mark_safe does not.")


def test_tasks_stay_thin() -> None:
    findings = [
        module.at(function, f"{function.name} has {len(function.body)} statements")
        for module in _apps()
        if module.path.name == "tasks.py"
        for function in module.functions()
        if len(function.body) > 4
    ]
    assert not findings, listed(
        findings, "A task reads the clock and calls a service; the work is done there."
    )

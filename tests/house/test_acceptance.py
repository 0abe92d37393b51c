"""docs/acceptance.md names a test for each case, and each of them exists."""

from __future__ import annotations

import re

from tests.support.shared import PROJECT

# The whole of issue 3, and of the others what is built.
CASES = (*range(1, 44), 57, 58, 59, 63)


def test_every_acceptance_case_names_tests_that_exist() -> None:
    rows = re.findall(
        r"^\| (\d+) \|[^|]*\|(.*)\|$", (PROJECT / "docs/acceptance.md").read_text(), re.MULTILINE
    )
    assert [int(number) for number, _tests in rows] == list(CASES)
    there = {
        name
        for path in (PROJECT / "tests").rglob("test_*.py")
        for name in re.findall(r"^ *def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    for number, tests in rows:
        named = re.findall(r"`(test_\w+)`", tests)
        assert named, f"case {number} names no test"
        assert set(named) <= there, f"case {number}: {sorted(set(named) - there)}"

"""Finds the files beside the project (real data, cases) that tests use and the project never contains."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent.parent


def shared_root() -> Path:
    """The folder of shared files: BATON_SHARED, or `../shared` beside the project."""
    named = os.environ.get("BATON_SHARED")
    return Path(named) if named else PROJECT.parent / "shared"


def shared_path(relative: str) -> Path:
    """The shared file or folder `relative`, such as "cases/business_time.jsonl"; skips the test where it is absent."""
    path = shared_root() / relative
    if not path.exists():
        pytest.skip(f"{relative} is not beside the project: set BATON_SHARED to the folder that has it")
    return path

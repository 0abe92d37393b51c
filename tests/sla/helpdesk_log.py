"""The mapping of the help desk for tests, with changes, and the Monday its log begins with."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from tests.support.shared import PROJECT

EXAMPLE = PROJECT / "docs" / "examples" / "helpdesk_handoffs.json"
MONDAY = datetime(2012, 1, 2, tzinfo=UTC)


def mapping_with(**changes: Any) -> bytes:
    """The example of the help desk, with changes."""
    return json.dumps({**json.loads(EXAMPLE.read_text()), **changes}).encode()

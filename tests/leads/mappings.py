"""Mappings of imports for tests: the examples of the docs, with changes."""

from __future__ import annotations

import json
from typing import Any

from leads.importing.mapping import read_mapping
from leads.importing.meaning import ImportMapping
from tests.support.shared import PROJECT

EXAMPLES = PROJECT / "docs" / "examples"
LEADS = EXAMPLES / "olist_leads.json"
HEADER = "mql_id,first_contact_date,landing_page_id,origin"


def a_mapping(**changes: Any) -> dict[str, Any]:
    """The example of leads, with changes."""
    return {**json.loads(LEADS.read_text()), **changes}


def mapping_of(data: Any) -> ImportMapping:
    """What is read of a mapping."""
    return read_mapping(json.dumps(data).encode())

"""The 350 shared cases of business-time arithmetic; their semantics are in `cases/README.md` beside them."""

import json
from datetime import datetime
from typing import Any

import pytest

from sla.business_time import BusinessCalendar, NeverOpen
from tests.support.shared import shared_path, shared_root

NAME = "cases/business_time.jsonl"


def rows() -> list[Any]:
    path = shared_root() / NAME
    if not path.exists():
        skip = pytest.mark.skip(reason=f"{NAME} is not beside the project: set BATON_SHARED")
        return [pytest.param({}, id="absent", marks=skip)]
    return [pytest.param(row, id=row["id"]) for row in map(json.loads, path.read_text("utf-8").splitlines())]


@pytest.mark.parametrize("row", rows())
def test_a_shared_case_gives_its_answer(row):
    calendar = BusinessCalendar.from_dict(row)
    start = datetime.fromisoformat(row["start"])
    if row["op"] == "is_open":
        assert calendar.is_open(start) is row["expect"]
    elif row["op"] == "between":
        end = datetime.fromisoformat(row["end"])
        assert calendar.between(start, end) == row["expect"]
        assert calendar.explain_between(start, end).total == row["expect"]
    elif row["expect"] == "error":
        with pytest.raises(NeverOpen):
            calendar.add(start, row["seconds"])
    else:
        due = calendar.add(start, row["seconds"])
        assert due.isoformat() == row["expect"]
        receipt = calendar.explain(start, row["seconds"])
        assert (receipt.total, receipt.due) == (row["seconds"], due)


def test_all_cases_are_there():
    assert len(shared_path(NAME).read_text("utf-8").splitlines()) >= 350

"""The mapping of an import: every mistake is told with its place."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.importing.mapping import check_header, read_mapping
from leads.payload_errors import PayloadErrors
from tests.leads.mappings import EXAMPLES, HEADER, a_mapping, mapping_of


def refusals(data: Any) -> dict[str, str]:
    with pytest.raises(PayloadErrors) as caught:
        mapping_of(data)
    return {error.field: error.message for error in caught.value.errors}


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("olist_*.json")), ids=lambda path: path.stem)
def test_the_examples_are_valid_mappings(path: Path) -> None:
    assert read_mapping(path.read_bytes()).source.namespace == "olist"


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"surprise": 1}, "surprise"),
        ({"source": None}, "source"),
        ({"source": {"slug": "Not A Slug", "name": "x", "team": "y"}}, "source.slug"),
        ({"source": {"slug": "x", "name": "x"}}, "source.team"),
        ({"key": "the same for all"}, "key"),
        ({"key": 7}, "key"),
        ({"columns": {"origin": "origin"}}, "columns"),
        ({"columns": {"external_id": ""}}, "columns.external_id"),
        ({"columns": {"external_id": "id", "occurred_at": "date"}}, "columns.occurred_at.column"),
        ({"constants": {"activity": ["x"]}}, "constants.activity"),
        ({"constants": {"origin": "x"}}, "constants.origin"),
        ({"csv": {"encoding": "klingon"}}, "csv.encoding"),
        ({"csv": {"delimiter": "::"}}, "csv.delimiter"),
        ({"deal": {"state": "maybe"}}, "deal.state"),
        (
            {"deal": {"state": "won", "owner": {"column": "a", "name": "b", "email": "c@d"}}},
            "deal.owner.email",
        ),
    ],
)
def test_a_mistake_in_a_mapping_is_told_with_its_place(changes: dict[str, Any], where: str) -> None:
    assert where in refusals(a_mapping(**changes))


@pytest.mark.parametrize(
    ("moment", "where"),
    [
        ({"format": "DD-MM-YY"}, "format"),
        ({"format": "YYYY-MM-DD HH"}, "format"),
        ({"format": "YYYY-MM-DD HH:MI"}, "time"),
        ({"time": "24:00"}, "time"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"zone": "../etc/passwd"}, "zone"),
    ],
)
def test_a_date_needs_a_format_a_zone_and_a_time_of_day(moment: dict[str, str], where: str) -> None:
    given = {"column": "d", "format": "YYYY-MM-DD", "zone": "UTC", "time": "00:00"} | moment
    found = refusals(a_mapping(columns={"external_id": "id", "occurred_at": given}))
    assert f"columns.occurred_at.{where}" in found


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"\xff\xfe", b'"text"', b"[" * 100_000])
def test_what_is_no_mapping_at_all_is_refused_in_words(raw: bytes) -> None:
    with pytest.raises(PayloadErrors):
        read_mapping(raw)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda part: (
            st.lists(part)
            | st.dictionaries(
                st.sampled_from(
                    ["source", "csv", "key", "columns", "deal", "occurred_at", "closed_at", "owner", "x"]
                ),
                part,
            )
        ),
    )
)
def test_no_json_breaks_the_reader_of_mappings(data: Any) -> None:
    with pytest.raises(PayloadErrors):
        mapping_of(data)


@pytest.mark.parametrize("encoding", ["base64", "rot13", "hex", "undefined", "klingon"])
def test_what_is_no_encoding_of_text_is_refused(encoding: str) -> None:
    assert refusals(a_mapping(csv={"encoding": encoding})).keys() == {"csv.encoding"}


@pytest.mark.parametrize(("text", "where"), [("\ud800", "constants.note"), ("a\0b", "constants.note")])
def test_text_that_no_database_keeps_is_refused_by_its_place(text: str, where: str) -> None:
    assert refusals(a_mapping(constants={"note": text})).keys() == {where}


def test_a_date_alone_stands_for_its_time_of_day_in_the_zone_of_the_mapping() -> None:
    moment = mapping_of(a_mapping()).moments["occurred_at"]
    assert moment.read("2018-02-01") == datetime(2018, 2, 1, 2, tzinfo=UTC)
    assert moment.read("2018-04-01") == datetime(2018, 4, 1, 3, tzinfo=UTC)


def test_a_midnight_that_summer_time_leaves_out_keeps_its_date() -> None:
    moment = mapping_of(a_mapping()).moments["occurred_at"]
    assert moment.read("2017-10-15").astimezone(moment.zone).isoformat() == "2017-10-15T01:00:00-02:00"


def test_a_header_that_does_not_fit_names_every_missing_column() -> None:
    errors = check_header(mapping_of(a_mapping()), ["mql_id", "date", "origin"])
    assert [error.field for error in errors] == ["columns.landing_page", "columns.occurred_at"]
    assert "“landing_page_id”" in errors[0].message
    assert "mql_id, date, origin" in errors[0].message


def test_a_column_that_is_there_twice_is_refused() -> None:
    errors = check_header(mapping_of(a_mapping()), [*HEADER.split(","), "origin"])
    assert [error.field for error in errors] == ["columns.origin"]

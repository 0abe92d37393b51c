"""Importing a CSV file by a mapping: what fits is taken in, what does not is told with its line, and a second run changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Team, User
from leads.bulk import update_rows, update_values
from leads.importing.mapping import check_header, read_mapping
from leads.importing.meaning import ImportMapping
from leads.importing.rows import Row, measure, read_rows
from leads.models import Activity, Contact, Lead, Opportunity, Outcome, Source, StageChange, Submission
from leads.payload_errors import PayloadErrors
from sla.models import Clock, Handoff, HandoffState, Territory
from tests.support.shared import PROJECT

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
EXAMPLES = PROJECT / "docs" / "examples"
LEADS = EXAMPLES / "olist_leads.json"
DEALS = EXAMPLES / "olist_deals.json"
HEADER = "mql_id,first_contact_date,landing_page_id,origin"
DEAL_HEADER = (
    "mql_id,seller_id,sdr_id,sr_id,won_date,business_segment,lead_type,lead_behaviour_profile,business_type"
)


def a_mapping(**changes: Any) -> dict[str, Any]:
    return {**json.loads(LEADS.read_text()), **changes}


def mapping_of(data: Any) -> ImportMapping:
    return read_mapping(json.dumps(data).encode())


def refusals(data: Any) -> dict[str, str]:
    with pytest.raises(PayloadErrors) as caught:
        mapping_of(data)
    return {error.field: error.message for error in caught.value.errors}


@pytest.fixture
def csv_file(tmp_path: Path) -> Callable[..., Path]:
    def write(*lines: str, header: str = HEADER, end: str = "\n", encoding: str = "utf-8") -> Path:
        path = tmp_path / "rows.csv"
        path.write_bytes(end.join([header, *lines, ""]).encode(encoding))
        return path

    return write


def rows_of(path: Path, mapping: ImportMapping) -> list[Row]:
    measure(path, mapping)
    return list(read_rows(path, mapping, NOW))


def refused_file(path: Path, mapping: ImportMapping) -> str:
    with pytest.raises(PayloadErrors) as caught:
        measure(path, mapping)
    return str(caught.value)


def run(path: Path, mapping: Path = LEADS, **options: Any) -> tuple[str, str]:
    """What the command says on its two streams."""
    out, err = StringIO(), StringIO()
    call_command("import_leads", str(path), mapping=mapping, stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


# --- the mapping


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


# --- the rows


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_line_ends_quoted_commas_and_a_byte_order_mark_are_read(
    csv_file: Callable[..., Path], end: str, encoding: str
) -> None:
    path = csv_file('a1,2018-02-01,"page, one",social', "", "a2,2018-02-02,p2,", end=end, encoding=encoding)
    first, second = rows_of(path, mapping_of(a_mapping()))
    assert not first.errors + second.errors
    assert first.payload == {
        "external_id": "a1",
        "landing_page": "page, one",
        "origin": "social",
        "occurred_at": "2018-02-01T02:00:00+00:00",
        "activity": "contact_request",
    }
    assert (second.key, second.line) == ("olist-mql:a2", 4)
    assert "origin" not in second.payload


def test_both_date_formats_give_the_same_submissions(csv_file: Callable[..., Path]) -> None:
    years_first = [row.raw() for row in rows_of(csv_file("a1,2018-02-01,p,social"), mapping_of(a_mapping()))]
    days_first = read_mapping((EXAMPLES / "olist_leads_dmy.json").read_bytes())
    assert years_first == [
        row.raw() for row in rows_of(csv_file("a1,01-02-2018,p,social", end="\r\n"), days_first)
    ]


@pytest.mark.parametrize(
    ("line", "column"),
    [
        (",2018-02-01,p,social", "mql_id"),
        ("a1,2018-02-30,p,social", "first_contact_date"),
        ("a1,01-02-2018,p,social", "first_contact_date"),
        ("a1,,p,social", "first_contact_date"),
        ("a1,2026-03-05,p,social", "first_contact_date"),
        ("a1,1969-01-01,p,social", "first_contact_date"),
        ("a1,0001-01-01,p,social", "first_contact_date"),
        (f"a1,2018-02-01,p,{'x' * 201}", "origin"),
        ("a1,2018-02-01,p\0,social", "landing_page_id"),
        ("a1,2018-02-01,p", "row"),
        ("a1,2018-02-01,p,social,more", "row"),
        (f"{'a' * 260},2018-02-01,p,social", "mql_id"),
    ],
)
def test_a_bad_row_is_told_with_line_and_column_and_stops_no_other(
    csv_file: Callable[..., Path], line: str, column: str
) -> None:
    path = csv_file("ok1,2018-02-01,p,social", line, "ok2,2018-02-01,p,social")
    before, bad, after = rows_of(path, mapping_of(a_mapping()))
    assert not before.errors + after.errors
    assert bad.line == 3
    assert column in {error.field for error in bad.errors}
    assert all(error.message and error.remedy for error in bad.errors)


def test_a_row_that_is_there_twice_counts_once(csv_file: Callable[..., Path]) -> None:
    first, second = rows_of(csv_file(*["a1,2018-02-01,p,social"] * 2), mapping_of(a_mapping()))
    assert not first.errors
    assert "line 2" in second.errors[0].message


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_bytes(b"")
    assert "empty" in refused_file(tmp_path / "empty.csv", mapping_of(a_mapping()))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "cannot be opened" in refused_file(tmp_path / "nowhere.csv", mapping_of(a_mapping()))


def test_latin_1_is_refused_with_its_line_and_read_where_the_mapping_names_it(
    csv_file: Callable[..., Path],
) -> None:
    path = csv_file("a1,2018-02-01,p,social", "a2,2018-02-01,p,promoção", encoding="latin-1")
    assert "Line 3 is not text in the encoding utf-8" in refused_file(path, mapping_of(a_mapping()))
    rows = rows_of(path, mapping_of(a_mapping(csv={"encoding": "latin-1"})))
    assert rows[1].payload["origin"] == "promoção"


def test_a_quotation_mark_that_is_never_closed_is_refused(csv_file: Callable[..., Path]) -> None:
    path = csv_file('a1,2018-02-01,"p,social', "x" * 200_000)
    assert "not CSV" in refused_file(path, mapping_of(a_mapping()))


# --- the command


@pytest.mark.django_db
def test_rows_become_leads_in_the_queue_of_their_team_as_of_their_own_date(
    csv_file: Callable[..., Path],
) -> None:
    said, _ = run(csv_file("a1,2018-02-01,p1,social", "a2,2018-02-02,p2,", "a3,2018-02-02,p2,unknown"))
    assert "3 rows were taken in." in said
    origins = dict(Lead.objects.values_list("contact__identities__value", "first_origin"))
    assert origins == {"a1": "social", "a2": "", "a3": "unknown"}
    handoff = Handoff.objects.select_related("team").get(lead__contact__identities__value="a1")
    raised = datetime(2018, 2, 1, 2, tzinfo=UTC)
    assert (handoff.started_at, handoff.owner, handoff.team.name) == (raised, None, "Olist")
    assert handoff.lead.first_activity_at == raised
    assert not Clock.objects.exists()
    assert not Territory.objects.get(team=handoff.team).is_fallback
    assert set(StageChange.objects.filter(lead=handoff.lead).values_list("at", flat=True)) == {raised}


@pytest.mark.django_db
def test_deals_close_handoffs_with_users_made_for_the_people(csv_file: Callable[..., Path]) -> None:
    run(csv_file("a1,2018-02-01,p1,social", "a2,2018-02-01,p1,social"))
    deals = [
        'a1,s1,person1xx,person2xx,2018-02-03 10:00:00,pet,online,"cat, wolf",reseller',
        "a2,s2,person2xx,person2xx,2018-01-30 10:00:00,pet,online,,reseller",
    ]
    said, _ = run(csv_file(*deals, header=DEAL_HEADER), DEALS)
    assert "2  Deal recorded" in said
    owner = User.objects.get(email="sr-person2xx@olist.example")
    assert (owner.name, owner.role, owner.is_active, owner.has_usable_password()) == (
        "SR person2x",
        "rep",
        False,
        False,
    )
    assert set(User.objects.values_list("name", flat=True)) == {"SR person2x", "SDR person1x"}
    early = Opportunity.objects.get(lead__contact__identities__value="a2")
    assert early.closed_at == datetime(2018, 1, 30, 10, tzinfo=UTC)
    assert (early.owner, early.prepared_by) == (owner, owner)
    assert set(Handoff.objects.values_list("state", "owner")) == {(HandoffState.QUALIFIED, owner.pk)}
    raw = Submission.objects.get(delivery_key="olist-deal:a1").raw
    assert json.loads(bytes(raw))["behaviour_profile"] == "cat, wolf"


@pytest.mark.django_db
def test_deals_that_came_before_their_leads_are_recorded_by_the_next_run(
    csv_file: Callable[..., Path],
) -> None:
    def import_deals() -> str:
        line = "a1,s1,p1,p2,2018-02-03 10:00:00,pet,online,,reseller"
        return run(csv_file(line, header=DEAL_HEADER), DEALS)[0]

    assert "1  Refused" in import_deals()
    assert "1 row is here already." in import_deals()
    assert not Opportunity.objects.exists()
    run(csv_file("a1,2018-02-01,p1,social"))
    assert "1 deal is tried again." in import_deals()
    assert Opportunity.objects.get().owner is not None
    assert Submission.objects.get(source__slug="olist-deals").outcome == Outcome.DEAL


@pytest.mark.django_db
def test_bad_rows_are_listed_and_the_others_taken_in(csv_file: Callable[..., Path]) -> None:
    path = csv_file("a1,2018-02-30,p,social", "a2,2018-02-01,p,social", ",2018-02-01,p,social")
    said, complained = run(path)
    assert "1 row was taken in." in said
    assert "2 rows were left out:" in complained
    assert "Line 2, first_contact_date: “2018-02-30” is no date in the format YYYY-MM-DD." in complained
    assert "Line 4, mql_id: The cell is empty" in complained
    path.write_text(path.read_text().replace("02-30", "02-28"))
    assert "1 row is here already." in run(path)[0]
    assert Lead.objects.count() == 2


@pytest.mark.django_db
def test_only_the_first_bad_rows_are_listed(csv_file: Callable[..., Path]) -> None:
    _, complained = run(csv_file(*[f"a{n},01-02-2018,p,social" for n in range(30)]))
    assert complained.count("Line ") == 20
    assert "… and 10 more." in complained


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["mql_id,first_contact_date,origin", "id;date;page;origin"])
def test_a_mapping_that_does_not_fit_stops_before_anything_is_written(
    csv_file: Callable[..., Path], header: str
) -> None:
    with pytest.raises(CommandError, match="landing_page_id"):
        run(csv_file("a1,2018-02-01,social", header=header))
    assert not Team.objects.exists()
    assert not Submission.objects.exists()


@pytest.mark.django_db
def test_a_source_of_another_kind_is_not_taken_for_the_import(
    csv_file: Callable[..., Path], tmp_path: Path
) -> None:
    mapping = tmp_path / "mapping.json"
    mapping.write_text(json.dumps(a_mapping(source={"slug": "website", "name": "W", "team": "Olist"})))
    with pytest.raises(CommandError, match="website"):
        run(csv_file("a1,2018-02-01,p,social"), mapping)
    assert not Team.objects.exists()


@pytest.mark.django_db
def test_a_dry_run_reports_and_writes_nothing(csv_file: Callable[..., Path]) -> None:
    path = csv_file("a1,2018-02-01,p,social", "a2,2018-02-30,p,social")
    said, complained = run(path, dry_run=True)
    assert "1 row would be taken in." in said
    assert "Line 3" in complained
    assert not Source.objects.filter(slug="olist-leads").exists()
    assert not Submission.objects.exists()
    run(path)
    assert "1 row is here already." in run(path, dry_run=True)[0]


@pytest.mark.django_db
def test_a_file_with_a_header_only_takes_nothing_in(csv_file: Callable[..., Path]) -> None:
    assert "no rows" in run(csv_file())[0]


# --- other values for many rows in one statement


@pytest.mark.django_db
def test_many_rows_are_written_as_bulk_update_writes_them() -> None:
    contacts = Contact.objects.bulk_create([Contact(created_at=NOW) for _ in range(2500)])
    for number, contact in enumerate(contacts):
        contact.first_name, contact.extra = f"'; -- %s {number}", {"n": number, "t": "ä\"'"}
        contact.employees = None if number % 2 else number
        contact.created_at = datetime(2020, 1, 1, microsecond=number, tzinfo=UTC)
    assert update_rows(contacts, ["first_name", "extra", "employees", "created_at", "company"]) == 2500
    found = Contact.objects.in_bulk()
    for contact in contacts:
        same = found[contact.pk]
        for name in ("first_name", "extra", "employees", "created_at", "company_id"):
            assert getattr(same, name) == getattr(contact, name)


@pytest.mark.django_db
def test_columns_of_nulls_and_no_rows_at_all_are_fine() -> None:
    contact = Contact.objects.create(created_at=NOW, employees=5)
    contact.employees = None
    assert update_rows([contact], ["employees", "company"]) == 1
    assert update_rows([], ["employees"]) == 0
    contact.refresh_from_db()
    assert contact.employees is None


@pytest.mark.django_db
def test_rows_that_have_moved_on_are_left_and_not_counted() -> None:
    first, second = Contact.objects.bulk_create(
        [Contact(created_at=NOW, country=code) for code in ("DK", "SE")]
    )
    values = {first.pk: ["1"], second.pk: ["2"]}
    assert update_values(Contact, ["phone"], values, only_where=("country", "DK")) == 1
    assert list(Contact.objects.order_by("pk").values_list("phone", flat=True)) == ["1", ""]


@pytest.mark.django_db
def test_one_activity_is_made_of_each_row(csv_file: Callable[..., Path]) -> None:
    path = csv_file("a1,2018-02-01,p,social")
    run(path)
    run(path)
    assert Activity.objects.get().kind_id == "contact_request"

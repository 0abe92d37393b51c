"""Importing a CSV file: what fits is taken in, what does not is told with its line, and a second run changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Team, User
from leads.importing.mapping import read_mapping
from leads.importing.meaning import ImportMapping
from leads.importing.rows import Row, measure, read_rows
from leads.models import Activity, Lead, Opportunity, Outcome, Source, StageChange, Submission
from leads.payload_errors import PayloadErrors
from sla.models import Clock, Handoff, HandoffState, Territory
from tests.leads.mappings import EXAMPLES, HEADER, LEADS, a_mapping, mapping_of

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
DEALS = EXAMPLES / "olist_deals.json"
DEAL_HEADER = (
    "mql_id,seller_id,sdr_id,sr_id,won_date,business_segment,lead_type,lead_behaviour_profile,business_type"
)


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
    # Nothing but the end of the file would end the cell, and the second row would be lost in it.
    for last in ("a2,2018-02-01,p,social", ""):
        path = csv_file('a0,2018-02-01,p,"a ""b"" c"', 'a1,2018-02-01,p,"social', *([last] if last else []))
        assert "line 3 opens a quotation mark" in refused_file(path, mapping_of(a_mapping()))
    path = csv_file('a1,2018-02-01,5" pipe,social', 'a2,2018-02-01,p,"so"cial', 'a3,2018-02-01,p,"so\ncial"')
    assert [row.errors for row in rows_of(path, mapping_of(a_mapping()))] == [[], [], []]


def test_a_file_with_another_delimiter_is_told_which(csv_file: Callable[..., Path]) -> None:
    path = csv_file("a1;2018-02-01;p;social", header=HEADER.replace(",", ";"))
    told = refused_file(path, mapping_of(a_mapping()))
    assert told.startswith("csv.delimiter: ")
    assert "landing_page" not in told.partition("“mql_id;")[0]
    assert len(rows_of(path, mapping_of(a_mapping(csv={"delimiter": ";"})))) == 1


def test_utf_16_without_its_mark_is_refused_in_words(csv_file: Callable[..., Path]) -> None:
    path = csv_file("a1,2018-02-01,p,social", encoding="utf-16-le")
    assert "Line 1 is not text" in refused_file(path, mapping_of(a_mapping(csv={"encoding": "utf-16"})))


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
def test_deals_find_people_by_their_address_and_bad_amounts_are_told_by_line(
    csv_file: Callable[..., Path], tmp_path: Path
) -> None:
    source = {"slug": "shop", "name": "Shop", "namespace": "shop", "team": "Shop"}
    leads, deals = tmp_path / "leads.json", tmp_path / "deals.json"
    leads.write_text(json.dumps({"source": source, "key": "lead:{mail}", "columns": {"email": "mail"}}))
    closed_at = {"column": "won", "format": "YYYY-MM-DD", "zone": "UTC", "time": "00:00"}
    deals.write_text(
        json.dumps(
            {
                "source": {**source, "slug": "shop-deals"},
                "key": "deal:{mail}",
                "columns": {"email": "mail"},
                "deal": {"state": "won", "closed_at": closed_at, "amount": "amount"},
            }
        )
    )

    def import_deals() -> tuple[str, str]:
        wrong = [f"x@shop.example,2026-03-01,{amount}" for amount in ("NaN", "1e30", "-1", "12 EUR")]
        lines = ["Ada@Shop.example,2026-03-01,1250.5", *wrong]
        return run(csv_file(*lines, header="mail,won,amount"), deals)

    said, complained = import_deals()
    assert "1  Refused" in said
    assert [f"Line {line}, amount: " in complained for line in (2, 3, 4, 5, 6)] == [
        False,
        True,
        True,
        True,
        True,
    ]
    assert "ada@shop.example" in Submission.objects.get().outcome_detail
    run(csv_file("ada@shop.example", header="mail"), leads)
    assert "1 deal is tried again." in import_deals()[0]
    assert str(Opportunity.objects.get(lead__contact__email="ada@shop.example").amount) == "1250.50"


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
@pytest.mark.parametrize("header", ["mql_id,first_contact_date,origin", "id,date,page,origin"])
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


@pytest.mark.django_db
def test_one_activity_is_made_of_each_row(csv_file: Callable[..., Path]) -> None:
    path = csv_file("a1,2018-02-01,p,social")
    run(path)
    run(path)
    assert Activity.objects.get().kind_id == "contact_request"

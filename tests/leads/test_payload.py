"""The fields of a submission become a checked arrival, or errors that name them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from leads import payload
from leads.arrivals import same_field
from leads.countries import country_code
from leads.payload import PayloadErrors, read
from tests.leads.payloads import ANNA, NOW, arrive, fields_refused


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (" Anna.Lee+Demo@ACME.Example ", "anna.lee+demo@acme.example"),
        ("jürgen@bücher.example", "jürgen@xn--bcher-kva.example"),
        ("a@x.test", "a@x.test"),
        ("o'hara@sub.acme.example", "o'hara@sub.acme.example"),
    ],
)
def test_an_address_is_brought_into_one_form(sent, kept):
    assert read({"email": sent}, NOW).email == kept


@pytest.mark.parametrize(
    "sent",
    ["anna", "anna@", "@acme.example", "a b@acme.example", "Anna <anna@acme.example>", "a@localhost", "a@acme..example",
     "a@[127.0.0.1]", "a@b.example, c@d.example", 7, True, ["a@b.example"], {"a": 1}, "a" * 250 + "@b.example"],
)  # fmt: skip
def test_what_is_no_address_is_refused(sent):
    assert fields_refused({"email": sent}) == ["email"]


WORDS = st.text("ab1._+-@", min_size=1, max_size=8)


@example("a@mail.local")
@example("a@xn--bcher-kva.example")
@given(
    st.builds(
        "{}@{}.{}".format,
        WORDS,
        WORDS,
        st.sampled_from(["example", "test", "c", "c1", *SPECIAL_USE_DOMAIN_NAMES]),
    )
)
def test_the_short_way_of_plain_addresses_says_what_the_library_says(address):
    try:
        found = validate_email(address, check_deliverability=False, test_environment=True)
        expected = f"{found.local_part}@{found.ascii_domain}"
    except EmailNotValidError:
        expected = None
    try:
        assert read({"email": address}, NOW).email == expected
    except PayloadErrors:
        assert expected is None


@pytest.mark.parametrize(
    "data", [{}, {"first_name": "Anna"}, {"email": " ", "external_id": None}, {"user_id": "\x01"}]
)
def test_somebody_must_be_recognisable(data):
    assert fields_refused(data) == ["email"]


@pytest.mark.parametrize("name", ["external_id", "anonymous_id"])
def test_an_id_alone_is_enough_and_may_be_a_number(name):
    assert getattr(read({name: 4711}, NOW), name) == "4711"


@pytest.mark.parametrize(
    ("key", "field"),
    [
        ("email_address", "email"),
        ("e-mail", "email"),
        ("Work email", "email"),
        ("emailAddress", "email"),
        ("userId", "external_id"),
        ("anonymousId", "anonymous_id"),
        ("firstName", "first_name"),
        ("Surname", "last_name"),
        ("jobtitle", "job_title"),
        ("title", "job_title"),
        ("organisation", "company_name"),
        ("Company", "company_name"),
        ("phone_number", "phone"),
        ("employee_count", "employees"),
        ("utmSource", "utm_source"),
        ("lead_source", "origin"),
        ("event", "activity"),
        ("source", ""),
        ("url", ""),
    ],
)
def test_fields_are_known_by_the_names_that_forms_give_them(key, field):
    assert same_field(key) == field


def test_a_whole_name_is_split_unless_its_parts_are_given():
    assert (arrive(name="Anna  van der Lee").first_name, arrive(name="Anna  van der Lee").last_name) == (
        "Anna",
        "van der Lee",
    )
    assert arrive(name="Anna").last_name == ""
    given_apart = arrive(name="A. Lee", lastName="Lee")
    assert (given_apart.first_name, given_apart.last_name, given_apart.extra) == (
        "",
        "Lee",
        {"name": "A. Lee"},
    )


def test_segment_traits_are_understood():
    arrival = arrive(
        company={"name": "Acme", "industry": "Steel", "employee_count": 120, "plan": "pro"},
        address={"country": "Germany", "city": "Ulm"},
    )
    assert (arrival.company_name, arrival.industry, arrival.employees, arrival.country) == (
        "Acme",
        "Steel",
        120,
        "DE",
    )
    assert arrival.extra == {"company": {"plan": "pro"}, "address": {"city": "Ulm"}}


def test_the_fields_object_counts_like_the_top_level_and_other_objects_do_not():
    arrival = read({"fields": {"email": ANNA, "Job title": "CTO", "shoe": 42}, "traits": {"phone": "1"}}, NOW)
    assert (arrival.email, arrival.job_title, arrival.phone) == (ANNA, "CTO", "")
    assert arrival.extra == {"shoe": 42, "traits": {"phone": "1"}}


def test_of_two_values_for_one_field_its_own_name_wins_and_the_other_is_kept():
    arrival = read(
        {"work_email": "b@acme.example", "email": ANNA, "fields": {"email": "c@acme.example"}}, NOW
    )
    assert arrival.email == ANNA
    assert arrival.extra == {"work_email": "b@acme.example", "fields": {"email": "c@acme.example"}}
    assert read({"email": "", "work_email": ANNA}, NOW).email == ANNA


def test_what_is_not_ours_is_kept_verbatim():
    odd = {"Budget": " 10k ", "list": [1, None, {"x": True}], "fields": ["a"], "": 0, "empty": {}}
    assert arrive(**odd).extra == odd


@pytest.mark.parametrize(
    ("sent", "employees"),
    [(51, 51), (51.0, 51), (0, 0), ("1,000", 1000), ("1.000", 1000), ("1 000", 1000), ("51-200", 51), ("51 – 200", 51),
     ("1,001 to 5,000", 1001), ("1000+", 1000), ("10k+", 10_000), ("5-10k", 5_000), ("500-1k", 500), ("> 250", 250),
     ("<10", 1), ("200 employees", 200), ("", None), ("Select", None), ("n/a", None), (None, None)],
)  # fmt: skip
def test_a_number_of_employees_is_read_as_people_write_it(sent, employees):
    assert arrive(employees=sent).employees == employees


@pytest.mark.parametrize("sent", [-1, "-5", 1.5, True, "many", [50], "9" * 40, 2**40, "999999m", "٥٠"])
def test_what_is_no_number_of_people_is_refused(sent):
    assert fields_refused({"email": ANNA, "employees": sent}) == ["employees"]


@pytest.mark.parametrize(
    ("sent", "code"),
    [("de", "DE"), ("DEU", "DE"), ("Germany", "DE"), ("Deutschland", "DE"), ("USA", "US"), ("U.S.", "US"), ("uk", "GB"),
     ("united states of america", "US"), ("The Netherlands", "NL"), ("Côte d’Ivoire", "CI"), ("cote d'ivoire", "CI"),
     ("South Korea", "KR"), ("Türkiye", "TR"), ("turkey", "TR"), ("Saint Lucia", "LC"), ("Trinidad and Tobago", "TT")],
)  # fmt: skip
def test_a_country_is_read_from_codes_and_names(sent, code):
    assert arrive(country=sent).country == code


def test_an_unknown_country_is_kept_as_text_and_is_no_error():
    arrival = arrive(country="Narnia")
    assert (arrival.country, arrival.extra) == ("", {"country": "Narnia"})
    assert arrive(address={"country": "Narnia"}).extra == {"address": {"country": "Narnia"}}


def test_the_country_table_has_every_code_once():
    lines = (
        Path(payload.__file__)
        .with_name("data")
        .joinpath("countries.tsv")
        .read_text(encoding="utf-8")
        .splitlines()
    )
    rows = [line.split("\t") for line in lines]
    assert len({row[0] for row in rows}) == len({row[1] for row in rows}) == len(rows) == 250
    for alpha2, alpha3, names in rows:
        assert {country_code(name) for name in (alpha2, alpha3.lower(), *names.split("; "))} == {alpha2}


def test_origin_keeps_absent_and_unknown_apart():
    assert arrive().origin == ""
    assert arrive(origin=" ").origin == ""
    assert arrive(origin="unknown").origin == "unknown"


@pytest.mark.parametrize(
    ("sent", "slug"),
    [("demo_request", "demo_request"), ("Demo Requested", "demo_requested"), ("whitePaper-download!", "white_paper_download")],
)  # fmt: skip
def test_an_activity_is_a_slug(sent, slug):
    assert arrive(event=sent).activity == slug


def test_an_activity_without_letters_is_refused():
    assert fields_refused({"email": ANNA, "activity": "!?"}) == ["activity"]


@pytest.mark.parametrize(
    ("sent", "moment"),
    [
        ("2026-03-02T09:30:00Z", NOW),
        ("2026-03-02T10:30:00.000+01:00", NOW),
        ("2026-03-02t09:30:00z", NOW),
        ("2026-03-02T09:35:00Z", NOW + timedelta(minutes=5)),
        ("1970-01-01T00:00:00Z", datetime(1970, 1, 1, tzinfo=UTC)),
        ("", None),
    ],
)
def test_the_time_of_an_activity_is_kept_in_utc(sent, moment):
    assert arrive(occurred_at=sent).occurred_at == moment


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ("2026-03-02T09:30:00", "time zone"),
        ("2026-03-02", "time zone"),
        ("2026-03-02T09:35:01Z", "future"),
        ("9999-12-31T23:59:59-14:00", "date and time"),
        ("0001-01-01T00:00:00+14:00", "date and time"),
        ("1969-12-31T23:59:59Z", "date and time"),
        ("yesterday", "date and time"),
        (1772443800, "date and time"),
        (True, "date and time"),
    ],
)
def test_a_time_that_cannot_be_true_is_refused_with_a_reason(sent, words):
    with pytest.raises(PayloadErrors) as caught:
        arrive(occurred_at=sent)
    (error,) = caught.value.errors
    assert error.field == "occurred_at"
    assert words in error.message


@pytest.mark.parametrize(("field", "limit"), payload.LIMITS.items())
def test_a_value_longer_than_its_limit_is_refused_naming_field_and_limit(field, limit):
    with pytest.raises(PayloadErrors) as caught:
        read({"external_id": "1", field: "a" * (limit + 1)}, NOW)
    (error,) = caught.value.errors
    assert error.field == field
    assert str(limit) in error.message


@pytest.mark.parametrize("name", ["x" * 151, "Anna " + "x" * 151])
def test_a_part_of_a_whole_name_is_never_cut(name):
    assert fields_refused({"email": ANNA, "name": name}) == ["name"]


@pytest.mark.parametrize("value", [1, 1.5, True, ["a"], {"a": "b"}])
@pytest.mark.parametrize("field", ["first_name", "job_title", "message", "origin", "referrer", "activity"])
def test_text_must_be_text(field, value):
    assert fields_refused({"email": ANNA, field: value}) == [field]


def test_line_breaks_stay_in_a_message_and_nowhere_else():
    arrival = arrive(
        message="One\r\nTwo", first_name="Anna\r\nBcc: x", last_name="\N{RIGHT-TO-LEFT OVERRIDE}Lee"
    )
    assert (arrival.message, arrival.first_name, arrival.last_name) == ("One\nTwo", "Anna Bcc: x", "Lee")


def test_all_errors_of_a_payload_are_reported_together_and_can_be_translated():
    with pytest.raises(PayloadErrors) as caught:
        read({"workEmail": 5, "employees": "many", "occurred_at": "soon"}, NOW)
    answer = caught.value.as_list(translate=lambda text: text.replace("must be text", "muss Text sein"))
    assert [error["field"] for error in answer] == ["email", "employees", "occurred_at"]
    assert answer[0]["message"] == "“workEmail” muss Text sein."
    assert all(set(error) == {"field", "message", "remedy"} and all(error.values()) for error in answer)

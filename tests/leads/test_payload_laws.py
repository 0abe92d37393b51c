"""Whatever is sent is taken or refused, and what is taken reads the same again."""

import ast
import json
from pathlib import Path
from urllib.parse import urlencode

from hypothesis import example, given, settings
from hypothesis import strategies as st

from leads import payload
from leads.payload import Arrival, PayloadErrors, parse, read
from tests.leads.payloads import ANNA, FORM, JSON, NOW

KEYS = st.sampled_from(
    ["email", "e-mail", "fields", "company", "address", "country", "name", "first_name", "employees", "size", "event",
     "occurred_at", "user_id", "anonymousId", "origin", "phone", "message", "title", "x", "Fields", "", "utm_source"]
)  # fmt: skip
LIKELY = st.sampled_from(
    [ANNA, "A@B.test", "Anna Lee", "Narnia", "DE", "51-200", "2026-03-01T00:00:00Z", "2026-03-01", "0001-01-01T00:00+23:59",
     "unknown", " ", "\x00", "\ud800", "\x01", "İİ"]
)  # fmt: skip
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | LIKELY
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)
PAYLOADS = st.dictionaries(KEYS | st.text(max_size=5), VALUES | LIKELY, max_size=8)


def taken_or_refused(raw: bytes, content_type: str) -> Arrival | None:
    try:
        return read(parse(raw, content_type), NOW)
    except PayloadErrors as raised:
        refusal = raised
    assert refusal.errors
    for error in refusal.errors:
        assert all(error.as_dict().values())
        assert json.loads(json.dumps(error.as_dict())) == error.as_dict()
        assert str(error).encode("utf-8")
    return None


@given(raw=st.binary(), content_type=st.sampled_from([JSON, FORM, ""]) | st.text(max_size=30))
@example(raw=b"\xef\xbb\xbf", content_type="")
@example(raw=b'{"a":' * 20_000, content_type=JSON)
@example(raw=b"%" * 1000 + b"=&;=%u0000", content_type=FORM)
def test_any_bytes_are_taken_or_refused_and_nothing_else(raw, content_type):
    taken_or_refused(raw, content_type)


@given(data=PAYLOADS)
@settings(max_examples=400)
def test_any_json_is_taken_or_refused_and_what_is_taken_reads_the_same_again(data):
    arrival = taken_or_refused(json.dumps(data).encode(), JSON)
    if arrival is not None:
        again = read(json.loads(json.dumps(arrival.as_dict())), NOW)
        assert again == arrival


@given(
    pairs=st.lists(st.tuples(KEYS, LIKELY.filter(lambda text: text != "\ud800") | st.emails()), max_size=6)
)
def test_any_form_is_taken_or_refused(pairs):
    taken_or_refused(urlencode(pairs).encode(), FORM)


@given(sent=st.emails() | st.text().map(lambda text: text + "@acme.example"))
def test_an_address_in_normal_form_stays_as_it_is(sent):
    try:
        email = read({"email": sent}, NOW).email
    except PayloadErrors:
        return
    assert read({"email": email}, NOW).email == email


def test_the_pure_modules_import_no_django():
    folder = Path(payload.__file__).parent
    modules = [
        "payload",
        "payload_errors",
        "arrivals",
        "arrival_values",
        "storable",
        "countries",
        "exclusions",
    ]
    for module in modules:
        tree = ast.parse((folder / f"{module}.py").read_text(encoding="utf-8"))
        imported = {
            alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
        }
        imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not {name for name in imported if name.split(".")[0] == "django"}, module

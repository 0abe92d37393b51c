"""Raw bytes become fields, or an error that names the place; never anything else."""

import hashlib
import json

import pytest

from leads.payload import MAX_BYTES, MAX_DEPTH, MAX_KEYS, delivery_digest, parse
from tests.leads.payloads import ANNA, FORM, JSON, parse_error


@pytest.mark.parametrize(
    "content_type",
    [JSON, "Application/JSON; charset=utf-8", "application/vnd.acme+json", "", "text/plain", FORM],
)
def test_a_json_object_is_read_under_every_type_that_senders_give_it(content_type):
    assert parse(b'\xef\xbb\xbf{"email": "a@b.example", "n": 1.5}', content_type) == {
        "email": "a@b.example",
        "n": 1.5,
    }


def test_a_form_is_read_and_repeated_unknown_fields_become_lists():
    raw = b"email=anna%40acme.example&name=Anna+L%C3%BC&topic=crm&topic=mail&empty="
    assert parse(raw, FORM) == {
        "email": ANNA,
        "name": "Anna Lü",
        "topic": ["crm", "mail"],
        "empty": "",
    }


@pytest.mark.parametrize(
    ("raw", "field", "words"),
    [
        (b"", "body", "empty"),
        (b" \n", "body", "empty"),
        (b'{"email": "\xff"}', "body", "byte 12"),
        (b"\x1f\x8b\x08\x00", "body", "compressed"),
        (b'{"email":\n oops}', "body", "line 2, column 2"),
        (b'{"email": "a@b.example"', "body", "line 1"),
        (b'["a@b.example"]', "body", "not a JSON object"),
        (b'"text"', "body", "not a JSON object"),
        (b"NaN", "body", "not a JSON object"),
        (b'{"a": NaN}', "a", "finite"),
        (b'{"a": {"b": [-Infinity]}}', "a.b", "finite"),
        (b'{"a": 1e999}', "a", "finite"),
        (b'{"a": 9223372036854775808}', "a", "64 bits"),
        (b'{"a": ' + b"9" * 5000 + b"}", "a", "64 bits"),
        (b'{"email": "a@b.example", "email": "c@d.example"}', "email", "more than once"),
        (b'{"fields": {"x": 1, "x": 1}}', "fields.x", "more than once"),
        (b'{"first_name": "A\\u0000"}', "first_name", "NUL"),
        (b'{"a\\u0000": 1}', "a\N{REPLACEMENT CHARACTER}", "NUL"),
        (b'{"last_name": "\\ud800"}', "last_name", "surrogate"),
        (b'{"x": ["ok", "\\udfff"]}', "x", "surrogate"),
        (b'{"": "\\u0000"}', "(no name)", "NUL"),
    ],
)
def test_json_that_cannot_be_kept_is_refused_naming_the_place(raw, field, words):
    error = parse_error(raw)
    assert error.field == field
    assert words in error.message


@pytest.mark.parametrize(
    ("raw", "field", "words"),
    [
        (b"email=%FF%FE", "email", "UTF-8"),
        (b"email=a%40b.example&first_name=Zo%EB", "first_name", "UTF-8"),
        (b"Zo%EB=1", "Zo\N{REPLACEMENT CHARACTER}", "UTF-8"),
        (b"first_name=A%00", "first_name", "NUL"),
        (b"email=a%40b.example&E-Mail=x&email=c%40d.example", "email", "more than once"),
        (b"&".join(b"f%d=1" % i for i in range(MAX_KEYS + 1)), "body", "more than 200"),
    ],
)
def test_a_form_that_cannot_be_kept_is_refused_naming_the_place(raw, field, words):
    error = parse_error(raw, FORM)
    assert error.field == field
    assert words in error.message


def test_other_content_types_are_refused_with_those_that_work():
    error = parse_error(b"x", "multipart/form-data; boundary=x")
    assert error.field == "content_type"
    assert "application/json" in error.remedy


def test_size_depth_and_keys_are_accepted_up_to_the_limit_and_refused_beyond():
    def padded(size: int) -> bytes:
        return b'{"a": "' + b"x" * (size - 9) + b'"}'

    def nested(levels: int) -> bytes:
        return b'{"a":' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"

    def keyed(count: int) -> bytes:
        return json.dumps({f"k{i}": {"inner": i} for i in range(count // 2)}).encode()

    assert parse(padded(MAX_BYTES), JSON)
    assert parse(nested(MAX_DEPTH), JSON)
    assert parse(keyed(MAX_KEYS), JSON)
    assert "65536" in parse_error(padded(MAX_BYTES + 1)).message
    assert "8 levels" in parse_error(nested(MAX_DEPTH + 1)).message
    assert "200 fields" in parse_error(keyed(MAX_KEYS + 2)).message
    assert "8 levels" in parse_error(b"[" * MAX_BYTES).message


def test_brackets_inside_text_are_not_depth():
    assert parse(json.dumps({"message": '[[[[[[[[[[ \\" {{{{{'}).encode(), JSON)


def test_text_of_quotes_and_backslashes_is_judged_in_linear_time():
    parse_error(b'\\"' * (MAX_BYTES // 2))
    parse_error(b'"' + b"\\" * (MAX_BYTES - 1))


def test_the_digest_is_that_of_the_raw_bytes():
    assert delivery_digest(b"{}") == hashlib.sha256(b"{}").hexdigest()

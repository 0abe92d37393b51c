"""Dates in words are those of Django's own date format, in every zone and language."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone, translation
from django.utils.formats import date_format
from hypothesis import example, given
from hypothesis import strategies as st

from accounts.dates import day_in_words, exact_moment, moment_to_the_minute

ZONES = ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe"]
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))


@given(at=MOMENTS, zone=st.sampled_from(ZONES), language=st.sampled_from(["en", "de"]))
@example(
    at=datetime(2026, 10, 25, 1, 30, tzinfo=UTC), zone="Europe/Berlin", language="en"
)  # comes twice there
def test_a_moment_reads_as_django_writes_it(at: datetime, zone: str, language: str) -> None:
    with timezone.override(ZoneInfo(zone)), translation.override(language):
        there = timezone.localtime(at)
        assert exact_moment(at) == date_format(there, "D j M Y, H:i:s T")
        assert moment_to_the_minute(at, at) == date_format(there, "j M, H:i")
        assert day_in_words(there, "j M Y") == date_format(there, "j M Y")


def test_the_year_is_said_where_it_is_not_this_one() -> None:
    at, now = datetime(2025, 12, 31, 12, tzinfo=UTC), datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert moment_to_the_minute(at, now) == "31 Dec 2025, 12:00"

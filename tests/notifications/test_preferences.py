"""Quiet hours, digests and kinds: nothing comes when it is not wanted, nothing is lost, each comes once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils.html import escape
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import Role, User
from drains.runner import run_until_idle
from notifications.hours import Hours
from notifications.mailing import RETRY_PAUSES, put_off, send
from notifications.models import Notification, NotificationPreference, State
from notifications.services import SENDING, Notice, notify, save_preference
from tests.notifications.conftest import NOW, MoodyBackend
from tests.support.people import make_user

Mails = list[EmailMultiAlternatives]
MINUTE = timedelta(minutes=1)
# With half-hour and quarter-hour offsets, and with clocks that change by an hour, by half of it, and at midnight.
ZONES = ["UTC", "Europe/Copenhagen", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Havana"]

times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 1, 30, 59]))
hours = st.builds(
    Hours,
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    quiet_from=st.none() | times,
    quiet_to=st.none() | times,
    weekdays=st.frozensets(st.integers(0, 6), min_size=1),
    digest=st.sampled_from(["at_once", "hourly", "daily"]),
    daily_at=times,
)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(lambda at: at.replace(tzinfo=UTC))


@given(hours, moments)
def test_what_happens_is_told_later_or_at_once_and_never_in_quiet_hours(chosen: Hours, at: datetime) -> None:
    for moment in (chosen.next_digest(at), chosen.open_from(at)):
        assert moment >= at
        assert not chosen.is_quiet(moment)
    assert chosen.open_from(at) - at < timedelta(days=15)


@given(hours, moments)
def test_the_digest_that_comes_is_the_next_one(chosen: Hours, at: datetime) -> None:
    first = chosen.next_digest(at)
    assert chosen.next_digest(first) == first, "at its own moment it is due"
    for share in (0.1, 0.5, 0.9):
        assert chosen.next_digest(at + (first - at) * share) == first, "there is no other before it"


def test_quiet_hours_end_where_the_clock_skips_them() -> None:
    quiet = Hours(ZoneInfo("Europe/Copenhagen"), time(22), time(2, 30))
    night = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # 01:30, half an hour before the clock goes to 03:00
    assert quiet.open_from(night) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def tell(reader: User, key: str, kind: str = "warning", now: datetime = NOW) -> None:
    """One notice in the outbox."""
    notice = Notice(recipient=reader, kind=kind, dedupe_key=key, subject=f"About {key}", body="Look at it.")
    notify(notices=[notice], now=now)


def deliver(now: datetime = NOW) -> int:
    """What the worker does."""
    return run_until_idle(now, ["notifications.deliver"])


def prefer(reader: User, now: datetime = NOW, **chosen: Any) -> None:
    """What a person chooses."""
    NotificationPreference.objects.filter(user=reader).delete()
    save_preference(preference=NotificationPreference(user=reader, **chosen), now=now)


def keys(mailoutbox: Sequence[EmailMessage]) -> list[str]:
    """What all mails told, by the keys of tell."""
    words = " ".join(mail.subject + " " * (len(mail.body) > 0) + mail.body for mail in mailoutbox).split()
    return sorted({word.rstrip(",") for word in words if word.startswith("fact")})


@pytest.mark.django_db
def test_quiet_hours_put_off_until_their_end_in_the_readers_zone(mailoutbox: Mails) -> None:
    reader = make_user(time_zone="Asia/Kathmandu")  # NOW is 15:45 there
    prefer(reader, quiet_from=time(15), quiet_to=time(17))
    tell(reader, "fact1")
    end = datetime(2026, 3, 4, 11, 15, tzinfo=UTC)
    assert deliver(end - MINUTE) == 0
    assert deliver(end) == 1
    assert len(mailoutbox) == 1


@pytest.mark.django_db
def test_days_off_put_off_too_and_what_is_urgent_comes_at_once(mailoutbox: Mails) -> None:
    reader = make_user()
    prefer(reader, weekdays=[4], urgent=["breach"], digest="daily")  # Fridays; NOW is a Wednesday
    tell(reader, "fact1")
    tell(reader, "fact2", kind="breach")
    assert deliver() == 1
    assert mailoutbox[0].subject == "About fact2"
    assert deliver(datetime(2026, 3, 6, 7, 59, tzinfo=UTC)) == 0
    assert deliver(datetime(2026, 3, 6, 8, tzinfo=UTC)) == 1
    assert mailoutbox[1].subject == "About fact1"


@pytest.mark.django_db
def test_a_digest_is_one_mail_however_many_notices_it_has(mailoutbox: Mails) -> None:
    reader, other = make_user(), make_user()
    prefer(reader, digest="hourly")
    for number in range(45):
        tell(reader, f"fact{number}", now=NOW + MINUTE)
        tell(other, f"fact{number}", now=NOW + MINUTE)
    deliver(NOW + timedelta(hours=1))
    assert len(mailoutbox) == 46
    (mail,) = [mail for mail in mailoutbox if mail.to == [reader.email]]
    assert mail.subject == "45 notices: About fact0"
    assert len(keys([mail])) == 45
    assert "About fact44" in str(mail.alternatives[0][0])
    assert set(Notification.objects.values_list("state", flat=True)) == {State.SENT}


@pytest.mark.django_db
def test_a_digest_that_fails_is_tried_again_as_a_whole(
    mail_server: type[MoodyBackend], mailoutbox: Mails
) -> None:
    reader = make_user()
    prefer(reader, digest="hourly")
    for number in range(3):
        tell(reader, f"fact{number}")
    mail_server.refuses = {reader.email}
    deliver()
    assert set(Notification.objects.values_list("attempts", "next_try_at")) == {(1, NOW + RETRY_PAUSES[0])}
    mail_server.refuses = set()
    deliver(NOW + RETRY_PAUSES[0])
    assert [len(keys([mail])) for mail in mailoutbox] == [3]


@pytest.mark.django_db
def test_a_retry_that_falls_into_quiet_hours_waits_for_their_end(
    mail_server: type[MoodyBackend], mailoutbox: Mails
) -> None:
    reader = make_user()
    prefer(reader, quiet_from=time(10, 4), quiet_to=time(12))
    mail_server.refuses = {reader.email}
    tell(reader, "fact1")
    deliver(NOW)
    deliver(NOW + RETRY_PAUSES[0])
    mail_server.refuses = set()
    deliver(NOW + RETRY_PAUSES[0] + RETRY_PAUSES[1])
    assert not mailoutbox
    assert Notification.objects.get().attempts == 2, "what is put off is not a try"
    assert deliver(NOW + timedelta(hours=2)) == 1
    assert len(mailoutbox) == 1


@pytest.mark.django_db
def test_a_digest_killed_between_send_and_mark_comes_twice_rather_than_never(mailoutbox: Mails) -> None:
    reader = make_user()
    prefer(reader, digest="hourly")
    for number in range(3):
        tell(reader, f"fact{number}")
    rows = list(Notification.objects.due(NOW))
    put_off(rows, NOW)
    with transaction.atomic():
        send(rows, NOW)
        transaction.set_rollback(True)  # the mark is lost with the worker
    assert deliver(NOW + SENDING - MINUTE) == 0
    deliver(NOW + SENDING)
    assert deliver(NOW + timedelta(days=1)) == 0
    assert [len(keys([mail])) for mail in mailoutbox] == [3, 3]
    assert len({mail.extra_headers["Message-ID"] for mail in mailoutbox}) == 1


@pytest.mark.django_db
def test_what_waits_follows_a_new_choice(mailoutbox: Mails) -> None:
    reader = make_user()
    prefer(reader, digest="daily", daily_at=time(8))
    tell(reader, "fact1")
    tell(reader, "fact2")
    assert deliver() == 0
    prefer(reader)
    assert deliver() == 2
    assert len(mailoutbox) == 2


@pytest.mark.django_db
def test_a_kind_that_is_switched_off_is_not_told_but_managers_hear_of_breaches(mailoutbox: Mails) -> None:
    rep, manager = make_user(), make_user(Role.SALES_MANAGER)
    for reader in (rep, manager):
        prefer(reader, muted=["breach", "warning"])
        tell(reader, "fact1", kind="warning")
        tell(reader, "fact2", kind="breach")
        tell(reader, "fact3", kind="something new")
    deliver()
    told = sorted((mail.to[0], mail.subject) for mail in mailoutbox)
    expected = [(rep.email, "About fact3"), (manager.email, "About fact2"), (manager.email, "About fact3")]
    assert told == sorted(expected)


events = st.lists(
    st.tuples(st.integers(0, 3 * 24 * 60), st.sampled_from(["warning", "breach"]), st.booleans()),
    min_size=1,
    max_size=12,
)
choices = st.fixed_dictionaries(
    {
        "quiet_from": times,
        "quiet_to": times,
        "weekdays": st.sets(st.integers(0, 6), min_size=1).map(sorted),
        "digest": st.sampled_from(["at_once", "hourly", "daily"]),
        "daily_at": times,
    }
)


@pytest.mark.django_db
@given(events, choices, choices, st.sampled_from(ZONES))
@settings(max_examples=25)
def test_no_mail_in_quiet_hours_none_lost_and_each_once(
    facts: list[tuple[int, str, bool]], first: dict[str, Any], second: dict[str, Any], zone: str
) -> None:
    """A worker looks whenever something happens, at odd times, and in the end every quarter of an hour for eight days."""
    from django.core import mail

    with transaction.atomic():
        mail.outbox = []
        reader = make_user(time_zone=zone)
        prefer(reader, **first)
        chosen = NotificationPreference.objects.get(user=reader)
        told: set[str] = set()
        half = len(facts) // 2

        def work(at: datetime) -> None:
            before = len(mail.outbox)
            deliver(at)
            for each in mail.outbox[before:]:
                assert not chosen.hours("warning").is_quiet(at)
                found = set(keys([each]))
                assert not found & told
                told.update(found)

        for number, (minute, kind, works) in enumerate(sorted(facts)):
            at = NOW + minute * MINUTE
            if number == half:
                prefer(reader, at, **second)
                chosen = NotificationPreference.objects.get(user=reader)
            tell(reader, f"fact{number}", kind, at)
            if works:
                work(at)
        end = NOW + timedelta(days=3)
        while Notification.objects.pending().exists():
            nearest = (
                Notification.objects.pending()
                .order_by("next_try_at")
                .values_list("next_try_at", flat=True)[0]
            )
            assert nearest < end + timedelta(days=15)
            work(max(nearest, at))
        assert told == {f"fact{number}" for number in range(len(facts))}
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_a_person_chooses_on_their_own_page(client: Client) -> None:
    person = make_user(Role.SALES_MANAGER, time_zone="Europe/Copenhagen")
    client.force_login(person)
    page = reverse("notifications:preferences")
    shown = client.get(page).content.decode()
    assert "Europe/Copenhagen" in shown
    assert not NotificationPreference.objects.exists()

    form: dict[str, Any] = {
        "kinds": ["handed_off"],
        "urgent": ["handed_off"],
        "weekdays": [0, 1, 2, 3, 4],
        "quiet_from": "18:00",
        "quiet_to": "08:00",
        "digest": "daily",
        "daily_at": "08:30",
    }
    assert client.post(page, form, follow=True).redirect_chain == [(page, 302)]
    kept = NotificationPreference.objects.get(user=person)
    assert (kept.quiet_from, kept.quiet_to, kept.daily_at) == (time(18), time(8), time(8, 30))
    assert (kept.weekdays, kept.digest, kept.urgent) == ([0, 1, 2, 3, 4], "daily", ["handed_off"])
    assert sorted(kept.muted) == ["agreement", "empty_pool", "given_back", "rep_away", "warning"], (
        "a manager hears of breaches"
    )
    assert 'value="18:00"' in client.get(page).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        {"weekdays": []},
        {"quiet_to": ""},
        {"quiet_from": ""},
        {"quiet_to": "18:00"},
        {"digest": "daily", "daily_at": "07:00"},
        {"digest": "daily", "daily_at": ""},
        {"digest": "monthly"},
        {"kinds": ["nonsense"]},
    ],
)
def test_a_choice_that_makes_no_sense_is_not_kept(client: Client, wrong: dict[str, Any]) -> None:
    client.force_login(make_user())
    form: dict[str, Any] = {
        "weekdays": [0],
        "quiet_from": "18:00",
        "quiet_to": "08:00",
        "digest": "at_once",
        "daily_at": "09:00",
    }
    answer = client.post(reverse("notifications:preferences"), form | wrong)
    assert answer.status_code == 200
    errors = [error for found in answer.context["form"].errors.values() for error in found]
    assert errors
    assert all(escape(error) in answer.content.decode() for error in errors)
    assert not NotificationPreference.objects.exists()

"""Users, teams and absences: what can never be, who is at work, and in which zone times are shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from accounts.middleware import ReaderTimeMiddleware
from accounts.models import Absence, Role, User
from tests.support.people import make_user

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 4, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_addresses_are_kept_in_lower_case_and_are_unique_in_any_case() -> None:
    assert (
        User.objects.create_user(" Ada@ACME.example ", name="Ada", role=Role.AUDITOR).email
        == "ada@acme.example"
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        make_user(email="ADA@acme.example")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.update(email="Ada@acme.example")


def test_a_user_needs_an_address() -> None:
    with pytest.raises(ValueError, match="needs an e-mail address"):
        User.objects.create_user("", name="Nobody")


def test_a_user_without_a_password_cannot_log_in() -> None:
    person = User.objects.create_user("ada@acme.example", name="Ada", role=Role.AUDITOR)
    assert not person.has_usable_password()


def test_a_rep_without_a_team_is_refused_in_words_and_by_the_database() -> None:
    with pytest.raises(ValidationError, match="A sales rep needs a team"):
        User(email="ada@acme.example", name="Ada", role=Role.REP).full_clean(exclude=["password"])
    with pytest.raises(IntegrityError), transaction.atomic():
        make_user(Role.REP, team=None)
    assert make_user(Role.SALES_MANAGER).team is None


def test_an_unknown_role_is_refused_by_the_database() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make_user("emperor")


def test_the_first_user_is_an_administrator_who_may_do_everything() -> None:
    person = User.objects.create_superuser("root@acme.example", "a long password")
    assert (person.role, person.name, person.is_staff) == (Role.ADMINISTRATOR, "root", True)


@pytest.mark.parametrize("role", Role.values)
def test_only_administrators_open_the_administration_without_ticked_permissions(role: str) -> None:
    person = make_user(role, is_staff=False, is_superuser=False)
    is_administrator = role == Role.ADMINISTRATOR
    assert person.has_perm("sla.change_calendar") is is_administrator
    assert person.has_module_perms("sla") is is_administrator
    person.is_active = False
    assert not person.has_perm("sla.change_calendar")


def test_an_absence_ends_after_it_starts() -> None:
    person = make_user()
    for ends_at in (NOW, NOW - HOUR):
        with pytest.raises(IntegrityError), transaction.atomic():
            Absence.objects.create(user=person, starts_at=NOW, ends_at=ends_at)


def test_a_person_is_away_from_the_first_moment_to_the_last_exclusive() -> None:
    person = make_user()
    Absence.objects.create(user=person, starts_at=NOW, ends_at=NOW + HOUR)

    def at_work(at: datetime) -> bool:
        return User.objects.at_work(at).filter(pk=person.pk).exists()

    second = timedelta(seconds=1)
    moments = [NOW - second, NOW, NOW + HOUR - second, NOW + HOUR]
    assert [at_work(at) for at in moments] == [True, False, False, True]
    assert [Absence.objects.running(at).exists() for at in moments] == [False, True, True, False]
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert not at_work(NOW - second)


def test_two_absences_at_different_times_are_not_taken_for_one() -> None:
    person = make_user()
    Absence.objects.create(user=person, starts_at=NOW - 3 * HOUR, ends_at=NOW - 2 * HOUR)
    Absence.objects.create(user=person, starts_at=NOW + 2 * HOUR, ends_at=NOW + 3 * HOUR)
    assert User.objects.at_work(NOW).filter(pk=person.pk).exists()


def show_now(request: HttpRequest) -> HttpResponse:
    """A page that says what time it is, as pages do."""
    return HttpResponse(Template("{{ now|date:'D H:i' }}").render(Context({"now": NOW})))


def test_times_are_shown_in_the_zone_that_the_reader_chose(client: Client) -> None:
    person = make_user()
    client.force_login(person)
    page = reverse("accounts:profile")

    def reads() -> str:
        request = RequestFactory().get("/")
        request.COOKIES["sessionid"] = "any"
        request.user = User.objects.get(pk=person.pk)
        return ReaderTimeMiddleware(show_now)(request).content.decode()

    assert reads() == "Wed 10:00"
    answer = client.post(page, {"name": "Ada", "time_zone": "Asia/Jakarta"}, follow=True)
    assert "Times are now shown in your zone." in answer.content.decode()
    assert reads() == "Wed 17:00"
    assert timezone.get_current_timezone() != ZoneInfo("Asia/Jakarta")
    client.post(page, {"name": "Ada", "time_zone": ""})
    assert reads() == "Wed 10:00"


def test_a_zone_that_does_not_exist_is_refused(client: Client) -> None:
    person = make_user()
    client.force_login(person)
    answer = client.post(reverse("accounts:profile"), {"name": "Ada", "time_zone": "Mars/Olympus"})
    assert answer.status_code == 200
    person.refresh_from_db()
    assert person.time_zone == ""
    person.time_zone = "Mars/Olympus"
    with pytest.raises(ValidationError, match="is not a time zone"):
        person.full_clean(exclude=["password"])


def test_a_profile_changes_neither_role_nor_team(client: Client) -> None:
    person = make_user()
    client.force_login(person)
    client.post(reverse("accounts:profile"), {"name": "Ada", "role": "administrator", "is_staff": "on"})
    person.refresh_from_db()
    assert (person.name, person.role, person.is_staff) == ("Ada", Role.REP, False)


@time_machine.travel(NOW, tick=False)
def test_every_answer_tells_the_time_of_the_server(client: Client) -> None:
    for path in ("/login/", "/healthz", "/no/such/page/", reverse("accounts:profile")):
        assert client.get(path)["X-Server-Time"] == "2026-03-04T10:00:00+00:00"

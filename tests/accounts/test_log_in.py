"""Logging in by e-mail, the pause after wrong passwords, and a new password by mail."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role, User
from tests.support.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db

LOGIN = "/login/"
WRONG = "not the password"


def log_in(client: Client, email: str, password: str = PASSWORD) -> int:
    """Fill the log-in form; the status of the answer (302: logged in)."""
    return client.post(LOGIN, {"username": email, "password": password}).status_code


def is_in(client: Client) -> bool:
    """Whether somebody is logged in."""
    return "_auth_user_id" in client.session


@pytest.mark.parametrize("typed", ["ada@acme.example", "Ada@ACME.example", "  ADA@acme.example "])
def test_an_address_works_in_any_case(client: Client, typed: str) -> None:
    make_user(email="ada@acme.example")
    assert log_in(client, typed) == 302
    assert is_in(client)


def test_wrong_words_are_answered_with_what_to_do(client: Client) -> None:
    make_user(email="ada@acme.example")
    answer = client.post(LOGIN, {"username": "ada@acme.example", "password": WRONG})
    assert answer.status_code == 200
    assert "ask for a new password below" in answer.content.decode()
    assert not is_in(client)


def test_a_closed_account_does_not_open(client: Client) -> None:
    make_user(email="ada@acme.example", is_active=False)
    assert log_in(client, "ada@acme.example") == 200
    assert not is_in(client)


def test_closing_an_account_ends_its_sessions(client: Client) -> None:
    person = make_user()
    client.force_login(person)
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert client.get(reverse("accounts:profile")).status_code == 302


@pytest.mark.parametrize(
    "spellings",
    [
        ["ada@acme.example"] * 5,
        [f"{'ada'[:n].upper()}{'ada'[n:]}@acme.example" for n in range(4)] + ["aDa@acme.example"],
    ],
)
def test_five_wrong_passwords_in_whatever_spelling_close_the_account_for_a_while(
    client: Client, spellings: list[str]
) -> None:
    make_user(email="ada@acme.example")
    other = make_user()
    statuses = [log_in(client, spelling, WRONG) for spelling in spellings]
    assert statuses == [200, 200, 200, 200, 429]

    answer = client.post(LOGIN, {"username": "ada@acme.example", "password": PASSWORD})

    assert answer.status_code == 429
    assert "15 min" in answer.content.decode()
    assert "accounts/throttled.html" in {template.name for template in answer.templates}
    assert not is_in(client)
    assert log_in(client, other.email) == 302


def test_the_pause_ends(client: Client) -> None:
    make_user(email="ada@acme.example")
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        for _ in range(5):
            log_in(client, "ada@acme.example", WRONG)
    with time_machine.travel(start + timedelta(minutes=14), tick=False):
        assert log_in(client, "ada@acme.example") == 429
    with time_machine.travel(start + timedelta(minutes=30), tick=False):
        assert log_in(client, "ada@acme.example") == 302


def test_a_right_password_forgets_the_wrong_ones(client: Client) -> None:
    person = make_user()
    for _ in range(3):
        for _ in range(4):
            assert log_in(client, person.email, WRONG) == 200
        assert log_in(client, person.email) == 302
        client.logout()


def test_an_unknown_address_is_answered_like_a_known_one_and_throttled_too(client: Client) -> None:
    assert [log_in(client, "nobody@acme.example", WRONG) for _ in range(5)] == [200, 200, 200, 200, 429]


def test_a_new_password_comes_by_mail_and_ends_the_pause(
    client: Client, mailoutbox: list[EmailMultiAlternatives]
) -> None:
    person = make_user(email="ada@acme.example")
    for _ in range(5):
        log_in(client, person.email, WRONG)

    answer = client.post(reverse("accounts:password_reset"), {"email": "ADA@acme.example"}, follow=True)
    assert "a link is on its way" in answer.content.decode()
    (mail,) = mailoutbox
    assert mail.to == [person.email]
    link = re.search(r"http://testserver(/\S+)", str(mail.body))
    assert link is not None
    page = client.get(link.group(1), follow=True)
    form = page.redirect_chain[-1][0]
    new = {"new_password1": "a quite new horse", "new_password2": "a quite new horse"}
    assert client.post(form, new).status_code == 302

    assert log_in(client, person.email) == 200
    assert log_in(client, person.email, "a quite new horse") == 302
    again = Client().get(link.group(1), follow=True)
    assert "This link no longer works" in again.content.decode()


def test_an_unknown_address_gets_no_mail_and_the_same_answer(
    client: Client, mailoutbox: list[EmailMultiAlternatives]
) -> None:
    make_user(email="gone@acme.example", is_active=False)
    for address in ("nobody@acme.example", "gone@acme.example"):
        answer = client.post(reverse("accounts:password_reset"), {"email": address}, follow=True)
        assert "a link is on its way" in answer.content.decode()
    assert not mailoutbox


def test_a_password_is_changed_only_by_who_knows_the_old_one(client: Client) -> None:
    person = make_user()
    client.force_login(person)
    page = reverse("accounts:password_change")
    new = {"new_password1": "a quite new horse", "new_password2": "a quite new horse"}

    assert client.post(page, {"old_password": WRONG, **new}).status_code == 200
    assert client.post(page, {"old_password": PASSWORD, **new}).status_code == 302

    assert is_in(client)
    person.refresh_from_db()
    assert person.check_password("a quite new horse")


@pytest.mark.parametrize("weak", ["short", "1234567890", "password123"])
def test_a_weak_password_is_refused(client: Client, weak: str) -> None:
    client.force_login(make_user())
    data = {"old_password": PASSWORD, "new_password1": weak, "new_password2": weak}
    assert client.post(reverse("accounts:password_change"), data).status_code == 200


@pytest.mark.parametrize(
    "role, place",
    [
        (Role.MARKETING, "leads:submissions"),
        (Role.REP, "sla:inbox"),
        (Role.SALES_MANAGER, "sla:compliance"),
        (Role.AUDITOR, "sla:compliance"),
        (Role.ADMINISTRATOR, "leads:submissions"),
    ],
)
def test_the_log_in_leads_to_the_workplace_of_the_role(client: Client, role: str, place: str) -> None:
    person = make_user(role)
    answer = client.post(LOGIN, {"username": person.email, "password": PASSWORD})
    assert answer["Location"] == reverse("home")
    assert client.get(reverse("home"))["Location"] == reverse(place)
    assert client.get(LOGIN)["Location"] == reverse("home")


def test_the_log_in_leads_back_but_never_to_another_site(client: Client) -> None:
    person = make_user(Role.MARKETING)

    def goes_to(target: str) -> str:
        client.logout()
        data = {"username": person.email, "password": PASSWORD, "next": target}
        return client.post(LOGIN, data)["Location"]

    assert goes_to("/leads/") == "/leads/"
    assert goes_to("https://evil.example/") == reverse("home")
    assert goes_to("//evil.example/") == reverse("home")


def test_who_was_logged_out_meanwhile_comes_back_to_the_page_they_were_on(client: Client) -> None:
    accept = reverse("sla:accept", args=[1])
    here = "http://testserver/inbox/?view=queue"

    by_form = client.post(accept, headers={"Referer": here})
    by_htmx = client.post(accept, headers={"HX-Request": "true", "HX-Current-URL": here})
    sheet = client.get(
        reverse("sla:handoff", args=[1]), headers={"HX-Request": "true", "HX-Current-URL": here}
    )
    link = client.get(reverse("sla:handoff", args=[1]), headers={"Referer": here})
    from_elsewhere = client.post(accept, headers={"Referer": "https://evil.example/inbox/"})

    back = f"{LOGIN}?next=/inbox/%3Fview%3Dqueue"
    assert (by_form.status_code, by_form["Location"]) == (302, back)
    assert [(answer.status_code, answer["HX-Redirect"]) for answer in (by_htmx, sheet)] == [(204, back)] * 2
    assert link["Location"] == f"{LOGIN}?next=/handoffs/1/"
    assert from_elsewhere["Location"] == f"{LOGIN}?next=/"


def test_logging_out_takes_a_post(client: Client) -> None:
    client.force_login(make_user())
    assert client.get(reverse("accounts:logout")).status_code == 405
    assert is_in(client)
    assert client.post(reverse("accounts:logout")).status_code == 302
    assert not is_in(client)


def test_the_administration_has_no_log_in_of_its_own(client: Client) -> None:
    index = reverse("admin:index")
    answer = client.get(index, follow=True)
    assert answer.redirect_chain[-1][0] == f"{LOGIN}?next={index}"
    person = make_user(Role.ADMINISTRATOR)
    posted = client.post(reverse("admin:login"), {"username": person.email, "password": PASSWORD})
    assert (posted.status_code, is_in(client)) == (302, False)


def test_an_old_form_is_refused_in_words_for_people() -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(LOGIN, {"username": "ada@acme.example", "password": PASSWORD})
    assert answer.status_code == 403
    assert "This page was open too long" in answer.content.decode()

"""Notices: written with their fact, delivered once, tried again with growing pauses, given up in the end."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from accounts.models import Role, User
from drains.models import SetAside
from drains.runner import run_until_idle
from notifications.mailing import RETRY_PAUSES, put_off
from notifications.models import Notification, State
from notifications.services import SENDING, Notice, notify
from tests.notifications.conftest import NOW, MoodyBackend
from tests.support.people import make_user

pytestmark = pytest.mark.django_db

Mails = list[EmailMultiAlternatives]


def tell(recipient: User, subject: str = "A lead waits", key: str = "fact-1", **fields: Any) -> None:
    """One notice in the outbox."""
    fields.setdefault("body", "Ada <Brandt> & Co\nwaits for an answer.")
    notify(
        notices=[Notice(recipient=recipient, kind="test", dedupe_key=key, subject=subject, **fields)], now=NOW
    )


def deliver(now: datetime = NOW) -> int:
    """What the worker does."""
    return run_until_idle(now, ["notifications.deliver"])


def test_a_notice_is_sent_once_as_text_and_html(mailoutbox: Mails, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://baton.example.com:8443"
    person = make_user()
    tell(person, path="/handoffs/7/")

    assert deliver() == 1
    assert deliver(NOW + timedelta(days=2)) == 0

    (mail,) = mailoutbox
    assert (mail.to, mail.subject) == ([person.email], "A lead waits")
    assert mail.body.startswith("Ada <Brandt> & Co\nwaits for an answer.")
    assert "https://baton.example.com:8443/handoffs/7/" in mail.body
    html, kind = map(str, mail.alternatives[0])
    assert kind == "text/html"
    assert "Ada &lt;Brandt&gt; &amp; Co<br>waits" in html
    assert 'href="https://baton.example.com:8443/handoffs/7/"' in html
    row = Notification.objects.get()
    assert mail.extra_headers["Message-ID"] == f"<notice-{row.pk}@baton.example.com>"
    assert (row.state, row.attempts, row.sent_at, row.error) == (State.SENT, 1, NOW, "")


def test_a_notice_goes_with_the_transaction_of_its_fact() -> None:
    person = make_user()
    with transaction.atomic():
        tell(person)
        assert Notification.objects.exists()
        transaction.set_rollback(True)
    assert not Notification.objects.exists()


def test_the_same_fact_is_told_to_each_person_once(mailoutbox: Mails) -> None:
    one, other = make_user(), make_user()
    for person in (one, other, one):
        tell(person)
    deliver()
    assert sorted(mail.to[0] for mail in mailoutbox) == sorted([one.email, other.email])


def test_one_bad_address_does_not_stop_the_others(mail_server: type[MoodyBackend], mailoutbox: Mails) -> None:
    people = [make_user() for _ in range(3)]
    mail_server.refuses = {people[1].email}
    for person in people:
        tell(person)

    deliver()

    assert [mail.to[0] for mail in mailoutbox] == [people[0].email, people[2].email]
    row = Notification.objects.get(recipient=people[1])
    assert (row.state, row.attempts, row.next_try_at) == (State.PENDING, 1, NOW + RETRY_PAUSES[0])
    assert "no such mailbox" in row.error
    assert not SetAside.objects.exists()


def test_an_address_that_is_none_at_all_does_not_stop_the_others_either(mailoutbox: Mails) -> None:
    broken, person = make_user(email="x\ny@example.com"), make_user()
    for each in (broken, person):
        tell(each)
    deliver()
    assert [mail.to[0] for mail in mailoutbox] == [person.email]
    assert Notification.objects.pending().get().recipient == broken


def test_the_pauses_grow_and_after_the_last_try_a_notice_is_given_up(
    mail_server: type[MoodyBackend], mailoutbox: Mails
) -> None:
    person = make_user()
    mail_server.refuses = {person.email}
    tell(person)

    now = NOW
    for pause in RETRY_PAUSES:
        assert deliver(now) == 1
        assert deliver(now + pause - timedelta(seconds=1)) == 0
        now += pause
    assert Notification.objects.pending().count() == 1
    deliver(now)

    row = Notification.objects.get()
    assert (row.state, row.attempts) == (State.DEAD, len(RETRY_PAUSES) + 1)
    assert deliver(now + timedelta(days=30)) == 0
    assert not mailoutbox
    assert list(RETRY_PAUSES) == sorted(RETRY_PAUSES)


def test_an_administrator_has_a_given_up_notice_tried_again(
    client: Client, mail_server: type[MoodyBackend], mailoutbox: Mails
) -> None:
    person, other = make_user(), make_user()
    tell(person)
    tell(other)
    deliver()
    Notification.objects.filter(recipient=person).update(state=State.DEAD, attempts=7)
    client.force_login(make_user(Role.ADMINISTRATOR))
    keys = list(Notification.objects.values_list("pk", flat=True))

    page = reverse("admin:notifications_notification_changelist")
    answer = client.post(page, {"action": "retry_dead", "_selected_action": keys}, follow=True)

    assert "1 notice waits again." in answer.content.decode()
    mailoutbox.clear()
    deliver(NOW + timedelta(days=365 * 50))
    assert [mail.to for mail in mailoutbox] == [[person.email]]


def test_without_a_mail_server_the_whole_batch_waits_at_the_price_of_one_attempt(
    mail_server: type[MoodyBackend], mailoutbox: Mails
) -> None:
    mail_server.is_down = True
    for _ in range(4):
        tell(make_user())

    deliver()

    assert mail_server.opened == 1
    assert Notification.objects.pending().filter(next_try_at=NOW + RETRY_PAUSES[0]).count() == 4
    mail_server.is_down = False
    deliver(NOW + RETRY_PAUSES[0])
    assert len(mailoutbox) == 4


def test_an_account_that_was_closed_gets_no_mail(mailoutbox: Mails) -> None:
    person = make_user()
    tell(person)
    User.objects.filter(pk=person.pk).update(is_active=False)

    deliver()

    assert not mailoutbox
    assert Notification.objects.dead().get().error == "The recipient's account is closed."


def test_a_worker_killed_while_sending_leaves_the_notice_to_a_later_try(mailoutbox: Mails) -> None:
    tell(make_user())
    with transaction.atomic():
        put_off(list(Notification.objects.due(NOW)), NOW)

    assert deliver(NOW + SENDING - timedelta(seconds=1)) == 0
    assert deliver(NOW + SENDING) == 1
    assert len(mailoutbox) == 1
    assert Notification.objects.get().attempts == 2


@pytest.mark.parametrize(
    "subject", ["Ada\nBcc: all@example.com", "Ada\r\n\r\nBcc: all@example.com", "Ada\u2028\x00\x85Bcc: x"]
)
def test_a_name_with_line_breaks_becomes_one_line_of_subject(mailoutbox: Mails, subject: str) -> None:
    tell(make_user(), subject=subject)
    deliver()
    (mail,) = mailoutbox
    assert mail.subject.startswith("Ada Bcc:")
    assert "Bcc" not in mail.message()
    assert len(mail.recipients()) == 1


def test_a_long_subject_is_cut(mailoutbox: Mails) -> None:
    tell(make_user(), subject="x" * 500)
    deliver()
    assert mailoutbox[0].subject == "x" * 200


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_a_mail_is_sent(
    mail_server: type[MoodyBackend], mailoutbox: Mails
) -> None:
    found = []
    mail_server.while_sending = lambda: found.append(connection.in_atomic_block)
    tell(make_user())
    deliver()
    assert (found, len(mailoutbox)) == ([False], 1)

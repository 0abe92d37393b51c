"""Channels in the administration: added, tried, given new secrets, never an address that is not to be called."""

from __future__ import annotations

import json

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from notifications.models import Channel, Notification
from notifications.services import send_test
from tests.notifications.channels import deliver, make_channel, verify
from tests.notifications.conftest import NOW
from tests.notifications.receiver import Receiver
from tests.support.people import make_user

pytestmark = pytest.mark.django_db


def test_an_administrator_adds_a_webhook_tries_it_and_gives_it_a_new_secret(
    client: Client, receiver: Receiver
) -> None:
    client.force_login(make_user(Role.ADMINISTRATOR))
    page = reverse("admin:notifications_channel_changelist")
    form = {"name": "CRM", "kind": "webhook", "url": receiver.url, "is_active": "on", "kinds": ["breach"]}
    answer = client.post(reverse("admin:notifications_channel_add"), form)
    assert answer.status_code == 302
    channel = Channel.objects.get()
    shown = " ".join(str(message) for message in get_messages(answer.wsgi_request))
    assert channel.secret in shown
    old = channel.secret

    change = reverse("admin:notifications_channel_change", args=[channel.pk])
    client.get(page)  # shows the message with the secret, this once
    assert old not in client.get(change).content.decode()
    assert client.post(change, form | {"url": "", "name": "The CRM"}).status_code == 302
    chosen = {"_selected_action": [channel.pk]}
    assert client.post(page, {"action": "send_a_test", **chosen}).status_code == 302
    answer = client.post(page, {"action": "new_secret", **chosen}, follow=True)
    channel.refresh_from_db()
    assert (channel.name, channel.url, channel.previous_secret) == ("The CRM", receiver.url, old)
    assert channel.secret in answer.content.decode().replace("&#x3D;", "=").replace("&#x2B;", "+")

    deliver(Notification.objects.get().next_try_at)
    assert json.loads(receiver.calls[0][2])["type"] == "channel.test"


def test_the_address_of_a_chat_is_its_password_and_not_shown_again(client: Client) -> None:
    client.force_login(make_user(Role.ADMINISTRATOR))
    url = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#sales"
    form = {"name": "Room", "kind": "chat", "url": url, "is_active": "on"}
    assert client.post(reverse("admin:notifications_channel_add"), form).status_code == 302
    channel = Channel.objects.get()
    assert (channel.url, channel.secret) == (url, "")
    for page in (
        reverse("admin:notifications_channel_changelist"),
        reverse("admin:notifications_channel_change", args=[channel.pk]),
    ):
        shown = client.get(page).content.decode()
        assert "TIiajkdnlazkcOXrIdevi7FQ" not in shown
        assert "slack://" in shown


@pytest.mark.parametrize(
    "kind, url",
    [
        ("webhook", ""),
        ("webhook", "https://127.0.0.1/"),
        ("webhook", "https://169.254.169.254/latest/meta-data/"),
        ("webhook", "http://8.8.8.8/"),
        ("webhook", "https://8.8.8.8:8443/"),
        ("webhook", "https://user:pw@8.8.8.8/"),
        ("webhook", "slack://a/b/c"),
        ("chat", "jsons://127.0.0.1/"),
        ("chat", "mailto://user:pw@example.com"),
    ],
)
def test_an_address_that_is_not_to_be_called_cannot_be_saved(client: Client, kind: str, url: str) -> None:
    client.force_login(make_user(Role.ADMINISTRATOR))
    answer = client.post(
        reverse("admin:notifications_channel_add"), {"name": "CRM", "kind": kind, "url": url}
    )
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert not Channel.objects.exists()


def test_a_test_goes_to_the_channel_whatever_it_listens_to(receiver: Receiver) -> None:
    channel = make_channel(receiver.url, kinds=["warning"])
    send_test(channel=channel, by=make_user(Role.ADMINISTRATOR), now=NOW)
    assert deliver() == 1
    assert verify(channel.secret, receiver.calls[0])["type"] == "channel.test"

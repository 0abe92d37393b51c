"""Rows set aside in the administration."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from drains.models import DrainRun, SetAside
from tests.support.people import make_user

pytestmark = pytest.mark.django_db


def test_an_administrator_sees_the_error_and_makes_the_row_due_again(client: Client) -> None:
    now = timezone.now()
    aside = SetAside.objects.create(
        drain="leads.process_submissions",
        row_id=7,
        error="ValueError: a broken row",
        first_at=now,
        retry_at=now + timedelta(hours=4),
    )
    client.force_login(make_user(Role.ADMINISTRATOR))
    page = reverse("admin:drains_setaside_changelist")

    assert "a broken row" in client.get(page).content.decode()
    answer = client.post(page, {"action": "retry_now", "_selected_action": [aside.pk]}, follow=True)

    assert "1 row is tried again." in answer.content.decode()
    aside.refresh_from_db()
    assert aside.retry_at <= timezone.now()


def test_heartbeats_can_only_be_looked_at(client: Client) -> None:
    run = DrainRun.objects.create(name="sla.sweep", finished_at=timezone.now())
    client.force_login(make_user(Role.ADMINISTRATOR))

    assert client.get(reverse("admin:drains_drainrun_changelist")).status_code == 200
    change = reverse("admin:drains_drainrun_change", args=[run.pk])
    assert client.post(change, {"done": 5}).status_code == 403
    assert client.get(reverse("admin:drains_drainrun_add")).status_code == 403

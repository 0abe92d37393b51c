"""The administration: every list opens with few statements, and history can only be looked at."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.config.world import make_world

pytestmark = pytest.mark.django_db

MOST_STATEMENTS = 15
# What happened, in the words of the models; nobody adds, changes or deletes it by hand.
HISTORY = {
    "drains.DrainRun",
    "notifications.Notification",
    "leads.JournalEntry",
    "leads.StageChange",
    "leads.Submission",
    "leads.Activity",
    "sla.Breach",
    "sla.Clock",
    "sla.Handoff",
    "sla.Touch",
}


def test_every_list_opens_with_few_statements(client: Client) -> None:
    client.force_login(make_world(timezone.now()).people["administrator"])
    too_many = {}
    for model in admin.site._registry:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = client.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"))
        assert answer.status_code == 200, model._meta.label
        if len(queries) > MOST_STATEMENTS:
            too_many[model._meta.label] = len(queries)
    assert not too_many


def test_history_can_only_be_looked_at(client: Client) -> None:
    world = make_world(timezone.now())
    client.force_login(world.people["administrator"])
    request = client.get(reverse("admin:index")).wsgi_request
    for model, options in admin.site._registry.items():
        if model._meta.label in HISTORY:
            rights = (
                options.has_add_permission(request),
                options.has_change_permission(request),
                options.has_delete_permission(request),
            )
            assert (model._meta.label, rights) == (model._meta.label, (False,) * 3)
            assert options.has_view_permission(request)

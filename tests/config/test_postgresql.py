"""A kept connection that the server closed is noticed before it is used, without asking the server each time."""

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from leads.models import Source

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def begin_request() -> None:
    """What Django does to kept connections at the begin of a request."""
    connection.health_check_done = False  # type: ignore[attr-defined]  # of Django, not in its stubs
    connection.close_if_unusable_or_obsolete()


def test_a_connection_that_the_server_closed_is_made_anew() -> None:
    Source.objects.count()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (number,) = cursor.fetchone()
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [number])
    finally:
        other.close()
    begin_request()
    assert Source.objects.count() == 1


def test_a_good_connection_costs_no_statement() -> None:
    Source.objects.count()
    kept = connection.connection
    with CaptureQueriesContext(connection) as queries:
        begin_request()
        Source.objects.count()
    assert len(queries) == 1
    assert connection.connection is kept

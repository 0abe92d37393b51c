"""The limit for pages: an address whose view asks the database for 1, behind the middleware of the application."""

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path


def select_one(request: HttpRequest) -> HttpResponse:
    """As little as a page for somebody who is logged in can do."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse(f"Hello {request.user}")


urlpatterns = [path("", select_one)]

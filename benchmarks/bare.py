"""The limit for intake: a Django project of one view that stores its JSON body by one INSERT. No middleware, no checks.

gunicorn serves `benchmarks.bare:application`; `python -m benchmarks.bare` makes its table. It is a program of its own with
its own settings and is never imported by the others.
"""

import json
import os
import sys

import django
import environ
from django.conf import settings
from django.core.wsgi import get_wsgi_application

settings.configure(
    DEBUG=False,
    SECRET_KEY="of no use here",  # noqa: S106 - nothing is signed
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF="benchmarks.bare_urls",
    DATABASES={"default": environ.Env.db_url_config(os.environ["DATABASE_URL"])},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
    # gunicorn's hook asks for it.
    EMBEDDED_WORKER=False,
)
_database = settings.DATABASES["default"]
_database["CONN_MAX_AGE"] = None
if _database["ENGINE"].endswith("sqlite3"):
    # As config.settings has them; without, writers would fail instead of waiting.
    _database["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
django.setup(set_prefix=False)

from django.db import connection, models  # noqa: E402 - models need the settings
from django.http import HttpRequest, JsonResponse  # noqa: E402


class Row(models.Model):
    """A body as it came."""

    body = models.JSONField()

    objects: models.Manager["Row"] = models.Manager()

    class Meta:
        app_label = "bare"
        db_table = "bench_bare"


def store(request: HttpRequest) -> JsonResponse:
    """The one view."""
    if request.method != "POST":
        return JsonResponse({"status": "alive"})
    row = Row.objects.create(body=json.loads(request.body))
    return JsonResponse({"id": row.pk}, status=202)


application = get_wsgi_application()

if __name__ == "__main__":
    with connection.schema_editor() as editor:
        editor.create_model(Row)
    sys.exit(0)

"""Bodies that come in chunks."""

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any, Final

from django.conf import settings

# The rest of a body that is refused is let in to nowhere, so that the sender gets to read why (see leads.wire.discard).
MOST_DISCARDED: Final = 16 * 1024 * 1024
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def whole_bodies(application: Application) -> Application:
    """Have the application read bodies that come in chunks, whose length no header states: Django takes those for empty.

    The server has taken the chunks apart. More than Django reads of any body is not read; that much is refused.
    """

    def read(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        chunked = environ.get("HTTP_TRANSFER_ENCODING", "").strip().lower() == "chunked"
        if chunked and environ.get("wsgi.input_terminated"):
            body = environ["wsgi.input"].read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
            left = MOST_DISCARDED
            while left > 0 and (more := environ["wsgi.input"].read(64 * 1024)):
                left -= len(more)
            environ["wsgi.input"], environ["CONTENT_LENGTH"] = BytesIO(body), str(len(body))
        return application(environ, start_response)

    return read

"""How answers of the API are written."""

from datetime import datetime
from typing import Any

from ninja.renderers import JSONRenderer
from ninja.responses import NinjaJSONEncoder


class _ExactEncoder(NinjaJSONEncoder):
    """Times with all they have. Django's encoder cuts them to milliseconds, and an answer that came a moment after its due time
    would be told with the same time as that: missed, and in time by the times that are told."""

    def default(self, o: Any) -> Any:
        """A time to the microsecond, as outcomes are decided by; all else as Ninja has it."""
        if isinstance(o, datetime):
            return o.isoformat().replace("+00:00", "Z")
        return super().default(o)


class ExactRenderer(JSONRenderer):
    """JSON with exact times."""

    encoder_class = _ExactEncoder

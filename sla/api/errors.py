"""What the API answers when a verb is too late or not possible."""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI

from accounts.api import Problem
from leads.api.activities import differs
from leads.api.errors import REFUSALS, one
from sla.services.answering import AlreadyAnswered, NotPossible
from sla.services.working import TouchDiffers

#: Answers of a verb beside what it gives.
VERB_REFUSALS: Final[dict[Any, Any]] = {409: Problem, **REFUSALS}


def install(api: NinjaAPI) -> None:
    """Have the API answer what the services raise."""
    handlers: dict[type[Exception], Any] = {
        AlreadyAnswered: _answered,
        NotPossible: _not_possible,
        TouchDiffers: lambda request, problem: differs(str(problem)),
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)


def _answered(request: HttpRequest, problem: AlreadyAnswered) -> HttpResponse:
    """Somebody else was first: the text names who."""
    return one(409, "already_answered", "handoff", str(problem), _("Read the handoff again, and go by that."))


def _not_possible(request: HttpRequest, problem: NotPossible) -> HttpResponse:
    """A value that cannot be is named by its field; else the handoff stands otherwise than the verb needs."""
    if problem.field:
        return one(422, "invalid", problem.field, str(problem), _("Send another value."))
    remedy = _("Read the handoff again: its state says what can be done.")
    return one(409, "not_possible", "handoff", str(problem), remedy)

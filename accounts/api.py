"""Who asks: a person's program with one of the person's API tokens."""

from typing import Any
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema
from ninja.security import HttpBearer

from accounts.models import Role, User
from accounts.services import person_with
from drains.clock import current_time


class TokenAuth(HttpBearer):
    """`Authorization: Bearer baton_...`: from here on the request is that person's, and what they may see and do decides.

    Cookies are not looked at, so no other site can have a browser ask in somebody's name.
    """

    def authenticate(self, request: HttpRequest, token: str) -> User:
        """The person. Raises BadToken, whose words are the answer."""
        user = person_with(secret=token.strip(), now=current_time())
        structlog.contextvars.bind_contextvars(user_id=user.pk)
        # The words of answers name times, as pages do, in the zone of who reads them; ReaderTimeMiddleware ends it.
        timezone.activate(ZoneInfo(user.time_zone or settings.ORGANISATION_TIME_ZONE))
        return user


def asker(request: HttpRequest) -> User:
    """Whose token came with the request."""
    user: Any = request.auth  # type: ignore[attr-defined]
    assert isinstance(user, User)  # TokenAuth let nobody else in
    return user


class FieldError(Schema):
    """What is wrong with one field, and what to do."""

    field: str
    message: str
    remedy: str


class Problem(Schema):
    """Nothing was done. `code` is for programs, the texts are for people."""

    code: str = Field(description="Such as invalid, not_found, forbidden, already_answered.")
    errors: list[FieldError]


class PersonOut(Schema):
    """A person, as far as others need to know."""

    id: int
    name: str


class TeamOut(Schema):
    """A sales team."""

    id: int
    name: str


class Me(PersonOut):
    """Whose token it is. `team` is empty for whoever works for no team."""

    email: str
    role: Role
    team: TeamOut | None
    time_zone: str = Field(description="The zone in which the words of answers name times.")


def person_out(user: User | None) -> PersonOut | None:
    """A person as others see them; None for nobody."""
    return PersonOut(id=user.pk, name=str(user)) if user is not None else None


router = Router(tags=["account"], auth=TokenAuth())


@router.get("/me", response={200: Me, 401: Problem}, url_name="me", summary="Who am I?")
def me(request: HttpRequest) -> Me:
    """The person whose token is used: everything is done in this person's name and with this person's rights."""
    user = asker(request)
    team = TeamOut(id=user.team.pk, name=user.team.name) if user.team else None
    zone = timezone.get_current_timezone_name()
    return Me(id=user.pk, name=str(user), email=user.email, role=Role(user.role), team=team, time_zone=zone)

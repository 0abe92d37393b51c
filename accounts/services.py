"""Making, using and revoking API tokens."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import ApiToken, User

PREFIX = "baton_"
# So many at a time are enough for anybody, and few enough to read.
MOST_TOKENS = 20
# How often the last use is written down.
NOTED_EVERY = timedelta(minutes=1)


class TooManyTokens(RuntimeError):
    """The person has as many as one may have. The text says what to do."""


class BadToken(LookupError):
    """Nobody may act with this token: `message` says why, `remedy` what to do."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message, self.remedy = message, remedy


@transaction.atomic
def make_token(*, user: User, name: str, days: int | None, now: datetime) -> tuple[ApiToken, str]:
    """A new token of this person, and the token itself, the only time it can be read. It lasts `days`, or until it is revoked.

    256 random bits: nobody guesses them, so their plain digest is kept, which a request finds by one look into an index. A slow
    hash, as passwords need it, would protect nothing here and cost every request. Raises TooManyTokens.
    """
    User.objects.select_for_update().get(pk=user.pk)
    if ApiToken.objects.of(user).not_revoked().count() >= MOST_TOKENS:
        raise TooManyTokens(
            _("You have %d tokens, which is as many as one may have. Revoke one first.") % MOST_TOKENS
        )
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user,
        name=name,
        digest=digest_of(secret),
        prefix=secret[: len(PREFIX) + 4],
        created_at=now,
        expires_at=now + timedelta(days=days) if days is not None else None,
    )
    return token, secret


@transaction.atomic
def revoke_token(*, token: ApiToken, now: datetime) -> None:
    """Take a token back; one that was revoked before keeps its time."""
    ApiToken.objects.filter(pk=token.pk).not_revoked().update(revoked_at=now)


def person_with(*, secret: str, now: datetime) -> User:
    """Whose token this is, for a request at `now`; one query, and a write at most once a minute. Raises BadToken."""
    token = ApiToken.objects.select_related("user__team").filter(digest=digest_of(secret)).first()
    if token is None:
        raise BadToken(
            _("This is no API token, or one that nobody has."),
            _("Send “Authorization: Bearer TOKEN” with a token from the page “API tokens” of your account."),
        )
    if not token.is_usable(now):
        words = _("The token “%s” is revoked.") if token.revoked_at else _("The token “%s” has expired.")
        raise BadToken(words % token.name, _("Make a new one on the page “API tokens” of your account."))
    if not token.user.is_active:
        raise BadToken(
            _("The account of this token is closed."), _("Ask an administrator to open it, or use another.")
        )
    _note_use(token, now)
    return token.user


def digest_of(secret: str) -> str:
    """SHA-256 of a token, in hex."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def _note_use(token: ApiToken, now: datetime) -> None:
    """Of many requests at once one writes."""
    if token.last_used_at is None or token.last_used_at <= now - NOTED_EVERY:
        ApiToken.objects.filter(pk=token.pk).not_used_since(now - NOTED_EVERY).update(last_used_at=now)

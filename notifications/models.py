"""The outbox row, the channels it may go to, and what each person wants to hear when."""

import secrets
from base64 import b64encode
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Role, Team, User
from notifications.chat import masked
from notifications.hours import Hours
from notifications.kinds import Kind
from notifications.querysets import ChannelQuerySet, NotificationQuerySet

# Standard Webhooks: 24 to 64 random bytes, and after a rotation both secrets for a while.
SECRET_BYTES = 32
OLD_SECRET_LASTS = timedelta(hours=24)


class State(models.TextChoices):
    """How far a notice came."""

    PENDING = "pending", _("Waiting")
    SENT = "sent", _("Sent")
    DEAD = "dead", _("Given up")


class ChannelKind(models.TextChoices):
    """How a channel is reached."""

    CHAT = "chat", _("Chat (Slack, Teams, Mattermost ...)")
    WEBHOOK = "webhook", _("Webhook")


class Channel(models.Model):
    """A place that is told beside people: a chat room or another system."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=ChannelKind.choices)
    # The address of a chat is its password: it is never shown again, see `shown_url`.
    url = models.CharField(_("address"), max_length=2000)
    team = models.ForeignKey(
        Team,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="channels",
        verbose_name=_("team"),
        help_text=_("Told of the leads of this team only. Empty: of all teams."),
    )
    kinds = models.JSONField(
        _("told when"), default=list, help_text=_("None chosen: all of them."), blank=True
    )
    is_active = models.BooleanField(_("active"), default=True)
    # Why it was switched off by the system, for the administrator.
    closed_because = models.CharField(_("switched off because"), max_length=200, blank=True)
    # Nothing is sent before: the receiver asked for it, or did not answer.
    resumes_at = models.DateTimeField(_("pauses until"), null=True, blank=True)
    secret = models.CharField(_("secret"), max_length=100, blank=True)
    previous_secret = models.CharField(_("previous secret"), max_length=100, blank=True)
    previous_until = models.DateTimeField(_("previous secret until"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = ChannelQuerySet.as_manager()

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=ChannelKind.values), name="notification_channel_kind_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(kind=ChannelKind.WEBHOOK) | ~models.Q(secret=""),
                name="notification_webhook_is_signed",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def takes(self, kind: str, team_id: int | None) -> bool:
        """Whether it is told of this kind of fact about this team."""
        return (not self.kinds or kind in self.kinds) and self.team_id in (None, team_id)

    @property
    def shown_url(self) -> str:
        """The address as people may see it; what is secret in that of a chat is left out."""
        return masked(self.url) if self.kind == ChannelKind.CHAT else self.url

    def rotate_secret(self, now: datetime) -> str:
        """Set a fresh secret and return it, the only time it is shown; the old one signs too for OLD_SECRET_LASTS. Does not save."""
        if self.secret:
            self.previous_secret, self.previous_until = self.secret, now + OLD_SECRET_LASTS
        self.secret = f"whsec_{b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"
        return self.secret

    def signing_secrets(self, now: datetime) -> list[str]:
        """The secrets that sign at `now`, the newest first."""
        old = self.previous_until is not None and now < self.previous_until
        return [self.secret, self.previous_secret] if old else [self.secret]


class Notification(models.Model):
    """One notice to one person or channel, written in the transaction of what it tells, delivered afterwards."""

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="notifications",
        verbose_name=_("recipient"),
    )
    channel = models.ForeignKey(
        Channel,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="notifications",
        verbose_name=_("channel"),
    )
    kind = models.CharField(_("kind"), max_length=40)
    # The same fact told twice to the same person is one notice, whoever tells it.
    dedupe_key = models.CharField(_("key"), max_length=120, unique=True)
    subject = models.CharField(_("subject"), max_length=200)
    body = models.TextField(_("text"))
    path = models.CharField(_("page"), max_length=200, blank=True)
    # What a webhook says: its type, such as clock.breached, and the ids and times of the fact.
    event = models.CharField(_("event"), max_length=60, blank=True)
    data = models.JSONField(_("data"), default=dict, blank=True)
    # Waits for its reader's digest, and goes out in one mail with the others that wait for it.
    in_digest = models.BooleanField(_("in the digest"), default=False)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.PENDING)
    created_at = models.DateTimeField(_("created"))
    next_try_at = models.DateTimeField(_("next try"))
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    error = models.TextField(_("last error"), blank=True)

    objects = NotificationQuerySet.as_manager()

    # Set on the instance by whoever claimed it for sending; no column.
    is_claimed = False

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(
                fields=["next_try_at", "id"], name="notification_deliver", condition=models.Q(state="pending")
            ),
            models.Index(
                fields=["recipient", "id"],
                name="notification_digest",
                condition=models.Q(state="pending", in_digest=True),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=State.values), name="notification_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(recipient__isnull=False, channel__isnull=True)
                | models.Q(recipient__isnull=True, channel__isnull=False, in_digest=False),
                name="notification_to_a_person_or_a_channel",
            ),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def message_id(self) -> str:
        """What names this notice to its receiver, the same at every try."""
        return f"msg_{self.pk}_{int(self.created_at.timestamp())}"

    @property
    def url(self) -> str:
        """The page that it is about, empty without any."""
        return f"{settings.PUBLIC_URL}{self.path}" if self.path else ""


class Digest(models.TextChoices):
    """How notices are gathered."""

    AT_ONCE = "at_once", _("At once, one mail each")
    HOURLY = "hourly", _("Every hour, in one mail")
    DAILY = "daily", _("Once a day, in one mail")


def every_day() -> list[int]:
    """All weekdays, Monday first."""
    return list(range(7))


class NotificationPreference(models.Model):
    """What a person wants to hear, and when. Without a row: everything, at once, at any hour."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="notification_preference",
        verbose_name=_("person"),
    )
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_to = models.TimeField(_("until"), null=True, blank=True)
    weekdays = models.JSONField(_("days"), default=every_day)
    digest = models.CharField(_("how often"), max_length=10, choices=Digest.choices, default=Digest.AT_ONCE)
    daily_at = models.TimeField(_("at"), default=time(8))
    # Kinds, as lists: a kind that is added later is on, and not urgent.
    muted = models.JSONField(_("not told of"), default=list, blank=True)
    urgent = models.JSONField(_("at any hour"), default=list, blank=True)

    class Meta:
        verbose_name = _("notification preference")
        verbose_name_plural = _("notification preferences")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(digest__in=Digest.values), name="notification_digest_known"
            )
        ]

    def __str__(self) -> str:
        return str(self.user)

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which the person reads and sets times."""
        return ZoneInfo(self.user.time_zone or settings.ORGANISATION_TIME_ZONE)

    def wants(self, kind: str) -> bool:
        """Whether the person is told of this kind at all."""
        return kind not in self.muted or kind in never_muted(self.user)

    def hours(self, kind: str) -> Hours:
        """When the person hears of this kind."""
        if kind in self.urgent:
            return Hours(self.zone)
        return Hours(
            zone=self.zone,
            quiet_from=self.quiet_from,
            quiet_to=self.quiet_to,
            weekdays=frozenset(self.weekdays),
            digest=self.digest,
            daily_at=self.daily_at,
        )


def never_muted(reader: User) -> frozenset[str]:
    """The kinds that a person cannot switch off: managers answer for the promises of their team."""
    return frozenset({Kind.BREACH.value}) if reader.role == Role.SALES_MANAGER else frozenset()

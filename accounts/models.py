"""Users with a role and a team, and their absences."""

from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.querysets import AbsenceQuerySet, ApiTokenQuerySet, UserQuerySet
from accounts.zones import check_zone


class Role(models.TextChoices):
    """What a person comes to do; each has a workplace of its own."""

    MARKETING = "marketing", _("Marketing")
    REP = "rep", _("Sales rep")
    SALES_MANAGER = "sales_manager", _("Sales manager")
    AUDITOR = "auditor", _("Auditor")
    ADMINISTRATOR = "administrator", _("Administrator")


class Team(models.Model):
    """A sales team. Its business hours and territory are kept in sla."""

    name = models.CharField(_("name"), max_length=100, unique=True)

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Makes users; e-mail addresses are kept in lower case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A saved user. Without a password nobody can log in until one is set by mail. Raises ValueError without an e-mail."""
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """An administrator who may do everything in the admin."""
        fields |= {"is_superuser": True, "is_staff": True, "role": Role.ADMINISTRATOR}
        fields.setdefault("name", email.partition("@")[0])
        return self.create_user(email, password, **fields)

    def get_by_natural_key(self, email: str) -> "User":
        """The user who logs in with this address, in whatever case it was typed."""
        return self.get(email=email.strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person, known by e-mail address."""

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=150)
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, null=True, blank=True, related_name="members", verbose_name=_("team")
    )
    time_zone = models.CharField(
        _("time zone"),
        max_length=60,
        blank=True,
        validators=[check_zone],
        help_text=_("Times are shown in this zone. Empty: the organisation's zone."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("may open the administration"), default=False)
    date_joined = models.DateTimeField(_("joined"), default=timezone.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ["name", "email"]
        constraints = [
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_lower_case"),
            models.CheckConstraint(
                condition=~models.Q(role=Role.REP) | models.Q(team__isnull=False), name="user_rep_has_a_team"
            ),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="user_role_known"),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def clean(self) -> None:
        """A rep belongs to a team."""
        super().clean()
        self.email = self.email.strip().lower()
        if self.role == Role.REP and self.team_id is None:
            raise ValidationError(
                {"team": _("A sales rep needs a team: choose the one that gets the leads.")}
            )

    @property
    def is_administrator(self) -> bool:
        """In the role that sets the system up; it opens the whole administration, without ticking permissions."""
        return self.is_active and self.role == Role.ADMINISTRATOR

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Everything for administrators, else what was granted."""
        return self.is_administrator or super().has_perm(perm, obj)

    def has_module_perms(self, app_label: str) -> bool:
        """Every app for administrators, else where something was granted."""
        return self.is_administrator or super().has_module_perms(app_label)

    def get_short_name(self) -> str:
        """The first word of the name."""
        return self.name.split(" ")[0] if self.name else self.email


class Absence(models.Model):
    """A stretch of time in which a person gets no leads."""

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="absences", verbose_name=_("person")
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    reason = models.CharField(_("reason"), max_length=100, blank=True)

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("absence")
        verbose_name_plural = _("absences")
        ordering = ["-starts_at"]
        indexes = [models.Index(fields=["user", "ends_at"], name="absence_of_a_user")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="absence_ends_after_start"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.starts_at:%Y-%m-%d} – {self.ends_at:%Y-%m-%d}"


class ApiToken(models.Model):
    """A key with which a person's programs act as that person. Never deleted: what is revoked goes on saying when it was used."""

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="api_tokens", verbose_name=_("person")
    )
    name = models.CharField(_("name"), max_length=100)
    # Only the digest is kept; the token itself is shown once.
    digest = models.CharField(_("digest"), max_length=64, unique=True, editable=False)
    prefix = models.CharField(_("begins with"), max_length=12, editable=False)
    created_at = models.DateTimeField(_("made"))
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    # To the minute: written at most once a minute.
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires_at__isnull=True) | models.Q(expires_at__gt=models.F("created_at")),
                name="api_token_expires_after_it_was_made",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def is_usable(self, now: datetime) -> bool:
        """Neither revoked nor expired. At the second of its expiry a token is expired."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)

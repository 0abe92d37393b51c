"""Whom we know, and by what."""

from django.db import models
from django.db.models import Value
from django.db.models.functions import Concat, Lower
from django.utils.translation import gettext_lazy as _


class Company(models.Model):
    """An organisation, known by its mail domain."""

    domain = models.CharField(_("domain"), max_length=253, unique=True)
    name = models.CharField(_("name"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        ordering = ["domain"]

    def __str__(self) -> str:
        return self.name or self.domain


class Contact(models.Model):
    """Anyone known by an e-mail address, an external id or an anonymous id."""

    email = models.EmailField(_("e-mail address"), max_length=254, blank=True)
    first_name = models.CharField(_("first name"), max_length=150, blank=True)
    last_name = models.CharField(_("last name"), max_length=150, blank=True)
    job_title = models.CharField(_("job title"), max_length=200, blank=True)
    company_name = models.CharField(_("company name"), max_length=200, blank=True)
    company = models.ForeignKey(
        Company,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="contacts",
        verbose_name=_("company"),
    )
    industry = models.CharField(_("industry"), max_length=200, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True, help_text=_("Two letters, ISO 3166."))
    phone = models.CharField(_("phone"), max_length=50, blank=True)
    website = models.CharField(_("website"), max_length=500, blank=True)
    employees = models.PositiveIntegerField(_("employees"), null=True, blank=True)
    extra = models.JSONField(_("further answers"), default=dict, blank=True)
    # Why this contact is no lead (rule slug and words), empty for leads.
    exclusion_rule = models.CharField(_("excluded by"), max_length=30, blank=True)
    exclusion_detail = models.CharField(_("why excluded"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("first seen"))
    # What the search of the leads list looks at, in lower case, kept by the database itself. Texts without a limit: some
    # letters become longer in lower case.
    search_name = models.GeneratedField(
        expression=Lower(Concat("first_name", Value(" "), "last_name")),
        output_field=models.TextField(),
        db_persist=True,
    )
    search_last_name = models.GeneratedField(
        expression=Lower("last_name"), output_field=models.TextField(), db_persist=True
    )
    search_company = models.GeneratedField(
        expression=Lower("company_name"), output_field=models.TextField(), db_persist=True
    )

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        # Read by leads.selectors.people: what a text begins with, which PostgreSQL finds only by the order of its characters.
        indexes = [
            models.Index(fields=["email"], name="contact_search_email", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["search_name"], name="contact_search_name", opclasses=["text_pattern_ops"]),
            models.Index(
                fields=["search_last_name"], name="contact_search_last_name", opclasses=["text_pattern_ops"]
            ),
            models.Index(
                fields=["search_company"], name="contact_search_company", opclasses=["text_pattern_ops"]
            ),
        ]

    def __str__(self) -> str:
        return self.full_name or self.email or f"#{self.pk}"

    @property
    def full_name(self) -> str:
        """First and last name, as far as known."""
        return f"{self.first_name} {self.last_name}".strip()


class IdentityKind(models.TextChoices):
    """What a contact can be known by."""

    EMAIL = "email", _("E-mail")
    EXTERNAL = "external", _("External id")
    ANONYMOUS = "anonymous", _("Anonymous id")


class ContactIdentity(models.Model):
    """One thing a contact is known by. The constraint is what makes one contact of many arrivals."""

    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="identities", verbose_name=_("contact")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=IdentityKind.choices)
    # External ids are unique within the system they come from (Source.identity_namespace).
    namespace = models.CharField(_("system"), max_length=50, blank=True)
    value = models.CharField(_("value"), max_length=254)

    class Meta:
        verbose_name = _("identity")
        verbose_name_plural = _("identities")
        constraints = [
            models.UniqueConstraint(fields=["value", "kind", "namespace"], name="identity_of_one_contact"),
            models.CheckConstraint(
                condition=models.Q(kind__in=IdentityKind.values), name="identity_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.namespace}:{self.value}"

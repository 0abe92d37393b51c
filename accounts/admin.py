"""Administration of people, teams and absences."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import Absence, ApiToken, Team, User


class AbsenceInline(admin.TabularInline):
    """A person's absences on the person's page."""

    model = Absence
    extra = 0


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    """People; the log-in is the e-mail address."""

    ordering = ["name", "email"]
    list_display = ["name", "email", "role", "team", "is_active"]
    list_filter = ["role", "team", "is_active"]
    search_fields = ["name", "email"]
    list_select_related = ["team"]
    fieldsets = [
        (None, {"fields": ["email", "password", "name"]}),
        (_("Work"), {"fields": ["role", "team", "time_zone"]}),
        (_("Access"), {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]}),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "name", "role", "team", "password1", "password2"]})]
    inlines = [AbsenceInline]


@admin.register(Team)
class TeamAdmin(admin.ModelAdmin):
    """Sales teams."""

    list_display = ["name"]
    search_fields = ["name"]


@admin.register(Absence)
class AbsenceAdmin(admin.ModelAdmin):
    """Who is away, and when."""

    list_display = ["user", "starts_at", "ends_at", "reason"]
    list_filter = ["user__team"]
    search_fields = ["user__name", "user__email"]
    autocomplete_fields = ["user"]


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin):
    """Who has keys to the API, and when each was used; whoever has one revokes it, and a closed account opens nothing."""

    list_display = ["name", "user", "prefix", "created_at", "last_used_at", "expires_at", "revoked_at"]
    list_select_related = ["user"]
    search_fields = ["name", "user__name", "user__email"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Made by the person whose it is, who alone sees it."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        """What was made stays as it was made."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        """Revoked, not deleted."""
        return False

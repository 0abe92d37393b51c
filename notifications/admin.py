"""The outbox in the administration: read-only, with a button to retry what was given up."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from notifications.models import Notification
from notifications.services import retry


@admin.register(Notification)
class NotificationAdmin(admin.ModelAdmin):
    """Every notice with its state and last error."""

    list_display = ["created_at", "recipient", "kind", "subject", "state", "attempts"]
    list_filter = ["state", "kind"]
    search_fields = ["subject", "recipient__email"]
    list_select_related = ["recipient"]
    show_full_result_count = False
    actions = ["retry_dead"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Notification | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Notification | None = None) -> bool:
        return False

    @admin.action(description=_("Try again"), permissions=["view"])
    def retry_dead(self, request: HttpRequest, rows: QuerySet[Notification]) -> None:
        count = retry(rows=rows, now=timezone.now())
        self.message_user(
            request, ngettext("%d notice waits again.", "%d notices wait again.", count) % count
        )

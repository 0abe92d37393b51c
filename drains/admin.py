"""Administration of the queues: what was set aside, and a way to try it again."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from drains.clock import current_time
from drains.models import DrainRun, SetAside
from drains.wake import wake


@admin.register(DrainRun)
class DrainRunAdmin(admin.ModelAdmin):
    """When each drain last ran; read-only."""

    list_display = ["name", "finished_at", "worked_at", "done"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: DrainRun | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: DrainRun | None = None) -> bool:
        return False


@admin.register(SetAside)
class SetAsideAdmin(admin.ModelAdmin):
    """Rows with an error; the action makes them due at once."""

    list_display = ["drain", "row_id", "attempts", "error", "retry_at"]
    list_filter = ["drain"]
    search_fields = ["error", "row_id"]
    readonly_fields = ["drain", "row_id", "error", "attempts", "first_at"]
    actions = ["retry_now"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.action(description=_("Try again now"))
    def retry_now(self, request: HttpRequest, rows: QuerySet[SetAside]) -> None:
        names = set(rows.values_list("drain", flat=True))
        count = rows.update(retry_at=current_time())
        for name in names:
            wake(name)
        self.message_user(
            request, ngettext("%d row is tried again.", "%d rows are tried again.", count) % count
        )

"""Channels, and the outbox: read-only, with a button to retry what was given up."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.policies import reader
from drains.clock import current_time
from notifications.forms import ChannelForm
from notifications.models import Channel, ChannelKind, Notification
from notifications.services import retry, rotate_secret, save_channel, send_test


@admin.register(Notification)
class NotificationAdmin(admin.ModelAdmin):
    """Every notice with its state and last error."""

    list_display = [
        "created_at",
        "recipient",
        "channel",
        "kind",
        "subject",
        "state",
        "attempts",
        "next_try_at",
        "error",
    ]
    list_filter = ["state", "kind", "channel"]
    search_fields = ["subject", "recipient__email"]
    list_select_related = ["recipient", "channel"]
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
        count = retry(rows=rows, now=current_time())
        self.message_user(
            request, ngettext("%d notice waits again.", "%d notices wait again.", count) % count
        )


@admin.register(Channel)
class ChannelAdmin(admin.ModelAdmin):
    """Channels. The secret of a webhook is shown once, when it is made; the address of a chat never again."""

    form = ChannelForm
    list_display = ["name", "kind", "shown_address", "team", "is_active", "closed_because", "resumes_at"]
    list_filter = ["kind", "is_active"]
    list_select_related = ["team"]
    search_fields = ["name"]
    autocomplete_fields = ["team"]
    readonly_fields = ["closed_because", "resumes_at", "previous_until", "created_at"]
    actions = ["send_a_test", "new_secret"]

    @admin.display(description=_("address"))
    def shown_address(self, channel: Channel) -> str:
        return channel.shown_url

    def save_model(self, request: HttpRequest, obj: Channel, form: ModelForm, change: bool) -> None:
        """Save, and show the secret of a new webhook."""
        secret = save_channel(channel=obj, now=current_time())
        if secret:
            self._show(request, obj, secret)

    @admin.action(description=_("Send a test"), permissions=["change"])
    def send_a_test(self, request: HttpRequest, rows: QuerySet[Channel]) -> None:
        """Put a try-out for each chosen channel into the outbox."""
        now = current_time()
        for channel in rows:
            send_test(channel=channel, by=reader(request), now=now)
        told = ngettext(
            "%d test is on its way; what became of it is shown under Notices.",
            "%d tests are on their way; what became of them is shown under Notices.",
            len(rows),
        )
        self.message_user(request, told % len(rows))

    @admin.action(description=_("New secret (the old one is valid for a day)"), permissions=["change"])
    def new_secret(self, request: HttpRequest, rows: QuerySet[Channel]) -> None:
        """Give each chosen webhook a new secret, and show it this once."""
        for channel in rows:
            if channel.kind != ChannelKind.WEBHOOK:
                told = gettext("%(channel)s is a chat, which has no secret.")
                self.message_user(request, told % {"channel": channel}, messages.ERROR)
                continue
            self._show(request, channel, rotate_secret(channel=channel, now=current_time()))
            self.log_change(request, channel, gettext("New secret"))

    def _show(self, request: HttpRequest, channel: Channel, secret: str) -> None:
        told = gettext("The secret of %(channel)s is %(secret)s. Copy it now: it cannot be shown again.")
        self.message_user(request, told % {"channel": channel, "secret": secret}, messages.WARNING)

"""Administration of calendars, agreements, reasons and territories; the record of handoffs, to look at."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Max, Model
from django.forms import BaseModelFormSet, ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from accounts.policies import reader
from drains.clock import current_time
from sla.business_time import NeverOpen
from sla.models import (
    Agreement,
    AgreementVersion,
    Breach,
    Calendar,
    CalendarVersion,
    Clock,
    Handoff,
    Pause,
    Promise,
    Reason,
    Signature,
    Territory,
    Touch,
    Waiver,
)
from sla.services.recompute import recompute_open_clocks


class CalendarVersionForm(forms.ModelForm):
    """The hours of a new version."""

    class Meta:
        model = CalendarVersion
        fields = ["time_zone", "week", "holidays", "special"]

    def clean_week(self) -> Any:
        """A week that is closed throughout has no hours."""
        return self.cleaned_data["week"] or {}

    def clean_holidays(self) -> Any:
        """None at all is an empty list of them."""
        return self.cleaned_data["holidays"] or {}

    def clean_special(self) -> Any:
        """None at all is an empty list of them."""
        return self.cleaned_data["special"] or {}


class CalendarVersionInline(admin.StackedInline):
    """The versions of a calendar: a change is a new one, because finished clocks are recomputed from theirs."""

    model = CalendarVersion
    form = CalendarVersionForm
    fields = ["number", "created_at", "time_zone", "week", "holidays", "special"]
    readonly_fields = ["number", "created_at"]
    extra = 0
    ordering = ["-number"]

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Calendar)
class CalendarAdmin(admin.ModelAdmin):
    """Business hours; the newest version holds for clocks that start from now on, and for those that run."""

    list_display = ["name", "newest", "zone"]
    search_fields = ["name"]
    inlines = [CalendarVersionInline]

    @admin.display(description=_("newest version"))
    def newest(self, calendar: Calendar) -> int:
        return calendar.current.number if calendar.versions.exists() else 0

    @admin.display(description=_("time zone"))
    def zone(self, calendar: Calendar) -> str:
        return calendar.current.time_zone if calendar.versions.exists() else "–"

    def save_formset(
        self, request: HttpRequest, form: ModelForm, formset: BaseModelFormSet, change: bool
    ) -> None:
        """Number and date the new versions, and put the running clocks on the newest at once."""
        calendar = form.instance
        number = calendar.versions.aggregate(newest=Max("number"))["newest"] or 0
        for offset, version in enumerate(formset.save(commit=False), start=1):
            version.number, version.created_at = number + offset, current_time()
            version.save()
            recompute_open_clocks(calendar_version=version, now=version.created_at, by=reader(request))
        formset.save_m2m()

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Hours after which some running clock would never be due are refused in words, and nothing is saved."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except NeverOpen as problem:
            self.message_user(request, _("Nothing was saved: %s") % problem, messages.ERROR)
            return redirect(request.get_full_path())


class RecordAdmin(admin.ModelAdmin):
    """What happened: looked at here, and changed by nobody."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyInline(admin.TabularInline):
    """What belongs to a record."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class PromiseInline(ReadOnlyInline):
    """The promises of a version."""

    model = Promise


class SignatureInline(ReadOnlyInline):
    """Who signed it."""

    model = Signature


@admin.register(Agreement)
class AgreementAdmin(admin.ModelAdmin):
    """The names of contracts between marketing and sales. What they say is in their versions, which people draft and sign on the
    agreement's pages; a new agreement starts there too."""

    list_display = ["name"]
    search_fields = ["name"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(AgreementVersion)
class AgreementVersionAdmin(RecordAdmin):
    """Versions with their promises and signatures, to look at: they are drafted and signed on the agreement's pages."""

    list_display = ["agreement", "number", "state", "in_force_from"]
    list_filter = ["agreement", "state"]
    list_select_related = ["agreement"]
    exclude = ["document"]
    inlines = [PromiseInline, SignatureInline]


@admin.register(Reason)
class ReasonAdmin(admin.ModelAdmin):
    """Reasons for giving leads back, as both sides agreed to call them."""

    list_display = [
        "label",
        "kind",
        "reason_class",
        "to_nurture",
        "needs_attempts",
        "needs_note",
        "is_active",
    ]
    list_filter = ["kind", "reason_class", "is_active"]
    search_fields = ["label", "slug"]

    def get_readonly_fields(self, request: HttpRequest, obj: Reason | None = None) -> list[str]:
        """The journal names a reason by its short name, and reports count it by kind and class."""
        return ["slug", "kind", "reason_class"] if obj else []


class TerritoryForm(forms.ModelForm):
    """A territory; its agreement has to be one that is in force."""

    def clean_agreement(self) -> Agreement:
        """Leads of a team without terms would be set aside."""
        agreement: Agreement = self.cleaned_data["agreement"]
        if not agreement.versions.in_force(current_time()).exists():
            raise forms.ValidationError(
                _("No version of this agreement is in force yet: have it signed by both sides first.")
            )
        return agreement


@admin.register(Territory)
class TerritoryAdmin(admin.ModelAdmin):
    """What each team sells to, when it works, and what it is held to."""

    form = TerritoryForm

    list_display = ["team", "calendar", "agreement", "countries", "is_fallback"]
    list_filter = ["calendar", "agreement", "is_fallback"]
    list_select_related = ["team", "calendar", "agreement"]
    search_fields = ["team__name"]


@admin.register(Handoff)
class HandoffAdmin(RecordAdmin):
    """Handoffs, newest first."""

    list_display = ["id", "lead", "team", "owner", "tier", "state", "started_at", "answered_at"]
    list_filter = ["state", "tier", "team", "started_at"]
    list_select_related = ["lead__contact", "team", "owner"]
    search_fields = ["=id", "lead__contact__email", "lead__contact__last_name", "owner__name"]
    raw_id_fields = ["lead", "owner", "answered_by"]


@admin.register(Clock)
class ClockAdmin(RecordAdmin):
    """Clocks, newest first."""

    list_display = ["id", "handoff_id", "kind", "tier", "team", "owner", "started_at", "due_at", "outcome"]
    list_filter = ["outcome", "kind", "tier", "team", "started_at"]
    list_select_related = ["team", "owner"]
    search_fields = ["=id", "=handoff__id", "owner__name"]
    raw_id_fields = ["handoff", "owner"]
    ordering = ["-pk"]


@admin.register(Breach)
class BreachAdmin(RecordAdmin):
    """Breaches, dated by their deadlines."""

    list_display = ["id", "clock", "owner", "deadline", "recorded_at", "lifted_at"]
    list_filter = ["deadline", ("lifted_at", admin.EmptyFieldListFilter)]
    list_select_related = ["clock", "owner"]
    search_fields = ["=id", "=clock__id", "=clock__handoff__id", "owner__name"]
    raw_id_fields = ["clock", "owner"]


@admin.register(Touch)
class TouchAdmin(RecordAdmin):
    """Touches, newest first. Notes are not searched: they may name people."""

    list_display = ["id", "handoff_id", "kind", "by", "at", "recorded_at", "reached", "origin"]
    list_filter = ["kind", "origin", "reached", "at"]
    list_select_related = ["by"]
    search_fields = ["=id", "=handoff__id", "by__name"]
    raw_id_fields = ["handoff", "by"]
    ordering = ["-pk"]


@admin.register(Pause)
class PauseAdmin(RecordAdmin):
    """Pauses, newest first. Notes are not searched: they may name people."""

    list_display = ["id", "clock", "reason", "starts_at", "ends_at", "by"]
    list_filter = ["reason", "starts_at"]
    list_select_related = ["clock", "by"]
    search_fields = ["=id", "=clock__id", "=clock__handoff__id", "by__name"]
    raw_id_fields = ["clock", "by"]
    ordering = ["-pk"]


@admin.register(Waiver)
class WaiverAdmin(RecordAdmin):
    """Waivers, newest first."""

    list_display = ["id", "clock", "outcome_before", "reason", "at", "by"]
    list_filter = ["outcome_before", "at"]
    list_select_related = ["clock", "by"]
    search_fields = ["=id", "=clock__id", "=clock__handoff__id", "by__name"]
    raw_id_fields = ["clock", "by"]

"""Administration of intake, and the history of leads, read-only. The work itself is done in the workplaces."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from leads.models import (
    Activity,
    ActivityKind,
    Company,
    Contact,
    ExclusionRule,
    Form,
    JournalEntry,
    Lead,
    Opportunity,
    Source,
    StageChange,
    Submission,
)


@admin.register(Source)
class SourceAdmin(admin.ModelAdmin):
    """Sources. A key is shown once, when it is made; only its digest is kept."""

    list_display = ["name", "slug", "kind", "key_hint", "starts_clocks", "team", "is_active"]
    list_filter = ["kind", "is_active"]
    list_select_related = ["team"]
    search_fields = ["name", "slug"]
    readonly_fields = ["key_hint", "created_at"]
    autocomplete_fields = ["team"]
    actions = ["make_key"]

    @admin.action(description=_("New key (the old one stops working at once)"))
    def make_key(self, request: HttpRequest, queryset: QuerySet[Source]) -> None:
        """Give each chosen source a new key, and show it this once."""
        for source in queryset:
            key = source.new_key()
            source.save(update_fields=["key_digest", "key_hint"])
            told = gettext("The key of %(source)s is %(key)s. Copy it now: it cannot be shown again.")
            self.message_user(request, told % {"source": source, "key": key}, messages.WARNING)
            self.log_change(request, source, gettext("New key ending with %s") % source.key_hint)


@admin.register(Form)
class FormAdmin(admin.ModelAdmin):
    """Hosted forms."""

    list_display = ["title", "slug", "source", "activity", "is_active"]
    list_filter = ["is_active", "source"]
    list_select_related = ["source"]
    search_fields = ["title", "slug"]
    autocomplete_fields = ["source"]


@admin.register(ExclusionRule)
class ExclusionRuleAdmin(admin.ModelAdmin):
    """Who is no lead."""

    list_display = ["kind", "value", "is_active"]
    list_filter = ["kind", "is_active"]
    search_fields = ["value"]


@admin.register(ActivityKind)
class ActivityKindAdmin(admin.ModelAdmin):
    """What leads can do."""

    list_display = ["label", "slug", "raises_hand"]
    list_filter = ["raises_hand"]
    search_fields = ["label", "slug"]


class History(admin.ModelAdmin):
    """Rows to look at. Pages stay cheap at a million rows: no count of all, no lists of choices, searches from the beginning of an
    indexed column, and only the columns that are shown."""

    show_full_result_count = False
    list_per_page = 50
    ordering = ["-pk"]
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Without what is large and not shown."""
        return super().get_queryset(request).defer(*self.left_out)

    left_out: tuple[str, ...] = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """History is not written by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nor changed."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nor deleted."""
        return False


@admin.register(Company)
class CompanyAdmin(History):
    """Organisations by mail domain."""

    list_display = ["domain", "name"]
    search_fields = ["domain__startswith"]


@admin.register(Contact)
class ContactAdmin(History):
    """Everybody known, leads and those who are excluded."""

    list_display = ["__str__", "email", "company_name", "country", "exclusion_rule", "created_at"]
    # Excluded or not: a list of all rules would read every row.
    list_filter = [("exclusion_rule", admin.EmptyFieldListFilter)]
    search_fields = ["email__startswith", "search_last_name__startswith", "search_company__startswith"]


@admin.register(Lead)
class LeadAdmin(History):
    """Leads with everything that is kept about them."""

    list_display = ["__str__", "stage", "tier", "score", "grade", "first_origin", "last_activity_at"]
    list_filter = ["stage", "tier"]
    list_select_related = ["contact"]
    search_fields = ["contact__email__startswith", "contact__search_last_name__startswith"]


@admin.register(Submission)
class SubmissionAdmin(History):
    """Arrivals with what became of them."""

    list_display = ["pk", "received_at", "source", "form", "email", "outcome", "review"]
    list_filter = ["outcome", "review", "source"]
    list_select_related = ["source", "form"]
    search_fields = ["email__startswith"]
    left_out = ("raw",)
    exclude = ["raw"]


@admin.register(Activity)
class ActivityAdmin(History):
    """What contacts did."""

    list_display = ["pk", "contact", "kind", "occurred_at", "detail", "voided_at"]
    list_select_related = ["contact", "kind"]
    search_fields = ["contact__email__startswith"]


@admin.register(StageChange)
class StageChangeAdmin(History):
    """Every change of stage."""

    list_display = ["lead", "from_stage", "to_stage", "at", "by", "rule", "reason"]
    list_filter = ["to_stage"]
    list_select_related = ["lead__contact", "by"]
    search_fields = ["lead__contact__email__startswith"]


@admin.register(Opportunity)
class OpportunityAdmin(History):
    """Deals."""

    list_display = ["lead", "state", "amount", "opened_at", "closed_at", "owner"]
    list_filter = ["state", "is_cross_sell"]
    list_select_related = ["lead__contact", "owner"]
    search_fields = ["lead__contact__email__startswith", "external_id__startswith"]


@admin.register(JournalEntry)
class JournalEntryAdmin(History):
    """The journal, as it was written."""

    list_display = ["at", "event", "subject_kind", "subject_id", "lead_id", "actor_id", "rule"]
    # Named, so that there is a field to search in; get_search_results looks into the index.
    search_fields = ["lead_id"]
    search_help_text = _("The number of a lead.")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[JournalEntry], search_term: str
    ) -> tuple[QuerySet[JournalEntry], bool]:
        """The rows of one lead."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if not (term.isascii() and term.isdecimal() and len(term) < 19):
            return queryset.none(), False
        return queryset.filter(lead_id=int(term)), False

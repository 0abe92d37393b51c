"""Administration of scoring models: what is drafted, what scores, and changes that take effect at once."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.policies import reader
from drains.clock import current_time
from scoring.models import BehaviourRule, ModelState, ProfileRule, ScoringModel
from scoring.services import activate, copy_as_draft, rescore_in_background


class ProfileRuleInline(admin.TabularInline):
    """Points for who somebody is."""

    model = ProfileRule
    extra = 0


class BehaviourRuleInline(admin.TabularInline):
    """Points for what somebody does."""

    model = BehaviourRule
    extra = 0


@admin.register(ScoringModel)
class ScoringModelAdmin(admin.ModelAdmin):
    """Models with their rules. The state changes by the actions alone, so that one model is active at any time."""

    list_display = ["name", "version", "state", "mql_threshold", "ready_threshold"]
    list_filter = ["state"]
    search_fields = ["name"]
    readonly_fields = ["state"]
    inlines = [ProfileRuleInline, BehaviourRuleInline]
    actions = ["make_active", "copy"]

    @admin.action(description=_("Activate (the active model is retired, all leads are scored anew)"))
    def make_active(self, request: HttpRequest, queryset: QuerySet[ScoringModel]) -> None:
        """Let the one chosen model score."""
        chosen = list(queryset[:2])
        if len(chosen) != 1:
            self.message_user(
                request, gettext("Choose one model: only one scores at a time."), messages.ERROR
            )
            return
        activate(model=chosen[0], by=reader(request), now=current_time())
        told = gettext("%(model)s scores from now on. All leads are being scored anew.") % {
            "model": chosen[0]
        }
        self.message_user(request, told, messages.SUCCESS)

    @admin.action(description=_("Copy as draft"))
    def copy(self, request: HttpRequest, queryset: QuerySet[ScoringModel]) -> None:
        """A draft of each chosen model, to be changed without affecting anybody."""
        for model in queryset:
            draft = copy_as_draft(model=model, by=reader(request))
            self.message_user(request, gettext("Drafted %(model)s.") % {"model": draft}, messages.SUCCESS)

    def save_related(self, request: HttpRequest, form: ModelForm, formsets: Any, change: bool) -> None:
        """Changes of the active model take effect: every lead is scored anew, in the background."""
        super().save_related(request, form, formsets, change)
        has_changed = form.has_changed() or any(formset.has_changed() for formset in formsets)
        if form.instance.state == ModelState.ACTIVE and has_changed:
            rescore_in_background(now=current_time())
            self.message_user(request, gettext("This model scores: all leads are being scored anew."))

    def has_delete_permission(self, request: HttpRequest, obj: ScoringModel | None = None) -> bool:
        """Drafts only: what scored stays, to be read beside the scores it gave."""
        return (
            obj is not None and obj.state == ModelState.DRAFT and super().has_delete_permission(request, obj)
        )

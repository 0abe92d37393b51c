"""The simulation of an agreement, and the ladder of one promise with its editor."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import formset_factory
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.policies import reader, workplace
from drains.clock import current_time
from sla.agreements.reading import document_of
from sla.agreements.steps import say_action, say_when
from sla.forms_ladders import ROWS, SimulationForm, StepForm, initial_of
from sla.models import (
    AgreementVersion,
    Calendar,
    CalendarVersion,
    HandoffTier,
    LadderStep,
    Promise,
    Territory,
)
from sla.policies import can_draft, check_can_draft
from sla.reports.simulation import axis_of, ladder_axis, marks_of, simulate
from sla.services.agreements import MovedOn
from sla.services.ladder_editing import edit_ladder
from sla.services.terms import calendar_version_of


@workplace("compliance")
@require_safe
def simulation(request: HttpRequest) -> HttpResponse:
    """Give a start, a team and a tier: every deadline with its receipt, and every step, in one line of time."""
    now = current_time()
    form = SimulationForm(request.GET or _beginning(request, now))
    context: dict[str, Any] = {"form": form, "now": now}
    if form.is_valid():
        context |= _simulated(form)
    return render(
        request, "sla/simulate.html", context, status=200 if form.is_valid() or not form.is_bound else 422
    )


def _beginning(request: HttpRequest, now: datetime) -> dict[str, Any] | None:
    """What is shown before anybody asked: a hand raised now, in the reader's team or the first one; None without teams."""
    teams = Territory.objects.order_by("team__name").values_list("team", flat=True)
    own = reader(request).team_id
    team = own if own in teams else teams.first()
    start = timezone.localtime(now).strftime("%Y-%m-%dT%H:%M:%S")
    zone = timezone.get_current_timezone_name()
    return {"team": team, "tier": HandoffTier.HAND_RAISER, "start": start, "zone": zone} if team else None


def _simulated(form: SimulationForm) -> dict[str, Any]:
    values = form.cleaned_data
    territory = Territory.objects.select_related("agreement", "calendar").get(team=values["team"])
    version = AgreementVersion.objects.in_force(values["at"]).filter(agreement=territory.agreement).first()
    calendar = calendar_version_of(values["team"].pk)
    promises = Promise.objects.filter(version=version, tier=values["tier"]).prefetch_related("ladder")
    order = {kind: place for place, kind in enumerate(dict(Promise._meta.get_field("kind").choices or ()))}
    found = simulate(
        promises=sorted(promises, key=lambda promise: order[promise.kind]),
        calendar_version=calendar,
        start=values["at"],
    )
    timezone.activate(
        values["zone"]
    )  # times are told as they were asked; the middleware puts the reader's back
    marks = marks_of(found, values["at"])
    axis = axis_of(marks)
    return {
        "found": found,
        "marks": marks,
        "axis": axis,
        "version": version,
        "calendar": calendar,
        "zone": values["zone"],
    }


@workplace("compliance")
@require_http_methods(["GET", "HEAD", "POST"])
def ladder(request: HttpRequest, pk: int) -> HttpResponse:
    """The steps of one promise on a line of time; those of a draft can be changed."""
    user, now = reader(request), current_time()
    promise = get_object_or_404(Promise.objects.select_related("version__agreement"), pk=pk)
    version = promise.version
    may_edit = version.is_draft and can_draft(user, version.agreement)
    steps = list(promise.ladder.all())
    rows = formset_factory(StepForm, extra=max(1, ROWS - len(steps)), max_num=ROWS, absolute_max=ROWS)
    formset = rows(request.POST or None, initial=initial_of(steps), form_kwargs={"promise": promise})
    status = 200
    if request.method == "POST":
        check_can_draft(user, version.agreement)
        written = _written(formset)
        if written is not None:
            if request.POST.get("do") == "save":
                return _saved(request, promise, written, user, now)
            steps = written
        else:
            status = 422
    context = {
        "promise": promise,
        "version": version,
        "told": [(say_action(step.action), say_when(step.when, step.amount, step.hours)) for step in steps],
        "formset": formset,
        "may_edit": may_edit,
        "came_later": bool(steps) and not version.is_draft and _is_silent(version),
        "axis": ladder_axis(steps, promise, _calendar_of(version), now),
        "now": now,
    }
    return render(request, "sla/ladder.html", context, status=status)


def _is_silent(version: AgreementVersion) -> bool:
    """Whether the text of a version names no ladder at all: it was signed before there were any, and got the standard steps."""
    return document_of(version).section("ladder") is None


def _written(formset: Any) -> list[LadderStep] | None:
    """The steps as they are written; None where a row says why not."""
    if not formset.is_valid():
        return None
    steps: list[LadderStep] = []
    is_whole = True
    for form in formset:
        try:
            step = form.step(len(steps) + 1)
        except ValidationError as error:
            form.add_error(None, ValidationError(error.messages))
            is_whole = False
        else:
            steps += [step] if step is not None else []
    return steps if is_whole else None


def _saved(
    request: HttpRequest, promise: Promise, steps: list[LadderStep], by: User, now: Any
) -> HttpResponse:
    try:
        edit_ladder(promise=promise, steps=steps, by=by, now=now)
    except MovedOn as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The ladder of “%s” is saved.") % promise)
    return redirect("sla:ladder", promise.pk)


def _calendar_of(version: AgreementVersion) -> CalendarVersion:
    """The hours of a team that works by the agreement, or else any: the line only shows an example."""
    territory = Territory.objects.filter(agreement=version.agreement_id).order_by("pk").first()
    calendars = (
        Calendar.objects.filter(pk=territory.calendar_id) if territory else Calendar.objects.order_by("pk")
    )
    return CalendarVersion.objects.filter(calendar__in=calendars[:1].values("pk")).latest("number")

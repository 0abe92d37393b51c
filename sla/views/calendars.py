"""Business hours: the list, one calendar with its weeks and versions, and the editor."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.policies import reader, workplace
from drains.clock import current_time
from sla.models import Calendar
from sla.policies import can_edit_calendar, check_can_edit_calendar
from sla.selectors.calendars import calendar_list, drawing, versions_of, years_of, years_without_holidays
from sla.views.calendar_editor import Editor


@workplace("calendars")
@require_safe
def calendars(request: HttpRequest) -> HttpResponse:
    """Every calendar: open now, next opening, hours a week, whose."""
    now, user = current_time(), reader(request)
    context = {"rows": calendar_list(now), "may_edit": can_edit_calendar(user, None), "now": now}
    return render(request, "sla/calendars.html", context)


@workplace("calendars")
@require_safe
def calendar(request: HttpRequest, pk: int) -> HttpResponse:
    """One calendar: its week, the next eight weeks, the days of this and next year, and its versions."""
    now, user = current_time(), reader(request)
    row = get_object_or_404(Calendar, pk=pk)
    version = row.versions.order_by("-number").first()
    context = {
        "calendar": row,
        "version": version,
        "drawing": drawing(version, now) if version else None,
        "years": years_of(version, (now.year, now.year + 1)) if version else [],
        "missing": years_without_holidays(version, now) if version else [],
        "versions": versions_of(row),
        "may_edit": can_edit_calendar(user, row),
        "now": now,
    }
    return render(request, "sla/calendar.html", context)


@workplace("calendars")
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make a calendar."""
    return _editor(request, None)


@workplace("calendars")
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct a calendar: first a look at what changes, then the next version."""
    return _editor(request, get_object_or_404(Calendar, pk=pk))


@workplace("calendars")
@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """The weeks of what is being written, while it is written; saves nothing."""
    user = reader(request)
    known = str(request.POST.get("calendar", ""))
    row = get_object_or_404(Calendar, pk=int(known)) if known.isdecimal() else None
    check_can_edit_calendar(user, row)
    editor = Editor(request, user, row, current_time())
    version = editor.draft()
    context = {"drawing": drawing(version, editor.now) if version else None, "now": editor.now}
    return render(request, "sla/calendar_preview.html", context)


def _editor(request: HttpRequest, row: Calendar | None) -> HttpResponse:
    user, now = reader(request), current_time()
    check_can_edit_calendar(user, row)
    editor = Editor(request, user, row, now)
    if editor.do in ("review", "save"):
        version = editor.draft()
        if version is not None and editor.do == "save" and editor.is_reviewed(version):
            saved = editor.save(version)
            if saved is not None:
                return _saved(request, saved)
        elif version is not None:
            editor.review(version)
        status = 422 if editor.form.errors or any(editor.formset.errors) else 200
        return render(request, "sla/calendar_edit.html", editor.context(), status=status)
    editor.act()
    return render(request, "sla/calendar_edit.html", editor.context())


def _saved(request: HttpRequest, row: Calendar) -> HttpResponse:
    messages.success(request, _("%(calendar)s is saved, and open clocks follow it.") % {"calendar": row.name})
    there = reverse("sla:calendar", args=[row.pk])
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponse(status=204, headers={"HX-Redirect": there})
    return redirect(there)

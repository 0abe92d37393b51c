"""What a person wants to hear, and when."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.policies import reader
from drains.clock import current_time
from notifications.forms import PreferenceForm
from notifications.services import preferences_of, save_preference


@login_required
def preferences(request: HttpRequest) -> HttpResponse:
    """The preferences of the person who is logged in."""
    user = reader(request)
    instance = preferences_of([user])[user.pk]
    form = PreferenceForm(request.POST or None, instance=instance)
    if request.method == "POST" and form.is_valid():
        save_preference(preference=form.save(commit=False), now=current_time())
        messages.success(request, _("Saved. Notices that wait already follow your choice."))
        return redirect("notifications:preferences")
    return render(request, "notifications/preferences.html", {"form": form, "zone": instance.zone.key})

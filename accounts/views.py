"""Logging in and out, the person's own page, and the way to the right workplace."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.forms import ProfileForm


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """Name and time zone of the person who is logged in."""
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved. Times are now shown in your zone."))
        return redirect("accounts:profile")
    return render(request, "accounts/profile.html", {"form": form})

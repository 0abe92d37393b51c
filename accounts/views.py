"""Logging in and out, the person's own page, and the way to the right workplace."""

from axes.utils import reset
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.views import PasswordResetConfirmView
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


class NewPasswordView(PasswordResetConfirmView):
    """A new password by the link in a mail."""

    def form_valid(self, form: SetPasswordForm) -> HttpResponse:
        """Whoever reads the account's mail need not wait for the pause after wrong passwords to end."""
        response = super().form_valid(form)
        reset(username=form.user.email)
        return response

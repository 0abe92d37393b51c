"""Logging in and out, the person's own page, and the way to the right workplace."""

from axes.utils import reset
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.views import PasswordResetConfirmView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.forms import ProfileForm, TokenForm
from accounts.models import ApiToken
from accounts.policies import reader
from accounts.services import TooManyTokens, make_token, revoke_token
from drains.clock import current_time


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """Name and time zone of the person who is logged in."""
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Saved. Times are now shown in your zone."))
        return redirect("accounts:profile")
    return render(request, "accounts/profile.html", {"form": form})


@login_required
@never_cache
def tokens(request: HttpRequest) -> HttpResponse:
    """The person's API tokens. A new one is in the answer to the form that made it, and never anywhere again."""
    user, now = reader(request), current_time()
    form = TokenForm(request.POST or None)
    made, secret, status = None, "", 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made, secret = make_token(user=user, now=now, **form.cleaned_data)
                form, status = TokenForm(), 201
            except TooManyTokens as problem:
                form.add_error(None, str(problem))
    rows = ApiToken.objects.of(user).not_revoked()
    context = {"form": form, "rows": rows, "made": made, "secret": secret, "now": now}
    return render(request, "accounts/tokens.html", context, status=status)


@login_required
@require_POST
def revoke(request: HttpRequest, number: int) -> HttpResponse:
    """Take a token back: programs that use it are refused from now on."""
    token = get_object_or_404(ApiToken.objects.of(reader(request)), pk=number)
    revoke_token(token=token, now=current_time())
    messages.success(request, _("“%s” is revoked. Whatever uses it is refused from now on.") % token.name)
    return redirect("accounts:tokens")


class NewPasswordView(PasswordResetConfirmView):
    """A new password by the link in a mail."""

    def form_valid(self, form: SetPasswordForm) -> HttpResponse:
        """Whoever reads the account's mail need not wait for the pause after wrong passwords to end."""
        response = super().form_valid(form)
        reset(username=form.user.email)
        return response

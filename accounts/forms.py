"""Forms of people about themselves."""

from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Submit
from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordResetForm
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.zones import known_zones


def fields_only() -> FormHelper:
    """Draws the fields of a form; the template brings the form around them and its token."""
    helper = FormHelper()
    helper.form_tag = False
    helper.disable_csrf = True
    return helper


class LogInForm(AuthenticationForm):
    """E-mail and password."""

    error_messages = {
        "invalid_login": _(
            "This e-mail and password do not go together. Check both, or ask for a new password below."
        ),
        "inactive": _("This account is closed. Ask an administrator to open it."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].widget = forms.EmailInput(
            attrs={"autocomplete": "username", "autofocus": True}
        )
        self.fields["username"].label = _("E-mail")
        self.helper = FormHelper()
        self.helper.add_input(Submit("log_in", _("Log in"), css_class="w-100"))

    def clean_username(self) -> str:
        """Addresses are kept in lower case."""
        return str(self.cleaned_data["username"]).strip().lower()


class ForgottenPasswordForm(PasswordResetForm):
    """The address under which somebody logs in, called here as it is there."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail")


class ProfileForm(forms.ModelForm):
    """Name and time zone of the person who is logged in."""

    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)

    class Meta:
        model = User
        fields = ["name", "time_zone"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted(
            zone for zone in known_zones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/"))
        )
        zone_field = self.fields["time_zone"]
        assert isinstance(zone_field, forms.ChoiceField)
        zone_field.choices = [
            ("", _("The organisation's zone")),
            *((zone, zone) for zone in zones),
        ]
        self.helper = FormHelper()
        self.helper.add_input(Submit("save", _("Save")))


class TokenForm(forms.Form):
    """What a new API token is called, and how long it lasts."""

    name = forms.CharField(
        label=_("What is it for?"),
        max_length=100,
        help_text=_("Such as “CRM sync”: you will know it by this name."),
    )
    days = forms.TypedChoiceField(
        label=_("Expires"),
        choices=[
            ("30", _("in 30 days")),
            ("90", _("in 90 days")),
            ("365", _("in a year")),
            ("never", _("never")),
        ],
        coerce=lambda text: int(text) if text.isdecimal() else None,
        initial="365",
    )

"""What a person chooses to hear, and the administrator's form of a channel."""

from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Submit
from django import forms
from django.conf import settings
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from notifications import chat, targets
from notifications.hours import Hours
from notifications.kinds import Kind
from notifications.models import Channel, ChannelKind, Digest, NotificationPreference, never_muted

# What the refusals of notifications.targets mean for whoever sets up a channel.
REFUSALS = {
    "malformed": _("This is not the address of a channel. Copy it whole from the chat or from the receiver."),
    "scheme": _("This kind of address is not called. A webhook begins with https://."),
    "port": _("Only port 443 is called. Leave the port out of the address."),
    "userinfo": _("Leave the name and password out of the address; calls are signed instead."),
    "inner": _("This address leads into an inner network, where Baton calls nobody."),
}


def _time_field(label: Any, help_text: Any = "") -> forms.TimeField:
    widget = forms.TimeInput(format="%H:%M", attrs={"type": "time"})
    return forms.TimeField(label=label, required=False, widget=widget, help_text=help_text)


class PreferenceForm(forms.ModelForm):
    """Kinds, days, quiet hours and digest of the person who is logged in."""

    kinds = forms.MultipleChoiceField(
        label=_("Tell me when"), choices=Kind.choices, required=False, widget=forms.CheckboxSelectMultiple
    )
    urgent = forms.MultipleChoiceField(
        label=_("Urgent for me"),
        choices=Kind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("These come at once, even in quiet hours and outside of the digest."),
    )
    weekdays = forms.TypedMultipleChoiceField(
        label=_("On these days"),
        choices=list(WEEKDAYS.items()),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one day: notices would wait for ever.")},
    )
    quiet_from = _time_field(_("Quiet from"))
    quiet_to = _time_field(
        _("Quiet until"),
        _("In your time zone. What happens in quiet hours is told at their end. Empty: none."),
    )
    digest = forms.ChoiceField(label=_("How often"), choices=Digest.choices, widget=forms.RadioSelect)
    daily_at = _time_field(_("Time of the daily mail"), _("Needed for one mail a day."))

    class Meta:
        model = NotificationPreference
        fields = ["weekdays", "quiet_from", "quiet_to", "digest", "daily_at", "urgent"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kinds"].initial = [kind for kind in Kind.values if kind not in self.instance.muted]
        fixed = [Kind(kind).label for kind in sorted(never_muted(self.instance.user))]
        if fixed:
            told = _("As a manager you are always told when: %(kinds)s.")
            self.fields["kinds"].help_text = told % {"kinds": ", ".join(map(str, fixed))}
        self.order_fields(["kinds", "digest", "daily_at", "weekdays", "quiet_from", "quiet_to", "urgent"])
        self.helper = FormHelper()
        self.helper.add_input(Submit("save", _("Save")))

    def clean(self) -> dict[str, Any]:
        """Quiet hours have both ends, and the daily mail comes outside of them."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        quiet_from, quiet_to = data.get("quiet_from"), data.get("quiet_to")
        if "quiet_from" in data and "quiet_to" in data and (quiet_from is None) != (quiet_to is None):
            missing = "quiet_from" if quiet_from is None else "quiet_to"
            self.add_error(missing, _("Quiet hours need both a beginning and an end."))
        if quiet_from is not None and quiet_from == quiet_to:
            self.add_error("quiet_to", _("Quiet hours end at another time than they begin."))
        if data.get("daily_at") is None and "daily_at" in data:
            if data.get("digest") == Digest.DAILY:
                self.add_error("daily_at", _("Say at what time the mail should come."))
            data["daily_at"] = self.instance.daily_at
        if not self.errors and data["digest"] == Digest.DAILY and self._is_quiet(data):
            self.add_error("daily_at", _("This is within your quiet hours. Choose a time outside of them."))
        return data

    def _is_quiet(self, data: dict[str, Any]) -> bool:
        quiet = Hours(self.instance.zone, data["quiet_from"], data["quiet_to"])
        return quiet.in_quiet_hours(data["daily_at"])

    def save(self, commit: bool = True) -> Any:
        """What was not ticked is muted, except what cannot be."""
        wanted = {*self.cleaned_data["kinds"], *never_muted(self.instance.user)}
        self.instance.muted = [kind for kind in Kind.values if kind not in wanted]
        return super().save(commit)


class ChannelForm(forms.ModelForm):
    """A channel. Its address is typed in and never shown again, for that of a chat is its password."""

    url = forms.CharField(
        label=_("Address"),
        max_length=2000,
        required=False,
        widget=forms.TextInput(attrs={"size": 100, "autocomplete": "off"}),
    )
    kinds = forms.MultipleChoiceField(
        label=_("Told when"),
        choices=Kind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: all of them."),
    )

    class Meta:
        model = Channel
        fields = ["name", "kind", "url", "team", "kinds", "is_active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["url"].help_text = _(
            "A webhook: https://… A chat: its address as apprise writes it (slack://…, msteams://…, mmosts://…), or Slack's own."
        )
        if self.instance.pk:
            self.kept = self.instance.url
            self.initial["url"] = ""
            self.fields["url"].help_text = _("Now %(address)s. Empty: it stays.") % {
                "address": self.instance.shown_url
            }

    def clean(self) -> dict[str, Any]:
        """The address belongs to the kind of channel, and may be called."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        url = data.get("url") or (self.kept if self.instance.pk else "")
        if not url:
            self.add_error("url", _("A channel needs an address."))
        elif "url" in data and "kind" in data:
            data["url"] = url
            check = targets.check if data["kind"] == ChannelKind.WEBHOOK else chat.check
            try:
                check(url, allow_insecure=settings.WEBHOOK_ALLOW_INSECURE)
            except targets.Refused as refused:
                self.add_error("url", REFUSALS[refused.reason])
            except targets.NotFound:
                self.add_error("url", _("The machine of this address was not found. Check the spelling."))
        return data

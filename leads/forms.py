"""What marketing is asked before a decision about a lead or a submission."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from leads.arrivals import same_field
from leads.countries import country_names
from leads.models import Outcome, Submission
from leads.payload import LIMITS, read
from leads.payload_errors import PayloadErrors
from leads.services.reading import stated

# A quarter: long enough for a plan to change, short enough to be remembered.
_USUAL_PAUSE = timedelta(days=90)


class NurtureForm(forms.Form):
    """Until when a lead is put aside, and why."""

    until = forms.DateField(
        label=_("Look again on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    reason = forms.CharField(
        label=_("Why"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Whoever picks the lead up again reads this."),
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["until"].initial = today + _USUAL_PAUSE
        self.fields["until"].widget.attrs["min"] = (today + timedelta(days=1)).isoformat()

    def clean_until(self) -> date:
        """A day after today."""
        until: date = self.cleaned_data["until"]
        if until <= self.today:
            raise forms.ValidationError(
                _("Choose a day after today: on that day the lead comes back by itself.")
            )
        return until


class DisqualifyForm(forms.Form):
    """Why a lead is taken out."""

    reason = forms.CharField(
        label=_("Why"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One sentence, for the timeline and for the reports on reasons."),
    )


class MergeForm(forms.Form):
    """How it is known that two leads are one person."""

    reason = forms.CharField(
        label=_("Why"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("How you know that both are one person. It stays on the timeline."),
    )


REJECTIONS = [
    ("spam", _("Spam")),
    ("test", _("A test")),
    ("not_a_lead", _("Not a lead")),
    ("other", _("Something else")),
]
_OTHER = "other"


class RejectSubmissionsForm(forms.Form):
    """Why submissions are taken out."""

    reason = forms.ChoiceField(label=_("Reason"), choices=[("", _("Choose one")), *REJECTIONS])
    note = forms.CharField(
        label=_("Note"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def clean(self) -> dict[str, Any]:
        """Something else needs words."""
        data = super().clean() or {}
        if data.get("reason") == _OTHER and not data.get("note"):
            self.add_error("note", _("Say in a few words why, for whoever looks at it later."))
        return data

    def text(self) -> str:
        """Reason and note in one sentence, as the submission keeps it."""
        label = str(dict(REJECTIONS)[self.cleaned_data["reason"]])
        note = self.cleaned_data["note"].strip()
        if self.cleaned_data["reason"] == _OTHER:
            return note
        return f"{label}: {note}" if note else label


class CorrectSubmissionForm(forms.Form):
    """What was received, to be put right. Only what is changed becomes a correction."""

    email = forms.CharField(label=_("E-mail"), max_length=LIMITS["email"], required=False)
    first_name = forms.CharField(label=_("First name"), max_length=LIMITS["first_name"], required=False)
    last_name = forms.CharField(label=_("Last name"), max_length=LIMITS["last_name"], required=False)
    job_title = forms.CharField(label=_("Job title"), max_length=LIMITS["job_title"], required=False)
    company_name = forms.CharField(label=_("Company"), max_length=LIMITS["company_name"], required=False)
    industry = forms.CharField(label=_("Industry"), max_length=LIMITS["industry"], required=False)
    country = forms.ChoiceField(
        label=_("Country"), choices=[("", _("Not known")), *country_names()], required=False
    )
    employees = forms.CharField(
        label=_("Employees"),
        max_length=LIMITS["employees"],
        required=False,
        help_text=_("A number or a range, such as 51-200."),
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    phone = forms.CharField(label=_("Phone"), max_length=LIMITS["phone"], required=False)
    website = forms.CharField(label=_("Website"), max_length=LIMITS["website"], required=False)
    external_id = forms.CharField(
        label=_("Id in the sender's system"), max_length=LIMITS["external_id"], required=False
    )
    treat_as_lead = forms.BooleanField(
        label=_("This is a lead"), required=False, help_text=_("Overrules exclusions and the spam check.")
    )

    def __init__(self, data: QueryDict | None, *, submission: Submission) -> None:
        self.submission = submission
        super().__init__(data, initial=_as_understood(submission))
        self.fields["email"].widget.attrs |= {"inputmode": "email", "autocapitalize": "none"}
        for bound in self.fields.values():
            bound.widget.attrs["autocomplete"] = "off"
        if submission.outcome not in (Outcome.EXCLUDED, Outcome.SPAM):
            del self.fields["treat_as_lead"]

    def values(self) -> dict[str, str]:
        """The corrected fields. A name has two parts: where one is put right, the other is said as well."""
        changed = {name for name in self.changed_data if name != "treat_as_lead"}
        if changed & {"first_name", "last_name"}:
            changed |= {"first_name", "last_name"}
        return {name: self.cleaned_data[name].strip() for name in self.fields if name in changed}

    def clean(self) -> dict[str, Any]:
        """What results must be readable, and something must be different."""
        data = super().clean() or {}
        if self.errors:
            return data
        values = self.values()
        if not values and not data.get("treat_as_lead"):
            raise forms.ValidationError(_("Nothing is different yet. Change a field, or go back."))
        try:
            read(
                stated(self.submission, {**self.submission.corrections, **values}),
                self.submission.received_at,
            )
        except PayloadErrors as errors:
            for one in errors.as_list(gettext):
                place = one["field"] if one["field"] in self.fields else None
                self.add_error(place, f"{one['message']} {one['remedy']}")
        return data


def _as_understood(submission: Submission) -> dict[str, str]:
    """The fields as read, with earlier corrections; of what cannot be read, what stands under a known name."""
    try:
        said = stated(submission, submission.corrections)
    except PayloadErrors:
        return {}
    try:
        said = read(said, submission.received_at).as_dict()
    except PayloadErrors:
        said = {known: value for key, value in said.items() if (known := same_field(key))}
        first, _space, last = str(said.get("name") or "").partition(" ")
        said = {"first_name": first, "last_name": last, **said}
    return {name: str(value) for name, value in said.items() if isinstance(value, str | int)}

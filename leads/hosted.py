"""The hosted form as a visitor fills it in: built from Form.fields, read by the rules of every other submission."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.forms.utils import ErrorDict
from django.utils.translation import gettext as _

from leads.arrival_values import LIMITS
from leads.arrivals import same_field
from leads.countries import country_names
from leads.form_fields import IDENTITY, TOKEN_FIELD, TRACKED, Question, questions
from leads.payload import read
from leads.payload_errors import PayloadError, PayloadErrors, problem
from leads.spam import TRAP_FIELD

if TYPE_CHECKING:
    from leads.models import Form

_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,64}")
# What browsers offer to fill in, by the field that a question fills (HTML, section "Autofill").
_AUTOCOMPLETE = {
    "email": "email",
    "first_name": "given-name",
    "last_name": "family-name",
    "name": "name",
    "company_name": "organization",
    "job_title": "organization-title",
    "phone": "tel",
    "country": "country",
    "website": "url",
}
_WIDGETS: dict[str, type[forms.Widget]] = {
    "email": forms.EmailInput,
    "tel": forms.TelInput,
    "number": forms.NumberInput,
    "textarea": forms.Textarea,
    "select": forms.Select,
    "country": forms.Select,
}


class HostedForm(forms.Form):
    """The questions of one form. It asks for what is missing; everything else is judged by leads.payload.read."""

    def __init__(self, asked: list[Question], data: Mapping[str, str] | None = None) -> None:
        super().__init__(data)
        self.asked = asked
        for question in asked:
            self.fields[question.name] = _field(question)

    def add_payload_errors(self, errors: PayloadErrors) -> None:
        """Show what `read` found, beside the question it is about, or above the form."""
        for error in errors.errors:
            question = self._question(error.field)
            if question is None:
                self.add_error(None, _in_words(error, error.params.get("name", error.field)))
            elif question.name not in self.errors:
                self.add_error(question.name, _in_words(error, question.label))

    def show_only(self, errors: PayloadErrors) -> None:
        """Show these errors and no others: nothing of the post could be read, so nothing of it is missing."""
        self._errors = ErrorDict(renderer=self.renderer)
        self.cleaned_data: dict[str, Any] = {}
        self.add_payload_errors(errors)

    def _question(self, field: str) -> Question | None:
        by_name = {question.name: question for question in self.asked}
        known = same_field(field)
        if field in by_name:
            return by_name[field]
        same = [question for question in self.asked if known and question.known == known]
        recognising = [question for question in self.asked if question.known in IDENTITY]
        candidates = same or (recognising if known in IDENTITY else [])
        return candidates[0] if candidates else None


def _in_words(error: PayloadError, name: object) -> str:
    told = {**error.params, "name": name}
    return f"{_(error.message_template) % told} {_(error.remedy_template) % told}"


def _field(question: Question) -> forms.Field:
    missing = _("%(label)s is missing. Fill it in, then send the form again.") % {"label": question.label}
    attrs: dict[str, Any] = {}
    if offered := _AUTOCOMPLETE.get(question.known):
        attrs["autocomplete"] = offered
    if question.type == "textarea":
        attrs["rows"] = 4
    shared: dict[str, Any] = {
        "label": question.label,
        "required": question.required,
        "help_text": question.help,
        "widget": _WIDGETS.get(question.type, forms.TextInput)(attrs=attrs),
    }
    messages = {"required": missing}
    if question.type in ("select", "country"):
        pairs = country_names() if question.type == "country" else [(one, one) for one in question.choices]
        messages["invalid_choice"] = _("Choose one of the answers of the list for %(label)s.") % {
            "label": question.label
        }
        return forms.ChoiceField(choices=[("", _("Choose one")), *pairs], error_messages=messages, **shared)
    if question.type == "number":
        wrong = _("%(label)s is not a number. Write digits only, such as 120.") % {"label": question.label}
        messages |= {
            "invalid": wrong,
            "max_digits": wrong,
            "max_whole_digits": wrong,
            "max_decimal_places": wrong,
        }
        return forms.DecimalField(max_digits=15, decimal_places=4, error_messages=messages, **shared)
    return forms.CharField(error_messages=messages, **shared)


@dataclass(frozen=True)
class Visit:
    """What the page carries along in hidden fields: its token, and where the visitor came from."""

    token: str
    tracked: Mapping[str, str]


def new_visit(query: Mapping[str, str], referrer: str, address: str) -> Visit:
    """A fresh page. `query` is the query of the landing request; a page that leads to the form may name itself in it."""
    told = {"referrer": referrer, "landing_page": address, **query}
    return Visit(secrets.token_urlsafe(16), _tracked(told))


def _tracked(told: Mapping[str, object]) -> dict[str, str]:
    """The hidden fields, cut to their longest instead of refused: the visitor cannot mend what they do not see."""
    cleaned = {name: str(told.get(name) or "").replace("\x00", "")[: LIMITS[name]] for name in TRACKED}
    return {name: value for name, value in cleaned.items() if value}


@dataclass(frozen=True)
class Post:
    """One post of a form: the visit it belongs to, what was written, and what was written into the trap."""

    visit: Visit
    answers: Mapping[str, str]
    trapped: str

    @property
    def has_content(self) -> bool:
        """Something was written that is worth keeping even when it is refused."""
        return any(answer.strip() for answer in self.answers.values())

    def body(self, answers: Mapping[str, object]) -> bytes:
        """The submission as it is stored: JSON of these answers with what the page carried along."""
        told = {**answers, **self.visit.tracked}
        if self.trapped:
            told[TRAP_FIELD] = self.trapped
        return json.dumps(told, ensure_ascii=False, sort_keys=True).encode()

    def as_written(self) -> bytes:
        """The same of a refused post, with every answer as it was written."""
        return self.body({name: answer for name, answer in self.answers.items() if answer})

    def delivery_key(self, body: bytes) -> str | None:
        """The name of this delivery: a digest of the page's token and of all that was written on it.

        A double click or a browser that repeats the request sends the same token and the same words: one submission. Who goes
        back, corrects a word and sends again sends the same token with other words: a submission of its own, because the
        correction must not be lost as a "repeat" of the mistake. Without a token (a post from elsewhere) there is no key, and
        the same content within ten minutes counts as a repeat (leads.services.reading.REPEAT_WINDOW).
        """
        if not self.visit.token:
            return None
        return "form:" + hashlib.sha256(self.visit.token.encode() + b"\n" + body).hexdigest()


def read_post(data: Mapping[str, object], asked: list[Question]) -> Post:
    """Pick what belongs to the form out of a parsed body. Raises PayloadErrors where an answer is no text."""
    wrong = [
        problem("not_text", question.name, name=question.label)
        for question in asked
        if isinstance(data.get(question.name), list | dict)
    ]
    if wrong:
        raise PayloadErrors(wrong)
    token = str(data.get(TOKEN_FIELD) or "")
    return Post(
        visit=Visit(token if _TOKEN.fullmatch(token) else "", _tracked(data)),
        answers={question.name: _text(data.get(question.name)) for question in asked},
        trapped=str(data.get(TRAP_FIELD) or "")[:500],
    )


def _text(value: object) -> str:
    return "" if value is None else str(value)


def answers_of(page: HostedForm) -> dict[str, object]:
    """The sound answers as JSON values; questions left open are left out."""
    told: dict[str, object] = {}
    for name, value in page.cleaned_data.items():
        if isinstance(value, Decimal):
            told[name] = int(value) if value == value.to_integral_value() else str(value.normalize())
        elif value not in ("", None):
            told[name] = value
    return told


def check(page: HostedForm, post: Post, now: datetime) -> bytes | None:
    """The body of a sound post, or None with the errors shown on `page`."""
    page.full_clean()
    body = post.body(answers_of(page))
    try:
        read(json.loads(body), now)
    except PayloadErrors as errors:
        page.add_payload_errors(errors)
    return None if page.errors else body


def refusal(page: HostedForm) -> PayloadErrors:
    """What the visitor was told, in the form in which refused submissions are kept."""
    return PayloadErrors(
        PayloadError(field if field != NON_FIELD_ERRORS else "body", "%(told)s", "", told=str(text))
        for field, texts in page.errors.items()
        for text in texts
    )


def page_of(form: Form, data: Mapping[str, str] | None = None) -> HostedForm:
    """The Django form of a stored form."""
    return HostedForm(questions(form.fields), data)

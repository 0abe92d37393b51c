"""What can be wrong with a submission, in words for the person who sent it. Pure: no Django.

The texts are templates; `as_dict(translate=gettext)` gives them in the reader's language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final


def gettext_noop(message: str) -> str:
    """Mark a text for the translators and leave it as it is; whoever shows it translates it."""
    return message


_ = gettext_noop

#: problem -> (what happened, what to do next)
PROBLEMS: Final[dict[str, tuple[str, str]]] = {
    "too_large": (
        _("The submission has %(size)s bytes; at most %(limit)s are accepted."),
        _("Send less in one submission, and no files."),
    ),
    "media_type": (
        _("The content type “%(sent)s” cannot be read."),
        _("Send application/json or application/x-www-form-urlencoded."),
    ),
    "empty": (_("The submission is empty."), _("Send at least an e-mail address.")),
    "not_utf8": (
        _("The submission is not UTF-8 text (byte %(position)s)."),
        _("Encode the submission as UTF-8."),
    ),
    "compressed": (
        _("The submission is compressed with gzip, which is not read here."),
        _("Send it uncompressed, without Content-Encoding."),
    ),
    "not_utf8_field": (
        _("“%(name)s” is not UTF-8 text."),
        _("Encode the submission as UTF-8 before its characters are written as %%XX."),
    ),
    "not_json": (
        _("The submission is not valid JSON: line %(line)s, column %(column)s: %(reason)s."),
        _("Correct the JSON at that place."),
    ),
    "not_object": (
        _("The submission is not a JSON object."),
        _("Send one object with named fields, and one submission at a time."),
    ),
    "too_deep": (
        _("The submission is nested more than %(limit)s levels deep."),
        _("Send the fields at the top level."),
    ),
    "too_many_keys": (
        _("The submission has more than %(limit)s fields."),
        _("Send only the fields that are needed."),
    ),
    "duplicate": (
        _("“%(name)s” is given more than once."),
        _("Send each field once."),
    ),
    "not_a_number": (
        _("“%(name)s” is not a finite number."),
        _("Send a finite number, or leave the field out."),
    ),
    "number_range": (
        _("“%(name)s” is a number beyond 64 bits."),
        _("Send long numbers as text."),
    ),
    "nul": (
        _("“%(name)s” contains a NUL character, which cannot be stored."),
        _("Remove the NUL character."),
    ),
    "surrogate": (
        _("“%(name)s” contains half of a surrogate pair, which is not valid text."),
        _("Send complete Unicode characters."),
    ),
    "not_storable": (
        _("“%(name)s” has a kind of value that JSON does not know."),
        _("Send text, numbers, yes or no, lists or objects."),
    ),
    "unknown_name": (
        _("“%(name)s” is not known here."),
        _("Leave it out, or correct its name. Known are %(known)s."),
    ),
    "not_text": (
        _("“%(name)s” must be text."),
        _("Send the value as text in quotation marks."),
    ),
    "too_long": (
        _("“%(name)s” has %(size)s characters; at most %(limit)s are accepted."),
        _("Shorten the value."),
    ),
    "no_identity": (
        _("There is no e-mail address, external id or anonymous id, so nobody can be recognised."),
        _("Send at least one of email, external_id and anonymous_id."),
    ),
    "bad_email": (
        _("“%(name)s” is not an e-mail address that mail can be sent to."),
        _("Send a whole address, such as name@company.example."),
    ),
    "bad_count": (
        _("“%(name)s” is not a number of people."),
        _("Send a whole number such as 120, or a range such as 51-200."),
    ),
    "bad_slug": (
        _("“%(name)s” has no letters or digits."),
        _("Send the name of what was done, such as demo_request."),
    ),
    "bad_time": (
        _("“%(name)s” is not a date and time since 1970."),
        _("Send ISO 8601 with an offset, such as 2026-03-02T09:30:00Z."),
    ),
    "naive_time": (
        _("“%(name)s” does not say in which time zone it is."),
        _(
            "Send the time with Z for UTC or an offset, such as 2026-03-02T09:30:00Z or 2026-03-02T10:30:00+01:00."
        ),
    ),
    "future_time": (
        _("“%(name)s” is more than %(minutes)s minutes in the future."),
        _("Check the clock of the sender, or leave the field out to use the time of arrival."),
    ),
}


class PayloadError(ValueError):
    """One thing wrong with one field. `field` is never blank; it is "body" when the whole submission is wrong. `kind` is the
    key of PROBLEMS, blank for an error with words of its own."""

    kind = ""

    def __init__(self, field: str, message: str, remedy: str, **params: object) -> None:
        self.field = field
        self.message_template = message
        self.remedy_template = remedy
        self.params = params
        super().__init__(f"{field}: {self.message}")

    @property
    def message(self) -> str:
        """What happened, in English."""
        return self._filled(self.message_template)

    @property
    def remedy(self) -> str:
        """What to do next, in English."""
        return self._filled(self.remedy_template)

    def as_dict(self, translate: Callable[[str], str] = str) -> dict[str, str]:
        """The error as the API answers it; `translate` is applied to the templates before they are filled."""
        return {
            "field": self.field,
            "message": self._filled(translate(self.message_template)),
            "remedy": self._filled(translate(self.remedy_template)),
        }

    def _filled(self, template: str) -> str:
        return template % self.params if self.params else template


class PayloadErrors(ValueError):
    """Everything that is wrong with one submission, at least one error, in the order found."""

    def __init__(self, errors: Iterable[PayloadError]) -> None:
        self.errors: tuple[PayloadError, ...] = tuple(errors)
        super().__init__("; ".join(str(error) for error in self.errors))

    def as_list(self, translate: Callable[[str], str] = str) -> list[dict[str, str]]:
        """The errors as the API answers them under "errors"."""
        return [error.as_dict(translate) for error in self.errors]


def problem(kind: str, field: str, **params: object) -> PayloadError:
    """Make the error of that kind from PROBLEMS."""
    message, remedy = PROBLEMS[kind]
    error = PayloadError(field, message, remedy, **params)
    error.kind = kind
    return error


def shown(name: str) -> str:
    """A name from a submission, made fit for a message: printable, short and never blank."""
    safe = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name).strip()
    return (safe[:79] + "…" if len(safe) > 80 else safe) or "(no name)"

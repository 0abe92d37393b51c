"""What a hosted form may ask: the shape of Form.fields, and what is wrong with one. Pure: no Django."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from leads.arrivals import same_field
from leads.payload_errors import gettext_noop
from leads.spam import TRAP_FIELD

TYPES: Final = ("text", "email", "tel", "number", "textarea", "select", "country")
# What the page itself carries along; a question of the same name would be overwritten by it.
TOKEN_FIELD: Final = "visit"  # noqa: S105 - the name of a field
TRACKED: Final = (
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
    "referrer",
    "landing_page",
)
RESERVED: Final = frozenset({TRAP_FIELD, TOKEN_FIELD, "deal", "occurred_at", "activity", "fields", *TRACKED})
IDENTITY: Final = ("email", "external_id", "anonymous_id")
MOST_FIELDS: Final = 40  # nobody fills in more, and payload.MAX_KEYS leaves room for the hidden ones
MOST_CHOICES: Final = 200
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,49}")
_KEYS: Final = {"name", "label", "type", "required", "choices", "help"}


_ = gettext_noop


@dataclass(frozen=True)
class Question:
    """One field of a hosted form, known to be sound."""

    name: str
    label: str
    type: str
    required: bool = False
    choices: tuple[str, ...] = ()
    help: str = ""

    @property
    def known(self) -> str:
        """The field of a submission that it fills, or an empty text for a free one."""
        return same_field(self.name)


@dataclass(frozen=True)
class Mistake:
    """What is wrong with a definition: a template with its values, so that whoever shows it translates it."""

    template: str
    params: Mapping[str, object]

    def text(self, translate: Callable[[str], str] = str) -> str:
        """The sentence, in the reader's language."""
        return translate(self.template) % self.params


def mistakes(fields: object) -> list[Mistake]:
    """Everything that is wrong with the definition of a form's fields; an empty list for a sound one."""
    if not isinstance(fields, list) or not fields:
        return [
            Mistake(
                _('Write a list of objects such as {"name": "email", "label": "E-mail", "type": "email"}.'),
                {},
            )
        ]
    if len(fields) > MOST_FIELDS:
        return [Mistake(_("A form has at most %(limit)d fields; ask for less."), {"limit": MOST_FIELDS})]
    found = [mistake for number, field in enumerate(fields, start=1) for mistake in _of_field(number, field)]
    return found or list(_of_all([question_of(field) for field in fields]))


def questions(fields: object) -> list[Question]:
    """The fields of a stored form; what is unsound (written past the checks) is left out, so that its page still works."""
    listed = fields if isinstance(fields, list) else []
    return [question_of(field) for number, field in enumerate(listed) if not list(_of_field(number, field))]


def question_of(field: Mapping[str, object]) -> Question:
    """One sound field as a value."""
    choices = field.get("choices")
    return Question(
        name=str(field["name"]),
        label=str(field["label"]),
        type=str(field["type"]),
        required=bool(field.get("required", False)),
        choices=tuple(str(choice) for choice in choices) if isinstance(choices, list) else (),
        help=str(field.get("help", "")),
    )


def _of_field(number: int, field: object) -> Iterator[Mistake]:
    if not isinstance(field, dict):
        yield Mistake(_("Field %(number)d is no object in braces."), {"number": number})
        return
    name = field.get("name")
    told = {"number": number, "name": name, "types": ", ".join(TYPES)}
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        yield Mistake(
            _("Field %(number)d needs a name of small letters, digits and underscores, such as first_name."),
            told,
        )
        return
    if name in RESERVED:
        yield Mistake(_("“%(name)s” is used by the page itself; choose another name."), told)
    if not isinstance(field.get("label"), str) or not field["label"].strip():
        yield Mistake(_("“%(name)s” needs a label: the words above the field."), told)
    if field.get("type") not in TYPES:
        yield Mistake(_("“%(name)s” needs one of these types: %(types)s."), told)
    if not isinstance(field.get("required", False), bool):
        yield Mistake(_("“required” of “%(name)s” is true or false, without quotation marks."), told)
    if not isinstance(field.get("help", ""), str):
        yield Mistake(_("“help” of “%(name)s” is a text."), told)
    if unknown := sorted(set(map(str, field)) - _KEYS):
        yield Mistake(
            _("“%(name)s” has settings that nobody reads: %(keys)s."), {**told, "keys": ", ".join(unknown)}
        )
    if field.get("type") == "select" and not _are_choices(field.get("choices")):
        yield Mistake(
            _("“%(name)s” needs its choices: a list of different texts, at most %(limit)d."),
            {**told, "limit": MOST_CHOICES},
        )


def _are_choices(choices: object) -> bool:
    return (
        isinstance(choices, list)
        and 0 < len(choices) <= MOST_CHOICES
        and all(isinstance(choice, str) and choice.strip() for choice in choices)
        and len(set(choices)) == len(choices)
    )


def _of_all(listed: list[Question]) -> Iterator[Mistake]:
    seen: dict[str, str] = {}
    for question in listed:
        meaning = question.known or question.name
        if meaning in seen:
            yield Mistake(
                _("“%(name)s” and “%(other)s” ask for the same thing; keep one of them."),
                {"name": question.name, "other": seen[meaning]},
            )
        seen[meaning] = question.name
    if not any(question.known in IDENTITY for question in listed):
        yield Mistake(
            _(
                'Nobody could be recognised: add a field such as {"name": "email", "label": "E-mail", "type": "email"}.'
            ),
            {},
        )

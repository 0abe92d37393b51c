"""What the columns of a file mean: reading and checking a mapping file. Pure: no Django.

    mapping = read_mapping(raw)              # bytes of the JSON file -> Mapping, or PayloadErrors
    errors = check_header(mapping, header)   # does the file have the columns that the mapping names?

The format of a mapping file is described in docs/real-data.md, with examples under docs/examples/.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping, Sequence
from datetime import time
from typing import Any, Final
from zoneinfo import ZoneInfo

from leads.importing.meaning import PLACE, Deal, ImportMapping, Moment, Origin, Person, Table, mistake
from leads.payload_errors import PayloadError, PayloadErrors, gettext_noop, shown
from leads.storable import unstorable

_ = gettext_noop

#: What a mapping file may say at its top level.
SECTIONS: Final = ("source", "csv", "key", "columns", "constants", "deal")
# The letters of a date format, and what strptime calls them. Four digits of the year keep the order unambiguous.
_TOKENS: Final = {"YYYY": "%Y", "MM": "%m", "DD": "%d", "HH": "%H", "MI": "%M", "SS": "%S"}
_TOKEN = re.compile("|".join(_TOKENS))
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,49}")
_DELIMITERS: Final = ";\t|,"
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


def check_header(mapping: Table, header: Sequence[str]) -> list[PayloadError]:
    """What keeps a file with this header from being read by the mapping; empty where it fits."""
    if len(header) == 1 and (others := [mark for mark in _DELIMITERS if mark in header[0]]):
        return [
            mistake(
                "csv.delimiter",
                _(
                    "The file has a single column, “%(column)s”, so its cells are not separated by “%(delimiter)s”."
                ),
                _('Name what separates them in the mapping, such as "csv": {"delimiter": "%(other)s"}.'),
                column=shown(header[0]),
                delimiter=mapping.delimiter,
                other=others[0].replace("\t", "\\t"),
            )
        ]
    errors = []
    present = ", ".join(shown(name) for name in header)
    for where, column in mapping.used():
        if column not in header:
            errors.append(
                mistake(
                    where,
                    _("The file has no column “%(column)s”. Its columns: %(present)s."),
                    _("Correct the name in the mapping, or use the mapping that was written for this file."),
                    column=shown(column),
                    present=present,
                )
            )
        elif list(header).count(column) > 1:
            errors.append(
                mistake(
                    where,
                    _("The file has the column “%(column)s” more than once."),
                    _("Give the columns of the file different names."),
                    column=shown(column),
                )
            )
    return errors


def read_mapping(raw: bytes) -> ImportMapping:
    """Read and check a mapping file. Raises PayloadErrors with everything that is wrong, each named by its place."""
    return LeadMappingReader(parsed(raw)).mapping()


def parsed(raw: bytes) -> dict[str, Any]:
    """The JSON object of a mapping file. Raises PayloadErrors where it is none."""
    try:
        data = json.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        text, remedy = _("The mapping is not UTF-8 text."), _("Save it as UTF-8.")
    except (json.JSONDecodeError, RecursionError) as error:
        text, remedy = _("The mapping is not valid JSON: %(reason)s."), _("Correct the JSON at that place.")
        raise PayloadErrors([mistake("mapping", text, remedy, reason=str(error))]) from None
    else:
        if errors := list(unstorable(data)):
            raise PayloadErrors(errors)
        if isinstance(data, dict):
            return data
        text, remedy = _("The mapping is not a JSON object."), _("Write one object in braces.")
    raise PayloadErrors([mistake("mapping", text, remedy)])


class MappingReader:
    """Reads what every mapping has, and collects what is wrong while it reads, so that one run names all of it."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        self.errors: list[PayloadError] = []

    def add(self, where: str, message: str, remedy: str, **params: object) -> None:
        self.errors.append(mistake(where, message, remedy, **params))

    def refuse_others(self, where: str, data: Mapping[str, Any], known: Sequence[str]) -> None:
        for name in data:
            if name not in known:
                self.add(
                    f"{where}.{shown(name)}".lstrip("."),
                    _("A mapping has no entry of this name here."),
                    _("Take it out, or use one of: %(known)s."),
                    known=", ".join(known),
                )

    def section(
        self,
        name: str,
        known: Sequence[str],
        *,
        required: bool = True,
        inside: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """An object of the mapping; an empty one, with the mistake noted, where there is none."""
        home = self.data if inside is None else inside
        value = home.get(name.rpartition(".")[2])
        if isinstance(value, dict):
            if known:
                self.refuse_others(name, value, known)
            return value
        if required or value is not None:
            self.add(name, _("The mapping needs an object here."), _("See the examples in docs/examples/."))
        return {}

    def text(self, where: str, value: Any, *, required: bool = True, limit: int = 200) -> str:
        if value is None and not required:
            return ""
        if not isinstance(value, str) or not value.strip() or len(value) > limit:
            self.add(
                where,
                _("The mapping needs a text of at most %(limit)d characters here."),
                _("Write one."),
                limit=limit,
            )
            return ""
        return value.strip()

    def source(self) -> Origin:
        data = self.section("source", ("slug", "name", "namespace", "team"))
        slug = self.text("source.slug", data.get("slug"), limit=50)
        if slug and not _SLUG.fullmatch(slug):
            self.add(
                "source.slug",
                _("“%(slug)s” is no short name."),
                _("Use small letters, digits and hyphens, such as olist-leads."),
                slug=shown(slug),
            )
        return Origin(
            slug=slug,
            name=self.text("source.name", data.get("name"), limit=100),
            namespace=self.text("source.namespace", data.get("namespace"), required=False, limit=50),
            team=self.text("source.team", data.get("team"), limit=100),
        )

    def moment(self, where: str, value: Any) -> Moment | None:
        data = value if isinstance(value, dict) else {}
        self.refuse_others(where, data, ("column", "format", "zone", "time"))
        before = len(self.errors)
        column = self.text(f"{where}.column", data.get("column"))
        written = self.text(f"{where}.format", data.get("format"))
        zone = self.zone(f"{where}.zone", self.text(f"{where}.zone", data.get("zone")))
        has_time = "HH" in written
        if written and not self.is_format(written):
            self.add(
                f"{where}.format",
                _("“%(format)s” is no format of a date."),
                _(
                    "Write YYYY-MM-DD, DD-MM-YYYY or MM/DD/YYYY, with HH:MI or HH:MI:SS behind it where there is a time."
                ),
                format=shown(written),
            )
        clock = _CLOCK.fullmatch(str(data.get("time", "")))
        if has_time == ("time" in data) or (not has_time and clock is None):
            self.add(
                f"{where}.time",
                _("A date alone needs the time of day that it stands for; a date with a time needs none."),
                _("Write “time” as 00:00 or 09:00 exactly where the format has no hours."),
            )
        if len(self.errors) > before or zone is None:
            return None
        pattern = _TOKEN.sub(lambda token: _TOKENS[token[0]], written.replace("%", "%%"))
        at = time(int(clock[1]), int(clock[2])) if clock else time()
        return Moment(column, written, pattern, has_time, zone, at)

    @staticmethod
    def is_format(written: str) -> bool:
        tokens = _TOKEN.findall(written)
        rest = _TOKEN.sub("", written)
        return (
            {"YYYY", "MM", "DD"} <= set(tokens)
            and len(tokens) == len(set(tokens))
            and ("HH" in tokens) == ("MI" in tokens)
            and ("SS" not in tokens or "HH" in tokens)
            and not any(letter.isalnum() and letter != "T" for letter in rest)
        )

    def zone(self, where: str, name: str) -> ZoneInfo | None:
        if not name:
            return None
        try:
            return ZoneInfo(name)
        except (ValueError, OSError, LookupError):
            self.add(
                where,
                _("There is no time zone “%(zone)s”."),
                _("Write a name such as America/Sao_Paulo or UTC."),
                zone=shown(name),
            )
            return None

    def encoding(self, csv: Mapping[str, Any]) -> str:
        name = self.text("csv.encoding", csv.get("encoding", "utf-8"))
        try:
            found = codecs.lookup(name).name if name else "utf-8"
            "a,b".encode(found)  # some of Python's codecs are for bytes, and some for nothing
        except (LookupError, UnicodeError):
            self.add(
                "csv.encoding",
                _("There is no encoding “%(name)s”."),
                _("Write utf-8 or latin-1."),
                name=shown(name),
            )
            return "utf-8"
        # A byte order mark is no part of the first column's name.
        return "utf-8-sig" if found == "utf-8" else found

    def delimiter(self, csv: Mapping[str, Any]) -> str:
        value = csv.get("delimiter", ",")
        if not isinstance(value, str) or len(value) != 1 or value in '"\r\n ':
            self.add(
                "csv.delimiter",
                _("A delimiter is one character."),
                _("Write a comma, a semicolon or a tab (\\t)."),
            )
            return ","
        return value


class LeadMappingReader(MappingReader):
    """Reads the mapping of a file of leads or deals."""

    def mapping(self) -> ImportMapping:
        self.refuse_others("", self.data, SECTIONS)
        csv = self.section("csv", ("encoding", "delimiter"), required=False)
        moments, columns = self.columns()
        found = ImportMapping(
            source=self.source(),
            key=self.key(),
            columns=columns,
            moments=moments,
            constants=self.constants(columns, moments),
            deal=self.deal(),
            encoding=self.encoding(csv),
            delimiter=self.delimiter(csv),
        )
        if self.errors:
            raise PayloadErrors(self.errors)
        return found

    def key(self) -> str:
        key = self.text("key", self.data.get("key"))
        if key and not PLACE.findall(key):
            self.add(
                "key",
                _("The key names no column, so all rows would have the same one."),
                _("Write the column that names a row in braces, such as olist-mql:{mql_id}."),
            )
        return key

    def columns(self) -> tuple[dict[str, Moment], dict[str, str]]:
        moments: dict[str, Moment] = {}
        columns: dict[str, str] = {}
        for field, value in self.section("columns", ()).items():
            where = f"columns.{field}"
            if field == "occurred_at" or isinstance(value, dict):
                if moment := self.moment(where, value):
                    moments[field] = moment
            else:
                columns[field] = self.text(where, value)
        if not {"external_id", "email"} & columns.keys():
            self.add(
                "columns",
                _("No column says whom a row is about."),
                _("Name the column of “external_id” or of “email”."),
            )
        return moments, columns

    def constants(self, columns: Mapping[str, str], moments: Mapping[str, Moment]) -> dict[str, object]:
        data = self.section("constants", (), required=False)
        for field, value in data.items():
            if not isinstance(value, str | int) or isinstance(value, bool):
                self.add(f"constants.{field}", _("A constant is a text or a whole number."), _("Write one."))
            if field in columns or field in moments:
                self.add(
                    f"constants.{field}",
                    _("This field comes from a column already."),
                    _("Take one of the two out."),
                )
        return data

    def deal(self) -> Deal | None:
        if "deal" not in self.data:
            return None
        data = self.section("deal", ("state", "closed_at", "amount", "owner", "prepared_by"))
        if data.get("state") not in ("won", "lost"):
            self.add("deal.state", _("A deal is “won” or “lost”."), _("Write one of the two."))
        closed_at = self.moment("deal.closed_at", data.get("closed_at"))
        people: dict[str, Person] = {
            name: self.person(name, data) for name in ("owner", "prepared_by") if name in data
        }
        amount = self.text("deal.amount", data.get("amount"), required=False)
        return Deal(str(data.get("state")), closed_at, amount, people) if closed_at else None

    def person(self, name: str, deal: Mapping[str, Any]) -> Person:
        where = f"deal.{name}"
        data = self.section(where, ("column", "name", "email"), inside=deal)
        person = Person(
            *(self.text(f"{where}.{part}", data.get(part)) for part in ("column", "name", "email"))
        )
        if person.email and ("{id}" not in person.email or "@" not in person.email):
            self.add(
                f"{where}.email",
                _("The address must be another one for each person."),
                _("Write {id} into it, such as sr-{id}@olist.example."),
            )
        return person

"""The triggers that keep a signed version as it was signed, in both databases: the version, and all that its text is made of.

They are taken off before migrations of this app and put on again after them (sla.apps), because SQLite loses the triggers of a table
that a migration rebuilds.
"""

VERSION = "sla_agreementversion"
# Table: how a row of it names its version.
PARTS = {
    "sla_promise": "{row}.version_id",
    "sla_ladderstep": "(SELECT version_id FROM sla_promise WHERE id = {row}.promise_id)",
    f"{VERSION}_reasons": "{row}.agreementversion_id",
    "sla_signature": "{row}.version_id",
}
TABLES = (VERSION, *PARTS)
MESSAGE = "a signed version of an agreement never changes"


def create_sql(vendor: str) -> list[str]:
    """Statements that protect signed versions; `vendor` as in connection.vendor."""
    return {"postgresql": _postgresql, "sqlite": _sqlite}[vendor]()


def drop_sql(vendor: str) -> list[str]:
    """Statements that take the protection away, whether it is there or not."""
    if vendor == "postgresql":
        return [f"DROP TRIGGER IF EXISTS {table}_keep_signed ON {table}" for table in TABLES]
    return [
        f"DROP TRIGGER IF EXISTS {table}_keep_signed_{verb}"
        for table in TABLES
        for verb in ("insert", "update", "delete")
    ]


def _is_signed(table: str, row: str) -> str:
    """SQL: whether the version of a row (OLD or NEW) is signed."""
    if table == VERSION:
        return f"{row}.state = 'signed'"
    version = PARTS[table].format(row=row)
    return f"EXISTS (SELECT 1 FROM {VERSION} WHERE id = {version} AND state = 'signed')"  # noqa: S608 - our own names


def _rows(table: str, verb: str) -> list[str]:
    """Which rows of a statement may not be of a signed version. A version itself becomes signed by an update."""
    if table == VERSION:
        return [] if verb == "insert" else ["OLD"]
    return {"insert": ["NEW"], "update": ["OLD", "NEW"], "delete": ["OLD"]}[verb]


def _sqlite() -> list[str]:
    found = []
    for table in TABLES:
        for verb in ("insert", "update", "delete"):
            if rows := _rows(table, verb):
                condition = " OR ".join(_is_signed(table, row) for row in rows)
                found.append(
                    f"CREATE TRIGGER {table}_keep_signed_{verb} BEFORE {verb.upper()} ON {table} "
                    f"WHEN {condition} BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
                )
    return found


def _postgresql() -> list[str]:
    found = []
    for table in TABLES:
        old, new = (_is_signed(table, row) for row in ("OLD", "NEW"))
        refuse = f"RAISE restrict_violation USING MESSAGE = '{MESSAGE}'"
        checks = f"IF TG_OP <> 'INSERT' THEN IF {old} THEN {refuse}; END IF; END IF;"
        if table != VERSION:
            checks += f" IF TG_OP <> 'DELETE' THEN IF {new} THEN {refuse}; END IF; END IF;"
        body = f"BEGIN {checks} IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END"
        name = f"{table}_keep_signed"
        verbs = "INSERT OR UPDATE OR DELETE"
        found += [
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$",
            f"CREATE TRIGGER {name} BEFORE {verbs} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
        ]
    return found

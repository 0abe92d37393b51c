"""The triggers that make the journal append-only, in both databases. Used by a migration (and by tests that flush)."""

TABLE = "leads_journalentry"

_POSTGRESQL_CREATE = [
    f"""
    CREATE OR REPLACE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the journal is append-only';
    END $$
    """,
    f"""
    CREATE TRIGGER {TABLE}_append_only BEFORE UPDATE OR DELETE ON {TABLE}
    FOR EACH ROW EXECUTE FUNCTION {TABLE}_refuse()
    """,
    f"""
    CREATE TRIGGER {TABLE}_no_truncate BEFORE TRUNCATE ON {TABLE}
    FOR EACH STATEMENT EXECUTE FUNCTION {TABLE}_refuse()
    """,
]
_POSTGRESQL_DROP = [
    f"DROP TRIGGER IF EXISTS {TABLE}_append_only ON {TABLE}",
    f"DROP TRIGGER IF EXISTS {TABLE}_no_truncate ON {TABLE}",
    f"DROP FUNCTION IF EXISTS {TABLE}_refuse()",
]
_SQLITE_CREATE = [
    f"""
    CREATE TRIGGER {TABLE}_no_{verb} BEFORE {verb.upper()} ON {TABLE}
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END
    """
    for verb in ("update", "delete")
]
_SQLITE_DROP = [f"DROP TRIGGER IF EXISTS {TABLE}_no_{verb}" for verb in ("update", "delete")]


def create_sql(vendor: str) -> list[str]:
    """Statements that protect the journal; `vendor` as in connection.vendor."""
    return {"postgresql": _POSTGRESQL_CREATE, "sqlite": _SQLITE_CREATE}[vendor]


def drop_sql(vendor: str) -> list[str]:
    """Statements that take the protection away."""
    return {"postgresql": _POSTGRESQL_DROP, "sqlite": _SQLITE_DROP}[vendor]

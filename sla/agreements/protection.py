"""Taking the triggers of signed versions off before migrations and putting them on after, and sealing what came with them."""

from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction

from sla.agreements import triggers
from sla.agreements.document import digest_of
from sla.agreements.reading import facts_of
from sla.agreements.wording import compose


def release(*, plan: Any, using: str, **_more: Any) -> None:
    """Before migrations of this app: without the triggers. Receiver of pre_migrate."""
    if any(migration.app_label == "sla" for migration, _backwards in plan):
        _execute(triggers.drop_sql(connections[using].vendor), using)


def protect(*, plan: Any, using: str, apps: Any, **_more: Any) -> None:
    """After migrations of this app: the installation's own versions are sealed, and every signed one is protected.

    Receiver of post_migrate.
    """
    if not any(migration.app_label == "sla" for migration, _backwards in plan):
        return
    tables = set(connections[using].introspection.table_names())
    if not tables.issuperset(triggers.TABLES):
        return
    vendor = connections[using].vendor
    with transaction.atomic(using=using):
        if using == DEFAULT_DB_ALIAS:
            seal(apps)
        _execute([*triggers.drop_sql(vendor), *triggers.create_sql(vendor)], using)


def seal(apps: Any) -> None:
    """Versions that the installation itself signed and no handoff is judged by yet say what the tables say: a later migration may
    have added a promise to them."""
    signatures = apps.get_model("sla", "Signature").objects
    by_people = signatures.filter(by__isnull=False).values("version_id")
    own = apps.get_model("sla", "AgreementVersion").objects.filter(
        signatures__isnull=False, handoffs__isnull=True
    )
    for version in own.exclude(pk__in=by_people).select_related("agreement").distinct():
        document = compose(facts_of(version, apps))
        if document.to_dict() != version.document:
            version.document, version.digest = document.to_dict(), digest_of(document)
            version.save(update_fields=["document", "digest"])
            signatures.filter(version_id=version.pk).update(digest=version.digest)


def _execute(statements: list[str], using: str) -> None:
    with connections[using].cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)

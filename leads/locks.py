"""Taking many locks at once without standing in anybody's way."""

from collections.abc import Callable
from typing import TypeVar

from django.db import OperationalError, connection, transaction

# Shorter than the second after which PostgreSQL looks for deadlocks and ends one of those who wait for each other: whoever
# gives up after this long is always the one who steps back.
WAIT_MILLISECONDS = 250
TRIES = 20
# lock_not_available, deadlock_detected
_IN_THE_WAY = ("55P03", "40P01")
_Result = TypeVar("_Result")


class Busy(RuntimeError):
    """Somebody else held one of the rows all the time; nothing was changed."""


def patiently(work: Callable[[], _Result], *, first: Callable[[], None]) -> _Result:
    """Run `work` in a transaction that waits WAIT_MILLISECONDS at most for each lock; where that is not enough it lets go of
    all that it has, and begins anew. Raises Busy after TRIES.

    `first` takes a lock beforehand that is waited for however long it takes: as long as nothing else is held, nobody minds.
    For what locks rows of many kinds, which others lock in other orders. SQLite has one lock for all, held from the beginning.
    """
    for _number in range(TRIES):
        try:
            with transaction.atomic():
                first()
                _be_patient()
                return work()
        except OperationalError as error:
            if getattr(error.__cause__, "pgcode", "") not in _IN_THE_WAY:
                raise
    raise Busy


def _be_patient() -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{WAIT_MILLISECONDS}ms"])

"""What an error of the ledger means: that another was in the way, or that a key is taken."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError

from metering.measures.refusals import Invalid

PASSING = ("40001", "40P01", "55P03")
"""What PostgreSQL says of a transaction that would do better next time: serialization, deadlock."""

TAKEN = ("23505", "SQLITE_CONSTRAINT_UNIQUE")
"""What PostgreSQL and SQLite say of a unique key that is taken."""


def is_passing(error: Exception) -> bool:
    """Whether a transaction failed only because another was in its way: begin it again."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", "") in PASSING


@contextmanager
def refusing(connection: Connection, taken: str) -> Iterator[None]:
    """Refuse a unique key that is taken, where `taken` names the field that says it.

    Raises: Invalid `<taken>: value_already_exist`.
    """
    if not taken:
        yield
        return
    try:
        with connection.begin_nested():  # after an error PostgreSQL goes on only from a savepoint
            yield
    except IntegrityError as error:
        said = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorname", "")
        if said not in TAKEN:
            raise
        raise Invalid({taken: ["value_already_exist"]}) from error

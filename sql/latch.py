"""A name that is held by one at a time, among all threads and processes on one ledger."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from sql.ledger import Ledger

_taken: set[str] = set()
_guard = threading.Lock()


class Latch:
    """Holds a name from `take` to `release`, or until this process or its connection dies.

    On PostgreSQL it is an advisory lock of a session of its own, so nothing is left behind by a
    process that is killed. A SQLite ledger belongs to one process, where a set of names will do.
    """

    def __init__(self, ledger: Ledger, name: str) -> None:
        self._ledger = ledger
        self._key = func.hashtextextended(f"latch:{name}", 0)
        self._local = f"{ledger.engine.url} {name}"
        self._is_mine = False
        self._session: Connection | None = None

    def take(self) -> bool:
        """Try to take the name, without waiting. Asking again tells whether it is still ours."""
        if self._is_mine and self._lasts():
            return True
        with _guard:
            if self._local in _taken:
                return False
            _taken.add(self._local)
        self._is_mine = True
        try:
            self._is_mine = self._lock()
        finally:
            if not self._is_mine:
                self._forget()
        return self._is_mine

    def release(self) -> None:
        """Let go of the name, if it is ours."""
        if self._is_mine:
            self._forget()

    def _lock(self) -> bool:
        if self._ledger.engine.dialect.name != "postgresql":
            return True
        session = self._ledger.engine.connect()
        self._session = session.execution_options(isolation_level="AUTOCOMMIT")
        return bool(
            self._session.execute(select(func.pg_try_advisory_lock(self._key))).scalar_one()
        )

    def _lasts(self) -> bool:
        """Whether the session that holds the lock is still there: the lock is gone when it is."""
        if self._session is None:
            return True
        try:
            self._session.execute(select(1))
        except SQLAlchemyError:
            self._forget()
            return False
        return True

    def _forget(self) -> None:
        session, self._session, self._is_mine = self._session, None, False
        if session is not None:
            try:
                session.execute(select(func.pg_advisory_unlock(self._key)))
            except SQLAlchemyError:
                session.invalidate()  # the server lets go of the locks of a session that ends
            session.close()
        with _guard:
            _taken.discard(self._local)


def names() -> set[str]:
    """Return the names that threads of this process hold or try for."""
    with _guard:
        return set(_taken)


@contextmanager
def alone(ledger: Ledger, name: str) -> Iterator[bool]:
    """Hold a name for the length of a block, or yield False: somebody else has it."""
    latch = Latch(ledger, name)
    mine = latch.take()
    try:
        yield mine
    finally:
        latch.release()

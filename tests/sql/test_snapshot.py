"""A snapshot: what is read in it is of one moment, and nothing can be written there."""

import pytest
from sqlalchemy.exc import SQLAlchemyError

from metering.measures import ids
from sql.ledger import Ledger, outbox
from tests.engines import new_ledger_url
from tests.sql.test_outbox import put


def test_no_commit_comes_between_two_questions(ledger):
    """One row, and still one after another was committed meanwhile; a new snapshot sees both."""
    mine = ids.new()
    put(ledger, mine, "a")
    with ledger.snapshot(mine) as rows:
        assert rows.count(outbox) == 1
        put(ledger, mine, "b")
        assert rows.count(outbox) == 1
    with ledger.snapshot(mine) as rows:
        assert rows.count(outbox) == 2


def test_postgresql_lets_nobody_write_in_a_snapshot():
    """A verb that reads and yet writes fails, where another engine would have kept it."""
    ledger = Ledger(new_ledger_url("postgresql"))
    with ledger.snapshot(ids.new()) as rows, pytest.raises(SQLAlchemyError, match="read-only"):
        rows.remove(outbox)
    ledger.close()


def test_what_is_written_after_a_snapshot_is_written(ledger):
    """A connection that served a snapshot serves a transaction next."""
    mine = ids.new()
    for _ in range(3):
        with ledger.snapshot(mine) as rows:
            rows.count(outbox)
        put(ledger, mine, "a")
    with ledger.snapshot(mine) as rows:
        assert rows.count(outbox) == 3

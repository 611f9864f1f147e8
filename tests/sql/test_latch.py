"""A latch: held by one, seen by all, gone with its holder."""

import signal
import subprocess
import sys

import pytest

from sql import latch
from sql.latch import Latch, alone
from sql.ledger import Ledger
from tests.engines import new_ledger_url

HOLD = """
import sys, time
from sql.latch import Latch
from sql.ledger import Ledger
print(Latch(Ledger(sys.argv[1]), "held").take(), flush=True)
time.sleep(60)
"""


def test_one_holds_a_name_and_others_go_without(ledger):
    """A second is refused while the first holds it, another name is free, and so it is after."""
    with alone(ledger, "a") as first, alone(ledger, "a") as second, alone(ledger, "b") as other:
        assert (first, second, other) == (True, False, True)
        assert len(latch.names()) == 2
    with alone(ledger, "a") as again:
        assert again
    assert latch.names() == set()


def test_a_name_is_let_go_of_when_the_block_fails(ledger):
    """And it is let go of once: a second release is nobody's business."""
    with pytest.raises(ZeroDivisionError), alone(ledger, "a"):
        _ = 1 / 0
    held = Latch(ledger, "a")
    assert held.take()
    assert held.take()
    held.release()
    held.release()
    assert Latch(ledger, "a").take()


def test_a_process_that_is_killed_holds_nothing():
    """On PostgreSQL another process has the name until it is killed, and then it is free."""
    url = new_ledger_url("postgresql")
    ledger = Ledger(url)
    holder = subprocess.Popen([sys.executable, "-c", HOLD, url], stdout=subprocess.PIPE, text=True)
    mine = Latch(ledger, "held")
    try:
        assert holder.stdout.readline() == "True\n"
        assert not mine.take()
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    for _ in range(1000):
        if mine.take():
            break
    else:
        pytest.fail("the server did not let go of the lock of a session that is gone")
    mine.release()
    ledger.close()


def test_who_loses_the_connection_has_lost_the_name():
    """PostgreSQL ends the session: whoever asks whether it is still theirs learns that, at once."""
    ledger = Ledger(new_ledger_url("postgresql"))
    mine, other = Latch(ledger, "held"), Latch(ledger, "other")
    assert mine.take()

    with ledger.transaction("") as rows:
        rows.connection.exec_driver_sql(
            "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'"
        )

    assert other.take()
    assert mine.take()  # its session was ended: this is a new one, and the name was free
    mine.release()
    other.release()
    ledger.close()

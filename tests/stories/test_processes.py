"""Two processes on one PostgreSQL and one ClickHouse bill each period once."""

import signal
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta

from api.call import real_now
from tests.engines import empty_ledger_url, new_warehouse_url
from tests.house.source import ROOT
from tests.stories.test_live import a_zone_where_it_is_day, until
from tests.stories.world import Server, World

CUSTOMERS = 6
RUNS = 3


class Process:
    """One of them."""

    def __init__(self, *stores):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.stories.process", *map(str, stores)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def served(self):
        """Where it serves, once it does."""
        url, port = self.heard().split()
        return Server(url, int(port))

    def tell(self, line):
        """Give it something to do, without waiting."""
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def heard(self):
        """Wait for what it says."""
        line = self.process.stdout.readline()
        assert line, "it is dead"
        return line.strip()


@contextmanager
def two(tmp_path):
    """Run two processes on the same stores, with the app served by each."""
    stores = empty_ledger_url("postgresql"), new_warehouse_url("clickhouse"), tmp_path
    processes = [Process(*stores) for _ in range(2)]  # which both find empty stores
    try:
        yield processes, [process.served() for process in processes]
    finally:
        for process in processes:
            process.process.kill()
            process.process.communicate()


def newcomers(worlds, plan):
    """Put customers on a weekly plan three weeks ago to the day: through either process in turn."""
    names = []
    for number in range(CUSTOMERS):
        world = worlds[number % 2]
        ada = world.customer(timezone=a_zone_where_it_is_day())
        begins = (real_now() - timedelta(days=21)).isoformat()
        more = {"billing_time": "anniversary", "subscription_at": begins}
        names.append(world.subscribe(ada, plan, **more))
    return names


def billed(world):
    """How many invoices each subscription is on, and the numbers of all invoices."""
    found = world.invoices(per_page=1000)
    shown = [world.ask("InvoiceService.Get", id=each["id"])["invoice"] for each in found]
    on = Counter(one["external_id"] for each in shown for one in each["subscriptions"])
    return on, sorted(each["number"] for each in found)


def test_two_processes_that_bill_at_the_same_time_bill_each_period_once(tmp_path):
    """Three rounds of six new customers, three runs in a row in each process and round.

    18 subscriptions, 18 invoices, 18 numbers; and the runs count 18 between them.
    """
    with two(tmp_path) as (processes, servers):
        world = World(servers[0], clock=None)
        worlds = world, world.beside(servers[1])
        plan = world.plan(interval="weekly")
        names, did = [], 0
        for _ in range(3):
            names += newcomers(worlds, plan)
            for process in processes:
                for _ in range(RUNS):
                    process.tell(f"bill {world.organization}")
            did += sum(int(process.heard()) for process in processes for _ in range(RUNS))

        on, numbers = billed(worlds[1])

    assert len(set(names)) == did == 3 * CUSTOMERS
    assert on == dict.fromkeys(names, 1)
    assert len(set(numbers)) == 3 * CUSTOMERS, numbers


def test_when_the_process_that_bills_dies_the_other_goes_on_and_bills_nothing_twice(tmp_path):
    """Both run a scheduler; the one that leads is killed after the first six were billed."""
    with two(tmp_path) as (processes, servers):
        for process, word in zip(processes, ("leads", "waits"), strict=True):
            process.tell("schedule")
            assert process.heard() == word
        world = World(servers[1], clock=None)
        plan = world.plan(interval="weekly")
        names = newcomers((world, world.beside(servers[0])), plan)
        assert until(lambda: len(world.invoices()) == CUSTOMERS)

        processes[0].process.send_signal(signal.SIGKILL)
        processes[0].process.wait()
        names += newcomers((world, world), plan)

        assert until(lambda: len(world.invoices()) == 2 * CUSTOMERS)
        on, _ = billed(world)
    assert on == dict.fromkeys(names, 1)

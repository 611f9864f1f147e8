"""A process that serves the app, and does what it is told on a line of its input.

`bill <organization>` runs every job of the organization once; `schedule` starts a fast scheduler.
"""

import logging
import sys
from functools import partial
from pathlib import Path

from api import jobs
from api.app import App
from api.scheduler import Scheduler
from tests.api.platform.served import serving, settings

FAST = {"jobs_seconds": 0.1, "drain_seconds": 0.1, "lead_seconds": 0.1}


def bill(app, organization):
    """Run every job now, as the scheduler would, and return how much was done."""
    return sum(jobs.do(job, partial(app.desk.begin, organization)) for job in jobs.JOBS)


def main(ledger_url, warehouse_url, data):
    """Serve until the input ends."""
    logging.basicConfig(level=logging.ERROR)
    stores = {"ledger_url": ledger_url, "warehouse_url": warehouse_url, "data": Path(data)}
    app = App(settings("", **stores), has_scheduler=False)
    with serving(app) as served:
        say(f"{served.http.base_url} {app.grpc_port}")
        for line in sys.stdin:
            word, _, organization = line.strip().partition(" ")
            if word == "bill":
                say(bill(app, organization))
            else:
                app.scheduler = Scheduler(app.desk, **FAST)  # which the app stops when it ends
                app.scheduler.start()
                say("scheduled")


def say(word):
    """Answer one line."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])

"""A process that serves the app, and does what it is told on a line of its input.

`bill <organization>` runs every job of the organization once; `schedule` starts a fast
scheduler, and says whether it leads.
"""

import logging
import sys
import time
from functools import partial
from pathlib import Path

from api import jobs
from api.app import App
from api.scheduler import Scheduler
from api.settings import Settings
from tests.api.platform.served import ADMIN, serving

FAST = {"jobs_seconds": 0.1, "drain_seconds": 0.1, "lead_seconds": 0.1}


def bill(app, organization):
    """Run every job now, as the scheduler would, and return how much was done."""
    return sum(jobs.do(job, partial(app.desk.begin, organization)) for job in jobs.JOBS)


def schedule(app):
    """Start a scheduler, which the app stops when it ends, and return whether it leads."""
    app.scheduler = Scheduler(app.desk, **FAST)
    app.scheduler.start()
    end = time.monotonic() + 1
    while not app.scheduler.leads and time.monotonic() < end:
        time.sleep(0.05)
    return app.scheduler.leads


def main(ledger_url, warehouse_url, data):
    """Serve until the input ends."""
    logging.basicConfig(level=logging.ERROR)
    settings = Settings(
        data=Path(data), ledger_url=ledger_url, warehouse_url=warehouse_url, host="127.0.0.1",
        port=0, grpc_port=0, admin_key=ADMIN, secret_key="s" * 40, smtp_url="",
    )  # fmt: skip
    app = App(settings, has_scheduler=False)
    with serving(app) as served:
        say(f"{served.http.base_url} {app.grpc_port}")
        for line in sys.stdin:
            word, _, organization = line.strip().partition(" ")
            if word == "bill":
                say(bill(app, organization))
            else:
                say("leads" if schedule(app) else "waits")


def say(word):
    """Answer one line."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])

"""A process whose scheduler runs one job, which writes a row with the process's name."""

import sys
import time

from analytics import logs
from analytics.logs import Request
from api import jobs
from api.call import real_now
from api.desk import Desk
from api.jobs import Job
from api.scheduler import Scheduler
from metering.measures import ids
from sql.ledger import Ledger


def beat(name):
    """Make a job that writes `name` into the request log."""

    def run(begin):
        with begin() as work:
            row = Request(
                id=ids.new(), request_id=name, client=None, http_method="", http_status=0,
                request_origin="", request_path="", request_body={}, request_response=None,
                api_version="", logged_at=work.now,
            )  # fmt: skip
            logs.keep_request(work.rows, row)
        return 1

    return Job(name=name, run=run)


def main(url, name):
    """Run the scheduler until killed."""
    jobs.JOBS[:] = [beat(name)]
    ledger = Ledger(url)
    scheduler = Scheduler(
        Desk(ledger, None, b"s" * 32, real_now), jobs_seconds=0.1, lead_seconds=0.1
    )
    scheduler.start()
    sys.stdout.write("started\n")
    sys.stdout.flush()
    time.sleep(120)


if __name__ == "__main__":
    main(*sys.argv[1:])

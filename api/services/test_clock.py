"""TestClockService: the clock of a sandbox, moved by hand."""

from api import jobs
from api.rpc import Service, rpc
from billing import organizations


class TestClockService(Service):
    """A sandbox's own time: what the clock of a live organization does by itself, done at will."""

    get = rpc("GET /test_clock", organizations.clock)
    set_ = rpc("PUT /test_clock", organizations.set_clock)
    advance = rpc("POST /test_clock/advance", jobs.advance)
    run = rpc("POST /test_clock/run", jobs.run)

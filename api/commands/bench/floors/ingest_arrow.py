"""The floor of ingest_arrow: the engine inserts an Arrow table of the same events.

The table has the columns of the table of events, all of them filled in before the clock starts. One
statement inserts all, and commits once. It looks for no duplicate.
"""

from functools import partial

from api.commands.bench import events as usage
from api.commands.bench.floors import engine as engines
from api.commands.bench.floors.alone import asked, tell, timed

FLOOR = "ingest_arrow"


@asked("engine", "events", "subscriptions", "rounds")
def main(engine: str, events: int, subscriptions: int, rounds: int) -> None:
    """Insert an Arrow table of events, with the engine alone."""
    with engines.fresh(engine, subscriptions) as bare:
        seconds = []
        for number in range(rounds):
            made = usage.events(0, events, events, subscriptions, f"round-{number}")
            rows = usage.stored(made).to_arrow()
            seconds.append(timed(partial(bare.insert, "events", rows)))
        tell(FLOOR, seconds, events, bare)


if __name__ == "__main__":
    main()

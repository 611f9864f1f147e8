"""The floor of ingest_single: the engine commits as many events at once as there are connections.

That is the group commit at its best: every connection has one event in each commit.
"""

from functools import partial

from api.commands.bench import events as usage
from api.commands.bench.floors import engine as engines
from api.commands.bench.floors.alone import asked, tell, timed

FLOOR = "ingest_single"
COMMITS = 10


@asked("engine", "connections", "subscriptions", "rounds")
def main(engine: str, connections: int, subscriptions: int, rounds: int) -> None:
    """Commit a few events at a time, with the engine alone."""
    with engines.fresh(engine, subscriptions) as bare:
        seconds = []
        count = COMMITS * connections
        for number in range(rounds):
            made = usage.events(0, count, count, subscriptions, f"round-{number}")
            groups = [part.to_arrow() for part in usage.stored(made).iter_slices(connections)]
            insert = partial(bare.insert, "events")
            seconds.append(timed(lambda: [insert(group) for group in groups]))  # noqa: B023
        tell(FLOOR, seconds, count, bare)


if __name__ == "__main__":
    main()

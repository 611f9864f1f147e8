"""The floor of ingest_json: the engine loads the same events from a file of lines of JSON.

One statement loads them all, derives what the table has beyond what was sent, and commits once. It
looks for no duplicate.
"""

import tempfile
from pathlib import Path

from api.commands.bench import events as usage
from api.commands.bench.floors import engine as engines
from api.commands.bench.floors.alone import asked, tell, timed

FLOOR = "ingest_json"


@asked("engine", "events", "subscriptions", "rounds")
def main(engine: str, events: int, subscriptions: int, rounds: int) -> None:
    """Load events from a file of lines of JSON, with the engine alone."""
    with tempfile.TemporaryDirectory() as folder, engines.fresh(engine, subscriptions) as bare:
        file = Path(folder) / "events.ndjson"
        text = engines.statement(bare, FLOOR)
        seconds = []
        for number in range(rounds):
            made = usage.events(0, events, events, subscriptions, f"round-{number}")
            file.write_bytes(usage.ndjson(made))
            seconds.append(timed(lambda: bare.run(text, file=str(file))))
        tell(FLOOR, seconds, events, bare)


if __name__ == "__main__":
    main()

"""The floor of usage: the five aggregations of one subscription, asked of the engine alone."""

from functools import partial

from api.commands.bench.floors.aggregate import WINDOW, statements
from api.commands.bench.floors.alone import asked, filled, tell, timed
from api.commands.bench.floors.engine import Engine

FLOOR = "usage"


def run(bare: Engine, stream: int) -> None:
    """Aggregate the events of one stream, for each of the metrics."""
    for code, text in statements(bare, FLOOR).items():
        bare.query(text, stream=stream, code=code, **WINDOW)


@asked("engine", "warehouse", "events", "subscriptions", "questions")
def main(engine: str, warehouse: str, events: int, subscriptions: int, questions: int) -> None:
    """Ask for the usage of one subscription after another, with the engine alone."""
    with filled(engine, warehouse, subscriptions, events) as bare:
        run(bare, 1)
        step = max(subscriptions // questions, 1)
        streams = range(1, subscriptions + 1, step)[:questions]
        tell(FLOOR, [timed(partial(run, bare, stream)) for stream in streams], 1, bare)


if __name__ == "__main__":
    main()

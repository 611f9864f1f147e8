"""The measures over HTTP: a real server in one process, the client in this one."""

from collections.abc import Iterator, Sequence
from statistics import median, quantiles

from api.commands.bench import events, process, sending
from api.commands.bench.floors.alone import Taken
from api.commands.bench.report import Floor, Measure, measure
from api.commands.bench.server import serving
from api.commands.bench.shelf import Bench, Shelf

JSON = "application/json"
ARROW = "application/vnd.apache.arrow.stream"

BARE_QUESTIONS = 50
"""Questions that are asked of the engine alone, at most."""


def measures(bench: Bench, shelf: Shelf) -> Iterator[Measure]:
    """Ask for usage, then send events alone, as JSON and as Arrow."""
    bench.say("usage of one subscription")
    sizes = bench.sizes
    bare = process.floor(
        "usage", warehouse=shelf.stores.warehouse_url, subscriptions=sizes.subscriptions,
        questions=min(sizes.usages, BARE_QUESTIONS),
    )  # fmt: skip
    with serving(shelf.stores, shelf.folder) as url:
        numbers = range(1, sizes.subscriptions + 1, max(sizes.subscriptions // sizes.usages, 1))
        took = sending.usage(url, shelf.opened.key, numbers[: sizes.usages])
        yield from _usage(bench, took, bare)
        yield _singles(bench, url, shelf.opened.taker)
        yield from _bulk(bench, url, shelf.opened.taker, "json")
        yield from _bulk(bench, url, shelf.opened.taker, "arrow")


def _usage(bench: Bench, took: Sequence[float], bare: Taken) -> Iterator[Measure]:
    alone = [seconds * 1_000 for seconds in bare.seconds]
    size = {**bench.book, "questions": len(took)}
    for name, part in (("usage_ms_p50", median), ("usage_ms_p99", _hundredth)):
        floor = Floor(name="usage", rounds=[part(alone)], settings=bare.settings)
        yield measure(name, bench.place, [part(took)], floor, size=size, ledger="sqlite")


def _singles(bench: Bench, url: str, key: str) -> Measure:
    bench.say("one event in each request")
    sizes, rates = bench.sizes, []
    for number in range(sizes.rounds):
        made = events.events(0, sizes.singles, sizes.singles, sizes.subscriptions, f"s{number}")
        took = sending.singly(url, key, events.singles(made), sizes.connections)
        rates.append(sizes.singles / took)
    bare = process.floor(
        "ingest_single", engine=bench.warehouse, connections=sizes.connections, rounds=sizes.rounds
    )
    size = {"requests": sizes.singles, "connections": sizes.connections, "present": sizes.events}
    return measure("ingest_single_per_s", bench.place, rates, _rates(bare), size=size)


def _bulk(bench: Bench, url: str, key: str, kind: str) -> Iterator[Measure]:
    bench.say(f"events as {kind}")
    sizes = bench.sizes
    count, body = (
        (sizes.json_events, sizes.json_body) if kind == "json"
        else (sizes.arrow_events, sizes.arrow_body)
    )  # fmt: skip
    content_type, write = (JSON, events.array) if kind == "json" else (ARROW, events.arrow)
    rates = []
    for number in range(sizes.rounds):
        made = events.events(0, count, count, sizes.subscriptions, f"{kind}{number}")
        bodies = [write(part) for part in made.iter_slices(body)]
        rates.append(count / sending.bulk(url, key, content_type, bodies, count))
    floor = _rates(
        process.floor(
            f"ingest_{kind}", engine=bench.warehouse, events=count, rounds=sizes.rounds,
            subscriptions=sizes.subscriptions,
        )
    )  # fmt: skip
    size = {"events": count, "body": body, "connections": sending.CLIENTS, "present": sizes.events}
    yield measure(f"ingest_{kind}_events_per_s", bench.place, rates, floor, size=size)
    ratios = [rate / floor.value for rate in rates]
    yield measure(f"ingest_{kind}_vs_engine", bench.place, ratios, floor, size=size)


def _rates(bare: Taken) -> Floor:
    """What an engine does in a second, alone."""
    rates = [bare.amount / seconds for seconds in bare.seconds]
    return Floor(name=bare.floor, rounds=rates, settings=bare.settings)


def _hundredth(values: Sequence[float]) -> float:
    """The value that one of a hundred exceeds."""
    return quantiles(values, n=100, method="inclusive")[-1]

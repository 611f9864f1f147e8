"""The floor of aggregate: a bare `group by` for each of the five metrics, over the same events."""

from api.commands.bench import events as usage
from api.commands.bench.floors import engine as engines
from api.commands.bench.floors.alone import asked, filled, tell, timed
from api.commands.bench.floors.engine import Engine

FLOOR = "aggregate"

DUCKDB = {
    "calls": "count(*)::decimal(38, 12)",
    "traffic": "sum(json_extract_string(properties, '/size')::decimal(38, 12))",
    "peak": "max(json_extract_string(properties, '/level')::decimal(38, 12))",
    "users": "count(distinct json_extract_string(properties, '/user'))::decimal(38, 12)",
    "seats": "arg_max(json_extract_string(properties, '/level'), \"at\")::decimal(38, 12)",
}
CLICKHOUSE = {
    "calls": "toDecimal128(count(), 12)",
    "traffic": "sum(toDecimal128(JSONExtractString(properties, 'size'), 12))",
    "peak": "max(toDecimal128(JSONExtractString(properties, 'level'), 12))",
    "users": "toDecimal128(uniqExact(JSONExtractString(properties, 'user')), 12)",
    "seats": "toDecimal128(argMax(JSONExtractString(properties, 'level'), at), 12)",
}
QUANTITIES = {"duckdb": DUCKDB, "clickhouse": CLICKHOUSE}
"""How each of the codes is aggregated."""

WINDOW = {"start": usage.START, "stop": usage.START + usage.MONTH}


def statements(bare: Engine, name: str) -> dict[str, str]:
    """Return the statement for each code."""
    made = QUANTITIES[bare.dialect].items()
    return {code: engines.statement(bare, name, quantity=said) for code, said in made}


def run(bare: Engine) -> int:
    """Aggregate the whole book once, and return how many quantities that were."""
    found = [
        bare.query(text, code=code, **WINDOW) for code, text in statements(bare, FLOOR).items()
    ]
    return sum(map(len, found))


@asked("engine", "warehouse", "events", "subscriptions", "rounds")
def main(engine: str, warehouse: str, events: int, subscriptions: int, rounds: int) -> None:
    """Aggregate all events of a month by subscription, with the engine alone."""
    with filled(engine, warehouse, subscriptions, events) as bare:
        seconds = [timed(lambda: run(bare)) for _ in range(rounds)]
        tell(FLOOR, seconds, run(bare), bare)


if __name__ == "__main__":
    main()

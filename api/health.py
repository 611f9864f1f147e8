"""Whether this process is alive, and whether it can answer: asked without a key."""

import logging
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from api.keys import SERVER
from billing import organizations
from sql.ledger import Ledger
from sql.warehouse import Warehouse

log = logging.getLogger("invora.health")


def handlers(ledger: Ledger, warehouse: Warehouse) -> list[HTTPRouteHandler]:
    """Return the handlers of `GET /health` and `GET /ready`."""
    stores = {"ledger": lambda: _asked(ledger), "warehouse": warehouse.watermark}

    @get("/health", sync_to_thread=True, include_in_schema=False)
    def health() -> Response[dict[str, Any]]:
        """Whether the process can do its work."""
        wrong = _wrong(stores)
        said = {"version": _version(), "message": "Unhealthy" if wrong else "Success"}
        return Response(
            {**said, **({"details": wrong} if wrong else {})}, status_code=_status(wrong, 500)
        )

    @get("/ready", sync_to_thread=True, include_in_schema=False)
    def ready() -> Response[dict[str, Any]]:
        """Whether both stores answer."""
        wrong = _wrong(stores)
        said = {"status": "unavailable", "details": wrong} if wrong else {"status": "ok"}
        return Response(said, status_code=_status(wrong, 503))

    return [health, ready]


def _wrong(stores: Mapping[str, Callable[[], Any]]) -> dict[str, str]:
    """Ask each store; by name, what is wrong with those that do not answer."""
    wrong = {}
    for name, ask in stores.items():
        try:
            ask()
        except Exception as error:
            log.warning("the %s does not answer", name, exc_info=error)
            wrong[name] = "does not answer"  # no more: an error may name hosts and users
    return wrong


def _status(wrong: Mapping[str, str], otherwise: int) -> int:
    return otherwise if wrong else 200


def _asked(ledger: Ledger) -> None:
    with ledger.snapshot(SERVER) as rows:
        organizations.in_rows(rows)


def _version() -> str:
    try:
        return version("invora")
    except PackageNotFoundError:
        return "unknown"

"""One organization of a running app, spoken to as anybody would: over REST and over gRPC."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from itertools import count
from typing import Any, Literal
from urllib.parse import quote

import grpc
import httpx

from api.app import App
from api.commands.census.counting import bare
from api.proto.files import PACKAGE
from api.proto.stub import Failed, Stub
from api.rpc import Api, Operation
from api.services import SERVICES
from tests.api.platform.served import ADMIN, serving, settings
from tests.engines import new_warehouse_url

API = Api(SERVICES)

PAIRS = {"embedded": ("sqlite", "duckdb"), "distributed": ("postgresql", "chdb")}
"""Which engines stand together. ClickHouse is here in process: the same engine, without HTTP."""

Door = Literal["REST", "gRPC"]

OTHER: dict[Door, Door] = {"REST": "gRPC", "gRPC": "REST"}

GRPC = {
    "400": "INVALID_ARGUMENT", "401": "UNAUTHENTICATED", "403": "PERMISSION_DENIED",
    "404": "NOT_FOUND", "405": "FAILED_PRECONDITION", "422": "INVALID_ARGUMENT",
}  # fmt: skip
"""How gRPC says what REST says."""

LISTS = (
    "taxes", "add_ons", "billable_metrics", "features", "plans", "customers",
    "subscriptions?status[]=active",
    "subscriptions?status[]=pending", "invoices", "events", "events/rejected", "activity_logs",
    "api_keys",
)  # fmt: skip
"""Every list of what an organization has."""


class Server:
    """Where an app answers."""

    def __init__(self, url: str, grpc_port: int, app: App | None = None) -> None:
        self.url = url
        self.app = app
        """The app itself, where it runs in this process: for what is done behind its back."""
        self.http = httpx.Client(base_url=url, timeout=30)
        self.grpc_address = f"127.0.0.1:{grpc_port}"
        self.stub = Stub(API, self.grpc_address)

    def close(self) -> None:
        """Let go of the connections."""
        self.http.close()
        self.stub.close()


@contextmanager
def running(app: App) -> Iterator[Server]:
    """Serve an app for the length of a block."""
    with serving(app) as served:
        server = Server(str(served.http.base_url), app.grpc_port, app)
        yield server
        server.close()


def make_app(pair: str) -> App:
    """Make the app on a pair of engines, with fresh stores and without a scheduler."""
    ledger, warehouse = PAIRS[pair]
    said = settings(ledger, warehouse_url=new_warehouse_url(warehouse))
    return App(said, has_scheduler=False)


class World:
    """An organization, and a short way to say what happens in it.

    What makes something goes through `door`. With `clock` the organization is a sandbox in which
    time is moved by hand; without, it lives by the real clock.
    """

    def __init__(
        self, server: Server, clock: str | None = "2026-01-01T00:00:00Z", door: Door = "REST"
    ) -> None:
        self.server, self.door = server, door
        asked = {"name": "Acme", "default_currency": "EUR", "test_clock": clock}
        self.key = ADMIN
        made = self.ask("OrganizationService.Create", organization=asked)["organization"]
        self.organization, self.key = made["id"], made["api_key"]
        self._words = count(1)

    # -- what happens

    def tax(self, rate: str) -> str:
        """Tax everything; returns the code."""
        code = self.word("tax")
        tax = {"name": "VAT", "code": code, "rate": rate, "applied_to_organization": True}
        self.ask("TaxService.Create", tax=tax)
        return code

    def metric(self) -> dict[str, Any]:
        """Count gigabytes: the sum of `size`."""
        said = {"name": "GB", "code": self.word("gb"), "aggregation_type": "sum_agg"}
        metric = {**said, "field_name": "size"}
        made = self.ask("BillableMetricService.Create", billable_metric=metric)
        found: dict[str, Any] = made["billable_metric"]
        return found

    def plan(self, metric: dict[str, Any] | None = None, rate: str = "0.50", **more: Any) -> str:
        """Sell a month for €10 in arrears, and each unit of a metric at a rate."""
        charge = {
            "billable_metric_id": (metric or self.metric())["id"], "charge_model": "standard",
            "properties": {"amount": rate},
        }  # fmt: skip
        plan = {
            "name": "Basic", "code": self.word("plan"), "interval": "monthly",
            "amount_cents": 1_000, "amount_currency": "EUR", "pay_in_advance": False,
            "charges": [charge], **more,
        }  # fmt: skip
        self.ask("PlanService.Create", plan=plan)
        return str(plan["code"])

    def customer(self, **more: Any) -> str:
        """Meet a customer; returns its external id."""
        said = {"external_id": self.word("customer"), "name": "Ada", "currency": "EUR", **more}
        self.ask("CustomerService.Create", customer=said)
        return str(said["external_id"])

    def subscribe(self, customer: str, plan: str, **more: Any) -> str:
        """Put a customer on a plan; returns the subscription's external id."""
        said = {
            "external_customer_id": customer, "plan_code": plan,
            "external_id": self.word("subscription"), **more,
        }  # fmt: skip
        self.ask("SubscriptionService.Create", subscription=said)
        return str(said["external_id"])

    def uses(self, subscription: str, metric: dict[str, Any], size: str, **more: Any) -> None:
        """Use some gigabytes."""
        said = {
            "transaction_id": self.word("use"), "code": metric["code"],
            "external_subscription_id": subscription, "properties": {"size": size}, **more,
        }  # fmt: skip
        self.ask("EventService.Create", event=said)

    def turns_to(self, instant: str) -> None:
        """Let time pass, and all that falls due on the way happen."""
        self.ask("TestClockService.Advance", test_clock={"to": instant})

    # -- what can be seen

    def invoices(self, **query: Any) -> list[dict[str, Any]]:
        """List the invoices, newest first."""
        found: list[dict[str, Any]] = self.ask("InvoiceService.List", **query)["invoices"]
        return found

    def last_invoice(self, **query: Any) -> dict[str, Any]:
        """The newest invoice, with all it is made of."""
        id = self.invoices(per_page=1, **query)[0]["id"]
        found: dict[str, Any] = self.ask("InvoiceService.Get", id=id)["invoice"]
        return found

    def holdings(self) -> dict[str, int]:
        """How many there are of everything that an organization has."""
        found = {}
        for name in LISTS:
            answer = self.rest("GET", f"/{name}{'&' if '?' in name else '?'}per_page=1").json()
            found[name] = answer["meta"]["total_count"]
        return found

    # -- how it is said

    def word(self, kind: str) -> str:
        """A code that nothing else has."""
        return f"{kind}-{next(self._words)}"

    def beside(self, server: Server) -> "World":
        """The same organization, at another process."""
        other = copy(self)
        other.server = server
        return other

    def ask(self, key: str, door: Door | None = None, **said: Any) -> Any:
        """Ask for an operation at a door, `self.door` unless said; it must be granted."""
        if (door or self.door) == "gRPC":
            return self.server.stub.call(API[key], [said], self.key)[0]
        method, path, rest = as_rest(key, said)
        answer = self.rest(method, path, rest)
        assert answer.status_code == 200, f"{method} {path}: {answer.text}"
        return answer.json()

    def both(self, key: str, **said: Any) -> Any:
        """Ask both doors the same, see that they say the same, and return what REST said."""
        here, there = (self.ask(key, door, **said) for door in OTHER)
        assert bare(here) == bare(there), key
        return here

    def refusal(self, key: str, door: Door, **said: Any) -> tuple[str, str]:
        """Ask for an operation at a door that must refuse it: the status and the code."""
        if door == "gRPC":
            try:
                answer = self.server.stub.call(API[key], [said], self.key)
            except Failed as failed:
                return failed.status, failed.reason.lower()
            raise AssertionError(f"{key} was granted: {answer}")
        method, path, rest = as_rest(key, said)
        answer = self.rest(method, path, rest)
        assert answer.status_code != 200, f"{method} {path} was granted: {answer.text}"
        return str(answer.status_code), answer.json().get("code", "")

    def rest(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """Ask over REST. What is to be sent as it is comes as `content`."""
        said = {} if body is None else {"json": body}
        headers = {"authorization": f"Bearer {self.key}", **more.pop("headers", {})}
        return self.server.http.request(method, f"/v1{path}", headers=headers, **said, **more)


def as_rest(key: str, said: dict[str, Any]) -> tuple[str, str, Any]:
    """Say a request as REST does: method, path with query, body."""
    (route, *_), rest = API[key].routes, dict(said)
    path = route.path.removeprefix("/v1")
    for name in route.params:
        path = path.replace(f"{{{name}}}", quote(str(rest.pop(name)), safe=""))
    if API[key].has_body(route):
        return route.method, path, rest
    query = [
        (f"{name}[]" if isinstance(value, list) else name, each)
        for name, value in rest.items()
        for each in (value if isinstance(value, list) else [value])
    ]
    return route.method, f"{path}?{httpx.QueryParams(query)}", None


def told(channel: grpc.Channel, op: Operation, sent: bytes, key: str) -> str:
    """The status that a call with bytes of one's own ends with."""
    call = channel.unary_unary(
        f"/{PACKAGE}.{op.service}/{op.name}", lambda sent: sent, lambda found: found
    )
    try:
        call(sent, metadata=(("authorization", f"Bearer {key}"),), timeout=30)
    except grpc.RpcError as failed:
        return str(failed.code().name)  # type: ignore[attr-defined]
    return "OK"

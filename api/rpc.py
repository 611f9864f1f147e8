"""Declare an operation once: a row that names a verb and the route that reaches it.

    class TaxService(Service):
        \"\"\"Rates, and what they apply to.\"\"\"

        create = rpc("POST /taxes", taxes.create)
        get = rpc("GET /taxes/{code}", taxes.find)
        list_ = rpc("GET /taxes", taxes.browse)

The verb's parameters after `work` are the request: the JSON body, path and query in REST, and the
message `TaxServiceCreateRequest` in gRPC. Its result, under its root key, is the answer of both,
and its docstring the reference of both.
"""

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from api import binding
from api.words import pascal, snake
from metering.measures.refusals import Refusal

PREFIX = "/v1"
"""The base path of our own dialect."""

Asks = Literal["api_key", "customer", "admin", "nobody"]
"""Whose credentials an operation asks for."""


class Caller(Struct, frozen=True, kw_only=True):
    """Who calls, and through which door."""

    door: Literal["rest", "grpc"]
    method: str
    """The HTTP method, or `POST` for gRPC."""
    path: str
    """The path as it was asked for, still percent-encoded; of gRPC, `/package.Service/Method`."""
    headers: Mapping[str, str]
    """HTTP headers or gRPC metadata, their names in lower case."""
    peer: str
    request_id: str
    answer_headers: dict[str, str] = {}
    """Headers or trailing metadata that the answer carries; `perform` adds to them."""


class Route(Struct, frozen=True):
    """One HTTP method and path that reach an operation."""

    method: str
    path: str

    @property
    def params(self) -> tuple[str, ...]:
        """The names in the path."""
        return tuple(re.findall(r"{(\w+)}", self.path))


class Operation(Struct, frozen=True, eq=False, kw_only=True):
    """One rpc: what both doors, the documents and the .proto files are made from."""

    service: str
    name: str
    doc: str
    module: str
    routes: tuple[Route, ...]
    """The routes that REST serves it at; none where `same_as` serves them."""
    request: type[Struct]
    response: type[Struct]
    streams_in: bool
    """Whether `call` takes an iterator of requests."""
    streams_out: bool
    """Whether `call` returns an iterator of responses."""
    item: str
    """The field of a streamed request that holds the item; `data` of an upload."""
    takes_upload: bool
    reads: bool
    """Whether it changes nothing: its route is a GET."""
    resource: str
    permission: str
    """What an API key must be allowed: `tax:read`, `tax:write`."""
    asks: Asks
    same_as: str
    """The key of the operation that serves this one's routes, if they are shared."""
    deprecated: bool
    call: Callable[[Any, Any], Any]
    """`call(work, request) -> response`: the verb, its request taken apart and its result put in.

    Where it streams in, `request` is an iterator of requests, the first of which also carries what
    is not streamed. Where it streams out, the result is an iterator of responses.
    """

    @property
    def key(self) -> str:
        """`TaxService.Create`."""
        return f"{self.service}.{self.name}"

    @property
    def summary(self) -> str:
        """The first line of the doc."""
        return self.doc.partition("\n")[0].rstrip(".")

    @property
    def sends_file(self) -> bool:
        """Whether the answer is a file: in REST, the body itself."""
        return self.response.__struct_fields__ == ("file",)

    def refusing(self, refusal: Refusal) -> "Operation":
        """Return the same operation with a `call` that refuses."""

        def call(work: Any, request: Any) -> Any:
            raise refusal

        return replace(self, call=call)

    def has_body(self, route: Route) -> bool:
        """Whether the JSON body is read: also where a DELETE takes a struct."""
        if route.method == "DELETE":
            return binding.takes_struct(self.request, route.params)
        return route.method != "GET"


Perform = Callable[[Operation, Caller, Any, bytes], Any]
"""`perform(op, caller, request, body_hash) -> response`: one call and all that stands around it.

Sync, run by the doors on a thread. It calls `op.call` with the work it begins. `body_hash` is empty
unless the caller sent an idempotency key; it is the same through both doors.

A request that cannot be read is performed too, by an operation whose `call` refuses it, its request
being None: who may not ask is told that and nothing else.
"""


class Row(Struct, frozen=True, kw_only=True):
    """A row of a service, as `rpc` made it."""

    routes: tuple[str, ...]
    verb: Callable[..., Any]
    root: str | None
    resource: str | None
    permission: str | None
    asks: Asks
    same_as: str | None
    deprecated: bool


def rpc(
    *said: str | Callable[..., Any],
    root: str | None = None,
    resource: str | None = None,
    permission: str | None = None,
    asks: Asks = "api_key",
    same_as: str | None = None,
    deprecated: bool = False,
) -> Row:
    """Name the routes of an operation, then its verb.

    `root` overrides the answer's root key, `resource` and `permission` (`read`, `write`, or all of
    `tax:read`) what a key must be allowed, and `same_as` names the row that serves a shared route.
    """
    *routes, verb = said
    assert callable(verb), said
    assert all(isinstance(route, str) for route in routes), said
    return Row(
        routes=tuple(str(route) for route in routes), verb=verb, root=root, resource=resource,
        permission=permission, asks=asks, same_as=same_as, deprecated=deprecated,
    )  # fmt: skip


class Service:
    """A gRPC service, and one tag of the REST API; its docstring describes both."""

    @classmethod
    def rows(cls) -> Iterator[tuple[str, Row]]:
        """The rows, by the names they were given."""
        return ((name, row) for name, row in vars(cls).items() if isinstance(row, Row))


class Api:
    """All operations, ready to be served."""

    def __init__(self, services: Iterable[type[Service]]) -> None:
        self.services = {service.__name__: service for service in services}
        declared = {
            f"{owner}.{_name(name)}": tuple(map(_route, row.routes))
            for owner, service in self.services.items()
            for name, row in service.rows()
        }
        self.operations = [
            _operation(service, name, row, declared)
            for service in self.services.values()
            for name, row in service.rows()
        ]
        self._by_key = {op.key: op for op in self.operations}
        self._check()

    def __iter__(self) -> Iterator[Operation]:
        return iter(self.operations)

    def __getitem__(self, key: str) -> Operation:
        return self._by_key[key]

    def _check(self) -> None:
        """No two rows may serve one route, whatever they call its parameters."""
        seen: dict[tuple[str, str], str] = {}
        for op in self.operations:
            assert not op.same_as or op.same_as in self._by_key, f"{op.key}: no {op.same_as}"
            for route in op.routes:
                at = route.method, re.sub(r"{\w+}", "{}", route.path)
                if (other := seen.setdefault(at, op.key)) != op.key:
                    raise TypeError(
                        f"{other} and {op.key} share {route.method} {route.path}: "
                        "say same_as= at the row that does not serve it"
                    )


def _route(text: str) -> Route:
    method, path = text.split()
    assert method in ("GET", "POST", "PUT", "PATCH", "DELETE"), text
    assert path.startswith("/"), text
    return Route(method, PREFIX + path)


def _name(attribute: str) -> str:
    """`list_` is List: an attribute called `list` would hide the builtin."""
    return pascal(attribute.rstrip("_"))


def _operation(
    service: type[Service], attribute: str, row: Row, declared: Mapping[str, tuple[Route, ...]]
) -> Operation:
    owner, name = service.__name__, _name(attribute)
    key = f"{owner}.{name}"
    doc = inspect.getdoc(row.verb)
    assert doc, f"{key}: the verb has no docstring, which is what both references are made of"
    bound = binding.bind(f"{owner}{name}", row.verb, service.__module__, row.root)
    for route in declared[key]:
        unheard = set(route.params) - set(bound.request.__struct_fields__)
        assert not unheard, f"{key}: no parameter of the verb is called {', '.join(unheard)}"
    same_as = row.same_as or ""
    if same_as and "." not in same_as:
        same_as = f"{owner}.{_name(same_as)}"
    routes = declared[key]
    reads = bool(routes) and routes[0].method == "GET"
    resource = row.resource or snake(owner.removesuffix("Service"))
    permission = row.permission or ("read" if reads else "write")
    return Operation(
        service=owner,
        name=name,
        doc=doc,
        module=service.__module__,
        routes=tuple(route for route in routes if route not in declared.get(same_as, ())),
        request=bound.request,
        response=bound.response,
        streams_in=bound.streams_in,
        streams_out=bound.streams_out,
        item=bound.item,
        takes_upload=bound.takes_upload,
        reads=reads,
        resource=resource,
        permission=permission if ":" in permission else f"{resource}:{permission}",
        asks=row.asks,
        same_as=same_as,
        deprecated=row.deprecated,
        call=bound.call,
    )

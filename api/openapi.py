"""OpenAPI 3.1 of an Api: msgspec's schemas, and the docs the source has under each field."""

import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct
from msgspec import inspect as mi

from api.binding import members
from api.docs import class_doc, field_docs
from api.examples import example
from api.proto.shapes import structs
from api.rpc import Api, Operation, Route
from api.words import noun
from metering.measures.forms import Millis, Number

REF = "#/components/schemas/{name}"

TITLE, VERSION = "Invora Billing API", "1"

ABOUT = """\
Usage metering and billing. Every operation here is also a gRPC method of `invora.billing.v1`.

Requests and answers are JSON objects under a root key. Decimals are text, rates are numbers,
amounts in cents are whole numbers of the currency's minor unit, instants are UTC. Lists are newest
first; follow `meta.next_page`, or `meta.next_cursor` through long ones. Every answer has an
`X-Request-Id`."""

REFUSALS: dict[str, tuple[str, str]] = {
    "400": ("BadRequest", "It cannot be read, or its root key is missing."),
    "401": ("Unauthorized", "Nobody we know is asking."),
    "403": ("Forbidden", "This caller may not."),
    "404": ("NotFound", "The thing named is not there."),
    "405": ("MethodNotAllowed", "The state forbids it now."),
    "422": ("UnprocessableEntity", "Fields are wrong; `error_details` names all of them."),
    "429": ("TooManyRequests", "Too much at once: ask again after `Retry-After` seconds."),
}

REFUSED = {code: {"$ref": f"#/components/responses/{name}"} for code, (name, _) in REFUSALS.items()}

SCHEMES: dict[str, dict[str, Any]] = {
    "api_key": {"type": "http", "scheme": "bearer", "description": "A key of the organization."},
    "admin": {"type": "http", "scheme": "bearer", "description": "The key of the operator."},
    "customer": {
        "type": "apiKey", "in": "header", "name": "customer-portal-token",
        "description": "A token of one customer.",
    },
}  # fmt: skip

IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "maxLength": 255},
    "description": "The same key with the same request is answered once, for a day.",
}


class ErrorBody(Struct, kw_only=True):
    """What a refused request is answered with."""

    status: int
    """The HTTP status."""
    error: str
    """Its name; of a bad request, what to send."""
    code: str | None = None
    """For machines; once published it never changes."""
    error_details: dict[str, Any] = {}
    """Codes by field, or by the position of an item and then by field."""
    message: str = ""
    """For a person: what the codes cannot say, as the place of an error in a text."""


def document(api: Api) -> dict[str, Any]:
    """Return the document."""
    schemas = Schemas(api)
    paths: dict[str, dict[str, Any]] = {}
    for op in api:
        for position, route in enumerate(op.routes):
            said = _operation(op, route, schemas, position)
            paths.setdefault(route.path, {})[route.method.lower()] = said
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": VERSION, "description": ABOUT},
        "servers": [{"url": "/"}],
        "tags": [
            {"name": name, "description": class_doc(service)}
            for name, service in api.services.items()
        ],
        "paths": paths,
        "components": {
            "schemas": schemas.shown(),
            "responses": dict(_refusals()),
            "parameters": {"IdempotencyKey": IDEMPOTENCY_KEY},
            "securitySchemes": SCHEMES,
        },
        "security": [{"api_key": []}],
    }


VIEW = re.compile(rf'((?:{re.escape(REF.format(name=""))}|"title":")\w+?)View(?=")')
"""The name of a type that is a view, where a reference or a title says it."""


class Schemas:
    """JSON Schemas of every type of an Api, by name."""

    def __init__(self, api: Api) -> None:
        self._requests = {op.request.__name__ for op in api}
        tops = {kind for op in api for kind in (op.request, op.response)} | {ErrorBody}
        ordered = sorted(tops, key=lambda kind: kind.__name__)
        found, self.by_name = msgspec.json.schema_components(
            ordered, ref_template=REF, schema_hook=_custom
        )
        self.refs = dict(zip(ordered, found, strict=True))
        known = {kind.__name__: kind for kind in _subclasses(Struct)}
        asked = set(structs(list(mi.multi_type_info([op.request for op in api]))))
        for name, schema in self.by_name.items():
            _tidy(schema)
            if name in known:
                _tell(schema, known[name], is_asked=known[name] in asked)
        self.refs, self.by_name = _shortened(self.refs), _shortened(self.by_name)
        self.by_name = {name.removesuffix("View"): each for name, each in self.by_name.items()}

    def of(self, kind: type[Struct]) -> dict[str, Any]:
        """Return the schema of a request or response itself."""
        found: dict[str, Any] = self.by_name[noun(kind)]
        return found

    def shown(self) -> dict[str, Any]:
        """Return what the document names: requests are written out where they are asked."""
        names = sorted(set(self.by_name) - self._requests)
        return {name: self.by_name[name] for name in names}


def _shortened(schemas: dict[Any, Any]) -> dict[Any, Any]:
    """Let every reference name what a view shows: an `InvoiceView` is an `Invoice`."""
    text = msgspec.json.encode(list(schemas.values())).decode()
    return dict(zip(schemas, msgspec.json.decode(VIEW.sub(r"\1", text)), strict=True))


def _subclasses(kind: type[Struct]) -> Iterable[type[Struct]]:
    for found in kind.__subclasses__():
        yield found
        yield from _subclasses(found)


def _tidy(schema: dict[str, Any]) -> None:
    if "enum" in schema:
        schema.setdefault("type", "string")
    for property_ in schema.get("properties", {}).values():
        match property_.get("anyOf"):
            case [{"type": str(kind)} as one, {"type": "null"}]:  # said shorter
                del property_["anyOf"]
                property_.update({**one, "type": [kind, "null"]})


def _custom(kind: type[Any]) -> dict[str, Any]:
    """Return the schema of a type that msgspec does not know."""
    if kind is Number:
        return {"type": "number"}
    return {"type": "string"} if kind is Millis else {"description": "Any JSON."}


def _tell(schema: dict[str, Any], kind: type[Struct], *, is_asked: bool) -> None:
    """Add what msgspec leaves out.

    It is what the source says of a field, that it is an instant, and that a decimal which is asked
    for is read from a number as well as from its text.
    """
    docs, properties = field_docs(kind), schema.get("properties", {})
    for field in msgspec.structs.fields(kind):
        if (property_ := properties.get(field.encode_name)) is None:
            continue
        if field.name in docs:
            property_.setdefault("description", docs[field.name])
        if members(field.type) in ([datetime], [Millis]):
            property_["format"] = "date-time"
        if is_asked and members(field.type) == [Decimal]:
            said = property_["type"]
            property_["type"] = ["number", *([said] if isinstance(said, str) else said)]


def _operation(op: Operation, route: Route, schemas: Schemas, position: int) -> dict[str, Any]:
    schema = schemas.of(op.request)
    properties, required = schema.get("properties", {}), schema.get("required", [])
    rest = {name: said for name, said in properties.items() if name not in route.params}
    said: dict[str, Any] = {
        "tags": [op.service],
        "operationId": op.key.replace(".", "_") + (f"_{position + 1}" if position else ""),
        "summary": op.summary,
        "description": op.doc,
        "parameters": [
            {"name": name, "in": "path", "required": True, **_described(properties[name])}
            for name in route.params
        ],
        "responses": {"200": _answer(op, schemas)}
        | {
            code: {"$ref": f"#/components/responses/{name}"} for code, (name, _) in REFUSALS.items()
        },
        "x-grpc-method": f"invora.billing.v1.{op.service}/{op.name}",
        "x-permission": op.permission,
    }
    if op.asks != "api_key":
        said["security"] = [] if op.asks == "nobody" else [{op.asks: []}]
    if op.deprecated:
        said["deprecated"] = True
    if not op.reads and not op.streams_in:
        said["parameters"].append({"$ref": "#/components/parameters/IdempotencyKey"})
    if op.streams_in:
        said["requestBody"] = _stream(op, rest)
        rest = {name: one for name, one in rest.items() if name not in _streamed(op)}
        said["parameters"] += [parameter(name, one, required) for name, one in rest.items()]
    elif not op.has_body(route):
        said["parameters"] += [parameter(name, one, required) for name, one in rest.items()]
    elif rest:
        said["requestBody"] = _body(op, route, rest, required)
    return said


def _described(said: dict[str, Any]) -> dict[str, Any]:
    schema = {name: value for name, value in said.items() if name != "description"}
    described = {"description": said["description"]} if "description" in said else {}
    return {"schema": schema, **described}


def parameter(name: str, said: dict[str, Any], required: list[str]) -> dict[str, Any]:
    """Return a parameter of the query: `x`, `x[]` or `x[key]`."""
    found = {"name": name, "in": "query", "required": name in required, **_described(said)}
    schema = found["schema"]
    if schema.get("default", 0) in (None, [], {}):
        del schema["default"]
    kinds = schema.get("type", "")
    if "array" in kinds:
        found |= {"name": f"{name}[]", "explode": True, "style": "form"}
    elif "object" in kinds:
        found |= {"explode": True, "style": "deepObject"}
    return found


def _body(op: Operation, route: Route, rest: dict[str, Any], required: list[str]) -> dict[str, Any]:
    needed = [name for name in required if name in rest]
    schema = {"type": "object", "properties": rest, "required": needed}
    shown = example(op.request, besides=route.params, mandatory=True)
    return {
        "required": bool(needed),
        "content": {"application/json": {"schema": schema, "example": shown}},
    }


def _streamed(op: Operation) -> tuple[str, ...]:
    return ("content_type", "content_encoding", "data") if op.takes_upload else (op.item,)


def _stream(op: Operation, rest: dict[str, Any]) -> dict[str, Any]:
    if op.takes_upload:
        return {"required": True, "content": {"*/*": {}}}
    return {"required": True, "content": {"application/x-ndjson": {"schema": rest[op.item]}}}


def _answer(op: Operation, schemas: Schemas) -> dict[str, Any]:
    if op.sends_file:
        return {"description": op.summary, "content": {"application/octet-stream": {}}}
    if not op.response.__struct_fields__:
        return {"description": op.summary}
    media = "application/x-ndjson" if op.streams_out else "application/json"
    content = {"schema": schemas.refs[op.response]}
    return {"description": op.summary, "content": {media: content}}


def _refusals() -> Iterable[tuple[str, dict[str, Any]]]:
    body = {"application/json": {"schema": {"$ref": REF.format(name=ErrorBody.__name__)}}}
    for name, about in REFUSALS.values():
        yield name, {"description": about, "content": body}

"""The reference of the API as one page, made on the server, that loads nothing from anywhere."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from api.docs import class_doc
from api.examples import example
from api.markup import Html, html, tag
from api.openapi import ABOUT, TITLE, Schemas, document, parameter
from api.proto.files import PACKAGE
from api.rpc import Api, Operation, Route

STYLE = Path(__file__).with_name("reference.css")
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""The page needs no script, no picture and no other host, and so may have none."""

ASKS = {
    "api_key": "an API key",
    "customer": "the token of a customer",
    "admin": "the key of the operator",
    "nobody": "nothing",
}
HEADERS = {
    "api_key": "Authorization: Bearer $INVORA_API_KEY",
    "customer": "customer-portal-token: $CUSTOMER_TOKEN",
    "admin": "Authorization: Bearer $INVORA_ADMIN_KEY",
}


def handlers(api: Api) -> list[HTTPRouteHandler]:
    """Return the handlers of `/openapi.json` and `/docs`, each made when it is first asked for."""

    @cache
    def openapi() -> bytes:
        return msgspec.json.encode(document(api))

    @cache
    def docs() -> bytes:
        return page(api).encode()

    @get("/openapi.json", sync_to_thread=True)
    def get_openapi() -> Response[bytes]:
        """The API as OpenAPI 3.1."""
        return Response(openapi(), media_type="application/json")

    @get("/docs", sync_to_thread=True)
    def get_docs() -> Response[bytes]:
        """The API as a page."""
        headers = {"content-security-policy": POLICY}
        return Response(docs(), media_type="text/html", headers=headers)

    return [get_openapi, get_docs]


def page(api: Api) -> str:
    """Return the page."""
    schemas = Schemas(api)
    services = [
        (name, class_doc(service), [op for op in api if op.service == name])
        for name, service in api.services.items()
    ]
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", TITLE),
        tag("style", Html(STYLE.read_text())),
    )
    main = tag(
        "main",
        tag("h1", TITLE),
        _prose(ABOUT),
        tag("p", "For machines: ", tag("a", "openapi.json", href="/openapi.json"), "."),
        [_service(name, doc, ops, schemas) for name, doc, ops in services],
        tag("h2", "Types", id="types"),
        [_type(name, schema) for name, schema in schemas.shown().items() if not _is_top(name, api)],
    )
    body = tag("body", _navigation(services), main)
    return "<!doctype html>" + tag("html", head, body, lang="en")


def _is_top(name: str, api: Api) -> bool:
    """Whether a type is the answer of one operation, which is shown there."""
    service, found, _ = name.partition("Service")
    return bool(found) and f"{service}Service" in api.services


def _navigation(services: list[tuple[str, str, list[Operation]]]) -> Html:
    return tag(
        "nav",
        tag("a", TITLE, href="#"),
        [
            tag("details", tag("summary", name.removesuffix("Service")), tag("ul", [
                tag("li", tag("a", op.name, href=f"#{op.key}")) for op in ops
            ]), open="")
            for name, _, ops in services
        ],
        tag("p", tag("a", "Types", href="#types")),
    )  # fmt: skip


def _service(name: str, doc: str, ops: list[Operation], schemas: Schemas) -> Html:
    return html(tag("h2", name, id=name), _prose(doc), [_operation(op, schemas) for op in ops])


def _operation(op: Operation, schemas: Schemas) -> Html:
    route = op.routes[0] if op.routes else None
    needs = f"Asks for {ASKS[op.asks]}"
    needs += f" with {op.permission}." if op.asks == "api_key" else "."
    said = [
        _prose(op.doc),
        tag("p", needs, class_="soft"),
        tag("p", "Over HTTP, this is ", tag("a", op.same_as, href=f"#{op.same_as}"), ".")
        if op.same_as
        else None,
        _parameters(op, route, schemas),
        tag("h4", "Answer"),
        _answer(op, schemas),
    ]
    shown = [
        [tag("h4", "curl"), tag("pre", _curl(op, route))] if route else None,
        tag("h4", "gRPC"),
        tag("pre", f"{PACKAGE}.{op.service}/{op.name}"),
        _shown_answer(op),
    ]
    return tag(
        "article",
        tag(
            "header",
            tag("h3", op.name, class_="gone" if op.deprecated else None),
            [_route(one) for one in op.routes],
        ),
        tag("div", tag("div", said), tag("div", shown), class_="sides"),
        id=op.key,
    )


def _route(route: Route) -> Html:
    method = tag("span", route.method, class_=f"method {route.method}")
    return html(method, " ", tag("code", route.path))


def _prose(text: str) -> Html:
    """Paragraphs, with `code` in them."""
    parts = [
        [tag("code", word) if odd % 2 else word for odd, word in enumerate(part.split("`"))]
        for part in re.split(r"\n\s*\n", text.strip())
    ]
    return html([tag("p", part) for part in parts])


# -- what is asked and answered


def _parameters(op: Operation, route: Route | None, schemas: Schemas) -> Html:
    """Everything a request has, by where it stands: in the path, in the query, in the body."""
    schema = schemas.of(op.request)
    places: dict[str, list[Html]] = {"Path": [], "Query": [], "Body": []}
    required = schema.get("required", [])
    for name, said in schema.get("properties", {}).items():
        needed = name in required
        if route is not None and name in route.params:
            places["Path"].append(_field(name, said, is_needed=True))
        elif route is None or (op.has_body(route) and not op.takes_upload):
            places["Body"].append(_field(name, said, is_needed=needed))
            places["Body"] += _inside(said, schemas)
        elif name not in ("content_type", "content_encoding", "data"):
            label = parameter(name, said, required)["name"]
            places["Query"].append(_field(label, said, is_needed=needed))
    if op.takes_upload:
        places["Body"].append(_row("the bytes", "of any size, by their Content-Type", ""))
    return html([
        [tag("h4", place), tag("table", rows)] for place, rows in places.items() if rows
    ])  # fmt: skip


def _field(name: str, said: dict[str, Any], *, is_needed: bool, class_: str | None = None) -> Html:
    kind = html(_kind(said), None if is_needed else tag("span", ", optional", class_="soft"))
    return _row(name, kind, said.get("description", ""), class_)


def _inside(said: dict[str, Any], schemas: Schemas) -> list[Html]:
    """The fields of a root key, below it."""
    inner = schemas.by_name.get(said.get("$ref", "").rpartition("/")[2], {})
    required = inner.get("required", [])
    return [
        _field(name, field, is_needed=name in required, class_="inner")
        for name, field in inner.get("properties", {}).items()
    ]


def _row(name: str, kind: Any, about: str, class_: str | None = None) -> Html:
    cell = tag("td", tag("code", name), tag("small", kind))
    return tag("tr", cell, tag("td", _prose(about)), class_=class_)


def _kind(said: dict[str, Any]) -> Html:
    """A schema in words, with a link to each type it names."""
    if reference := said.get("$ref"):
        name = reference.rpartition("/")[2]
        return tag("a", name, href=f"#type-{name}")
    for choice in ("anyOf", "oneOf"):
        if choice in said:
            kinds = [_kind(one) for one in said[choice]]
            return html([[" or " if position else "", kind] for position, kind in enumerate(kinds)])
    if "enum" in said:
        return html(" | ".join(map(str, said["enum"])))
    kinds = said.get("type", "anything")
    kind = " or ".join(kinds) if isinstance(kinds, list) else kinds
    if "array" in kind:
        return html("list of ", _kind(said.get("items", {})))
    if "object" in kind and isinstance(said.get("additionalProperties"), dict):
        return html("object of ", _kind(said["additionalProperties"]))
    return html(said.get("format", kind) if kind == "string" else kind)


def _answer(op: Operation, schemas: Schemas) -> Html:
    if op.sends_file:
        return tag("p", "The file itself.")
    properties = schemas.of(op.response).get("properties", {})
    if not properties:
        return tag("p", "Nothing.")
    required = schemas.of(op.response).get("required", [])
    lines = tag("p", "One such object per line, as NDJSON.") if op.streams_out else None
    rows = [_field(name, said, is_needed=name in required) for name, said in properties.items()]
    return html(lines, tag("table", rows))


def _type(name: str, schema: dict[str, Any]) -> Html:
    required = schema.get("required", [])
    rows = [
        _field(field, said, is_needed=field in required)
        for field, said in schema.get("properties", {}).items()
    ]
    kinds = tag("p", _kind(schema)) if not rows else tag("table", rows)
    return tag(
        "article", tag("h3", name), _prose(schema.get("description", "")), kinds, id=f"type-{name}"
    )


# -- examples


def _curl(op: Operation, route: Route) -> str:
    asked = example(op.request)
    path = route.path
    for name in route.params:
        path = path.replace(f"{{{name}}}", str(asked[name]))
    lines = [f"curl -X {route.method} $INVORA_URL{path}"]
    if op.asks in HEADERS:
        lines.append(f'-H "{HEADERS[op.asks]}"')
    if op.takes_upload:
        lines += ['-H "Content-Type: application/octet-stream"', "--data-binary @file"]
    elif op.streams_in:
        lines += ['-H "Content-Type: application/x-ndjson"', "--data-binary @items.ndjson"]
    elif op.has_body(route):
        said = example(op.request, besides=route.params, mandatory=True)
        if said:
            body = json.dumps(said, indent=2, ensure_ascii=False).replace("'", "'\\''")
            lines += ['-H "Content-Type: application/json"', f"-d '{body}'"]
    return " \\\n  ".join(lines)


def _shown_answer(op: Operation) -> Html | None:
    if op.sends_file or not op.response.__struct_fields__:
        return None
    said = json.dumps(example(op.response), indent=2, ensure_ascii=False)
    return html(tag("h4", "Answer"), tag("pre", said))

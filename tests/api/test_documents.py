"""The documents: OpenAPI as generators read it, and the page as people do."""

from html.parser import HTMLParser
from typing import Any

import pytest

from api.examples import example
from api.markup import VOID, Html, html, tag
from api.openapi import document
from api.reading import Reader, encode
from api.reference import page
from api.rpc import Api
from api.services import SERVICES
from metering.measures.refusals import Invalid
from tests.api.conftest import API


@pytest.fixture(scope="module")
def said() -> dict[str, Any]:
    """The document of all services."""
    return document(Api(SERVICES))


def walk(part):
    """Every object within a JSON value."""
    if isinstance(part, dict):
        yield part
        for inside in part.values():
            yield from walk(inside)
    elif isinstance(part, list):
        for inside in part:
            yield from walk(inside)


def test_every_route_is_documented_once(said):
    """By its path and method, with an id of its own and a summary."""
    routes = {(route.path, route.method.lower()) for op in Api(SERVICES) for route in op.routes}
    ops = [op for methods in said["paths"].values() for op in methods.values()]

    assert routes == {(path, one) for path, methods in said["paths"].items() for one in methods}
    assert len({op["operationId"] for op in ops}) == len(ops)
    assert all(op["summary"] and op["tags"] for op in ops)


def test_every_reference_leads_somewhere(said):
    """Schemas, responses and parameters."""
    found = 0
    for part in walk(said):
        if "$ref" in part:
            target: Any = said
            for name in part["$ref"].removeprefix("#/").split("/"):
                target = target[name]
            found += 1
        for name in part.get("discriminator", {}).get("mapping", {}).values():
            assert name.rpartition("/")[2] in said["components"]["schemas"]
    assert found > 100


def test_every_name_in_a_path_is_a_parameter(said):
    """And every parameter in the path is a name in it."""
    for path, methods in said["paths"].items():
        for op in methods.values():
            named = {one["name"] for one in op["parameters"] if one.get("in") == "path"}
            assert named == {part[1:-1] for part in path.split("/") if part.startswith("{")}


def test_the_document_says_what_a_request_is():
    """Of the toys: what is mandatory, the docs of fields, arrays and objects in the query."""
    said = document(API)
    create, browse = said["paths"]["/v1/toys"]["post"], said["paths"]["/v1/toys"]["get"]
    toy = said["components"]["schemas"]["ToyInput"]

    body = create["requestBody"]["content"]["application/json"]
    assert body["schema"]["required"] == ["toy"]
    assert (toy["required"], toy["properties"]["name"]["description"]) == (
        ["name", "price"], "As it is called.",
    )  # fmt: skip
    assert toy["properties"]["sold_at"] == {
        "type": ["string", "null"], "format": "date-time", "default": None,
    }  # fmt: skip
    named = {one["name"]: one for one in browse["parameters"]}
    assert (named["colours[]"]["style"], named["labels"]["style"]) == ("form", "deepObject")
    assert said["paths"]["/v1/shapes"]["post"]["requestBody"]["content"]["application/json"][
        "schema"]["properties"]["shape"]["discriminator"]["propertyName"] == "kind"  # fmt: skip
    assert said["paths"]["/v1/silence"]["post"]["security"] == []
    assert said["paths"]["/v1/toys"]["put"]["deprecated"]
    assert (
        "application/x-ndjson"
        in said["paths"]["/v1/parts/stream"]["post"]["requestBody"]["content"]
    )
    assert {one["name"] for one in said["paths"]["/v1/bins/{bin}"]["post"]["parameters"]} == {
        "bin", "verdicts",
    }  # fmt: skip


def test_the_examples_are_requests():
    """What the page tells people to send can be read; toys even take it."""
    for op in API:
        reader = Reader(op.request)
        for mandatory in (True, False):
            said = example(op.request, mandatory=mandatory)
            if not op.takes_upload:
                reader.read(encode(said))


def test_the_examples_of_all_services_are_of_the_right_types():
    """What is refused is refused for what it says, and not because it is missing."""
    for op in Api(SERVICES):
        assert "value_is_mandatory" not in _refused(op.request), op.key


def _refused(request):
    try:
        Reader(request).read(encode(example(request)))
    except Invalid as refused:
        return str(refused)
    return ""


class Page(HTMLParser):
    """Checks that elements end where they must, and collects ids, links and what is loaded."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            assert not name.startswith("on"), "a page without scripts"
            assert name not in ("src", "style"), (name, value)
            if name == "id":
                self.ids.append(value)
            if name == "href":
                self.links.append(value)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_whole_and_loads_nothing():
    """Every element ends, every link leads to a place on the page, and no other host is named."""
    api = Api(SERVICES)
    found = Page()
    found.feed(page(api))

    assert not found.open
    assert found.tags.isdisjoint({"script", "link", "img", "iframe", "form"})
    assert len(set(found.ids)) == len(found.ids)
    assert {link for link in found.links if link[0] != "#"} == {"/openapi.json"}
    assert {link[1:] for link in found.links if link[0] == "#"} - {""} <= set(found.ids)
    assert {op.key for op in api} <= set(found.ids)
    assert "@import" not in page(api)
    assert "url(" not in page(api)


def test_both_documents_are_served(toys):
    """With the types of their contents; the page may load nothing."""
    machine, people = toys.http.get("/openapi.json"), toys.http.get("/docs")

    assert machine.headers["content-type"] == "application/json"
    assert machine.json()["openapi"] == "3.1.0"
    assert people.headers["content-type"] == "text/html; charset=utf-8"
    assert people.headers["content-security-policy"].startswith("default-src 'none'")
    assert "ToyService" in people.text


def test_text_is_escaped_and_markup_is_not():
    """Also in attributes; nothing is nothing."""
    said = tag("a", "1 < 2 & ", Html("<b>3</b>"), [None, 4], href='"x"', class_=None)

    assert said == '<a href="&quot;x&quot;">1 &lt; 2 &amp; <b>3</b>4</a>'
    assert html(tag("br"), "<") == "<br>&lt;"

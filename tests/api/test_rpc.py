"""Rows, and what is made of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import Struct

import api.services
from api.rpc import Api, Route, Service, rpc
from api.services import SERVICES
from api.words import pascal, plural, snake
from metering.measures.shapes import Page, PageQuery
from tests.api.conftest import API

FOLDER = Path(api.services.__file__).parent


class Pebble(Struct, frozen=True, kw_only=True):
    """A small stone."""

    name: str


def find(work, name: str) -> Pebble:
    """Find a pebble."""
    return Pebble(name=name)


def plain(work) -> list[str]:
    """Say names."""
    return ["a"]


def undocumented(work) -> Pebble: ...


def made(**rows):
    """An api of one service with these rows."""
    return Api([type("PebbleService", (Service,), rows)])


def test_a_row_says_only_what_the_verb_does_not():
    """The rpc's name, its route, its messages and its permission."""
    op = made(get_by_name=rpc("GET /pebbles/{name}", find))["PebbleService.GetByName"]

    assert op.routes == (Route("GET", "/v1/pebbles/{name}"),)
    assert (op.request.__name__, op.response.__name__) == (
        "PebbleServiceGetByNameRequest", "PebbleServiceGetByNameResponse",
    )  # fmt: skip
    assert (op.request.__struct_fields__, op.response.__struct_fields__) == (("name",), ("pebble",))
    assert (op.doc, op.summary, op.reads) == ("Find a pebble.", "Find a pebble", True)
    assert (op.resource, op.permission, op.asks) == ("pebble", "pebble:read", "api_key")
    assert op.call(None, op.request(name="x")) == op.response(pebble=Pebble(name="x"))


@pytest.mark.parametrize(
    ("row", "permission"),
    [
        (rpc("GET /x/{name}", find), "pebble:read"),
        (rpc("PUT /x/{name}", find), "pebble:write"),
        (rpc(find), "pebble:write"),
        (rpc("PUT /x/{name}", find, resource="stone"), "stone:write"),
        (rpc("PUT /x/{name}", find, permission="read"), "pebble:read"),
        (rpc("PUT /x/{name}", find, resource="a", permission="b:write"), "b:write"),
    ],
)
def test_a_permission_is_read_for_get_else_write_unless_the_row_says_otherwise(row, permission):
    """The resource is the service's name."""
    assert made(do=row)["PebbleService.Do"].permission == permission


def test_a_list_that_is_an_attribute_hides_no_builtin():
    """`list_` is List."""
    assert [op.name for op in made(list_=rpc("GET /x", plain, root="names"))] == ["List"]


def test_two_rows_may_share_a_route_if_one_says_so():
    """Whatever they call what is in the path."""
    again = rpc("GET /x/{name}", "PUT /x/{name}", find, same_as="get")
    shared = made(get=rpc("GET /x/{name}", find), again=again)["PebbleService.Again"]
    assert (shared.routes, shared.same_as) == ((Route("PUT", "/v1/x/{name}"),), "PebbleService.Get")
    assert shared.reads
    with pytest.raises(TypeError, match="same_as"):
        made(get=rpc("GET /x/{id}", _named("id")), again=rpc("GET /x/{name}", find))
    with pytest.raises(AssertionError):
        made(get=rpc("GET /x/{name}", find, same_as="nobody"))


def _named(name):
    def verb(work, id: str) -> Pebble:
        """Find it."""
        return Pebble(name=id)

    return verb


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (rpc("GET /x", plain), "say root="),
        (rpc("GET /x", undocumented), "docstring"),
    ],
)
def test_a_row_that_cannot_be_served_says_what_is_missing(row, says):
    """Before a server starts."""
    with pytest.raises((TypeError, AssertionError), match=says):
        made(do=row)


def test_a_path_names_parameters_of_the_verb():
    """A name that no parameter has is a slip of the pen."""
    with pytest.raises(AssertionError, match="id"):
        made(get=rpc("GET /x/{id}", find))


def test_every_shape_of_operation_is_told_to_the_doors():
    """Streams, uploads, files, bodies of DELETE."""

    def of(name):
        return API[f"ToyService.{name}"]

    def streams(name):
        return of(name).streams_in, of(name).streams_out, of(name).item

    assert streams("Create") == (False, False, "")
    assert streams("Count") == (False, True, "")
    assert streams("Gather") == (True, False, "part")
    assert streams("Answer") == (True, True, "part")
    assert streams("ThrowIn") == (True, False, "data")
    assert of("ThrowIn").takes_upload
    assert of("Picture").sends_file
    assert of("Throw").has_body(of("Throw").routes[0])
    assert not of("Get").has_body(of("Get").routes[0])
    assert of("CreateAgain").deprecated


def test_a_service_is_a_file_and_a_file_is_a_service():
    """What is in the folder is served, under the name of its class."""
    files = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}

    assert {kind.__module__.rpartition(".")[2] for kind in SERVICES} == files
    assert all(kind.__name__.endswith("Service") and kind.__doc__ for kind in SERVICES)
    assert len({kind.__name__ for kind in SERVICES}) == len(SERVICES)


def test_a_page_and_a_stream_are_bound_by_their_types():
    """`Page[Pebble]` is pebbles and meta; `Iterator[Pebble]` is one pebble at a time."""

    def browse(work, query: PageQuery) -> Page[Pebble]:
        """List pebbles."""
        return Page([Pebble(name="a")], 1, query)

    def stream(work) -> Iterator[Pebble]:
        """Stream pebbles."""
        yield Pebble(name="a")

    api = made(list_=rpc("GET /x", browse), stream=rpc("GET /y", stream))
    listed, streamed = api["PebbleService.List"], api["PebbleService.Stream"]

    page = listed.call(None, listed.request(per_page=1))
    assert ([one.name for one in page.pebbles], page.meta.total_count) == (["a"], 1)
    assert [one.pebble.name for one in streamed.call(None, streamed.request())] == ["a"]


@pytest.mark.parametrize(
    ("name", "snaked", "many"),
    [
        ("Tax", "tax", "taxes"), ("BillingEntity", "billing_entity", "billing_entities"),
        ("AddOn", "add_on", "add_ons"), ("APIKey", "api_key", "api_keys"),
        ("ChargeUsage", "charge_usage", "charge_usages"), ("Day", "day", "days"),
        ("Mrr2Row", "mrr2_row", "mrr2_rows"), ("Batch", "batch", "batches"),
    ],
)  # fmt: skip
def test_names_change_by_rule(name, snaked, many):
    """Class to key, one to many."""
    assert (snake(name), plural(snake(name))) == (snaked, many)


def test_rpcs_are_named_as_classes_are():
    """By words."""
    assert pascal("create_customer_wallet_transaction") == "CreateCustomerWalletTransaction"

"""What is wrong with a request is said at both doors, in published words, and nothing is left."""

import random
from collections import Counter
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import FieldDescriptor
from msgspec.structs import replace

from api.commands.census import world as census_world
from api.commands.census.doors import Rest
from api.commands.census.recipes import every
from api.proto.codec import Codec
from api.proto.files import PACKAGE
from api.proto.pool import load
from api.proto.stub import Failed
from api.reading import Reader, encode
from api.rpc import Operation
from tests.api.platform.served import ADMIN
from tests.api.values import anything
from tests.stories.world import API, Server, World, as_rest

GRPC = {
    "400": "INVALID_ARGUMENT", "401": "UNAUTHENTICATED", "403": "PERMISSION_DENIED",
    "404": "NOT_FOUND", "405": "FAILED_PRECONDITION", "422": "INVALID_ARGUMENT",
}  # fmt: skip
"""How gRPC says what REST says."""

EXPECTED = {200, *map(int, GRPC)}

TAX = {"name": "VAT", "code": "vat", "rate": "20"}
NOTHING = "00000000-0000-7000-8000-000000000000"


def refused_alike(world: World, key: str, status: str, code: str, /, **said) -> None:
    """See that both doors refuse the same with the same code, and that nothing was made of it."""
    before = world.holdings()
    assert world.refusal(key, "REST", **said) == (status, code), key
    assert world.refusal(key, "gRPC", **said) == (GRPC[status], code[:63]), key
    assert world.holdings() == before, key


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "resource_not_found"),
        ("POST", "/taxes/vat/nothing", 404, "resource_not_found"),
        ("PATCH", "/taxes", 405, None),
        ("DELETE", "/events", 405, None),
    ],
)
def test_an_unknown_route_is_refused(world, method, path, status, code):
    """404 with its code, or 405 where only the method is wrong; gRPC says UNIMPLEMENTED."""
    answer = world.rest(method, path)
    with grpc.insecure_channel(world.server.grpc_address) as channel:
        unknown = replace(API["TaxService.Get"], name="Nothing")
        status_of_rpc = told(channel, unknown, b"", world.key)

    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert answer.json().get("code") == code
    assert status_of_rpc == "UNIMPLEMENTED"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b'"tax"', b'{"tax": {"name": "a", }}', b"\xff\xfe", b"{}",
        b'{"tax": null}', b'{"tax": []}', b'{"tax": {}}', b'{"tax": "vat"}', b"[" * 100_000,
        b'{"tax": {"name": "\\ud800"}}',
    ],
)  # fmt: skip
def test_a_body_that_cannot_be_read_is_a_bad_request(world, body):
    """Cut off, no object, no UTF-8, nested too deeply, or without its root key: 400."""
    before = world.holdings()
    answer = world.rest("POST", "/taxes", content=body)

    assert (answer.status_code, answer.json()["status"]) == (400, 400), answer.text
    assert answer.json()["error"].startswith("BadRequest: ")
    assert world.holdings() == before


@pytest.mark.parametrize("sent", [b"\xff", b"\x0a\x05ab", b"\x0a\x02\x0a\xff", b""])
def test_bytes_that_are_no_message_are_a_bad_request(world, sent):
    """Cut off, with a wrong length, or empty: INVALID_ARGUMENT, and never INTERNAL or UNKNOWN."""
    before = world.holdings()
    metadata = (("authorization", f"Bearer {world.key}"),)
    with grpc.insecure_channel(world.server.grpc_address) as channel:
        call = channel.unary_unary(f"/{PACKAGE}.TaxService/Create", lambda s: s, lambda f: f)
        with pytest.raises(grpc.RpcError) as failed:
            call(sent, metadata=metadata, timeout=10)

    assert failed.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert failed.value.details().startswith("BadRequest: ")
    assert world.holdings() == before


def test_a_body_that_is_too_large_is_refused(world):
    """A byte over 16 MiB: 413 and RESOURCE_EXHAUSTED. A batch of 10,001 events: 422 at both."""
    before = world.holdings()
    name = "x" * (16 << 20)
    large = world.rest("POST", "/taxes", {"tax": {**TAX, "name": name}})
    with pytest.raises(Failed) as failed:
        world.ask("TaxService.Create", "gRPC", tax={**TAX, "name": name})
    event = {"transaction_id": "t", "code": "c", "external_subscription_id": "s"}

    assert (large.status_code, large.json()["status"]) == (413, 413)
    assert failed.value.status == "RESOURCE_EXHAUSTED"
    assert world.holdings() == before
    refused_alike(
        world, "EventService.CreateBatch", "422", "validation_errors", events=[event] * 10_001
    )


MISSING = {
    "/taxes": ("tax", {"description": "d"}, {"name", "code", "rate"}),
    "/add_ons": ("add_on", {"description": "d"}, {
        "name", "code", "amount_cents", "amount_currency",
    }),
    "/billable_metrics": ("billable_metric", {"description": "d"}, {
        "name", "code", "aggregation_type",
    }),
    "/plans": ("plan", {"description": "d"}, {
        "name", "code", "interval", "amount_cents", "amount_currency", "pay_in_advance",
    }),
    "/customers": ("customer", {"name": "Ada"}, {"external_id"}),
    "/subscriptions": ("subscription", {"name": "x"}, {
        "external_customer_id", "plan_code", "external_id",
    }),
    "/events": ("event", {"external_subscription_id": "s"}, {"transaction_id", "code"}),
    "/billing_entities": ("billing_entity", {"city": "Lyon"}, {"name", "code"}),
    "/api_keys": ("api_key", {"permissions": {}}, {"name"}),
}  # fmt: skip
"""What each noun cannot be made without."""


@pytest.mark.parametrize("path", MISSING)
def test_all_that_is_missing_is_said_at_once(world, path):
    """422, each mandatory field by its name, and nothing was made."""
    root, said, missing = MISSING[path]
    before = world.holdings()
    answer = world.rest("POST", path, {root: said})

    assert answer.status_code == 422, answer.text
    details = answer.json()["error_details"]
    assert set(details) == missing
    assert {code for codes in details.values() for code in codes} <= {
        "value_is_mandatory", "value_is_invalid",
    }  # fmt: skip
    assert world.holdings() == before


WRONG = [
    ("/taxes", {"tax": {**TAX, "rate": "much"}}, {"rate"}),
    ("/taxes", {"tax": {**TAX, "rate": "1e400"}}, {"rate"}),
    ("/taxes", {"tax": {**TAX, "name": {"a": 1}, "rate": []}}, {"name", "rate"}),
    ("/taxes", {"tax": {**TAX, "name": "a\0b"}}, {"name"}),
    ("/add_ons", {"add_on": {
        "name": "a", "code": "a", "amount_cents": 2**64, "amount_currency": "XXX",
    }}, {"amount_cents", "amount_currency"}),
    ("/billable_metrics", {"billable_metric": {
        "name": "a", "code": "a", "aggregation_type": "mode_agg",
    }}, {"aggregation_type"}),
    ("/plans", {"plan": {
        "name": "a", "code": "a", "interval": "fortnightly", "amount_cents": "ten",
        "amount_currency": 7, "pay_in_advance": True,
    }}, {"interval", "amount_cents", "amount_currency"}),
    ("/customers", {"customer": {
        "external_id": "a", "currency": "EURO", "timezone": "Mars", "country": "XX",
        "email": "nobody", "net_payment_term": -1,
    }}, {"currency", "timezone", "country", "email", "net_payment_term"}),
    ("/events", {"event": {
        "transaction_id": "a", "code": "a", "timestamp": "yesterday",
        "precise_total_amount_cents": "NaN",
    }}, {"timestamp", "precise_total_amount_cents"}),
]  # fmt: skip
"""Values of the wrong kind, and the fields that are named."""


@pytest.mark.parametrize(("path", "body", "fields"), WRONG)
def test_all_that_is_of_the_wrong_kind_is_said_at_once(world, path, body, fields):
    """422, each wrong field by its name, and nothing was made."""
    before = world.holdings()
    answer = world.rest("POST", path, body)

    assert answer.status_code == 422, answer.text
    assert set(answer.json()["error_details"]) == fields
    assert world.holdings() == before


def test_what_names_what_is_not_there_is_refused(world):
    """Unknown metrics, add-ons, taxes, plans, customers: 404, or 405 where
    the state forbids it; no half of a plan is left."""
    ada = world.customer()
    plan = {
        "name": "a", "code": "a", "interval": "monthly", "amount_cents": 0,
        "amount_currency": "EUR", "pay_in_advance": False,
    }  # fmt: skip
    charge = {"charge_model": "standard", "properties": {"amount": "1"}}
    known = {"billable_metric_id": world.metric()["id"], **charge}
    unknown = {"billable_metric_id": NOTHING, **charge}
    for key, code, said in [
        ("PlanService.Create", "billable_metrics_not_found",
         {"plan": {**plan, "charges": [known, unknown]}}),
        ("PlanService.Create", "add_ons_not_found",
         {"plan": {**plan, "charges": [known], "fixed_charges": [{"add_on_code": "b", **charge}]}}),
        ("PlanService.Create", "tax_not_found",
         {"plan": {**plan, "charges": [{**known, "tax_codes": ["nothing"]}]}}),
        ("AddOnService.Create", "tax_not_found", {"add_on": {
            "name": "a", "code": "a", "amount_cents": 1, "amount_currency": "EUR",
            "tax_codes": ["nothing"],
        }}),
        ("CustomerService.Create", "tax_not_found",
         {"customer": {"external_id": "new", "tax_codes": ["nothing"]}}),
        ("CustomerService.Create", "billing_entity_not_found",
         {"customer": {"external_id": "new", "billing_entity_code": "nothing"}}),
        ("SubscriptionService.Create", "plan_not_found", {"subscription": {
            "external_customer_id": "new", "external_id": "s", "plan_code": "nothing",
        }}),
        ("CustomerService.GetUsage", "no_active_subscription",
         {"external_id": ada, "external_subscription_id": "nothing"}),
    ]:  # fmt: skip
        status = "404" if code.endswith("_not_found") else "405"
        refused_alike(world, key, status, code, **said)


def test_an_event_of_an_unknown_metric_is_kept_and_billed_nowhere(world):
    """It is accepted, as it may be claimed one day; the invoice has no line of it."""
    ada = world.customer()
    subscription = world.subscribe(ada, world.plan())
    world.uses(subscription, {"code": "unheard-of"}, "5")

    world.turns_to("2026-02-01T00:00:00Z")

    assert world.both("EventService.List", code="unheard-of")["meta"]["total_count"] == 1
    assert world.last_invoice()["fees_amount_cents"] == 1_000


def test_what_is_anothers_is_not_there(server, world):
    """By id or code, read, changed or referred to: the same refusal as of what never was.

    The other organization has everything it had, and this one nothing of it.
    """
    other = World(server)
    tax, metric, ada = other.tax("20"), other.metric(), other.customer()
    plan = other.plan(metric)
    subscription = other.subscribe(ada, plan)
    other.turns_to("2026-02-01T00:00:00Z")
    invoice = other.last_invoice()["id"]
    key = other.ask("OrganizationService.ListApiKeys")["api_keys"][0]["id"]
    activity = other.ask("LogService.ListActivityLogs")["activity_logs"][0]["activity_id"]
    mine = world.customer()
    had = other.holdings()

    charge = {
        "billable_metric_id": metric["id"], "charge_model": "standard",
        "properties": {"amount": "1"},
    }  # fmt: skip
    copied = {
        "name": "a", "code": "a", "interval": "monthly", "amount_cents": 0,
        "amount_currency": "EUR", "pay_in_advance": False, "charges": [charge],
    }  # fmt: skip
    for asked, code, said in [
        ("TaxService.Get", "tax_not_found", {"code": tax}),
        ("TaxService.Update", "tax_not_found", {"code": tax, "tax": {"name": "Mine"}}),
        ("TaxService.Delete", "tax_not_found", {"code": tax}),
        ("BillableMetricService.Delete", "billable_metric_not_found", {"code": metric["code"]}),
        ("PlanService.Update", "plan_not_found", {"code": plan, "plan": {"name": "Mine"}}),
        ("PlanService.Create", "billable_metrics_not_found", {"plan": copied}),
        ("CustomerService.Get", "customer_not_found", {"external_id": ada + "!"}),
        ("CustomerService.Create", "tax_not_found",
         {"customer": {"external_id": mine, "tax_codes": [tax]}}),
        ("SubscriptionService.Create", "plan_not_found", {"subscription": {
            "external_customer_id": mine, "external_id": "s", "plan_code": plan,
        }}),
        ("SubscriptionService.Terminate", "subscription_not_found", {"external_id": subscription}),
        ("InvoiceService.Get", "invoice_not_found", {"id": invoice}),
        ("InvoiceService.Finalize", "invoice_not_found", {"id": invoice}),
        ("OrganizationService.RevokeApiKey", "api_key_not_found", {"id": key}),
        ("LogService.GetActivityLog", "activity_log_not_found", {"activity_id": activity}),
    ]:  # fmt: skip
        refused_alike(world, asked, "404", code, **said)
    assert other.holdings() == had
    assert world.ask("EventService.List")["events"] == []


def test_who_is_not_known_learns_nothing(world):
    """No key, half a key, another kind of key: 401 before anything else is looked at."""
    key = world.key
    for wrong in ("x", key[:-2], "invora_" + "A" * 64, "x y"):
        world.key = wrong
        for body in ({"tax": TAX}, {"tax": {}}):
            assert world.refusal("TaxService.Create", "REST", **body) == ("401", "")
            refusal = world.refusal("TaxService.Create", "gRPC", tax=TAX)
            assert refusal == ("UNAUTHENTICATED", "unauthorized")
    world.key = key
    assert world.ask("TaxService.List")["taxes"] == []


@pytest.fixture(scope="package")
def asks(server: Server) -> dict[str, tuple[str, dict[str, Any]]]:
    """A right request of every operation, with its key, in a sandbox where it was granted once."""
    census = census_world.World(API, Rest(API, server.url), every(), ADMIN, b"s" * 40)
    made = {op.key: census.first(op.key) for op in API if not op.streams_in}
    assert all(told.is_ok for _, told in made.values())
    return {key: (ask.key or "", ask.said) for key, (ask, _) in made.items()}


@pytest.mark.parametrize("seed", range(3))
def test_careless_requests_never_break_the_app(world, asks, seed):
    """400 right requests to all operations, with something spoiled in each: no 500 at either door.

    Fields are left out, nulled, doubled, or of another kind; over gRPC what a message can hold.
    """
    dice, codec = random.Random(seed), Codec(*load(API))
    statuses: Counter[str] = Counter()
    channel = grpc.insecure_channel(world.server.grpc_address)
    for _ in range(400):
        key, (world.key, right) = dice.choice(list(asks.items()))
        op = API[key]
        said = anything(dice, right)
        said = said if isinstance(said, dict) else {}
        for name in op.routes[0].params:
            said[name] = str(said.get(name) or dice.choice(["x", "%", "é", "a/b", "a\0b", "."]))
        method, path, body = as_rest(key, said)
        answer = world.rest(method, path, body)
        statuses[str(answer.status_code)] += 1
        assert answer.status_code in EXPECTED, (path, body, answer.text)
        assert answer.status_code == 200 or answer.json()["status"] == answer.status_code

        name = f"{PACKAGE}.{op.request.__name__}"
        sent = codec.message(name).FromString(codec.encoder(op.request)(read(op, right)))
        spoil(dice, sent)
        status = told(channel, op, sent.SerializeToString(), world.key)
        statuses[status] += 1
        assert status in {"OK", *GRPC.values()}, (key, sent)
    channel.close()
    assert {"200", "422", "400", "404", "OK", "NOT_FOUND", "INVALID_ARGUMENT"} <= set(statuses)


def read(op: Operation, said: dict[str, Any]) -> Any:
    """A request from its JSON."""
    return Reader(op.request).read(encode(said))


SPOILED: dict[int, list[Any]] = {
    FieldDescriptor.TYPE_STRING: ["", " ", "x", "NaN", "1e99", "a\0b", "-1", "é" * 300],
    FieldDescriptor.TYPE_INT64: [0, -1, 2**63 - 1, -(2**63)],
    FieldDescriptor.TYPE_ENUM: [0, 99],
}
"""What a field of a message can hold and nobody can use."""


def spoil(dice: random.Random, sent: Any) -> None:
    """Clear some fields of a message, and make others what nobody can use."""
    for field, value in list(sent.ListFields()):
        if field.type == field.TYPE_MESSAGE and not field.is_repeated:
            spoil(dice, value)
        elif field.type in SPOILED and not field.is_repeated and dice.random() < 0.3:
            setattr(sent, field.name, dice.choice(SPOILED[field.type]))
        elif dice.random() < 0.15:
            sent.ClearField(field.name)
        elif field.type == field.TYPE_MESSAGE and not field.message_type.GetOptions().map_entry:
            for each in value:
                spoil(dice, each)


def told(channel: grpc.Channel, op: Operation, sent: bytes, key: str) -> str:
    """The status of a call with bytes of one's own."""
    call = channel.unary_unary(
        f"/{PACKAGE}.{op.service}/{op.name}", lambda sent: sent, lambda found: found
    )
    try:
        call(sent, metadata=(("authorization", f"Bearer {key}"),), timeout=30)
    except grpc.RpcError as failed:
        return str(failed.code().name)  # type: ignore[attr-defined]
    return "OK"

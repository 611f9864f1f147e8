"""What is wrong with a request is said at both doors, in published words, and nothing is left."""

import grpc
import pytest
from msgspec.structs import replace

from api.proto.files import PACKAGE
from api.proto.stub import Failed
from tests.api.platform.served import ADMIN
from tests.stories.world import API, GRPC, World, as_rest, told

JSON = "application/json"
TAX = {"name": "VAT", "code": "vat", "rate": "20"}
NOTHING = "00000000-0000-7000-8000-000000000000"


def refused_alike(world: World, key: str, status: str, code: str, /, **said) -> None:
    """See that both doors refuse the same with the same code."""
    assert world.refusal(key, "REST", **said) == (status, code), key
    assert world.refusal(key, "gRPC", **said) == (GRPC[status], code[:63]), key


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


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b'"x"', b'[{"code": 1}, {]', b'[{"properties": 1}, nul]', b'[{"code": 1}',
        b'{"events": [{"code": 1}, x]}', b"[\xff, 1]", b"[" * 50_000 + b"]" * 50_000,
    ],
)  # fmt: skip
def test_a_body_of_many_events_that_cannot_be_read_is_a_bad_request(world, body):
    """Also where an event before was wrong in itself: 400, and no event is kept of it."""
    answer = world.rest("POST", "/events/bulk", content=body, headers={"content-type": JSON})

    assert (answer.status_code, answer.json()["status"]) == (400, 400), answer.text
    assert world.ask("EventService.List")["events"] == []


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
    refused_alike(
        world, "EventService.CreateBatch", "422", "validation_errors", events=[event] * 10_001
    )
    assert world.holdings() == before


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


@pytest.mark.parametrize(
    ("key", "said", "wrong"),
    [
        ("OrganizationService.List", {"cursor": "9" * 26}, {"cursor"}),
        ("OrganizationService.List", {"cursor": "²"}, {"cursor"}),
        ("TaxService.List", {"cursor": "9" * 26}, {"cursor"}),
        ("EventService.List", {"cursor": "9" * 26}, {"cursor"}),
        ("LogService.ListApiLogs", {"http_statuses": ["9" * 30]}, set()),
        ("InvoiceService.List", {"amount_from": "1e22"}, set()),
        ("InvoiceService.List", {"amount_from": "-1e22", "amount_to": "1e22"}, set()),
        ("InvoiceService.List", {"amount_from": "1e40"}, {"amount_from"}),
        ("TaxService.List", {"page": 2**62}, set()),
        ("ObservabilityService.GrossRevenues", {"month_from": "0000-01"}, {"month_from"}),
        ("ObservabilityService.GrossRevenues", {"month_to": "٢٠٢٦-01\n"}, {"month_to"}),
    ],
)
def test_a_number_beyond_all_engines_is_no_failure(world, key, said, wrong):
    """It is refused where it can mean nothing, and else finds what there is: nothing."""
    if API[key].asks == "admin":
        world.key = ADMIN
    method, path, _ = as_rest(key, said)
    answer = world.rest(method, path)

    assert answer.status_code == (422 if wrong else 200), answer.text
    assert set(answer.json().get("error_details", {})) == wrong
    if not wrong:
        assert world.both(key, **said)["meta"]["total_count"] == 0


def test_an_instant_of_the_first_year_is_kept_as_it_is(server, world):
    """A subscription that began in the year 1, and a clock of 1970, are shown again."""
    first, oldest = "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z"
    old = World(server, clock=oldest)
    subscription = world.subscribe(world.customer(), world.plan(), subscription_at=first)

    assert old.both("TestClockService.Get")["test_clock"]["now"] == oldest
    shown = world.both("SubscriptionService.Get", external_id=subscription)["subscription"]
    assert shown["subscription_at"] == first
    world.key = ADMIN
    listed = world.both("OrganizationService.List", per_page=2)["organizations"]
    assert old.organization in [each["id"] for each in listed]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("EventService.List", {"timestamp_to": "0001-01-01T00:00:00Z"}),
        ("EventService.List", {"timestamp_from": "9999-12-31T23:59:59Z"}),
        ("ObservabilityService.GrossRevenues", {"month_from": "0001-01", "month_to": "0001-02"}),
        ("ObservabilityService.InvoicedUsages", {"month_from": "9999-11", "month_to": "9999-12"}),
        ("LogService.ListApiLogs", {"from_date": "9999-12-31T23:59:59Z"}),
        ("LogService.ListActivityLogs", {"to_date": "0001-01-01T00:00:00Z"}),
        ("InvoiceService.List", {"issuing_date_to": "0001-01-01"}),
    ],
)
def test_a_time_beyond_all_engines_is_no_failure(world, key, said):
    """Long before and after whatever was: nothing is found."""
    found = world.both(key, **said)

    assert not next(iter(found.values()))


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
    before = world.holdings()
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
    assert world.holdings() == before


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
    had, has = other.holdings(), world.holdings()

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
    assert (other.holdings(), world.holdings()) == (had, has)


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

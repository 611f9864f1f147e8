"""Numbers and milliseconds on the wire: what the page calls a JSON number is one, to the digit."""

from typing import Any

import msgspec
import pytest

from api.openapi import document
from api.rpc import Api
from api.services import SERVICES

LONG = "12345678901234.123456789012"
"""A rate that a float would change."""

CLOCK = "2024-03-01T00:00:00Z"

exactly = msgspec.json.Decoder(float_hook=str).decode
"""JSON with its numbers as they are written, but as texts."""


def tax(rate: Any) -> dict[str, Any]:
    """A new tax."""
    return {"tax": {"name": "VAT", "code": "vat", "rate": rate, "applied_to_organization": True}}


@pytest.mark.parametrize(
    ("sent", "shown"),
    [("20", "20.0"), (20, "20.0"), (19.6, "19.6"), ("0.0000001", "0.0000001"), (LONG, LONG)],
)
def test_a_rate_is_a_number_however_it_was_sent(served, sent, shown):
    """Sent as text or as number; created, changed, found, listed and deleted, it is a number."""
    key = served.organization(CLOCK)
    body = f'"rate":{shown},'

    made = served.rest("POST", "/taxes", key, tax(sent), idempotency_key="once")
    again = served.rest("POST", "/taxes", key, tax(sent), idempotency_key="once")
    same = served.rest("PUT", "/taxes/vat", key, {"tax": {"name": "MWST"}})
    found = served.rest("GET", "/taxes/vat", key)
    listed = served.rest("GET", "/taxes", key)
    entity = served.rest("GET", "/billing_entities/default", key)
    gone = served.rest("DELETE", "/taxes/vat", key)

    for answer in (made, again, same, found, listed, entity, gone):
        assert body in answer.text, answer.text
    assert again.text == made.text
    assert again.headers["idempotent-replayed"] == "true"


def test_the_digits_of_a_rate_are_text_in_protobuf(served):
    """gRPC has no exact number: there it is the same digits as text, also when it is replayed."""
    key = served.organization(CLOCK)
    served.rest("POST", "/taxes", key, tax(LONG), idempotency_key="once")

    metadata = {"authorization": f"Bearer {key}", "idempotency-key": "once"}
    again, said = served.rpc_with("TaxService.Create", metadata, tax(LONG))

    assert again["tax"]["rate"] == served.rpc("TaxService.Get", key, code="vat")["tax"]["rate"]
    assert again["tax"]["rate"] == LONG
    assert said["idempotent-replayed"] == "true"


def test_the_activity_log_keeps_a_number_to_the_digit(served):
    """A rate was 20 and is 12345678901234.123456789012; both stand there as numbers."""
    key = served.organization(CLOCK)
    served.rest("POST", "/taxes", key, tax(20))
    served.rest("PUT", "/taxes/vat", key, {"tax": {"rate": LONG}})

    changed = served.rest("GET", "/activity_logs?per_page=1", key)

    assert f'"activity_object_changes":{{"rate":[20.0,{LONG}]}}' in changed.text


def test_what_was_billed_shows_its_rates_as_numbers(served):
    """19.6 % on a base fee of 10.00: on the tax, the fee, its taxes and the invoice's."""
    key = served.organization("2024-03-01T00:00:00Z")
    served.rest("POST", "/taxes", key, tax("19.6"))
    served.rest("POST", "/plans", key, {"plan": {
        "name": "Basic", "code": "basic", "interval": "monthly", "amount_cents": 1000,
        "amount_currency": "EUR", "pay_in_advance": True, "trial_period": 0,
    }})  # fmt: skip
    served.rest("POST", "/subscriptions", key, {"subscription": {
        "external_customer_id": "c", "external_id": "s", "plan_code": "basic",
    }})  # fmt: skip
    (listed,) = served.rest("GET", "/invoices", key).json()["invoices"]

    whole = served.rest("GET", f"/invoices/{listed['id']}", key).text
    plan = exactly(served.rest("GET", "/plans/basic", key).content)["plan"]
    invoice = exactly(whole.encode())["invoice"]

    (fee,) = invoice["fees"]
    assert (invoice["taxes_rate"], fee["taxes_rate"]) == ("19.6", "19.6")
    assert fee["applied_taxes"][0]["tax_rate"] == "19.6"
    assert invoice["applied_taxes"][0]["tax_rate"] == "19.6"
    assert whole.count('"taxes_rate":19.6,') == whole.count('"tax_rate":19.6,') == 2
    assert '"units":"1.0"' in whole
    assert plan["trial_period"] == "0.0"
    assert '"trial_period":0.0,' in served.rest("GET", "/plans/basic", key).text


def test_a_start_and_the_time_of_an_event_show_milliseconds(served):
    """Three digits there, the rest of the microseconds cut off; whole seconds everywhere else."""
    key = served.organization(CLOCK)
    served.rest("POST", "/billable_metrics", key, {"billable_metric": {
        "name": "Calls", "code": "calls", "aggregation_type": "count_agg",
    }})  # fmt: skip
    served.rest("POST", "/plans", key, {"plan": {
        "name": "Basic", "code": "basic", "interval": "monthly", "amount_cents": 0,
        "amount_currency": "EUR", "pay_in_advance": False,
    }})  # fmt: skip
    made = served.rest("POST", "/subscriptions", key, {"subscription": {
        "external_customer_id": "c", "external_id": "s", "plan_code": "basic",
    }}).json()["subscription"]  # fmt: skip
    events = [
        served.rest("POST", "/events", key, {"event": {
            "transaction_id": id, "external_subscription_id": "s", "code": "calls",
            "timestamp": timestamp,
        }}, idempotency_key=id).json()["event"]["timestamp"]
        for id, timestamp in (("a", 1709251200), ("b", "1709251200.0459"), ("c", 1709251200.5))
    ]  # fmt: skip

    assert (made["started_at"], made["created_at"]) == ("2024-03-01T00:00:00.000Z", CLOCK)
    assert events == [
        "2024-03-01T00:00:00.000Z", "2024-03-01T00:00:00.045Z", "2024-03-01T00:00:00.500Z",
    ]  # fmt: skip
    found = served.rest("GET", "/events/b", key).json()["event"]
    assert found["timestamp"] == "2024-03-01T00:00:00.045Z"
    of_subscription = served.rpc("SubscriptionService.Get", key, external_id="s")["subscription"]
    assert of_subscription["started_at"] == CLOCK
    event = served.rpc("EventService.Get", key, transaction_id="b")["event"]
    assert event["timestamp"] == "2024-03-01T00:00:00.045Z"


def test_the_document_says_which_decimals_are_numbers():
    """Rates are numbers, units are texts; a request may say either."""
    schemas = document(Api(SERVICES))["components"]["schemas"]

    assert schemas["Tax"]["properties"]["rate"] == {
        "type": "number", "description": "Percent: 20 is 20 %.",
    }  # fmt: skip
    assert schemas["Fee"]["properties"]["units"]["type"] == "string"
    assert schemas["TaxInput"]["properties"]["rate"]["type"] == ["number", "string"]
    assert schemas["TaxUpdate"]["properties"]["rate"]["type"] == ["number", "string", "null"]
    started = schemas["Subscription"]["properties"]["started_at"]
    assert (started["type"], started["format"]) == (["string", "null"], "date-time")

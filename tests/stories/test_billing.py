"""From an event to an invoice, through both doors."""

import pytest

from tests.stories.world import OTHER, World


@pytest.mark.parametrize("door", OTHER)
def test_one_event_becomes_one_invoice(server, door):
    """€10 a month and 4 GB at €0.50 are €12.00; with 20 % tax €14.40, due on 1 February.

    All of it is made through one door, and read through the other, which says the same.
    """
    world = World(server, door=door)
    world.tax("20")
    metric = world.metric()
    ada = world.customer()
    subscription = world.subscribe(ada, world.plan(metric, rate="0.50"))
    world.uses(subscription, metric, "4", timestamp="1768435200")

    world.turns_to("2026-02-01T00:00:00Z")

    world.door = OTHER[door]
    (listed,) = world.invoices(external_customer_id=ada)
    invoice = world.both("InvoiceService.Get", id=listed["id"])["invoice"]
    assert (invoice["status"], invoice["issuing_date"]) == ("finalized", "2026-02-01")
    assert invoice["fees_amount_cents"] == 1_200
    assert invoice["taxes_amount_cents"] == 240
    assert invoice["total_amount_cents"] == 1_440
    fees = [(fee["item"]["type"], fee["units"], fee["amount_cents"]) for fee in invoice["fees"]]
    assert fees == [("subscription", "1.0", 1_000), ("charge", "4.0", 200)]
    assert world.both("EventService.List", code=metric["code"])["meta"]["total_count"] == 1
    for noun, asked in {
        "CustomerService.Get": {"external_id": ada},
        "SubscriptionService.Get": {"external_id": subscription},
        "PlanService.List": {},
        "BillableMetricService.Get": {"code": metric["code"]},
        "TaxService.List": {},
        "InvoiceService.List": {"external_customer_id": ada},
        "LogService.ListActivityLogs": {},
        "ObservabilityService.InvoicedUsages": {},
    }.items():
        world.both(noun, **asked)
    (earned,) = world.both("ObservabilityService.GrossRevenues")["gross_revenues"]
    assert (earned["amount_cents"], earned["invoices_count"]) == (1_440, 1)


def test_an_event_that_is_sent_again_is_billed_once(world):
    """3 GB, sent once over REST, again over gRPC and a third time in bulk: €1.50 and no more."""
    metric = world.metric()
    ada = world.customer()
    subscription = world.subscribe(ada, world.plan(metric, rate="0.50"))
    event = {
        "transaction_id": "the-one", "code": metric["code"], "properties": {"size": "3"},
        "external_subscription_id": subscription,
    }  # fmt: skip

    world.ask("EventService.Create", "REST", event=event)
    again = world.refusal("EventService.Create", "gRPC", event=event)
    third = world.rest("POST", "/events/bulk", [event]).json()
    world.turns_to("2026-02-01T00:00:00Z")

    assert again == ("INVALID_ARGUMENT", "validation_errors")
    assert (third["accepted"], third["duplicates"]) == (0, 1)
    assert [fee["amount_cents"] for fee in world.last_invoice()["fees"]] == [1_000, 150]


def test_a_month_that_was_billed_is_not_billed_again(world):
    """January's invoice stays the only one, however often the job is run on 1 February."""
    ada = world.customer()
    world.subscribe(ada, world.plan())

    world.turns_to("2026-02-01T00:00:00Z")
    for door in ("REST", "gRPC", "REST"):
        for job in ("missed", "billing"):
            world.ask("TestClockService.Run", door, job=job)

    assert [invoice["total_amount_cents"] for invoice in world.invoices()] == [1_000]


def test_what_came_late_is_in_the_invoice_that_becomes_final(world):
    """Of a draft with two days of grace: 4 GB are known on the 1st, 2 more come on the 2nd.

    The draft says €12.00, and €13.00 once it was computed again; on the 3rd it is final.
    """
    metric = world.metric()
    ada = world.customer(billing_configuration={"invoice_grace_period": 2})
    subscription = world.subscribe(ada, world.plan(metric, rate="0.50"))
    world.uses(subscription, metric, "4", timestamp="1768435200")

    world.turns_to("2026-02-01T00:00:00Z")
    draft = world.last_invoice()
    world.turns_to("2026-02-02T12:00:00Z")
    world.uses(subscription, metric, "2", timestamp="1768435201")
    refreshed = world.ask("InvoiceService.RefreshInvoice", "gRPC", id=draft["id"])["invoice"]
    world.turns_to("2026-02-03T00:00:00Z")
    final = world.both("InvoiceService.Get", id=draft["id"])["invoice"]

    assert (draft["status"], draft["total_amount_cents"]) == ("draft", 1_200)
    assert (refreshed["status"], refreshed["total_amount_cents"]) == ("draft", 1_300)
    assert (final["status"], final["total_amount_cents"]) == ("finalized", 1_300)
    assert len(world.invoices()) == 1

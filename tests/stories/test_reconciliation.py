"""What came in is billed, or there is a reason why not: through the doors, and the sum closes."""

import json
import random
from collections import Counter

import pytest

from tests.engines import execute
from tests.stories.world import World

NDJSON = {"content-type": "application/x-ndjson"}
JANUARY = 1_767_225_600
"""2026-01-01, in Unix seconds."""
DAY = 86_400


def books(world):
    """The reconciliation, and what is not billed by reason."""
    found = world.both("ObservabilityService.Reconciliation")["reconciliation"]
    unbilled = Counter()
    for line in found["unbilled"]:
        unbilled[line["reason"]] += line["events_count"]
    total = found["billed_events_count"] + sum(unbilled.values())
    assert found["received_events_count"] == total, "it always closes"
    assert found["unbilled_events_count"] == sum(unbilled.values())
    return found, dict(unbilled)


def send(world, *rows):
    """Send rows of any kind in one body."""
    lines = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)
    return world.rest("POST", "/events/bulk", content=lines, headers=NDJSON).json()


def units(world, customer, subscription):
    """What was used so far: units and events of the one charge."""
    path = f"/customers/{customer}/current_usage?external_subscription_id={subscription}"
    (charge,) = world.rest("GET", path).json()["customer_usage"]["charges_usage"]
    return charge["units"], charge["events_count"]


@pytest.fixture
def shop(world):
    """A metric, a customer, and its subscription, on which usage is billed."""
    metric = world.metric()
    customer = world.customer()
    return metric, customer, world.subscribe(customer, world.plan(metric))


def test_every_event_has_a_reason(world, shop):
    """Ten rows, each another fate; then the month is billed, and one more comes late."""
    metric, _, subscription = shop
    for size in ("1", "2", "3", "many"):
        world.uses(subscription, metric, size)
    world.uses("nobody", metric, "1")
    world.uses(subscription, {"code": "unheard"}, "1")
    world.uses(subscription, metric, "1", timestamp=JANUARY - DAY)
    send(world, {"transaction_id": "a"}, "no json", {"transaction_id": "b", "code": "unheard"})

    found, unbilled = books(world)
    assert found["is_closed"]
    assert unbilled == {
        "open": 3, "invalid_value": 1, "no_subscription": 1, "no_metric": 2,
        "before_subscription": 1, "rejected": 2,
    }  # fmt: skip

    world.turns_to("2026-02-02T00:00:00Z")
    world.uses(subscription, metric, "5", timestamp=JANUARY + DAY)
    found, unbilled = books(world)
    assert (found["billed_events_count"], unbilled["late"], "open" in unbilled) == (3, 1, False)
    assert found["is_closed"]
    listed = world.both("EventService.ListUnbilled", reason="late")["unbilled_events"]
    assert [one["event"]["properties"] for one in listed] == [{"size": "5"}]
    assert world.both("EventService.ListUnbilled", per_page=2)["meta"]["total_count"] == 6
    changes = world.both("InvoiceService.ListChanges", id=world.last_invoice()["id"])
    assert [(one["reason"], one["event"]["properties"]) for one in changes["invoice_changes"]] == [
        ("late", {"size": "5"})
    ]


def test_what_several_metrics_count_is_one_event(world):
    """One code feeds two metrics, of which one cannot read the value: billed once."""
    said = {"name": "GB", "aggregation_type": "sum_agg", "field_name": "size"}
    metric = world.metric()
    second = {**said, "code": "second", "event_code": metric["code"], "field_name": "nothing"}
    made = world.ask("BillableMetricService.Create", billable_metric=second)["billable_metric"]
    charge = {"charge_model": "standard", "properties": {"amount": "1"}}
    plan = world.plan(
        charges=[{**charge, "billable_metric_id": one["id"]} for one in (metric, made)]
    )
    subscription = world.subscribe(world.customer(), plan)
    world.uses(subscription, metric, "4")

    world.turns_to("2026-02-02T00:00:00Z")

    found, unbilled = books(world)
    assert (found["billed_events_count"], unbilled, found["is_closed"]) == (1, {}, True)


KINDS = [
    ("count_agg", False), ("sum_agg", False), ("sum_agg", True), ("max_agg", False),
    ("latest_agg", False), ("unique_count_agg", False), ("unique_count_agg", True),
    ("weighted_sum_agg", False), ("weighted_sum_agg", True),
]  # fmt: skip


def test_lines_of_every_kind_are_held_against_the_table(world):
    """Nine metrics over the same five events, some recurring and prorated, for two months."""
    charges = []
    for kind, is_recurring in KINDS:
        said = {
            "name": kind, "code": world.word(kind), "event_code": "x", "aggregation_type": kind,
            "recurring": is_recurring,
        }  # fmt: skip
        said |= {} if kind == "count_agg" else {"field_name": "size"}
        said |= {"weighted_interval": "seconds"} if kind == "weighted_sum_agg" else {}
        metric = world.ask("BillableMetricService.Create", billable_metric=said)["billable_metric"]
        terms = {"charge_model": "standard", "properties": {"amount": "1"}}
        charges.append({"billable_metric_id": metric["id"], **terms})
        if is_recurring and kind != "weighted_sum_agg":
            charges.append({**charges[-1], "prorated": True})
    subscription = world.subscribe(world.customer(), world.plan(charges=charges))
    for place, size in enumerate(("1", "2", "2", "what", "5")):
        more = {"operation_type": "remove"} if place == 2 else {}
        world.uses(
            subscription, {"code": "x"}, size, timestamp=JANUARY + place * DAY,
            properties={"size": size, **more},
        )  # fmt: skip

    for month in ("02", "03"):
        world.turns_to(f"2026-{month}-02T00:00:00Z")
        found, unbilled = books(world)
        assert (found["billed_events_count"], unbilled) == (5, {})
        assert found["differences"] == []


def test_a_rejected_row_comes_again_once_its_cause_is_mended(world, shop):
    """A row without an instant worth the name is replayed with one; twice changes nothing."""
    metric, customer, subscription = shop
    row = {
        "transaction_id": "r1", "code": metric["code"], "external_subscription_id": subscription,
        "timestamp": "yesterday", "properties": {"size": "7"},
    }  # fmt: skip
    send(world, row, {"transaction_id": "r2"})
    waiting = world.both("EventService.ListRejected", reason="timestamp:invalid_format")
    (one,) = waiting["rejected_events"]
    assert (one["code"], one["transaction_id"]) == (metric["code"], "r1")

    again = world.ask("EventService.ReplayRejected", id=one["id"])
    assert (again["accepted"], again["rejected"]) == (0, 1)
    mended = {"timestamp": str(JANUARY)}
    first = world.ask("EventService.ReplayRejected", id=one["id"], event=mended)
    assert first["accepted"] == 1
    assert world.ask("EventService.ReplayRejected", id=one["id"], event=mended)["replayed"] == 0
    rest = world.ask("EventService.ReplayAllRejected", filter={"code": "nothing of the kind"})
    assert rest["replayed"] == 0

    assert units(world, customer, subscription) == ("7.0", 1)
    assert world.both("EventService.GetRejected", id=one["id"])["rejected_event"]["replayed_at"]
    assert world.both("EventService.ListRejected")["meta"]["total_count"] == 1
    assert world.both("EventService.ListRejected", replayed=True)["meta"]["total_count"] == 1
    found, unbilled = books(world)
    assert found["received_events_count"] == 3, "what is replayed comes in again"
    assert unbilled == {"rejected": 1, "replayed": 1, "open": 1}


def test_a_correction_counts_at_once_and_shows_what_it_changed(world, shop):
    """1 + 2 + 3 + 4; 1 is voided, 2 becomes 40; billed; then 3 is voided and 40 becomes 41."""
    metric, customer, subscription = shop
    for size in ("1", "2", "3", "4"):
        world.uses(subscription, metric, size)
    ids = [one["transaction_id"] for one in world.ask("EventService.List")["events"]]
    named = {"external_subscription_id": subscription, "reason": "meter error"}

    world.ask("EventService.Void", transaction_id=ids[0], **named)
    assert units(world, customer, subscription) == ("9.0", 3)
    world.ask(
        "EventService.Amend", transaction_id=ids[1], event={"properties": {"size": "40"}}, **named
    )
    assert units(world, customer, subscription) == ("47.0", 3)
    world.turns_to("2026-02-02T00:00:00Z")
    invoice = world.last_invoice()
    world.ask("EventService.Void", transaction_id=ids[2], **named)
    world.ask(
        "EventService.Amend", transaction_id=ids[1], event={"properties": {"size": "41"}}, **named
    )

    (fee,) = (fee for fee in invoice["fees"] if fee["item"]["type"] == "charge")
    assert (fee["units"], fee["events_count"]) == ("47.0", 3)
    assert world.last_invoice() == invoice
    changes = world.both("InvoiceService.ListChanges", id=invoice["id"])["invoice_changes"]
    told = [(one["reason"], one["event"]["properties"]["size"]) for one in changes]
    assert sorted(told) == [("amended_from", "40"), ("amended_to", "41"), ("voided", "3")]
    found, unbilled = books(world)
    assert (found["billed_events_count"], unbilled, found["is_closed"]) == (3, {"voided": 1}, True)
    gone = ("405", "event_already_voided")
    for door in ("REST", "gRPC"):
        status, code = world.refusal("EventService.Void", door, transaction_id=ids[0], **named)
        assert (status, code) in (gone, ("FAILED_PRECONDITION", gone[1]))


def test_a_lost_and_a_doubled_event_are_found(world, shop):
    """Behind everybody's back one billed event is deleted, and then another is stored twice."""
    metric, _, subscription = shop
    for size in ("1", "2", "3"):
        world.uses(subscription, metric, size)
    world.turns_to("2026-02-02T00:00:00Z")
    assert books(world)[0]["is_closed"]
    warehouse = world.server.app.warehouse
    mine = (
        "where stream = (select stream from streams "
        f"where organization_id = '{world.organization}') and properties = "
    )
    gone = {"duckdb": "delete from events", "clickhouse": "alter table events delete"}
    at_once = {"duckdb": "", "clickhouse": "settings mutations_sync = 1"}
    kind = warehouse.dialect

    execute(warehouse, f"""{gone[kind]} {mine}'{{"size":"2"}}' {at_once[kind]}""")
    found, unbilled = books(world)
    assert (found["is_closed"], unbilled) == (False, {"lost": 1})
    (difference,) = found["differences"]
    assert (difference["billed_events_count"], difference["stored_events_count"]) == (3, 2)

    execute(warehouse, f"""insert into events select * from events {mine}'{{"size":"3"}}'""")
    found, unbilled = books(world)
    assert (found["is_closed"], found["doubled_events_count"], unbilled) == (False, 1, {"lost": 1})
    (difference,) = found["differences"]
    assert difference["stored_events_count"] == 3, "as many, and others"


@pytest.mark.parametrize("seed", range(3))
def test_it_closes_whatever_comes(server, seed):
    """Random rows of all kinds, corrections, and bills in between, against the rule row by row."""
    draw = random.Random(seed)
    world = World(server)
    metric = world.metric()
    customer = world.customer()
    plan = world.plan(metric)
    subscriptions = [world.subscribe(customer, plan) for _ in range(2)]
    teller = Teller(world, draw, metric["code"], subscriptions)

    for day in ("2026-01-20", "2026-02-03", "2026-02-20"):
        for _ in range(6):
            teller.speaks()
        teller.told()
        world.turns_to(f"{day}T00:00:00Z")
        teller.now = int(JANUARY + (int(day[8:]) - 1 + (31 if "-02-" in day else 0)) * DAY)
        teller.bills(JANUARY + 31 * DAY)
        teller.told()


class Teller:
    """Sends random rows, keeps books of its own, and says what the reconciliation must say."""

    def __init__(self, world, draw, code, subscriptions):
        self.world, self.draw, self.code, self.subscriptions = world, draw, code, subscriptions
        self.events = {}
        self.counts = Counter()
        self.now = JANUARY
        self.billed_until = 0

    def speaks(self):
        """Send a body, or correct something."""
        if self.events and self.draw.random() < 0.4:
            self._corrects()
            return
        rows = [self._row() for _ in range(self.draw.randint(1, 5))]
        send(self.world, *(row for row, _ in rows))
        for row, is_good in rows:
            self._keeps(row, is_good)

    def _row(self):
        if self.draw.random() < 0.15:
            return {"transaction_id": f"x{self.draw.random()}"}, False
        subscription = self.draw.choice([*self.subscriptions, "nobody"])
        at = self.now - self.draw.choice([0, 3 * DAY, 40 * DAY])
        size = self.draw.choice(["1", "2.5", "what"])
        return {
            "transaction_id": f"t{self.draw.randint(1, 40)}",
            "code": self.draw.choice([self.code] * 4 + ["unheard"]),
            "external_subscription_id": subscription, "timestamp": at,
            "properties": {"size": size},
        }, True  # fmt: skip

    def _keeps(self, row, is_good):
        key = (row.get("external_subscription_id"), row["transaction_id"])
        if not is_good:
            self.counts["rejected"] += 1
        elif key in self.events:
            self.counts["duplicate"] += 1
        else:
            self.events[key] = {"row": row, "fate": ""}

    def _corrects(self):
        key = self.draw.choice(sorted(self.events))
        found = self.events[key]
        if found["fate"] == "voided" or found.get("is_void"):
            return
        said = {"external_subscription_id": key[0], "reason": "dice"}
        path = f"/events/{key[1]}"
        if self.draw.random() < 0.5:
            answer = self.world.rest("POST", f"{path}/void", said)
            found["is_void"] = True
            found["fate"] = found["fate"] or "voided"
        else:
            size = self.draw.choice(["1", "what"])
            said["event"] = {"properties": {"size": size}}
            answer = self.world.rest("POST", f"{path}/amend", said)
            found["row"] = {**found["row"], "properties": {"size": size}}
        assert answer.status_code == 200, answer.text

    def bills(self, until):
        """The month up to `until` was billed, if it is over."""
        if self.now >= until > self.billed_until:
            for found in self.events.values():
                if self._claim(found) == "open" and found["row"]["timestamp"] < until:
                    found["fate"] = "billed"
            self.billed_until = until

    def _claim(self, found):
        """What an event that is not voided is, as far as is not billed."""
        row = found["row"]
        if found["fate"]:
            return found["fate"]
        fits = row["properties"]["size"] != "what"
        is_known = row["external_subscription_id"] in self.subscriptions
        inside = row["timestamp"] >= JANUARY
        if is_known and row["code"] == self.code and fits and inside:
            return "late" if row["timestamp"] < self.billed_until else "open"
        if row["code"] != self.code:
            return "no_metric"
        if not is_known:
            return "no_subscription"
        if not inside:
            return "before_subscription"
        return "invalid_value"

    def told(self):
        """The reconciliation says the same."""
        found, unbilled = books(self.world)
        expected = Counter(self._claim(one) for one in self.events.values()) + self.counts
        billed = expected.pop("billed", 0)
        assert (found["billed_events_count"], unbilled) == (billed, dict(expected))
        assert found["is_closed"], found

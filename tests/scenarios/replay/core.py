"""Scenarios of metering, pricing, subscriptions and invoices."""

from tests.scenarios.replay.comparison import (
    MISSING,
    core_tolerance,
    differences,
    listing,
    match_unordered,
)
from tests.scenarios.replay.http import ScenarioError, in_path, shorten
from tests.scenarios.replay.names import fee_view, usage_view
from tests.scenarios.replay.player import Player
from tests.scenarios.replay.world import SUBSCRIPTION_STATUSES, World


class CorePlayer(Player):
    """Scenarios with one of do / run / expect per step (scenarios/SCHEMA.md)."""

    def begin(self):
        self.saved = {}
        self.world = World(self.options, self.scenario["name"], self.scenario["steps"][0]["at"])

    def lookup(self, name):
        return self.saved[name]

    def play_step(self):
        if "do" in self.step:
            self.do()
        elif "run" in self.step:
            self.world.run_job(self.step["run"])
        elif "expect" in self.step:
            self.expect(self.filled(self.step["expect"]))

    def do(self):
        method, path = self.filled(self.step["do"]).split(" ", 1)
        reply = self.world.command(
            method, path.removeprefix("/api/v1"), self.filled(self.step.get("body"))
        )
        wanted = self.step.get("status", 200)
        if reply.status != wanted:
            raise ScenarioError(f"status: got {reply.status}, expected {wanted}", reply)
        self.compare(self.step.get("error", {}), reply.body or {})
        for name, place in self.step.get("save", {}).items():
            value = reply.body
            for part in place.split("."):
                try:
                    value = (
                        value[int(part)]
                        if isinstance(value, list)
                        else value[part.removeprefix("lago_")]
                    )
                except (KeyError, IndexError, TypeError):
                    raise ScenarioError(f"the response has no {place}", reply) from None
            self.saved[name] = value

    def compare(self, expected, got, more=""):
        found = differences(expected, got, core_tolerance)
        if found:
            self.problem("\n".join(found) + more)

    def compare_unordered(self, expected, got, label, exact=True):
        for text in match_unordered(expected, got, exact, label, core_tolerance):
            self.problem(text)

    def choices(self, kind, selector):
        """A customer's invoices or credit notes in creation order, after the selector's `where`."""
        items = self.world.api.list(
            "/" + kind, kind, {"external_customer_id": selector["external_customer_id"]}
        )
        return [
            item
            for item in items
            if all(item.get(k) == v for k, v in selector.get("where", {}).items())
        ]

    def pick(self, items, selector, label):
        """Apply a selector's `index` (default: the newest)."""
        index = selector.get("index", -1)
        if not -len(items) <= index < len(items):
            raise ScenarioError(
                f"{label} {shorten(selector)} does not exist: {len(items)} found",
                self.world.api.last,
            )
        return items[index]

    def expect(self, expect):
        """Check one `expect` object; its keys say what is looked at."""
        for key in ("invoices_count", "credit_notes_count"):
            if key in expect:
                kind = key.removesuffix("_count")
                self.compare(
                    {key: expect[key]["count"]}, {key: len(self.choices(kind, expect[key]))}
                )
        if "invoice" in expect:
            self.expect_invoice(expect)
        if "credit_note" in expect:
            notes = self.choices("credit_notes", expect["credit_note"])
            self.compare(expect["fields"], self.pick(notes, expect["credit_note"], "credit note"))
        if "subscription" in expect:
            subs = self.subscriptions(expect["subscription"]["external_id"])
            self.compare(expect["fields"], self.pick(subs, expect["subscription"], "subscription"))
        if "usage" in expect:
            self.expect_usage(expect)
        if "standalone_fees" in expect:
            self.expect_standalone_fees(expect)

    def subscriptions(self, external_id):
        query = {"external_id": external_id, "status[]": SUBSCRIPTION_STATUSES}
        return self.world.api.list("/subscriptions", "subscriptions", query)

    def expect_invoice(self, expect):
        listed = self.pick(
            self.choices("invoices", expect["invoice"]), expect["invoice"], "invoice"
        )
        invoice = self.world.invoice(listed["id"])
        fields = dict(expect.get("fields", {}))
        if "applied_taxes" in fields:
            fields["applied_taxes"] = sorted(
                fields["applied_taxes"], key=lambda tax: tax["tax_code"]
            )
        self.compare(fields, invoice, more=listing("fees", invoice["fees"], {"from", "to"}))
        if "boundaries" in expect:
            self.compare_unordered(expect["boundaries"], invoice["boundaries"], "boundaries")
        if any("tax_codes" in fee for fee in expect.get("fees", [])):
            invoice["fees"] = [self.with_tax_codes(fee) for fee in invoice["fees"]]
        if "fees" in expect:
            self.compare_unordered(
                expect["fees"], invoice["fees"], "fees", expect.get("fees_exact", True)
            )
        for name, wanted in expect.get("save", {}).items():
            if wanted == "lago_id":
                self.saved[name] = invoice["id"]
                continue
            alike = [
                fee
                for fee in invoice["fees"]
                if not differences(wanted["fee"], fee, core_tolerance)
            ]
            self.saved[name] = self.pick(alike, {"index": 0, **wanted}, "fee to save")["id"]

    def with_tax_codes(self, fee):
        """Fees inside an invoice do not list their taxes; GET /fees/{id} does."""
        if "tax_codes" in fee:
            return fee
        detail = fee_view(self.world.api.get(f"/fees/{fee['id']}", "fee"))
        return {**fee, "tax_codes": detail.get("tax_codes", MISSING)}

    def expect_usage(self, expect):
        external_id = expect["usage"]["external_subscription_id"]
        customer = expect["usage"].get("external_customer_id")
        if not customer:
            subs = self.subscriptions(external_id)
            customer = self.pick(subs, expect["usage"], "subscription")["external_customer_id"]
        path = f"/customers/{in_path(customer)}/current_usage"
        usage = usage_view(
            self.world.api.get(path, "customer_usage", {"external_subscription_id": external_id})
        )
        self.compare(expect.get("fields", {}), usage)
        if "slices" in expect:
            self.compare_unordered(expect["slices"], usage["slices"], "slices", exact=False)

    def expect_standalone_fees(self, expect):
        query = {"external_subscription_id": expect["standalone_fees"]["external_subscription_id"]}
        fees = [fee_view(fee) for fee in self.world.api.list("/fees", "fees", query)]
        fees = [
            fee for fee in fees if fee.get("invoice_id") is None and fee["item_type"] == "charge"
        ]
        self.compare_unordered(
            expect["fees"], fees, "fees without invoice", expect.get("fees_exact", True)
        )
        for name, wanted in expect.get("save", {}).items():
            self.saved[name] = self.pick(fees, wanted, "fee without invoice")["id"]

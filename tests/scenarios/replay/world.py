"""One organization of a scenario: its clock, its jobs, and its objects read back."""

import re

from tests.scenarios.replay.http import Api, ScenarioError, in_path
from tests.scenarios.replay.names import credit_note_view, fee_view, invoice_view, minor_units

SUBSCRIPTION_STATUSES = ["pending", "active", "terminated", "canceled", "incomplete"]

# Fields that scenarios read that a server may leave out.  If the server does not send
# one, the check is not made (and reported as such) instead of failing.
OPTIONAL_FIELDS = {
    "creditable_amount_cents",
    "refundable_amount_cents",
    "tax_status",
    "precise_credit_notes_amount_cents",
    "precise_coupons_adjustment_amount_cents",
    "dunning_attempts",
    "last_dunning_at",
}
# Deliveries about the catalogue and about documents, which the scenarios do not number.
IGNORED_WEBHOOKS = re.compile(
    r"^(customer|plan)\.created$|^customer\.updated$|^billable_metric\.|\.generated$"
)
COLLECTIONS = """customers subscriptions invoices fees credit_notes applied_coupons coupons taxes
wallets wallet_transactions consumptions invoice_settlements payments payment_requests alerts
triggered_alerts webhooks emails""".split()


class World:
    """One scenario's organization: moves its clock, runs jobs and reads its objects back."""

    def __init__(self, options, name, clock):
        admin = Api(options.url, options.admin_key)
        body = {"organization": {"name": name, "test_clock": clock, "default_currency": "EUR"}}
        key = admin.content(admin.call("POST", "/organizations", body), "organization")["api_key"]
        admin.close()
        self.api = Api(options.url, key)
        self.webhook_url, self.clock = options.webhook_url, clock
        self.cache, self.webhook_endpoint, self.provider = {}, None, None
        reply = self.api.call("GET", "/test_clock")
        self.features = (
            reply.body["test_clock"].get("features") or [] if reply.status == 200 else []
        )

    def close(self):
        self.api.close()

    def command(self, method, path, body=None, query=None):
        """An API call of the scenario; it may change state, so forget what was read before."""
        self.cache.clear()
        return self.api.call(method, path, body, query)

    def order(self, method, path, body, root=None):
        """A call of the harness itself (clock, job, sandbox), which has to succeed."""
        self.cache.clear()
        reply = self.api.call(method, path, body)
        if reply.status != 200:
            raise ScenarioError(f"{method} {path}: status {reply.status}, expected 200", reply)
        return reply.body[root] if root else None

    def set_clock(self, instant):
        if instant != self.clock:
            self.order("PUT", "/test_clock", {"test_clock": {"now": instant}})
            self.clock = instant

    def run_job(self, job):
        self.order("POST", "/test_clock/run", {"job": job})

    def sandbox_provider(self):
        """Id of the organization's sandbox payment provider, created on first use."""
        if not self.provider:
            body = {"payment_provider": {"code": "sandbox", "name": "Sandbox"}}
            self.provider = self.order(
                "POST", "/payment_providers/sandbox", body, "payment_provider"
            )["id"]
        return self.provider

    def set_provider_outcome(self, outcome):
        path = f"/payment_providers/sandbox/{self.sandbox_provider()}"
        self.order("PUT", path, {"payment_provider": {"outcome": outcome}})

    def record_webhooks(self):
        """Register an endpoint, so that deliveries are recorded (nobody listens at its URL)."""
        reply = self.command(
            "POST", "/webhook_endpoints", {"webhook_endpoint": {"webhook_url": self.webhook_url}}
        )
        self.webhook_endpoint = self.api.content(reply, "webhook_endpoint")["id"]

    def invoice(self, invoice_id):
        return invoice_view(self.api.get(f"/invoices/{invoice_id}", "invoice"))

    def collection(self, name):
        """All objects of one kind in creation order, under their scenario names."""
        if name not in self.cache:
            loader = getattr(self, "load_" + name, None)
            self.cache[name] = loader() if loader else self.api.list("/" + name, name)
        return self.cache[name]

    # Collections that are more than one plain list.
    def load_customers(self):
        listed = self.api.list("/customers", "customers")
        return [
            self.api.get("/customers/" + in_path(customer["external_id"]), "customer")
            for customer in listed
        ]

    def load_subscriptions(self):
        subs = self.api.list("/subscriptions", "subscriptions", {"status[]": SUBSCRIPTION_STATUSES})
        return [
            {**sub, "customer": {"external_id": sub.get("external_customer_id")}} for sub in subs
        ]

    def load_invoices(self):
        return [self.invoice(listed["id"]) for listed in self.api.list("/invoices", "invoices")]

    def load_fees(self):
        return [fee_view(fee) for fee in self.api.list("/fees", "fees")]

    def load_credit_notes(self):
        listed = self.api.list("/credit_notes", "credit_notes")
        return [
            credit_note_view(self.api.get(f"/credit_notes/{note['id']}", "credit_note"))
            for note in listed
        ]

    def load_coupons(self):
        coupons = self.api.list("/coupons", "coupons")
        return [
            {**c, "status": "terminated" if c.get("terminated_at") else "active"} for c in coupons
        ]

    def load_wallet_transactions(self):
        """Over all wallets; without such a list, the lists of wallets merged by created_at."""
        currency = {wallet["id"]: wallet["currency"] for wallet in self.collection("wallets")}
        if self.api.call("GET", "/wallet_transactions").status == 200:
            found = self.api.list("/wallet_transactions", "wallet_transactions")
        else:
            paths = [f"/wallets/{wallet}/wallet_transactions" for wallet in currency]
            found = [
                transaction
                for path in paths
                for transaction in self.api.list(path, "wallet_transactions")
            ]
            found.sort(key=lambda transaction: transaction["created_at"])
        return [
            {**tx, "amount_cents": minor_units(tx["amount"], currency[tx["wallet_id"]])}
            for tx in found
        ]

    def load_consumptions(self):
        """Read from the outbound side, because that gives the order over all transactions."""
        transactions, found = {tx["id"]: tx for tx in self.collection("wallet_transactions")}, []
        for outbound in transactions.values():
            if outbound["transaction_type"] == "outbound":
                path = f"/wallet_transactions/{outbound['id']}/fundings"
                for link in self.api.list(path, "wallet_transaction_fundings"):
                    inbound = transactions[link["wallet_transaction"]["id"]]
                    found.append({**link, "inbound": inbound, "outbound": outbound})
        return found

    def load_invoice_settlements(self):
        """Not an API object: what credit notes settled on each invoice."""
        field = "total_offsetted_credit_note_amount_cents"
        invoices = [invoice for invoice in self.collection("invoices") if invoice.get(field)]
        return [{"amount_cents": i[field], "source": "credit_note", "invoice": i} for i in invoices]

    def load_payments(self):
        return [
            {**payment, "payment_type": payment.get("type")}
            for payment in self.api.list("/payments", "payments")
        ]

    def load_alerts(self):
        paths = [
            f"/subscriptions/{in_path(sub['external_id'])}/alerts"
            for sub in self.collection("subscriptions")
            if sub["status"] == "active"
        ]
        paths += [
            f"/customers/{in_path(wallet['external_customer_id'])}/wallets/{in_path(wallet['code'])}/alerts"
            for wallet in self.collection("wallets")
            if wallet["status"] == "active"
        ]
        found = [alert for path in paths for alert in self.api.list(path, "alerts")]
        return sorted(found, key=lambda alert: alert["created_at"])

    def load_webhooks(self):
        listed = self.api.list(f"/webhook_endpoints/{self.webhook_endpoint}/webhooks", "webhooks")
        return [
            {**hook, "type": hook["webhook_type"], "object_type": hook["payload"]["object_type"]}
            for hook in listed
            if not IGNORED_WEBHOOKS.search(hook["webhook_type"])
        ]

    def load_triggered_alerts(self):
        webhooks = self.collection("webhooks")
        return [
            hook["payload"]["triggered_alert"]
            for hook in webhooks
            if hook["type"] == "alert.triggered"
        ]

    def load_emails(self):
        return self.api.list("/test_clock/emails", "emails")

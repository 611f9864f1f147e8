"""Scenarios of coupons, credit notes, wallets, taxes, payments and alerts."""

import json
import re

from tests.scenarios.replay.comparison import differences, money_tolerance
from tests.scenarios.replay.http import NotObservable, ScenarioError, Skip, in_path, shorten
from tests.scenarios.replay.names import response_view
from tests.scenarios.replay.player import Player
from tests.scenarios.replay.world import COLLECTIONS, OPTIONAL_FIELDS, World


class MoneyPlayer(Player):
    """Scenarios with selectors (scenarios-money/SCHEMA.md)."""

    needs = {
        "provider_outcome": "a sandbox payment provider",
        "given": "POST /v1/test_clock/invoices",
        "vies": "PUT /v1/test_clock/vies",
    }
    selector = re.compile(r"[A-Za-z_]\w*(\[[^\]]+\]|\.[A-Za-z_]\w*)*")
    selector_part = re.compile(r"\[([^\]]+)\]|([A-Za-z_]\w*)")

    def begin(self):
        steps, settings = self.scenario["steps"], dict(self.scenario.get("settings") or {})
        if any('"status": "open"' in json.dumps(step.get("expect", {})) for step in steps):
            raise Skip("looks at an invoice in status open, which the API never shows")
        self.aliases, self.response = {}, None
        self.world = World(
            self.options,
            self.scenario["name"],
            settings.pop("organization_created_at", steps[0]["at"]),
        )
        for key, meaning in self.needs.items():
            if any(key in step for step in steps) and key not in self.world.features:
                raise Skip(f"the server does not offer {meaning} (optional feature {key!r})")
        if any(key.startswith("webhooks") for step in steps for key in step.get("expect", {})):
            self.world.record_webhooks()
        if "invoice_grace_period" in settings:
            settings["billing_configuration"] = {
                "invoice_grace_period": settings.pop("invoice_grace_period")
            }
        if settings:
            reply = self.world.command(
                "PUT", "/billing_entities/default", {"billing_entity": settings}
            )
            self.world.api.content(reply, "billing_entity")

    def play_step(self):
        """The keys of a step run in the order the schema gives."""
        step, world = self.step, self.world
        if "provider_outcome" in step:
            world.set_provider_outcome(step["provider_outcome"])
        if "vies" in step:
            world.order("PUT", "/test_clock/vies", {"vies": step["vies"]})
        if "given" in step:
            given = self.filled(step["given"])
            invoice = {"external_customer_id": given["external_customer_id"], **given["invoice"]}
            created = world.order("POST", "/test_clock/invoices", {"invoice": invoice}, "invoice")
            self.aliases[step.get("save")] = ("invoices", created["id"])
        if "do" in step:
            self.do()
        jobs = step.get("run", [])
        for job in [jobs] if isinstance(jobs, str) else jobs:
            world.run_job(job)
        for selector, expected in step.get("expect", {}).items():
            self.check(selector, self.filled(expected))

    def do(self):
        method, path = self.filled(self.step["do"]).split(" ", 1)
        query, body = None, self.filled(self.step.get("body"))
        if method == "DELETE":
            query, body = body, None
        elif body:
            body = self.real_body(body)
        self.response = reply = self.world.command(
            method, path.removeprefix("/api/v1"), body, query
        )
        watched = any(selector.startswith("response") for selector in self.step.get("expect", {}))
        if reply.status != 200 and not watched:
            raise ScenarioError(f"status: got {reply.status}, expected 200", reply)
        if "save" in self.step:
            root, created = next(iter(reply.body.items()))
            self.aliases[self.step["save"]] = (root + "s", created["id"])

    def real_body(self, body):
        """Replace the schema's shorthands by what the API accepts."""
        (root, content), *rest = body.items()
        content = dict(content) if isinstance(content, dict) else content
        if root == "customer":
            settings = {
                key: content.pop(key) for key in ("invoice_grace_period",) if key in content
            }
            if content.pop("payment_provider", None) and "provider_outcome" in self.world.features:
                self.world.sandbox_provider()
                settings.update(payment_provider="sandbox", payment_provider_code="sandbox")
            if settings:
                content["billing_configuration"] = settings
        elif root == "plan" and "charges" in content:
            content["charges"] = [self.real_charge(dict(charge)) for charge in content["charges"]]
        elif root == "tax":
            content["rate"] = float(content["rate"])
        return {root: content, **dict(rest)}

    def real_charge(self, charge):
        code = charge.pop("billable_metric_code")
        metric = self.world.api.get("/billable_metrics/" + in_path(code), "billable_metric")
        return {"billable_metric_id": metric["id"], **charge}

    def check(self, selector, expected):
        """One entry of `expect`: a selector with a value, or with the attributes it should have."""
        wanted = {selector: expected}
        if isinstance(expected, dict):
            wanted = {f"{selector}.{name}": value for name, value in expected.items()}
        found = []
        for path, value in wanted.items():
            try:
                found += differences(value, self.lookup(path), money_tolerance, path)
            except NotObservable as missing:
                self.not_checked.add(str(missing))
        if found and selector.startswith("response"):
            self.problem("\n".join(found), self.response)
        elif found:
            holder = (
                selector
                if isinstance(expected, dict)
                else re.sub(r"(\.\w+|\[[^\]]+\])$", "", selector)
            )
            self.problem("\n".join(found) + f"\n{holder} is {shorten(self.lookup(holder), 500)}")

    def lookup(self, selector):
        """Evaluate `root.attribute[n][attribute=value].count`; None if something is absent."""
        if not self.selector.fullmatch(selector):
            raise ScenarioError(f"cannot read the selector {selector!r}")
        parts = self.selector_part.findall(selector)
        value = self.root(parts[0][1])
        for bracket, name in parts[1:]:
            if value is None:
                return None
            if name == "count":
                value = len(value)
            elif name:
                value = self.attribute(value, name)
            elif re.fullmatch(r"-?\d+", bracket):
                value = value[int(bracket)] if -len(value) <= int(bracket) < len(value) else None
            else:
                path, wanted = bracket.split("=", 1)
                value = [item for item in value if self.text_at(item, path) == wanted.lower()]
        return value

    def root(self, name):
        if name in self.aliases:
            kind, identifier = self.aliases[name]
            return next(
                (item for item in self.world.collection(kind) if item["id"] == identifier), None
            )
        if name == "response":
            return response_view(self.response)
        if name not in COLLECTIONS:
            raise ScenarioError(f"unknown selector root {name!r}")
        if name == "emails" and "emails" not in self.world.features:
            raise NotObservable("emails")
        return self.world.collection(name)

    @staticmethod
    def attribute(value, name):
        if not isinstance(value, dict):
            return None
        if name not in value and name in OPTIONAL_FIELDS:
            raise NotObservable(name)
        return value.get(name)

    @staticmethod
    def text_at(item, path):
        """The value at a dotted path as lower-case text, for [path=value] filters."""
        for name in path.split("."):
            item = item.get(name) if isinstance(item, dict) else None
        return str(item).lower()

"""A plan, a customer on it, and a short way to speak of what they are entitled to."""

import pytest

from billing import customers, entitlements, features, plans, subscriptions
from billing.features import FeatureInput, PrivilegeInput
from billing.subscriptions import SubscriptionInput, SubscriptionStatusQuery
from metering.measures.period import Interval

SEATS = [
    PrivilegeInput(code="max", value_type="integer"),
    PrivilegeInput(code="invite", value_type="boolean"),
    PrivilegeInput(code="tier", value_type="select", config={"select_options": ["free", "pro"]}),
]
"""What there can be of the feature `seats`."""

ACTIVE = SubscriptionStatusQuery()


class Scene:
    """One subscription `s` on the plan `p`, and the features `seats` and `sso`."""

    def __init__(self, work):
        self.work = work
        plan = plans.create(work, plans.PlanInput(
            name="p", code="p", interval=Interval.monthly, amount_cents=0, amount_currency="EUR",
            pay_in_advance=False,
        ))  # fmt: skip
        self.plan_id = plan.id
        features.create(work, FeatureInput(code="seats", name="Seats", privileges=SEATS))
        features.create(work, FeatureInput(code="sso"))
        self.subscribe("s", "p")

    def subscribe(self, external_id, plan_code):
        owner = customers.ensure(self.work, "c")
        asked = SubscriptionInput(
            external_customer_id="c", external_id=external_id, plan_code=plan_code
        )
        plan_id = plans.find(self.work, plan_code).id
        return subscriptions.create(self.work, owner, plan_id, asked)

    def plan(self, **granted):
        return entitlements.replace_of_plan(self.work, "p", granted)

    def write(self, **granted):
        return entitlements.merge(self.work, "s", ACTIVE, granted)

    def holds(self):
        """What the subscription has now: by feature, the value of each privilege, in order."""
        found = entitlements.of_subscription(self.work, "s", ACTIVE)
        return {each.code: {one.code: one.value for one in each.privileges} for each in found}


@pytest.fixture
def scene(work):
    """The scene, in a unit of work on either ledger."""
    return Scene(work)

"""What the bill run reads of plans, what is not billed yet, and metrics that plans price."""

import pytest

from billing import plans
from billing.plans import PlanMetricQuery
from metering import metrics
from metering.measures.refusals import Missing
from metering.metrics import BillableMetricUpdate, MetricFilterInput
from tests.billing.plans import changes, metric, plan, standard
from tests.conftest import told


def regions(*values):
    return [MetricFilterInput(key="region", values=list(values))]


def test_the_book_has_every_plan_with_its_charges_and_prices(work):
    """Two plans, one of them archived: plans, charges in their order, prices, metrics."""
    api = metric(work, filters=[{"key": "region", "values": ["eu", "us"]}])
    storage = metric(work, "storage", rounding_function="ceil", rounding_precision=2)
    filters = [
        {"values": {"region": [value]}, "properties": {"amount": amount}}
        for value, amount in (("us", "3"), ("eu", "2"))
    ]
    plans.create(work, plan(code="a", charges=[standard(storage, "9"), standard(api, "1")]))
    old = plans.create(work, plan(code="b", charges=[standard(api, "1", filters=filters)]))
    plans.delete(work, "b")

    book = plans.book(work)

    assert book.plans.select("plan_code", "interval", "plan_amount_cents", "currency").rows() == [
        ("a", "monthly", 1000, "EUR"), ("b", "monthly", 1000, "EUR"),
    ]  # fmt: skip
    shown = book.charges.select("metric_code", "code", "position", "aggregation_type")
    assert shown.rows() == [
        ("storage", "storage", 0, "sum_agg"), ("api", "api", 1, "sum_agg"),
        ("api", "api", 0, "sum_agg"),
    ]  # fmt: skip
    charge = old.charges[0]
    mine = [price for price in book.prices if price.charge_id == charge.id]
    assert [(price.values, price.position, price.properties.amount) for price in mine] == [
        ({}, 0, "1"), ({"region": ["us"]}, 0, "3"), ({"region": ["eu"]}, 1, "2"),
    ]  # fmt: skip
    assert book.filters["filters"].to_list() == ['{"region":["us"]}', '{"region":["eu"]}']
    assert book.metrics[storage.id].rounding_precision == 2
    assert book.metrics[api.id].filters == {"region": ["eu", "us"]}


def test_a_book_can_be_of_some_plans_or_charges(work):
    """Of plan b; of its one charge; of nothing at all."""
    api = metric(work)
    plans.create(work, plan(code="a", charges=[standard(api)]))
    b = plans.create(work, plan(code="b", charges=[standard(api, "2"), standard(api, "3")]))

    book = plans.book(work, [b.id])
    one = book.keeping(book.charges.filter(code="api_2"))
    none = plans.book(work, [])

    assert book.plans["plan_id"].to_list() == [b.id]
    assert book.charges["code"].to_list() == ["api", "api_2"]
    assert [price.properties.amount for price in one.prices] == ["3"]
    assert (none.plans.height, none.charges.height, none.prices) == (0, 0, [])
    assert none.charges.schema == book.charges.schema
    assert plans.terms(work)["plan_code"].to_list() == ["a", "b"]


# -- metrics that plans price


def test_a_metric_that_a_plan_prices_changes_only_in_name(work):
    """Its code stays while a plan charges for it, archived or not, and is free after."""
    api = metric(work)
    plans.create(work, plan(charges=[standard(api)]))
    renamed = BillableMetricUpdate(name="Calls", code="calls")

    used = plans.update_metric(work, "api", renamed)
    plans.change(work, "basic", changes(charges=[]), in_use=False)
    free = plans.update_metric(work, "api", renamed)

    assert (used.name, used.code) == ("Calls", "api")
    assert (free.name, free.code) == ("Calls", "calls")


def test_values_no_longer_declared_leave_every_filter(work):
    """eu+us and asia; us and asia are withdrawn: the first keeps eu, the second is gone (F6)."""
    api = metric(work, filters=[{"key": "region", "values": ["asia", "eu", "us"]}])
    filters = [
        {"values": {"region": values}, "properties": {"amount": amount}}
        for values, amount in ((["eu", "us"], "2"), (["asia"], "3"))
    ]
    plans.create(work, plan(charges=[standard(api, filters=filters)]))

    plans.update_metric(work, "api", BillableMetricUpdate(filters=regions("eu")))

    (charge,) = plans.find(work, "basic").charges
    assert [each.values for each in charge.filters] == [{"region": ["eu"]}]
    assert [price.properties.amount for price in plans.book(work).prices] == ["1", "2"]


def test_a_deleted_metric_takes_its_charges_along(work):
    """Two plans charge for it, one of them also for another: that one charge is left."""
    api, storage = metric(work), metric(work, "storage")
    plans.create(work, plan(code="a", charges=[standard(api), standard(storage)]))
    plans.create(work, plan(code="b", charges=[standard(api)]))

    plans.delete_metric(work, "api")

    left = [charge.code for code in "ab" for charge in plans.find(work, code).charges]
    assert left == ["storage"]
    assert [price.charge_id for price in plans.book(work).prices] == [
        plans.find(work, "a").charges[0].id
    ]
    with pytest.raises(Missing):
        metrics.find(work, "api")
    assert told(work)[-1] == "billable_metric.deleted"


def test_metrics_are_listed_by_plan(work):
    """Those that a plan charges for; of an unknown plan there are none to list."""
    api, storage = metric(work), metric(work, "storage")
    metric(work, "unused")
    plans.create(work, plan(code="a", charges=[standard(storage), standard(api)]))

    def codes(**query):
        return [each.code for each in plans.browse_metrics(work, PlanMetricQuery(**query)).items]

    assert codes() == ["unused", "storage", "api"]
    assert codes(plan_code="a") == ["storage", "api"]
    assert codes(plan_code="a", search_term="ap") == ["api"]
    with pytest.raises(Missing) as refused:
        codes(plan_code="nothing")
    assert refused.value.code == "plan_not_found"

"""What a customer may see of itself. The token decides whose data it is, never the request."""

from typing import Any

from billing import customers, invoices, plans, subscriptions, usage
from billing.account.requests import AccountQuery, AccountUsageQuery, MyInvoiceQuery
from billing.subscriptions import Subscription, SubscriptionStatus, SubscriptionView
from metering.measures.refusals import Missing
from metering.measures.shapes import Page, PageQuery
from sql.work import Work


def my_subscription(work: Work, query: AccountQuery) -> SubscriptionView:
    """Return the customer's active subscription and its plan.

    Raises: Missing `subscription_not_found`.
    """
    return subscriptions.show(work, _mine(work, query.external_subscription_id))


def my_usage(work: Work, query: AccountUsageQuery) -> usage.CustomerUsage:
    """Return what the customer has used in the current period.

    Raises: Missing `subscription_not_found`.
    """
    mine = _mine(work, query.external_subscription_id)
    asked = usage.UsageQuery(
        external_subscription_id=mine.external_id, apply_taxes=query.apply_taxes
    )
    return usage.current(work, _me(work).external_id, asked)


def my_invoices(work: Work, query: MyInvoiceQuery) -> Page[invoices.InvoiceView]:
    """List the customer's invoices, newest first."""
    asked: dict[str, Any] = {name: getattr(query, name) for name in query.__struct_fields__}
    return invoices.of_customer(work, _me(work).external_id, invoices.InvoiceQuery(**asked))


def my_invoice(work: Work, id: str) -> invoices.InvoiceView:
    """Return one of the customer's invoices.

    Raises: Missing `invoice_not_found`, also for a draft and for another's.
    """
    found = invoices.find(work, id)
    is_mine = found.customer.id == _me(work).id  # type: ignore[union-attr]
    if not is_mine or found.status is invoices.InvoiceStatus.draft:
        raise Missing("invoice", id)
    return found


def available_plans(work: Work, query: PageQuery) -> Page[plans.Plan]:
    """List the plans the customer can be on, newest first."""
    asked: dict[str, Any] = {name: getattr(query, name) for name in query.__struct_fields__}
    return plans.browse(work, plans.PlanQuery(**asked))


def _me(work: Work) -> customers.Customer:
    assert work.principal.kind == "customer", "the row asks for a customer's token"
    return customers.find_by_id(work, work.principal.id)


def _mine(work: Work, external_id: str | None) -> Subscription:
    found = subscriptions.of_customer(work, _me(work).id, SubscriptionStatus.active)
    named = [one for one in found if external_id in (None, one.external_id)]
    if not named:
        raise Missing("subscription", external_id or "")
    return named[0]

"""AccountService: what a customer may see of itself."""

from api.rpc import Service, rpc
from billing import account


class AccountService(Service):
    """A customer's own billing data, read-only, opened by a customer's token."""

    get_my_subscription = rpc("GET /account/subscription", account.my_subscription, asks="customer")
    get_my_usage = rpc("GET /account/usage", account.my_usage, asks="customer")
    list_my_invoices = rpc("GET /account/invoices", account.my_invoices, asks="customer")
    get_my_invoice = rpc("GET /account/invoices/{id}", account.my_invoice, asks="customer")
    list_available_plans = rpc("GET /account/plans", account.available_plans, asks="customer")

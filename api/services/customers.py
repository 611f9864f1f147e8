"""CustomerService: who is billed."""

from api.rpc import Service, rpc
from billing import customers, cycle, usage


class CustomerService(Service):
    """The billing profiles of your customers, under ids of your choice."""

    create = rpc("POST /customers", customers.upsert)
    get = rpc("GET /customers/{external_id}", customers.find)
    list_ = rpc("GET /customers", customers.browse)
    update = rpc("PUT /customers/{external_id}", customers.update)
    update_customer_invoice_grace_period = rpc(
        "PUT /customers/{external_id}/invoice_grace_period", customers.set_grace_period
    )
    delete = rpc("DELETE /customers/{external_id}", cycle.remove_customer)
    get_usage = rpc(
        "GET /customers/{external_id}/current_usage", usage.current, resource="customer_usage"
    )
    get_projected_usage = rpc(
        "GET /customers/{external_id}/projected_usage", usage.projected, resource="customer_usage"
    )
    get_past_usage = rpc(
        "GET /customers/{external_id}/past_usage", usage.past, resource="customer_usage"
    )

"""BillableMetricService: what is counted."""

import ingest
from api.rpc import Service, rpc
from billing import plans
from metering import metrics


class BillableMetricService(Service):
    """What is counted: the events of one code, and how they become a quantity."""

    create = rpc("POST /billable_metrics", metrics.create)
    get = rpc("GET /billable_metrics/{code}", metrics.find)
    evaluate_expression = rpc(
        "POST /billable_metrics/evaluate_expression", ingest.evaluate_expression, permission="read"
    )
    list_ = rpc("GET /billable_metrics", plans.browse_metrics)
    update = rpc("PUT /billable_metrics/{code}", plans.update_metric)
    delete = rpc("DELETE /billable_metrics/{code}", plans.delete_metric)

"""ObservabilityService: revenue analytics."""

from analytics import reconciliation, reports
from api.rpc import Service, rpc


class ObservabilityService(Service):
    """Business intelligence on billing data, answered from facts in the warehouse."""

    gross_revenues = rpc(
        "GET /analytics/gross_revenue", reports.gross_revenues, resource="analytic"
    )
    invoiced_usages = rpc(
        "GET /analytics/invoiced_usage", reports.invoiced_usages, resource="analytic"
    )
    reconciliation = rpc(
        "GET /analytics/reconciliation", reconciliation.reconcile, resource="analytic"
    )

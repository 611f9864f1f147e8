"""What can be done with plans, and with the metrics they price."""

from billing.plans.service.metrics import delete_metric, update_metric
from billing.plans.service.plan import change, create, delete

__all__ = ["change", "create", "delete", "delete_metric", "update_metric"]

"""What can be done with plans, and with the metrics they price."""

from billing.plans.service.charges import change_filter_values
from billing.plans.service.limits import write_thresholds
from billing.plans.service.metrics import delete_metric, update_metric
from billing.plans.service.overrides import override, override_charge
from billing.plans.service.own import override_fixed_charge
from billing.plans.service.plan import change, create, delete

__all__ = [
    "change",
    "change_filter_values",
    "create",
    "delete",
    "delete_metric",
    "override",
    "override_charge",
    "override_fixed_charge",
    "update_metric",
    "write_thresholds",
]

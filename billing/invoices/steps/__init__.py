"""The assembly of invoices, as a list one can read aloud. One file per step.

A step is a module with

    ORDER: int                            where it stands in the list
    def apply(work, bill) -> Bill         what it adds to all invoices at once

and joins by being there. Each takes frames and returns frames; none of them writes.
"""

import importlib
import pkgutil
from types import ModuleType

from billing.invoices.steps.bill import ZERO, Bill, replace
from sql.work import Work

__all__ = ["STEPS", "Bill", "assemble"]


def _steps() -> list[ModuleType]:
    found = [
        importlib.import_module(f"{__name__}.{module.name}")
        for module in pkgutil.iter_modules(__path__)
        if module.name != "bill"
    ]
    return sorted(found, key=lambda step: step.ORDER)


STEPS = _steps()
"""In the order of spec/billing.md TX."""


def assemble(work: Work, bill: Bill) -> Bill:
    """Take a bill of periods and fees through every step, to invoices ready to be written."""
    none = {"precise_coupons_amount_cents": ZERO, "precise_credit_notes_amount_cents": ZERO}
    bill = replace(bill, fees=bill.fees.with_columns(**none))
    for step in STEPS:
        bill = step.apply(work, bill)
    return bill

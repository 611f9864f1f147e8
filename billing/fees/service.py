"""What can be done with fees: credited, and paid where they stand alone."""

import polars as pl

from billing.fees.model import FeePaymentStatus, FeeView
from billing.fees.notices import FeeUpdated
from billing.fees.queries import credited, find
from billing.fees.requests import FeeUpdate
from billing.fees.tables import fees
from metering.measures.refusals import Conflict
from sql.work import Work

STAMPS = {
    FeePaymentStatus.succeeded: "succeeded_at",
    FeePaymentStatus.failed: "failed_at",
    FeePaymentStatus.refunded: "refunded_at",
}
"""Where it is kept since when a fee is paid, or is not."""


def update(work: Work, id: str, fee: FeeUpdate) -> FeeView:
    """Say what became of the payment of a fee that is on no invoice.

    Raises: Missing `fee_not_found`; Conflict `invoiced_fee`.
    """
    before = find(work, id)
    changed: dict[str, object] = {"payment_status": fee.payment_status}
    if stamp := STAMPS.get(fee.payment_status):
        changed[stamp] = work.now
    alone = fees.c.id == before.id, fees.c.invoice_id.is_(None)
    if not work.rows.change(fees, *alone, **changed):
        raise Conflict("invoiced_fee", "What an invoice lists is paid with the invoice.")
    after = find(work, id)
    work.tell(FeeUpdated(fee=after), before=before)
    return after


def credit(work: Work, taken: pl.DataFrame) -> None:
    """Note on fees what credit notes take of them. The caller holds their invoices.

    Shape:   in, fee_id, amount_cents; several rows of a fee add up.
    """
    sums = taken.group_by(id="fee_id").agg(pl.col("amount_cents").sum())
    before = credited(work, sums["id"].to_list())
    after = before.join(sums, on="id").select(
        "id", credited_amount_cents=pl.col("credited_amount_cents") + pl.col("amount_cents")
    )
    work.rows.patch(fees, after)

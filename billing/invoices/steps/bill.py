"""What the steps hand on to each other: a chunk of the book, as frames."""

import polars as pl
from msgspec import Struct
from msgspec.structs import replace

from metering.columns import AMOUNT

__all__ = ["IS_DRAFT", "Bill", "replace"]


class Bill(Struct, frozen=True, kw_only=True):
    """Invoices in the making, with what they are made of.

    `invoices`  one row per invoice: id, customer_id, entity_id, currency, digits, timezone,
                grace_days, net_payment_term, zero_is_skipped, invoice_type, billed_at, …
    `periods`   one row per billed period: period (its number), invoice_id, …
    `fees`      one row per fee: billing.fees.FEES, with invoice_id, currency, digits and
                the ids of what taxes can be applied to: charge_id, plan_id, customer_id, entity_id
    `fee_taxes`, `invoice_taxes`   what each tax comes to; empty until the step that fills them
    `credits`   what is spent of earlier credit: invoice_id, credit_id, amount_cents
    `progressive`   what is taken off for usage that is billed already: invoice_id,
                progressive_invoice_id, amount_cents, and excess_cents, by how much that was more
    """

    invoices: pl.DataFrame
    periods: pl.DataFrame
    fees: pl.DataFrame
    fee_taxes: pl.DataFrame = pl.DataFrame()
    invoice_taxes: pl.DataFrame = pl.DataFrame()
    credits: pl.DataFrame = pl.DataFrame()
    progressive: pl.DataFrame = pl.DataFrame()


ZERO = pl.lit(0, AMOUNT)

IS_DRAFT = pl.col("is_gracious") & (pl.col("grace_days") > 0)
"""Whether an invoice waits as a draft (I3)."""

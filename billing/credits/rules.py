"""Which credit pays for what: pure, in columns, for all customers at once."""

import polars as pl

OF = ("customer_id", "currency")
"""Credit pays only what is owed by the same customer in the same currency."""


def matched(owing: pl.DataFrame, available: pl.DataFrame) -> pl.DataFrame:
    """Pay what is owed with what is available: in both, the first row of a customer first.

    Shape:   in, `owing` with id, customer_id, currency and owed_cents, in the order they are to be
             paid; `available` with id, customer_id, currency and balance_cents, in the order it is
             to be spent; out, invoice_id, credit_id, amount_cents, all above zero.
    Rule:    what is owed and what is available are each laid end to end; a credit pays as much of
             an invoice as their stretches overlap. That is min(balance, remaining total), taken one
             credit after another, for one invoice after another (B-50).
    """
    stretches = _laid(owing, "owed_cents").join(
        _laid(available, "balance_cents"), on=OF, suffix="_of_credit", maintain_order="left_right"
    )
    overlap = pl.min_horizontal("upto", "upto_of_credit") - pl.max_horizontal(
        "after", "after_of_credit"
    )
    return stretches.select(
        invoice_id="id", credit_id="id_of_credit", amount_cents=overlap
    ).filter(pl.col("amount_cents") > 0)  # fmt: skip


def _laid(frame: pl.DataFrame, cents: str) -> pl.DataFrame:
    upto = pl.col(cents).cum_sum().over(OF)
    return frame.select("id", *OF, upto=upto, after=upto - pl.col(cents))

"""What can be asked about fees."""

from collections.abc import Sequence

from billing.fees.model import Fee, FeeItem, FeeTax, FeeType, FeeView
from billing.fees.tables import fee_taxes, fees
from metering.measures import money
from metering.measures.money import plain
from sql.work import Work

ITEM_TYPES = {
    FeeType.charge: "BillableMetric",
    FeeType.add_on: "AddOn",
    FeeType.fixed_charge: "AddOn",
    FeeType.credit: "WalletTransaction",
    FeeType.subscription: "Subscription",
    FeeType.commitment: "Subscription",
}


def of_invoices(work: Work, ids: Sequence[str]) -> list[Fee]:
    """Return the fees of invoices, in the order they were made."""
    return work.rows.all(fees, Fee, fees.c.invoice_id.in_(ids))


def taxes_of_invoices(work: Work, ids: Sequence[str]) -> dict[str, list[FeeTax]]:
    """Return what taxes came to on the fees of invoices, by fee."""
    found: dict[str, list[FeeTax]] = {}
    for tax in work.rows.all(fee_taxes, FeeTax, fee_taxes.c.invoice_id.in_(ids)):
        found.setdefault(tax.fee_id, []).append(tax)
    return found


def view(fee: Fee, taxes: Sequence[FeeTax], external_customer_id: str) -> FeeView:
    """Return a fee as it is shown."""
    same = {name: getattr(fee, name) for name in FeeView.__struct_fields__ if hasattr(fee, name)}
    major = money.digits(fee.currency)
    taxed = plain(fee.precise_amount + fee.taxes_precise_amount)
    return FeeView(
        **same,
        item=FeeItem(
            type=fee.fee_type,
            code=fee.item_code,
            name=fee.item_name,
            invoice_display_name=fee.item_display_name or fee.item_name,
            filters=fee.filters,
            filter_invoice_display_name=fee.filter_display_name,
            item_id=fee.item_id,
            item_type=ITEM_TYPES[fee.fee_type],
            grouped_by={key: value or "" for key, value in (fee.grouped_by or {}).items()},
        ),
        external_customer_id=external_customer_id,
        amount_currency=fee.currency,
        total_amount_cents=fee.amount_cents + fee.taxes_amount_cents,
        total_amount_currency=fee.currency,
        precise_total_amount=taxed,
        sub_total_excluding_taxes_amount_cents=fee.amount_cents,
        sub_total_excluding_taxes_precise_amount_cents=plain(fee.precise_amount.scaleb(major)),
        applied_taxes=list(taxes),
    )

"""Prices: what replaces one is its next version, so that fees can name what they were made with."""

from collections.abc import Collection

from billing.plans.model import PriceTerms
from billing.plans.rules import stored
from billing.plans.tables import prices
from metering.charges import ChargeProperties
from metering.measures import ids
from sql.work import Work


def put(
    work: Work, kind: str, properties: ChargeProperties, *,
    charge_id: str | None = None, filter_id: str | None = None, fixed_charge_id: str | None = None,
) -> None:  # fmt: skip
    """Make this the price of an owner. The same price again changes nothing."""
    had = work.rows.find(
        prices, PriceTerms, charge_id=charge_id, filter_id=filter_id,
        fixed_charge_id=fixed_charge_id, superseded_at=None,
    )  # fmt: skip
    said = stored(properties)
    if had and (had.charge_model, had.properties) == (kind, said):
        return
    if had:
        retire(work, "id", [had.id])
    made = PriceTerms(
        id=ids.new(),
        charge_id=charge_id,
        filter_id=filter_id,
        fixed_charge_id=fixed_charge_id,
        version=had.version + 1 if had else 1,
        charge_model=kind,
        properties=said,
        created_at=work.now,
    )
    is_new = work.rows.add(prices, made)
    assert is_new, f"somebody else priced the same at once: {made}"


def retire(work: Work, column: str, ids: Collection[str]) -> None:
    """Let the prices of these owners hold no longer. Fees that were made with them keep them."""
    standing = prices.c.superseded_at.is_(None) & prices.c[column].in_(ids)
    work.rows.change(prices, standing, superseded_at=work.now)

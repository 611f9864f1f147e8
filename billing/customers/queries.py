"""What can be asked about customers."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import polars as pl
from msgspec.structs import replace
from sqlalchemy import ColumnElement, func, or_, select

from billing import entities, taxes
from billing.customers.model import Customer, CustomerMetadata
from billing.customers.requests import CustomerQuery
from billing.customers.tables import customer_metadata, customers
from billing.taxes import Level, applied_taxes
from metering.measures import ids
from metering.measures.refusals import Missing
from metering.measures.shapes import Page
from sql.work import Work

SEARCHED = ("name", "firstname", "lastname", "legal_name", "external_id", "email")
"""Where a search looks."""


def find(work: Work, external_id: str) -> Customer:
    """Return one customer, by the external id or else by our own.

    Raises: Missing `customer_not_found`.
    """
    (shown,) = showing(work, [bare(work, external_id)])
    return shown


def bare(work: Work, external_id: str) -> Customer:
    """Return one customer as the row has it, without what other rows say.

    Raises: Missing `customer_not_found`.
    """
    found = work.rows.find(customers, Customer, external_id=external_id, deleted_at=None)
    if found is None and ids.is_id(external_id):
        found = work.rows.find(customers, Customer, id=external_id.lower(), deleted_at=None)
    if found is None:
        raise Missing("customer", external_id)
    return found


def find_by_id(work: Work, id: str) -> Customer:
    """Return the customer of an internal id, deleted or not.

    Raises: Missing `customer_not_found`.
    """
    if (found := by_ids(work, [id]).get(id)) is None:
        raise Missing("customer", id)
    return found


def by_ids(work: Work, ids: Iterable[str]) -> dict[str, Customer]:
    """Return customers by internal id, deleted ones too."""
    found = work.rows.all(customers, Customer, customers.c.id.in_(list(ids)))
    return {customer.id: customer for customer in showing(work, found)}


def browse(work: Work, query: CustomerQuery) -> Page[Customer]:
    """List customers, newest first."""
    page = work.rows.page(customers, Customer, query, *_where(work, query))
    page.items = showing(work, page.items)
    return page


def showing(work: Work, found: Sequence[Customer]) -> list[Customer]:
    """Return customers with what their entity, taxes and metadata say of them."""
    if not found:
        return []
    issuers = {entity.id: entity for entity in entities.every(work)}
    owners = [customer.id for customer in found]
    taxed = taxes.among(work, Level.customer, applied_taxes.c.owner_id.in_(owners))
    pairs = _metadata(work, owners)
    return [
        replace(
            customer,
            billing_entity_code=issuers[customer.billing_entity_id].code,
            applicable_timezone=(customer.timezone or issuers[customer.billing_entity_id].timezone),
            taxes=taxed.get(customer.id, []),
            metadata=pairs.get(customer.id, []),
        )
        for customer in found
    ]


def book(work: Work, ids: Sequence[str] | None = None) -> pl.DataFrame:
    """Return customers as columns, deleted ones too, for the bill run: all, or those of the ids.

    Shape:   id, external_id, sequential_id, currency, entity_id, timezone, net_payment_term and
             invoice_grace_period (the customer's own, else the entity's),
             finalize_zero_amount_invoice (as the customer has it); oldest first.
    """
    issuers = entities.entities
    own = customers.join(
        issuers,
        (customers.c.organization_id == issuers.c.organization_id)
        & (customers.c.billing_entity_id == issuers.c.id),
    )
    asked = (
        select(
            customers.c.id,
            customers.c.external_id,
            customers.c.sequential_id,
            customers.c.currency,
            customers.c.billing_entity_id.label("entity_id"),
            func.coalesce(customers.c.timezone, issuers.c.timezone).label("timezone"),
            func.coalesce(customers.c.net_payment_term, issuers.c.net_payment_term).label(
                "net_payment_term"
            ),
            customers.c.billing_configuration,
            issuers.c.invoice_grace_period,
            customers.c.finalize_zero_amount_invoice,
        )
        .select_from(own)
        .order_by(customers.c.sequence)
    )
    if ids is not None:
        asked = asked.where(work.rows.among(customers.c.id, ids))
    configured = pl.col("billing_configuration").str.json_path_match("$.invoice_grace_period")
    return (
        work.rows.frame(asked)
        .with_columns(pl.coalesce(configured.cast(pl.Int64), "invoice_grace_period")
                      .alias("invoice_grace_period"))
        .drop("billing_configuration")
    )  # fmt: skip


def last_number(work: Work) -> int:
    """Return the number of the newest customer, deleted or not; 0 before the first."""
    return work.rows.rows(select(func.max(customers.c.sequential_id)))[0][0] or 0


def entity_id(work: Work, customer: Customer) -> str:
    """Return who issues a customer's invoices."""
    return customer.billing_entity_id


def _metadata(work: Work, owners: Sequence[str]) -> dict[str, list[CustomerMetadata]]:
    table = customer_metadata
    asked = (
        select(
            table.c.customer_id, table.c.id, table.c.key, table.c.value,
            table.c.display_in_invoice, table.c.created_at,
        )
        .where(table.c.customer_id.in_(owners))
        .order_by(table.c.sequence)
    )  # fmt: skip
    found: dict[str, list[CustomerMetadata]] = defaultdict(list)
    for owner, id, key, value, shown, at in work.rows.rows(asked):
        found[owner].append(
            CustomerMetadata(id=id, key=key, value=value, display_in_invoice=shown, created_at=at)
        )
    return found


def _where(work: Work, query: CustomerQuery) -> list[ColumnElement[bool]]:
    c = customers.c
    where: list[ColumnElement[bool]] = [c.deleted_at.is_(None)]
    among = {
        c.account_type: query.account_type,
        c.currency: query.currencies,
        c.country: query.countries,
        c.state: query.states,
        c.zipcode: query.zipcodes,
    }
    where += [column.in_(wanted) for column, wanted in among.items() if wanted]
    present = {
        c.customer_type: query.has_customer_type,
        c.tax_identification_number: query.has_tax_identification_number,
    }
    for column, wanted in present.items():
        if wanted is not None:
            where.append(column.is_not(None) if wanted else column.is_(None))
    if query.external_id is not None:
        where.append(c.external_id == query.external_id)
    if query.customer_type is not None:
        where.append(c.customer_type == query.customer_type)
    if query.search_term:
        like = f"%{query.search_term}%"
        where.append(or_(*(c[name].ilike(like) for name in SEARCHED)))
    if query.billing_entity_codes:
        issuers = entities.entities.c
        coded = select(issuers.id).where(
            issuers.organization_id == work.organization,
            issuers.code.in_(query.billing_entity_codes),
        )
        where.append(c.billing_entity_id.in_(coded))
    return [*where, *(_paired(work, key, value) for key, value in query.metadata.items())]


def _paired(work: Work, key: str, value: str) -> ColumnElement[bool]:
    """Admit customers with a pair; for an empty value, those without the key."""
    table = customer_metadata.c
    having = select(table.customer_id).where(
        table.organization_id == work.organization, table.key == key
    )
    if value == "":
        return customers.c.id.not_in(having)
    return customers.c.id.in_(having.where(table.value == value))

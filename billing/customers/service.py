"""What can be done with customers."""

from typing import Any

from msgspec import UNSET, Struct
from msgspec.structs import replace

from billing import entities, taxes
from billing.customers import rules
from billing.customers.model import (
    BillingConfiguration,
    Customer,
    CustomerMetadata,
    ShippingAddress,
)
from billing.customers.notices import CustomerCreated, CustomerDeleted, CustomerUpdated
from billing.customers.queries import bare, find, last_number, showing
from billing.customers.requests import (
    BillingConfigurationInput,
    CustomerInput,
    CustomerMetadataInput,
    GracePeriodInput,
    finalize,
)
from billing.customers.tables import customer_metadata, customers
from billing.taxes import Level
from metering.measures import ids
from metering.measures.refusals import Invalid, Missing
from metering.measures.shapes import given
from sql.work import Work

ELSEWHERE = frozenset(
    {
        "billing_entity_code", "shipping_address", "billing_configuration", "metadata", "tax_codes",
        "integration_customers", "invoice_custom_section_codes", "external_id",
        "finalize_zero_amount_invoice",
    }
)  # fmt: skip
"""What a request says that is not a column as it stands."""


def upsert(work: Work, customer: CustomerInput) -> Customer:
    """Create a customer, or change the one that has this external id.

    Raises: Invalid `external_id: value_is_mandatory`; Missing `billing_entity_not_found`,
            `tax_not_found`, `integration_not_found`, `invoice_custom_section_not_found`.
    """
    if not customer.external_id.strip():
        raise Invalid(external_id="value_is_mandatory")
    known = _known(work, customer.external_id)
    return _create(work, customer) if known is None else _change(work, known, customer)


def update(work: Work, external_id: str, customer: CustomerInput) -> Customer:
    """Change a customer. The external id stays what it is.

    Raises: Missing `customer_not_found`, `billing_entity_not_found`, `tax_not_found`,
            `integration_not_found`, `invoice_custom_section_not_found`;
            Invalid `external_id: value_is_invalid` if another one is sent.
    """
    known = bare(work, external_id)
    if customer.external_id not in ("", known.external_id):
        raise Invalid(external_id="value_is_invalid")
    return _change(work, known, customer)


def ensure(work: Work, external_id: str) -> Customer:
    """Return the customer of an external id, created if there is none.

    Raises: Invalid `external_customer_id: value_is_mandatory`.
    """
    if not external_id.strip():
        raise Invalid(external_customer_id="value_is_mandatory")
    if (known := _known(work, external_id)) is not None:
        (shown,) = showing(work, [known])
        return shown
    return _create(work, CustomerInput(external_id=external_id))


def set_grace_period(work: Work, external_id: str, customer: GracePeriodInput) -> Customer:
    """Say for how many days a customer's invoices stay drafts; null leaves it to the entity.

    Raises: Missing `customer_not_found`; Invalid `invoice_grace_period: value_is_out_of_range`.
    """
    changes = BillingConfigurationInput(invoice_grace_period=customer.invoice_grace_period)
    return _change(work, bare(work, external_id), CustomerInput(billing_configuration=changes))


def delete(work: Work, external_id: str) -> Customer:
    """Delete a customer: the external id is free again, and what was invoiced stays.

    Raises: Missing `customer_not_found`.
    """
    customer = find(work, external_id)
    work.rows.change(customers, customers.c.id == customer.id, deleted_at=work.now)
    work.tell(CustomerDeleted(customer=customer))
    return customer


def _known(work: Work, external_id: str) -> Customer | None:
    return work.rows.find(customers, Customer, external_id=external_id, deleted_at=None)


def _create(work: Work, asked: CustomerInput) -> Customer:
    """Create a customer, numbered after the last one.

    The lock makes creations of one organization stand in line until the one before has committed:
    numbers have no gaps, and who comes second with an external id finds it taken.
    """
    work.rows.lock("customers")
    if (known := _known(work, asked.external_id)) is not None:
        return _change(work, known, asked)
    default = entities.default(work)
    number = last_number(work) + 1
    fresh = Customer(
        id=ids.new(),
        billing_entity_id=default.id,
        external_id=asked.external_id,
        sequential_id=number,
        slug=rules.slug(default.document_number_prefix, number),
        created_at=work.now,
        updated_at=work.now,
    )
    made = _with(work, fresh, asked)
    work.rows.add(customers, made, taken="external_id")
    _attach(work, made, asked)
    (shown,) = showing(work, [made])
    work.tell(CustomerCreated(customer=shown))
    return shown


def _change(work: Work, known: Customer, asked: CustomerInput) -> Customer:
    (before,) = showing(work, [known])
    after = replace(_with(work, known, asked), updated_at=work.now)
    work.rows.put(customers, after)
    _attach(work, after, asked)
    (shown,) = showing(work, [after])
    work.tell(CustomerUpdated(customer=shown), before=before)
    return shown


def _with(work: Work, customer: Customer, asked: CustomerInput) -> Customer:
    """Return the customer with what was asked of it, in the columns of its own row."""
    sent = given(asked)
    fields: dict[str, Any] = {name: sent[name] for name in sent.keys() - ELSEWHERE}
    if asked.finalize_zero_amount_invoice is not UNSET:
        fields["finalize_zero_amount_invoice"] = finalize(asked.finalize_zero_amount_invoice)
    if code := sent.get("billing_entity_code"):
        fields["billing_entity_id"] = entities.find(work, str(code)).id
    if asked.shipping_address is None:
        fields["shipping_address"] = ShippingAddress()
    elif isinstance(asked.shipping_address, Struct):
        fields["shipping_address"] = replace(
            customer.shipping_address, **given(asked.shipping_address)
        )
    if isinstance(asked.billing_configuration, Struct):
        fields["billing_configuration"] = _billing(
            customer.billing_configuration, given(asked.billing_configuration)
        )
    return replace(customer, **fields)


def _billing(had: BillingConfiguration, sent: dict[str, Any]) -> BillingConfiguration:
    """Return the configuration with what was sent; without a gateway nothing of it is kept."""
    after = replace(had, **sent)
    if after.payment_provider is None:
        return replace(
            after, payment_provider_code=None, provider_customer_id=UNSET,
            provider_payment_methods=UNSET, sync_with_provider=UNSET,
        )  # fmt: skip
    unsaid = {
        name: UNSET
        for name in ("provider_payment_methods", "sync_with_provider")
        if getattr(after, name) is None
    }
    return replace(after, **unsaid)


def _attach(work: Work, customer: Customer, asked: CustomerInput) -> None:
    """Write what is kept beside the customer's own row."""
    if asked.integration_customers:
        raise Missing("integration", asked.integration_customers[0].integration_code)
    if asked.invoice_custom_section_codes:
        raise Missing("invoice_custom_section", asked.invoice_custom_section_codes[0])
    if asked.tax_codes is not UNSET:
        taxes.apply(work, Level.customer, customer.id, asked.tax_codes or [])
    if asked.metadata is not UNSET:
        _pair(work, customer, asked.metadata or [])


def _pair(work: Work, customer: Customer, pairs: list[CustomerMetadataInput]) -> None:
    """Make `pairs` the customer's metadata; a pair whose id is known keeps its id and age."""
    mine = customer_metadata.c.customer_id == customer.id
    had = {pair.id: pair for pair in work.rows.all(customer_metadata, CustomerMetadata, mine)}
    work.rows.remove(customer_metadata, mine)
    for pair in pairs:
        known = had.get(pair.id or "")
        made = CustomerMetadata(
            id=known.id if known else ids.new(),
            key=pair.key,
            value=pair.value,
            display_in_invoice=bool(pair.display_in_invoice),
            created_at=known.created_at if known else work.now,
        )
        work.rows.add(customer_metadata, made, taken="key", customer_id=customer.id)

-- What was invoiced, copied from the ledger: one row per version of an invoice, and of its fees.
create table invoice_facts (
    organization_id varchar not null,
    invoice_id varchar not null,
    version bigint not null,
    number varchar not null,
    invoice_type varchar not null,
    status varchar not null,
    payment_status varchar not null,
    customer_id varchar not null,
    external_customer_id varchar not null,
    billing_entity_id varchar not null,
    currency varchar not null,
    issuing_date date not null,
    payment_due_date date not null,
    fees_amount_cents bigint not null,
    coupons_amount_cents bigint not null,
    taxes_amount_cents bigint not null,
    total_amount_cents bigint not null,
    total_paid_amount_cents bigint not null,
    finalized_at timestamptz
);

create table fee_facts (
    organization_id varchar not null,
    fee_id varchar not null,
    invoice_id varchar not null,
    version bigint not null,
    customer_id varchar not null,
    external_subscription_id varchar,
    billing_entity_id varchar not null,
    fee_type varchar not null,
    item_code varchar not null,
    filters varchar,
    grouped_by varchar,
    currency varchar not null,
    units decimal(38, 12) not null,
    events_count bigint,
    amount_cents bigint not null,
    taxes_amount_cents bigint not null,
    from_date timestamptz,
    to_date timestamptz,
    created_at timestamptz not null
);

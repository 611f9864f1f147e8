-- What was invoiced, copied from the ledger: one row per version of an invoice, and of its fees.
create table if not exists invoice_facts (
    organization_id String,
    invoice_id String,
    version Int64,
    number String,
    invoice_type LowCardinality(String),
    status LowCardinality(String),
    payment_status LowCardinality(String),
    customer_id String,
    external_customer_id String,
    billing_entity_id LowCardinality(String),
    currency LowCardinality(String),
    issuing_date Date32,
    payment_due_date Date32,
    fees_amount_cents Int64,
    coupons_amount_cents Int64,
    taxes_amount_cents Int64,
    total_amount_cents Int64,
    total_paid_amount_cents Int64,
    finalized_at Nullable(DateTime64(6, 'UTC'))
)
engine = MergeTree
order by (organization_id, issuing_date, invoice_id, version)
settings
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    non_replicated_deduplication_window = 10000;

create table if not exists fee_facts (
    organization_id String,
    fee_id String,
    invoice_id String,
    version Int64,
    customer_id String,
    external_subscription_id Nullable(String),
    billing_entity_id LowCardinality(String),
    fee_type LowCardinality(String),
    item_code LowCardinality(String),
    filters Nullable(String),
    grouped_by Nullable(String),
    currency LowCardinality(String),
    units Decimal(38, 12),
    events_count Nullable(Int64),
    amount_cents Int64,
    taxes_amount_cents Int64,
    from_date Nullable(DateTime64(6, 'UTC')),
    to_date Nullable(DateTime64(6, 'UTC')),
    created_at DateTime64(6, 'UTC')
)
engine = MergeTree
order by (organization_id, created_at, invoice_id, fee_id, version)
settings
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    non_replicated_deduplication_window = 10000;

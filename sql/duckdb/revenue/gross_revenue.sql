-- name:    revenue/gross_revenue
-- dialect: duckdb
-- about:   What final invoices came to, by month, currency and billing entity.
-- reads:   invoice_facts
-- params:  organization_id VARCHAR, currency VARCHAR, billing_entity_id VARCHAR, customer_id VARCHAR, start DATE,
--          stop DATE
-- returns: month TIMESTAMP WITH TIME ZONE, amount_cents BIGINT, currency VARCHAR, invoices_count BIGINT,
--          billing_entity_id VARCHAR
-- order:   month, currency, billing_entity_id
-- notes:   start is inside the range, stop is not. An empty text filters nothing. Of an invoice only
--          its newest version counts.
with newest as (
    select
        invoice_id,
        max(version) as version
    from invoice_facts
    where organization_id = $organization_id
    group by invoice_id
)

select
    date_trunc('month', issuing_date)::timestamptz as month,
    sum(total_amount_cents)::bigint as amount_cents,
    currency,
    count(*)::bigint as invoices_count,
    billing_entity_id
from invoice_facts
where
    status = 'finalized'
    and (invoice_id, version) in (select invoice_id, version from newest)
    and organization_id = $organization_id
    and ($currency = '' or currency = $currency)
    and ($billing_entity_id = '' or billing_entity_id = $billing_entity_id)
    and ($customer_id = '' or customer_id = $customer_id)
    and issuing_date >= $start
    and issuing_date < $stop
group by month, currency, billing_entity_id
order by month, currency, billing_entity_id

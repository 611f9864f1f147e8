-- name:    revenue/invoiced_usage
-- dialect: duckdb
-- about:   What usage came to before tax, by month, metric and currency.
-- reads:   fee_facts, invoice_facts
-- params:  organization_id VARCHAR, currency VARCHAR, billing_entity_id VARCHAR, customer_id VARCHAR, start DATE,
--          stop DATE, by_filter BOOLEAN
-- returns: month TIMESTAMP WITH TIME ZONE, code VARCHAR, currency VARCHAR, filters VARCHAR, amount_cents BIGINT
-- order:   month desc, code, currency, filters
-- notes:   start is inside the range, stop is not. An empty text filters nothing. Of an invoice only
--          its newest version counts.
with newest as (
    select
        invoice_id,
        max(version) as version
    from invoice_facts
    where organization_id = $organization_id
    group by invoice_id
),

final as (
    select
        invoice_id,
        version
    from invoice_facts
    where
        organization_id = $organization_id
        and status = 'finalized'
        and (invoice_id, version) in (select invoice_id, version from newest)
)

select
    date_trunc('month', created_at)::timestamptz as month,
    item_code as code,
    currency,
    case when $by_filter then filters end as filters,
    sum(amount_cents)::bigint as amount_cents
from fee_facts
where
    fee_type = 'charge'
    and (invoice_id, version) in (select invoice_id, version from final)
    and organization_id = $organization_id
    and ($currency = '' or currency = $currency)
    and ($billing_entity_id = '' or billing_entity_id = $billing_entity_id)
    and ($customer_id = '' or customer_id = $customer_id)
    and created_at::date >= $start
    and created_at::date < $stop
group by month, code, currency, 4
order by month desc, code, currency, filters nulls last

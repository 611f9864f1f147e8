-- name:    revenue/invoiced_usage
-- dialect: clickhouse
-- about:   What usage came to before tax, by month, metric and currency.
-- reads:   fee_facts, invoice_facts
-- params:  organization_id String, currency String, billing_entity_id String, customer_id String, start Date32,
--          stop Date32, by_filter Bool
-- returns: month DateTime64(6, 'UTC'), code String, currency String, filters Nullable(String), amount_cents Int64
-- order:   month desc, code, currency, filters
-- notes:   start is inside the range, stop is not. An empty text filters nothing. Of an invoice only
--          its newest version counts.
with newest as (
    select
        invoice_id,
        max(version) as version
    from invoice_facts
    where organization_id = {organization_id:String}
    group by invoice_id
),

final as (
    select
        invoice_id,
        version
    from invoice_facts
    where
        organization_id = {organization_id:String}
        and status = 'finalized'
        and (invoice_id, version) in (select invoice_id, version from newest)
)

select
    toDateTime64(toStartOfMonth(created_at), 6, 'UTC') as month,
    toString(item_code) as code,
    toString(currency) as currency,
    if({by_filter:Bool}, fee_facts.filters, null) as filters,
    toInt64(sum(amount_cents)) as amount_cents
from fee_facts
where
    fee_type = 'charge'
    and (invoice_id, version) in (select invoice_id, version from final)
    and organization_id = {organization_id:String}
    and ({currency:String} = '' or currency = {currency:String})
    and ({billing_entity_id:String} = '' or billing_entity_id = {billing_entity_id:String})
    and ({customer_id:String} = '' or customer_id = {customer_id:String})
    and toDate32(created_at) >= {start:Date32}
    and toDate32(created_at) < {stop:Date32}
group by month, code, currency, filters
order by month desc, code, currency, filters nulls last
